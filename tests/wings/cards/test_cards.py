"""Cards: their content, that it is legible, that nothing else shows, and which cards exist."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hotpapers.publish.render.html.pages import SiteChannel, SitePages
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.wings.cards import card_contents, drawing
from hotpapers.wings.cards.drawing import ACCENT, DIM, HEIGHT, INK, MARGIN, PAPER, WIDTH, CardContent
from tests.conftest import ROOT
from tests.publish.render.build import LISTED, PlainIssueReader, issue, listing_entry, paper
from tests.publish.render.full_sample import FULL_READER, SITE_CONFIG
from tests.publish.render.hostile import HOSTILE
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER

PUBLIC = SiteConfig(base="https://papers.example/")
Box = tuple[int, int, int, int]
HEAD: Box = (MARGIN, 0, WIDTH - MARGIN, 100)
BODY: Box = (MARGIN, 100, WIDTH - MARGIN, 480)
FOOT: Box = (MARGIN, 480, WIDTH - MARGIN, HEIGHT)
LARGEST = 20_000
"""Size of a card with ordinary words, in bytes."""


def picture(data: bytes) -> Image.Image:
    """A card as displayed."""
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (1200, 630), "P")
        return image.convert("RGB")


def pixel_counts(image: Image.Image, box: Box) -> dict[tuple[int, ...], int]:
    """How many pixels of each color a part of a picture has."""
    part = image.crop(box)
    colors = part.getcolors(256) or []
    return {color: count for count, color in colors if isinstance(color, tuple)}


def check_margins(image: Image.Image) -> None:
    """Nothing is drawn beside, above or below the column."""
    for box in (
        (0, 0, MARGIN - 4, HEIGHT),
        (WIDTH - MARGIN + 8, 0, WIDTH, HEIGHT),
        (0, 0, WIDTH, 20),
        (0, 610, WIDTH, HEIGHT),
    ):
        assert set(pixel_counts(image, box)) == {PAPER}


def site_context(issue_reader: PlainIssueReader = FULL_READER, name: str = "daily") -> SiteContext:
    return SiteContext(issue_reader, name, PUBLIC)


def reader_of(title: str, *authors: str) -> PlainIssueReader:
    """A publication with one paper."""
    entry = listing_entry(1, paper("2101.99901", title, authors=authors), 9, 9, 1, 900)
    return PlainIssueReader([LISTED], [issue(LISTED, "2021-01-14", [entry])])


def cards_of(title: str, *authors: str) -> tuple[CardContent, CardContent]:
    """The cards of an issue with one paper, and of the paper."""
    context = site_context(reader_of(title, *authors), "hot-papers")
    return card_contents.issue_card(context.issue("2021-01-14")), card_contents.paper_card(
        context.title, context.appearances("arxiv:2101.99901")
    )


# ---- content -----------------------------------------------------------------------------------------------


def test_an_issue_has_publication_day_and_first_places() -> None:
    assert card_contents.issue_card(site_context().issue("2021-01-14")) == CardContent(
        "The Daily Dozen", "Thursday, 14 January 2021", "3 papers",
        (
            ("1", "Suspension Bridges for Pocket Robots"), ("2", "What Does a Kettle Know?"),
            ("3", "On the Far Side of Small Strings"),
        ),
    )  # fmt: skip
    assert card_contents.issue_card(site_context().issue("2021-01-13")).rows == (("", "Nothing was announced."),)


def test_a_paper_has_title_authors_place_and_curve() -> None:
    context = site_context()
    card = card_contents.paper_card(context.title, context.appearances("arxiv:2101.99901"))
    assert card._replace(curve=()) == CardContent(
        "The Daily Dozen", "Suspension Bridges for Pocket Robots",
        "Tansy Overquill, Bram Oakhollow and 3 more", foot="Place 1, Thursday, 14 January 2021",
    )  # fmt: skip
    assert card.curve == ((2.0, 22.0), (21.33, 21.0), (60.0, 10.0), (118.0, 2.0))
    stars = card_contents.paper_card(context.title, context.appearances("arxiv:2101.99907"))
    assert stars.title == r"Schrödinger Stars of $M_\odot \sim 10^3$" and stars.under == "Tansy Overquill, Li Na"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Łódź, Århus, Ελλάδα, Омск – “tea”", "Łódź, Århus, Ελλάδα, Омск – “tea”"),
        ("Re\u0301sume\u0301 of ﬁne 𝒪(𝑛) ｋｅｔｔｌｅｓ", "Résumé of fine O(n) kettles"),
        ("Kettles 🫖🔥 and ❤️ tea 👩\u200d🔬", "Kettles and tea"),
        ("An\u202eeat \u0000tea\u2066", "Aneat tea"),
        ("关于茶壶的研究", "arXiv:2101.99901"),
        ("Kettles and 茶壶", "arXiv:2101.99901"),
        ("גשר קטן, רובוט קטן", "arXiv:2101.99901"),
        ("حول أباريق الشاي", "arXiv:2101.99901"),
        ("केतली", "arXiv:2101.99901"),
        ("🫖", "arXiv:2101.99901"),
        ("", "2101.99901"),
    ],
)
def test_titles_that_the_fonts_lack(title: str, expected: str) -> None:
    issue_card, paper_card = cards_of(title)
    assert paper_card.title == expected and issue_card.rows == (("1", expected),)


def test_authors_whose_names_cannot_be_drawn_are_among_the_others() -> None:
    assert cards_of("Tea", "李娜", "Tansy Overquill", "Zoë Ångström", "محمد", "Bram Oakhollow")[1].under == (
        "Tansy Overquill, Zoë Ångström and 3 more"
    )
    assert [cards_of("Tea", *authors)[1].under for authors in (["李娜"], [])] == ["", ""]


@given(st.text(max_size=60))
def test_what_is_drawn_is_in_both_fonts_or_nothing_is(text: str) -> None:
    text_drawn = drawing.drawable_text(text)
    assert drawing.drawable_text(text_drawn) == text_drawn
    for weight in ("Regular", "Bold"):
        font = drawing._font(weight, 28)
        missing = bytes(font.getmask("\uffff"))
        assert not [sign for sign in text_drawn if sign != " " and bytes(font.getmask(sign)) == missing]


# ---- legibility --------------------------------------------------------------------------------------------


def test_what_stands_on_a_card_can_be_seen() -> None:
    image = picture(
        drawing.draw_card(CardContent("Daily", "Kettles", "Quill", foot="Place 1", curve=((2, 22), (60, 9), (118, 2))))
    )
    assert pixel_counts(image, HEAD)[ACCENT] > 1000 and pixel_counts(image, HEAD)[DIM] > 100
    assert pixel_counts(image, BODY)[INK] > 1000 and pixel_counts(image, BODY)[DIM] > 100
    assert pixel_counts(image, FOOT)[DIM] > 100 and pixel_counts(image, FOOT)[ACCENT] > 500
    assert len(set().union(*(pixel_counts(image, box) for box in (HEAD, BODY, FOOT)))) <= 7
    check_margins(image)
    rows = picture(drawing.draw_card(CardContent("Daily", "Thursday", rows=(("1", "Kettles"), ("2", "Tea")))))
    assert pixel_counts(rows, BODY)[ACCENT] > 50 and pixel_counts(rows, BODY)[INK] > 1000


def test_letters_keep_what_reaches_into_the_next_line() -> None:
    """The baseline of a title's first line is at 187."""
    box: Box = (MARGIN, 190, WIDTH - MARGIN, 204)
    with_descenders, without_descenders = (
        picture(drawing.draw_card(CardContent("", f"{word * 20} {'x' * 20}"))) for word in "gx"
    )
    assert drawing.fit_title(f"{'g' * 20} {'x' * 20}")[1] == ["g" * 20, "x" * 20]
    assert pixel_counts(with_descenders, box)[INK] > 1000 and set(pixel_counts(without_descenders, box)) == {PAPER}


