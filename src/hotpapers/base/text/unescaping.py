"""Removes escapes from a text, and maps positions back to the original.

Addresses pass through URLs, HTML and JSON, and end up escaped once or several times. All of that is undone in one pass:
percent-encoding (%2F, %252F), HTML entities (&#x2F; &#47; &sol; &amp;#x2F;), JSON escapes (\\/ \\u002f \\n), a
backslash before punctuation, signs in brackets that keep people from following an address (arxiv[.]org, arxiv[dot]org),
and invisible characters. Typographic dashes, blanks, slashes, quotation marks, bullets
and full-width signs become their ASCII counterparts. Escaped letters and digits stay escaped, so every letter
and digit of the plain text is one of the original, at a known position.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from html.entities import html5
from itertools import accumulate
from typing import NamedTuple

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Soft hyphen, zero-width blank, non-joiner, joiner, word joiner, byte order mark: dropped from every text."""

# More are dropped only around addresses: direction marks, selectors, invisible operators.
_OTHER_INVISIBLE = "\u034f\u061c\u180e\u200e\u200f\u202a-\u202e\u2061-\u2064\u2066-\u206f\ufe00-\ufe0f"
_INVISIBLE_CHARACTERS = re.compile(f"[{INVISIBLE}{_OTHER_INVISIBLE}]")

FOLD = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2014\u2015\u2e3a\u2e3b\ufe58", " - "),  # between words, never in them
    **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " "),
    **dict.fromkeys("\u2044\u2215\u29f8\uff0f", "/"),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\u00ab\u00bb", '"'),
    **dict.fromkeys("\u300c\u300d\u300e\u300f\u301d\u301e\u301f\uff02\uff07", '"'),
    **dict.fromkeys("\u3008\u300a\u3010\u3014\u3016\u3018\uff08\uff3b\uff5b", "("),
    **dict.fromkeys("\u2236\ua789\ufe30\ufe55\uff1a", ":"),
    **dict.fromkeys("\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65", "*"),
    **dict.fromkeys("\u2053\u223c\u301c\uff5e", "~"),
    **dict.fromkeys("\u00a6\u2502\u2503\uff5c", "|"),
    **dict.fromkeys("\u3001\uff0c", ","),
    "\uff0e": ".",
    "\uff1e": ">",
    "\uff1d": "=",
    "\uff1f": "?",
    "\uff03": "#",
    "\uff3f": "_",
    **{chr(0xFF10 + n): str(n) for n in range(10)},
}

_NAMED = (
    "sol colon period hyphen dash ndash lowbar num quest equals amp lt gt quot apos lpar rpar lsqb rsqb lbrack rbrack "
    "comma bsol NewLine nbsp ensp emsp thinsp shy zwnj zwj lrm rlm ZeroWidthSpace NoBreak"
)
"""The entities of signs that HTML has names for."""

# For lower-case text. It begins with a single character set, which makes the search fast; every quantifier is bounded,
# which makes it linear.
SIGNS = f"{INVISIBLE}{_OTHER_INVISIBLE}{''.join(FOLD)}"
"""All signs that are dropped or have a counterpart, as a pattern has them."""
_ESCAPE = re.compile(
    rf"[&\\%<\[({{{SIGNS}](?:"
    r"(?:(?<=&)|(?<=\\)\\{0,7}(?:u00|x)26)(?:amp;){0,4}"
    r"(?:\#x0{0,6}(?P<hex>[0-9a-f]{1,6})|\#0{0,6}(?P<dec>[0-9]{1,7})|(?P<name>[a-z]{2,15}));"
    r"|(?<=\\)\\{0,7}(?:u(?P<u>[0-9a-f]{4})|x(?P<x>[0-9a-f]{2})|(?P<letter>[nrtbf])|(?=[^a-z0-9\\\n]))"
    r"|(?<=%)(?P<bytes>(?:25){0,4}[89a-f][0-9a-f](?:%(?:25){0,4}[89a-f][0-9a-f]){1,3})"
    r"|(?<=%)(?:25){0,4}(?P<percent>[0-9a-f]{2})"
    r"|(?<=<)wbr ?/?>"
    r"|(?<=[a-z0-9][\[({])(?P<defanged>://|[.:/]|dot)[\])}](?=[a-z0-9/])"
    r"|(?<![&\\%<\[({])(?P<sign>))",
    re.ASCII,
)
_LETTERS = {"n": "\n", "r": "\n", "t": " ", "b": " ", "f": " "}


