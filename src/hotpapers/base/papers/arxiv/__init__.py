"""arXiv identifiers as a type, and all forms of addresses that link papers.

    grammar      what an identifier is: new style, old style, versions
    taxonomy     categories and their archives
    calendar     the days of announcements
    addresses    the forms of addresses, matched at a place in a plain text

`hotpapers.base.papers.mentions` finds them anywhere in a text; here a text is a single identifier or address.

Sources: https://info.arxiv.org/help/arxiv_identifier.html (the two styles and their months),
https://info.arxiv.org/help/arxiv_identifier_for_services.html (forms of address).
"""

from __future__ import annotations

import re

from hotpapers.base.errors import NotAnArxivId
from hotpapers.base.papers.arxiv import addresses, grammar
from hotpapers.base.papers.arxiv.grammar import ArxivId
from hotpapers.base.text.unescaping import decode_escapes, lowercase_text, with_slashes, without_invisible

__all__ = ["ArxivId", "abs_url", "from_key", "is_key", "key", "month", "parse"]

SERVER = "arxiv:"
"""The part of a paper's key that names the server, so other servers can be added."""

MAX_ADDRESS_CHARS = 2_000
"""Most characters of an address."""

_CLASSES = r"(?: ?\[[a-z., -]{2,60}\]?)?"
_BARE = re.compile(rf"(?:arxiv *(?:[:.] *)?)?{grammar.ID}{_CLASSES}", re.ASCII)
_AFTER = re.compile(rf"(?:\.(?:pdf|html?|ps|tar|gz|eps)){{0,3}}/?(?:[?#&/]\S*)?{_CLASSES}", re.ASCII)
_KEY = re.compile(grammar.KEY)
_AROUND = " \t\r\n<>()[]{}\"'`*_,;.!-"


def parse(text: str) -> ArxivId:
    """Parse an identifier: bare, with version, with prefix, or a single address of any form.

    Case, escapes, invisible characters and surrounding brackets do not matter. The result is canonical: lower-case
    archive, no subject class. Raises NotAnArxivId with the reason.
    """
    if len(text) <= MAX_ADDRESS_CHARS:
        visible, _ = without_invisible(text)
        plain = decode_escapes(with_slashes(lowercase_text(visible))).text.strip(_AROUND)
        if match := _BARE.fullmatch(plain):
            return grammar.id_from_groups(*match.groups())
        if mention := _only_address(plain):
            return ArxivId(*mention[2:4])
    excerpt = text if len(text) <= 60 else text[:57] + "..."
    reason = grammar.error_reason(excerpt.lower())
    raise NotAnArxivId(
        f"{excerpt!r} is not an arXiv identifier{f' ({reason})' if reason else ''}; write it like 2101.04869, "
        "2101.04869v2, arXiv:hep-th/9901001 or https://arxiv.org/abs/2101.04869"
    )


def _only_address(plain: str) -> addresses.Mention | None:
    """The mention that spans the whole text, apart from file extension, query and fragment."""
    for needle in addresses.NEEDLES:
        place = plain.find(needle)
        while place >= 0:
            mention = addresses.match_address(plain, needle, place)
            if mention and mention[0] == 0 and _AFTER.fullmatch(plain, mention[1]):
                return mention
            place = plain.find(needle, place + 1)
    return None


def key(id: str) -> str:
    """The paper's key from a bare canonical identifier: `2101.04869` → `arxiv:2101.04869`."""
    return SERVER + id


def from_key(key: str) -> str:
    """The bare identifier in a paper's key. Raises NotAnArxivId if the key is not canonical."""
    if not is_key(key):
        raise NotAnArxivId(f"{key[:60]!r} is not a paper's key; one looks like arxiv:2101.04869")
    return key.removeprefix(SERVER)


def is_key(text: str) -> bool:
    """Whether a text is the key of a paper on arXiv."""
    return _KEY.fullmatch(text) is not None


def abs_url(id: str) -> str:
    """The paper's page on arXiv."""
    return f"https://arxiv.org/abs/{id}"


def month(id: str) -> tuple[int, int]:
    """Year and month in which arXiv assigned the identifier: `2101.04869` → (2021, 1), `hep-th/9901001` → (1999, 1)."""
    digits = id.rpartition("/")[2]
    year = int(digits[:2])
    return (1900 if year > grammar.LAST_YEAR else 2000) + year, int(digits[2:4])