def test_every_word_makes_another_picture() -> None:
    full = CardContent("Daily", "Kettles", "Quill", (("1", "Tea"),), "Place 1", ((2, 22), (118, 2)))
    cards = [full, *(full._replace(**{field: type(getattr(full, field))()}) for field in CardContent._fields)]
    assert len({drawing.draw_card(card) for card in cards}) == len(cards)


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_only_words(title: str) -> None:
    check_margins(picture(drawing.draw_card(cards_of(title, title, title)[1])))


@pytest.mark.parametrize(
    "title",
    [
        "W" * 100_000,
        "kettle " * 20_000,
        "i" * 399,
        "ö\u0308" * 5_000,
        "- " * 50_000,
        "$" + "x" * 9_000 + "$",
        "\u00a0" * 999,
    ],
    ids=["one word", "words", "thin", "marks", "dashes", "formula", "blanks"],
)
def test_absurd_lengths_are_cut(title: str) -> None:
    for card in cards_of(title, *[title] * 50):
        data = drawing.draw_card(card)
        check_margins(picture(data))
        assert len(data) < 4 * LARGEST


GROWING = [chr(code) for code in range(sys.maxunicode + 1) if len(unicodedata.normalize("NFKC", chr(code))) > 1]
"""All signs that some compatible form makes longer, such as ligatures."""


