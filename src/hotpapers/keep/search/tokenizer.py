"""Splits text into words, the same way for indexed texts and queries, in every language.

A word is a run of letters and digits. Case, accents, Hebrew and Arabic points, and invisible characters are ignored.
TeX is read as printed (`Schr\\"odinger`, `$\\beta$`), and a single Greek letter as its name. Languages written without
spaces (Chinese, Japanese, Thai …), and Korean, whose words have endings, become overlapping triples: a run ABCDE is
ABC, BCD, CDE, and at its end DE and E. So every part of it can be found, even one or two characters, as the beginning
of a triple.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, islice
from typing import NamedTuple

from hotpapers.base.text.accents import PLAIN_LETTERS
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.tex_letters import SMALL_GREEK

MAX_WORD_CHARS = 64
"""Most code points of a word; longer words are cut."""
MAX_TEXT_WORDS = 16_000
"""Most words of one text; the rest is not searched (PostgreSQL's limit for positions)."""
READ = 16 * MAX_TEXT_WORDS
"""Most code points of one text that are read."""
GRAM = 3
"""Characters of a run that form one word."""
SIGN = 16
"""Most code points of one character with its marks."""


Token = tuple[str, int, int]
"""A folded word and its position in code points: it comes from `text[start:end]`."""


class WordPiece(NamedTuple):
    """One word; or, if `is_run`, a run of a language without spaces, character by character."""

    tokens: tuple[Token, ...]
    is_run: bool


PLAIN = lazy_pattern(rf"([a-z0-9]{{1,{MAX_WORD_CHARS}}})[a-z0-9]*")
"""A word of a lower-case plain text; the group is the part that counts."""
_RUN = lazy_pattern(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029"
    "\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\ua9e0-\ua9ff"
    "\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Han, Kana, Bopomofo, Hangul."""


def is_plain(text: str) -> bool:
    """Whether a text is ASCII without TeX, whose words are easy to find."""
    return text.isascii() and "\\" not in text


def text_words(text: str) -> list[str]:
    """The words of a text, in order."""
    if is_plain(text):
        return PLAIN.findall(text.lower(), 0, READ)[:MAX_TEXT_WORDS]
    return [word for word, _, _ in tokenize_text(text)]


def tokenize_text(text: str) -> list[Token]:
    """The words of a text with their positions."""
    if is_plain(text):
        matches = PLAIN.finditer(text.lower(), 0, READ)
        return [(match[1], *match.span()) for match in islice(matches, MAX_TEXT_WORDS)]
    result = []
    for match in _CHUNK.finditer(text, 0, READ):
        if match.lastgroup == "plain":
            result.append((match[0][:MAX_WORD_CHARS].lower(), *match.span()))
        else:
            for piece in _letter_by_letter(match[0], match.start()):
                threes = (join_signs(piece.tokens[at : at + GRAM]) for at in range(len(piece.tokens)))
                result += threes if piece.is_run else piece.tokens
        if len(result) >= MAX_TEXT_WORDS:
            break
    return result[:MAX_TEXT_WORDS]


def split_pieces(text: str) -> Iterator[WordPiece]:
    """Words, and runs that are not split yet."""
    for match in _CHUNK.finditer(text):
        if match["plain"]:
            yield WordPiece(((match[0][:MAX_WORD_CHARS].lower(), match.start(), match.end()),), False)
        else:
            yield from _letter_by_letter(match[0], match.start())


def join_signs(signs: Sequence[Token]) -> Token:
    """Several characters joined into one token."""
    texts = [text for text, _, _ in signs]
    return "".join(texts), signs[0][1], signs[-1][2]


@lru_cache(maxsize=50_000)
def stem_word(word: str) -> str:
    """An English word without its plural ending: `models` becomes `model`, `studies` becomes `study`.

    Other words are unchanged. (D. Harman, How effective is suffixing?, 1991: the s-stemmer, with -es after x, ss, sh
    and ch.)
    """
    if len(word) < 4 or not (word.isascii() and word.isalpha()) or word.endswith(("us", "is", "ss")) or word == "news":
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "shes", "ches")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


# ---- letter by letter -----------------------------------------------------------------------------------

_ALIKE = str.maketrans(PLAIN_LETTERS | {"ħ": "h", "ŧ": "t", "ـ": ""})
"""Letters that people type without their stroke; the Arabic elongation character."""

_POINTS = lazy_pattern(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
"""Marks that don't change a word: accents, Hebrew and Arabic points. Other scripts use marks for spelling."""

_GOES_ON = lazy_pattern("[\u1160-\u11ff]")
"""Korean letters that continue the syllable before them."""


class _FoldTable(dict[str, str | None]):
    """Maps a character to its folded form, "" if it is ignored, None if it ends a word."""

    def __missing__(self, character: str) -> str | None:
        kind = unicodedata.category(character)
        if kind[0] in "LNM":
            small = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
            decomposed = unicodedata.normalize("NFKC", _POINTS.sub("", small)).translate(_ALIKE)
            letters = (letter for letter in decomposed if unicodedata.category(letter)[0] in "LNM")
            self[character] = "".join(letters)
        else:
            self[character] = "" if kind == "Cf" else None
        return self[character]


_FOLDED = _FoldTable()

_GREEK = {letter: name for name, letter in SMALL_GREEK.items()}

_TEX_FORMS = r"""\{?\\(?:["'`^~=.]\ ?|[Hcuvdbtkr](?=\{))(?:\{\\?(?P<inner>[A-Za-z])\}|\\?(?P<letter>[A-Za-z]))\}?
    |\{?\\(?P<sign>ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])(?:\{\}|\}|\ )?
    |\\(?P<command>[A-Za-z]++)"""
"""An accented letter, a named letter, or a command."""
_TEX = lazy_pattern(_TEX_FORMS, re.VERBOSE)
_CHUNK = lazy_pattern(
    rf"(?P<plain>[A-Za-z0-9]++(?![^\x00-\x7f]|\{{?\\)) | (?:[A-Za-z0-9]++|[^\x00-\x7f]++|{_TEX_FORMS})+", re.VERBOSE
)
"""A word of plain letters, or anything mixed with other characters, which is read letter by letter."""

_COMMANDS = (
    "mathcal mathbb mathbf mathrm mathfrak mathscr mathsf mathit mathtt boldsymbol bm text textit textbf textrm textsc "
    "texttt textsf textsuperscript textsubscript emph em it bf rm sc tt sf operatorname left right big bigg bigl bigr "
    "Big Bigg quad qquad cdot cdots ldots dots displaystyle textstyle limits nolimits frac dfrac tfrac overline "
    "underline widetilde widehat tilde hat bar vec dot ddot mbox rangle langle"
)
_LAYOUT = frozenset(_COMMANDS.split())
"""Commands that print nothing themselves, or nothing that anyone would type."""


def _letter_by_letter(text: str, start: int) -> Iterator[WordPiece]:
    """The words of a part of a text that starts at `start`."""
    signs: list[Token] = []
    at = 0
    while at < len(text):
        tex = _TEX.match(text, at) if text[at] in "\\{" else None
        if tex is not None:
            yield from _from_tex(tex, signs, start)
            at = tex.end()
            continue
        folded = _FOLDED[text[at]]
        if folded is None:
            yield from _close_run(signs)
        else:
            _add(signs, folded, start + at)
        at += 1
    yield from _close_run(signs)


def _from_tex(tex: re.Match[str], signs: list[Token], start: int) -> Iterator[WordPiece]:
    """A letter continues its word; a command is a word of its own, or none."""
    name = tex["command"]
    place = (start + tex.start(), start + tex.end())
    if name is None:
        signs.append(((tex["inner"] or tex["letter"] or tex["sign"]).lower(), *place))
        return
    yield from _close_run(signs)
    if name not in _LAYOUT:
        name = name.lower()
        letter_name = name.removeprefix("var") if name.removeprefix("var") in SMALL_GREEK else name
        yield WordPiece(((letter_name[:MAX_WORD_CHARS], *place),), False)


def _add(signs: list[Token], folded: str, at: int) -> None:
    """Add a character to the current word; a mark joins the character before it."""
    if signs and (not folded or _GOES_ON.match(folded) or unicodedata.category(folded[0])[0] == "M"):
        before, start, _ = signs[-1]
        normalized = unicodedata.normalize("NFKC", before + folded)
        signs[-1] = (normalized[:SIGN], start, at + 1)
    elif folded:
        signs.append((folded, at, at + 1))


def _close_run(signs: list[Token]) -> Iterator[WordPiece]:
    """Yield the collected tokens as words and runs, and clear the list."""
    for is_run, group in groupby(signs, lambda sign: _RUN.match(sign[0]) is not None):
        tokens = tuple(group)
        if not is_run:
            text, start, end = join_signs(tokens)
            tokens = ((_GREEK.get(text, text)[:MAX_WORD_CHARS], start, end),)
        yield WordPiece(tokens, is_run)
    signs.clear()
