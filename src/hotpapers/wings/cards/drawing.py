"""Draws a card as a PNG of 1200 × 630. The only module that imports Pillow.

The same card gives the same bytes on every machine with the same version of Pillow: the letters come from two fonts in
the package, there are seven colors, and nothing depends on the system. The fonts cover Latin, Greek and Cyrillic; text
with letters of other scripts is not drawn (`drawable_text`).

Pillow is an extra, and imported when the first card is drawn, so sites without cards don't pay for it.
"""

from __future__ import annotations

import io
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hotpapers.base.text import clean_text

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FONTS = Path(__file__).parent / "fonts"
WIDTH = 1200
HEIGHT = 630
MAX_TEXT_CHARS = 400
"""Characters of a text that are considered, before and after it is written with signs that the fonts have: more than a
card can hold."""

# The light colors of style.css
Color = tuple[int, int, int]
PAPER = (255, 253, 249)
INK = (29, 27, 24)
DIM = (98, 93, 86)
ACCENT = (162, 52, 32)
INKS = (INK, DIM, ACCENT)
MARGIN = 80
TOP = 72
FOOT = 556
COLUMN = WIDTH - 2 * MARGIN
ICON = 44
"""Height of the publication's mark."""
TITLES = (60, 52, 44, 38)
"""Title sizes: the first that fits the whole title is used."""
TITLE_LINES = 4
UNDER_LINES = 2
ROWS = 5
SMALL = 28
ROW_SIZE = 32
ROW_HEIGHT = 58
NUMERAL = 56
BESIDE, SCALE, FINE = 60, 3, 4
"""Where the name is beside the mark; the curve's scale relative to a page, and while it is drawn."""


class CardContent(NamedTuple):
    """The contents of a card. `name`: of the publication; `title`; `under`: small text below it; `rows`: numerals and
    texts; `foot`; `curve`: points on a field of 120 × 24."""

    name: str
    title: str
    under: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    foot: str = ""
    curve: tuple[tuple[float, float], ...] = ()


# ---- what can be drawn -----------------------------------------------------------------------------------


@cache
def is_available() -> bool:
    """Whether cards can be drawn: Pillow is installed."""
    return find_spec("PIL") is not None


def drawable_text(text: str) -> str:
    """A text on one line as the fonts can show it; empty if they lack one of its letters or digits.

    Missing symbols, such as emoji, are left out. A text is never drawn without some of its letters, because that would
    change what it says.
    """
    one_line = clean_text.one_line(unicodedata.normalize("NFC", text))
    shapes = list(map(_sign, one_line[:MAX_TEXT_CHARS]))
    # one sign may become 18
    if None in shapes:
        drawn = ""
    else:
        drawn = "".join(filter(None, shapes))[:MAX_TEXT_CHARS]
    return clean_text.one_line(drawn)


@lru_cache(4096)
def _sign(sign: str) -> str | None:
    """A character or its compatibility form; empty if it can be left out, None if it cannot."""
    compatible = unicodedata.normalize("NFKC", sign)
    for form in (sign, compatible):
        # a missing character shows as an empty box; both fonts have the same characters
        if all(letter == " " or _shape(letter) != _shape("\uffff") for letter in form):
            return form
    return None if unicodedata.category(sign)[0] in "LN" else ""


def _shape(sign: str) -> tuple[object, bytes]:
    font = _font("Regular", SMALL)
    return font.getbbox(sign), bytes(font.getmask(sign))


@cache
def _font(weight: str, size: int) -> FreeTypeFont:
    """A font with basic layout: the availability of the other layout engine depends on the system."""
    from PIL import ImageFont

    file = FONTS / f"NotoSerif-{weight}.ttf"
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


# ---- lines -----------------------------------------------------------------------------------------------


class Typeface(NamedTuple):
    """A font weight at a size."""

    weight: str
    size: int

    def width(self, text: str) -> float:
        """The width of a text in pixels."""
        return _font(self.weight, self.size).getlength(text)


BODY, ROW = Typeface("Regular", SMALL), Typeface("Regular", ROW_SIZE)


def break_lines(text: str, typeface: Typeface, width: float) -> Iterator[str]:
    """The lines of a text, broken between words, or within a word that is longer than a line."""
    words = text.split()
    while words:
        count = _fit_words(words, typeface, width)
        if count:
            yield " ".join(words[:count])
            words = words[count:]
            continue
        fitting = max(_fit_count(words[0], typeface, width), 1)
        yield words[0][:fitting]
        rest = words[0][fitting:]
        words = [rest, *words[1:]] if rest else words[1:]


def _fit_words(words: Sequence[str], typeface: Typeface, width: float) -> int:
    """How many of the first words fit into this width. Tries twice as many each time, then halves."""

    def is_too_long(count: int) -> bool:
        return typeface.width(" ".join(words[:count])) > width

    most = 1
    while most <= len(words) and not is_too_long(most):
        most *= 2
    fitting = most // 2
    counts = range(fitting + 1, min(most, len(words) + 1))
    return fitting + bisect_right(counts, False, key=is_too_long)


def _fit_count(text: str, typeface: Typeface, width: float) -> int:
    """How many of a text's first characters fit into this width."""
    lengths = range(1, len(text) + 1)
    return bisect_right(lengths, width, key=lambda count: typeface.width(text[:count]))


def fit_lines(text: str, typeface: Typeface, width: float, most_lines: int) -> list[str]:
    """At most `most_lines` lines; if there are more, the last ends in an ellipsis."""
    lines = list(islice(break_lines(text, typeface, width), most_lines + 1))
    if len(lines) <= most_lines:
        return lines
    last = " ".join(lines[most_lines - 1 :])
    fit_count = _fit_count(last, typeface, width - typeface.width(" …"))
    prefix = last[: fit_count + 1]
    whole_words = prefix.rpartition(" ")[0] or prefix[:-1]
    return [*lines[: most_lines - 1], f"{whole_words.rstrip()} …"]