@pytest.mark.parametrize("part", range(8))
def test_signs_that_grow_are_drawn_within_the_limit(part: int) -> None:
    for sign in GROWING[part::8]:
        assert len(drawing.drawable_text(sign * 500)) <= drawing.MAX_TEXT_CHARS


@settings(max_examples=30)
@given(st.text(st.sampled_from(["ﬃ", "㏕", "ﷺ", "W", "i", " ", "\u0301", "-"]), min_size=1, max_size=12), st.data())
def test_a_longer_text_is_not_measured_more_often(text: str, data: st.DataObject) -> None:
    """On any line of a card: what no card has room for costs nothing."""
    long = text * 1_300  # more than the limit however it is normalized
    line = data.draw(st.sampled_from(["title", "name", "author", "row"]))
    counts = [measured(drawing.drawable_text(text), line) for text in (long, long * 40)]
    assert counts[0] == counts[1] <= MAX_MEASURED


MAX_MEASURED = 600
"""Most texts whose width a card needs: 17 layouts of a title in five lines, some found by halving."""


def measured(text: str, line: str) -> int:
    """How many widths are measured to draw a card with a text on one of its lines."""
    cards = {
        "title": CardContent("Daily", text),
        "name": CardContent(text, "Kettles"),
        "author": CardContent("Daily", "Kettles", under=", ".join([text] * 3)),
        "row": CardContent("Daily", "Kettles", rows=(("1", text),) * 5, foot=text),
    }
    count, width = 0, drawing.Typeface.width

    def counted(typeface: drawing.Typeface, words: str) -> float:
        nonlocal count
        count += 1
        return width(typeface, words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing.Typeface, "width", counted)
        drawing.draw_card(cards[line])
    return count


@settings(max_examples=60)
@given(st.text("aW i–.", max_size=300), st.integers(60, 1000), st.integers(1, 4))
def test_lines_are_no_wider_than_there_is_room_and_lose_no_word(text: str, width: int, limit: int) -> None:
    lines = list(drawing.break_lines(text, drawing.BODY, width))
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    lines_kept = drawing.fit_lines(text, drawing.BODY, width, limit)
    assert len(lines_kept) == min(len(lines), limit) and (lines_kept[-1:] == lines[-1:] or lines_kept[-1].endswith("…"))
    assert all(drawing.BODY.width(line) <= width for line in [*lines, *lines_kept])
    assert " ".join(drawing.balance_lines(text, drawing.BODY, width)).replace(" ", "") == text.replace(" ", "")


def test_a_title_is_as_large_as_its_length_lets_it_be() -> None:
    short, long = drawing.fit_title("What Does a Kettle Know?"), drawing.fit_title("What does a kettle know? " * 12)
    assert short[0].size == 60 and len(short[1]) == 1
    assert long[0].size == 38 and len(long[1]) == 4 and long[1][-1].endswith(" …")
    assert drawing.fit_title("Suspension Bridges for Pocket Robots")[1] == ["Suspension Bridges", "for Pocket Robots"]