class UnescapedText(NamedTuple):
    """A text without escapes. Its characters from `starts[i]` on come from `origins[i]` on in the original."""

    text: str
    starts: Sequence[int]
    origins: Sequence[int]

    def origin(self, place: int) -> int:
        """The original position of a character of the plain text."""
        piece = bisect_right(self.starts, place) - 1
        return self.origins[piece] + place - self.starts[piece]

    def place(self, origin: int) -> int:
        """The position in the plain text of an original character that was not part of an escape."""
        piece = bisect_right(self.origins, origin) - 1
        return self.starts[piece] + origin - self.origins[piece]


REWRITTEN = "-3a__"
"""The sign of a link that Proofpoint's second form has rewritten, `u=https-3A__arxiv.org_abs_2101.04869&d=…`."""
_REWRITTEN = re.compile(r"https?-3a__[a-z0-9._-]{1,70}", re.ASCII)
_REWRITTEN_SIGN = re.compile("-(?=[0-9a-f]{2})")


_REVIEWED = "prereview.org/preprints/doi-"
"""How PREreview's pages of preprints begin; then comes a DOI with `-` for its slashes and `+` for its hyphens."""
REVIEWED_DOI = re.compile(rf"(?<={re.escape(_REVIEWED)})10\.[a-z0-9.+_;()-]{{1,200}}", re.ASCII)
_REVIEWED_SIGNS = str.maketrans("-+", "/-")


def with_slashes(text: str) -> str:
    """A lower-case text with Proofpoint's `_` as slashes and its `-2d` as percent-encoding, and with the signs of DOIs
    in PREreview's addresses, of the same length."""
    if REWRITTEN in text:
        text = _REWRITTEN.sub(lambda link: _REWRITTEN_SIGN.sub("%", link[0]).replace("_", "/"), text)
    if _REVIEWED in text:
        text = REVIEWED_DOI.sub(lambda doi: doi[0].translate(_REVIEWED_SIGNS), text)
    return text


def decode_escapes(text: str, start: int = 0, end: int | None = None) -> UnescapedText:
    """Remove the escapes from `text[start:end]`, which must be lower-case."""
    end = len(text) if end is None else end
    pieces = []
    starts = [0]
    origins = [start]
    length = 0
    last = start
    for match in _ESCAPE.finditer(text, start, end):
        if (meaning := _meaning(match)) is not None:
            piece = text[last : match.start()] + meaning
            length += len(piece)
            last = match.end()
            pieces.append(piece)
            starts.append(length)
            origins.append(last)
    pieces.append(text[last:end])
    return UnescapedText("".join(pieces), starts, origins)


def _meaning(match: re.Match[str]) -> str | None:
    """Decodes an escape. Returns None to leave it as it is."""
    kind = match.lastgroup
    value = match[match.lastgroup or 0]
    if kind is None:
        return ""  # a backslash before a sign, or <wbr>
    if kind == "name":
        return _ENTITIES.get(value)
    if kind == "defanged":
        return "." if value == "dot" else value
    if kind == "letter":
        return _LETTERS[value]
    if kind == "sign":
        return FOLD.get(match[0], "")
    if kind == "bytes":
        return _visible(bytes.fromhex(re.sub("%(?:25)*", "", match[0])).decode("utf-8", "replace")[:1])
    code = int(value, 10 if kind == "dec" else 16)
    return _visible(chr(code) if code <= 0x10FFFF else "\ufffd")


def _visible(character: str) -> str | None:
    if _INVISIBLE_CHARACTERS.match(character):
        return ""
    character = FOLD.get(character, character)
    return None if character.isascii() and character.isalnum() else character


_ENTITIES = {"tab": " "} | {name.lower(): _visible(html5[f"{name};"]) for name in _NAMED.split()}


def has_escapes(plain: str) -> bool:
    """Whether a lower-case text may have escapes."""
    return (
        not plain.isascii()
        or "%" in plain
        or "&" in plain
        or "\\" in plain
        or "<wbr" in plain
        or "[." in plain
        or "[dot" in plain
        or "[:" in plain
        or "[/" in plain
        or "(." in plain
        or "(dot" in plain
        or "{." in plain
        or "{dot" in plain
    )


def without_invisible(text: str) -> tuple[str, list[int]]:
    """The text without INVISIBLE, and the place of each dropped character in the result, ascending."""
    if text.isascii() or not any(character in text for character in INVISIBLE):
        return text, []
    pieces = re.split(f"[{INVISIBLE}]", text)
    return "".join(pieces), list(accumulate(map(len, pieces[:-1])))


def lowercase_text(text: str) -> str:
    """The text in lower case, with every character at the same position."""
    # U+0130 is the only character that Python lowers to two.
    return text.lower() if text.isascii() else text.replace("\u0130", "\u0131").lower()