def balance_lines(text: str, typeface: Typeface, width: float) -> list[str]:
    """As few lines as the width allows, of about the same length."""
    best = list(break_lines(text, typeface, width))
    for narrower in range(int(width), int(width) // 2, -40):
        broken_lines = break_lines(text, typeface, narrower)
        lines = list(islice(broken_lines, len(best) + 1))
        if len(lines) > len(best):
            break
        best = lines
    return best


def fit_title(title: str) -> tuple[Typeface, list[str]]:
    """A title's typeface and its lines."""
    for typeface in (Typeface("Bold", size) for size in TITLES):
        if len(list(islice(break_lines(title, typeface, COLUMN), TITLE_LINES + 1))) <= TITLE_LINES:
            return typeface, balance_lines(title, typeface, COLUMN)
    smallest = Typeface("Bold", TITLES[-1])
    return smallest, fit_lines(title, smallest, COLUMN, TITLE_LINES)


# ---- the card --------------------------------------------------------------------------------------------


class _Canvas:
    """An image, drawn piece by piece."""

    def __init__(self) -> None:
        from PIL import Image, ImageDraw

        self._image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        self._pen = ImageDraw.Draw(self._image)

    def box(self, corners: tuple[float, float, float, float], ink: Color) -> None:
        self._pen.rectangle(corners, fill=ink)

    def text(self, baseline_start: tuple[float, float], text: str, typeface: Typeface, ink: Color) -> None:
        """Draw a line of text."""
        start = (round(baseline_start[0]), round(baseline_start[1]))
        font = _font(typeface.weight, typeface.size)
        self._pen.text(start, text, fill=ink, font=font, anchor="ls")

    def curve(self, corner: tuple[int, int], points: Sequence[tuple[float, float]]) -> None:
        """Draw a curve on its field, with a dot at the end; drawn larger and scaled down to make it smooth."""
        from PIL import Image, ImageDraw

        field_size = (120 * SCALE * FINE, 24 * SCALE * FINE)
        field = Image.new("RGB", field_size, PAPER)
        pen = ImageDraw.Draw(field)
        line = [(x * SCALE * FINE, y * SCALE * FINE) for x, y in points]
        pen.line(line, fill=ACCENT, width=5 * FINE, joint="curve")
        x, y, radius = *line[-1], 2 * SCALE * FINE
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ACCENT)
        self._image.paste(field.reduce(FINE), corner)
        base = corner[1] + 22 * SCALE
        self._pen.line((corner[0], base + 3, corner[0] + 120 * SCALE, base + 3), fill=_half(DIM))

    def png(self) -> bytes:
        """The image in the few colors of the palette, which keep the file small."""
        from PIL import Image

        palette = Image.new("P", (1, 1))
        colors = (PAPER, *INKS, *map(_half, INKS))
        palette.putpalette([part for color in colors for part in color])
        file = io.BytesIO()
        quantized = self._image.quantize(palette=palette, dither=Image.Dither.NONE)
        quantized.save(file, "PNG", bits=4)
        return file.getvalue()


def _half(ink: Color) -> Color:
    """The color between another and the background."""
    red, green, blue = ((part + paper) // 2 for part, paper in zip(ink, PAPER, strict=True))
    return red, green, blue


def draw_card(card: CardContent) -> bytes:
    """The card as PNG. Texts must already have passed `drawable_text`."""
    canvas = _Canvas()
    # Draw the mark, as in icon.svg, and the publication's name
    unit = ICON / 26
    upper = TOP - ICON + 8
    corners = (MARGIN, upper, MARGIN + 22 * unit, upper + ICON)
    canvas.box(corners, ACCENT)
    for stroke, length in ((7, 12), (13, 12), (19, 7)):
        y = upper + stroke * unit
        canvas.box((MARGIN + 5 * unit, y - 2, MARGIN + (5 + length) * unit, y + 1), PAPER)
    for line in fit_lines(card.name, BODY, COLUMN - BESIDE, 1):
        corner = (MARGIN + BESIDE, TOP - 4)
        canvas.text(corner, line, BODY, DIM)
    # Draw the title and what is below it
    typeface, lines = fit_title(card.title)
    below = TOP + 40.0
    for line in lines:
        below += typeface.size * 1.25
        canvas.text((MARGIN, below), line, typeface, INK)
    below += 16
    for line in fit_lines(card.under, BODY, COLUMN, UNDER_LINES):
        below += SMALL * 1.4
        canvas.text((MARGIN, below), line, BODY, DIM)
    # Draw the rows: numeral and text
    for n, (numeral, text) in enumerate(card.rows[:ROWS], 1):
        y = below + 16 + n * ROW_HEIGHT
        left = MARGIN + (NUMERAL if numeral else 0)
        canvas.text((MARGIN, y), numeral, ROW, ACCENT)
        for line in fit_lines(text, ROW, WIDTH - MARGIN - left, 1):
            canvas.text((left, y), line, ROW, INK)
    # Draw the last line, with the curve to its right
    left = WIDTH - MARGIN - 120 * SCALE
    if card.curve:
        canvas.curve((left, FOOT - 22 * SCALE), card.curve)
    for line in fit_lines(card.foot, BODY, (left - 2 * MARGIN) if card.curve else COLUMN, 1):
        canvas.text((MARGIN, FOOT), line, BODY, DIM)
    return canvas.png()