def test_another_process_draws_the_same_bytes() -> None:
    """Even with another hash seed and locale."""
    card = CardContent("Daily", "Kettles, Łódź", "Quill", (("1", "Tea"),), "Place 1", ((2, 22), (118, 2)))
    script = (
        "import hashlib; from hotpapers.wings.cards.drawing import CardContent, draw_card; "
        f"print(hashlib.sha256(draw_card({card!r})).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    process = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    assert process.stdout.strip() == hashlib.sha256(drawing.draw_card(card)).hexdigest()


# ---- which cards exist -------------------------------------------------------------------------------------


def files(
    site_config: SiteConfig, issue_reader: PlainIssueReader = FULL_READER, name: str = "daily"
) -> dict[str, bytes]:
    return {
        file.path: file.data for file in SiteChannel(site_config).render(issue_reader, name, issue_reader.days(name))
    }


def test_each_issue_and_paper_has_one_and_names_it() -> None:
    site = files(SITE_CONFIG)
    pictures = {path for path in site if path.endswith(".png")}
    pages = {f"{day}/index.html" for day in FULL_READER.days("daily")}
    pages |= {path for path in site if path.startswith("paper/") and path.endswith(".html")} - {"paper/index.html"}
    assert pictures == {path.replace("index.html", "card.png") for path in pages}
    for path in pages:
        card, metadata = path.replace("index.html", "card.png"), meta(site[path])
        check_margins(picture(site[card]))
        assert len(site[card]) < LARGEST
        assert metadata["og:image"] == f"{SITE_CONFIG.base}{card}" and len(metadata["og:image:alt"]) <= 400
        assert (metadata["og:image:type"], metadata["og:image:width"], metadata["og:image:height"]) == (
            "image/png",
            "1200",
            "630",
        )
        assert metadata["twitter:card"] == "summary_large_image"
    assert meta(site["index.html"])["og:image"] == f"{SITE_CONFIG.base}2021-01-20/card.png"
    assert not any(b"og:image" in site[path] for path in ("about/index.html", "archive/index.html", "404.html"))


def meta(page: bytes) -> dict[str, str]:
    """A page's metadata, by name."""
    elements = (element.attributes for element in Page(page).all("meta"))
    return {
        element.get("property", element.get("name", "")): element["content"]
        for element in elements
        if "content" in element
    }


def test_without_a_public_address_there_are_none() -> None:
    site = files(NOBODY)
    assert not [path for path in site if path.endswith(".png")]
    assert not [path for path, data in site.items() if b"og:image" in data or b"twitter:" in data]
    assert SitePages(FULL_READER, "daily").page("2021-01-14/card.png") is None


def test_without_pillow_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "is_available", lambda: False)
    site = files(PUBLIC)
    assert "sitemap.xml" in site and not [path for path in site if path.endswith(".png")]
    assert not [path for path, data in site.items() if b"og:image" in data or b"twitter:" in data]


@pytest.mark.long
def test_without_cards_nothing_draws() -> None:
    script = (
        "import sys; from tests.wings.cards.test_cards import *; "  # this file imports Pillow: unload it
        "[sys.modules.pop(name) for name in list(sys.modules) if name.split('.')[0] == 'PIL']; "
        "files(NOBODY); assert not [name for name in sys.modules if name.split('.')[0] == 'PIL']; "
        "files(PUBLIC); assert 'PIL.Image' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "path",
    ["card.png", "2021-01-14/edition-1/card.png", "2021-01-15/card.png/card.png", "paper/2101.99999/card.png",
     "1999-01-01/card.png", "archive/card.png", "paper/../card.png", "2021-01-14/other.png", "paper/card.png"],
)  # fmt: skip
def test_there_are_no_others(path: str) -> None:
    assert SitePages(LISTED_READER, "hot-papers", PUBLIC).page(path) is None


def test_a_day_touches_its_own_card_and_those_of_its_papers() -> None:
    pages = SitePages(LISTED_READER, "hot-papers", PUBLIC)
    assert [path for path in pages.paths(["2021-01-18"]) if path.endswith(".png")] == [
        "2021-01-18/card.png", "paper/hep-th/9901999/card.png", "paper/2101.99901/card.png",
    ]  # fmt: skip


def test_the_card_of_what_a_correction_took_out_goes() -> None:
    site = files(PUBLIC, LISTED_READER, "hot-papers")
    paths = {path for path, data in site.items() if not data}
    assert paths == {"paper/2101.99904/index.html", "paper/2101.99904/card.png"}


def test_a_folded_page_has_none() -> None:
    site = files(PUBLIC._replace(whole_since="2021-01-15"), LISTED_READER, "hot-papers")
    assert b"This page was shortened" in site["paper/2101.99902/index.html"]
    assert site["paper/2101.99902/card.png"] == b"" and b"og:image" not in site["paper/2101.99902/index.html"]
    assert site["paper/hep-th/9901999/card.png"]
