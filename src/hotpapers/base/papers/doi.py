"""DOIs: what one is, and where one ends in a text. All patterns expect plain lower-case text.

A DOI is a registrant's number, a slash, and whatever the registrant likes. In a text, what surrounds it decides where
it ends:

* Blanks, quotation marks, `?`, `#`, `,` and letters that are not ASCII end it; signs of a sentence are not its last.
* Brackets belong to it in pairs: `10.1016/s0140-6736(05)67889-x` in (brackets).
* `<`, `>`, `[`, `]` and `;` belong to it only as in the numbers of volumes that publishers used until 2004 (SICI):
  `10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2`.
* On a publisher's site, `/full`, `.pdf` and the like are the page's, not the DOI's; at doi.org all of it is the DOI's.
* Without `doi:` or an address, `10.2500/12.5` is a number.
* One that `…` cuts short is none.

Sources: https://www.doi.org/doi-handbook/HTML/index.html, https://www.crossref.org/blog/dois-and-matching-regular-expressions/
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_SUFFIX_CHARS = 160
"""Most characters after a registrant's slash. Longer ones are not DOIs; the longest published have some 120."""

REGISTRANT = r"10\.[1-9]\d{3,8}(?:\.\d{1,5}){0,2}"
_SICI = r"[a-z0-9:.()/+_-]{1,40}"
_SUFFIX = (
    rf"(?:[a-z0-9._/:()+-]{{1,{MAX_SUFFIX_CHARS}}}+|<{_SICI}>(?=\d\.\d\.[a-z])|\[{_SICI}\](?=\d\.\d\.[a-z])"
    r"|(?<=\.[a-z]{2});(?=\d)|&(?=\d{1,4}_\d)){1,12}"
)
_DOI = re.compile(rf"({REGISTRANT})/({_SUFFIX})", re.ASCII)
_NUMBERS = re.compile(r"\d{1,4}(?:[./:-]\d{1,4})?", re.ASCII)
_LAST = ".:;/_+-("
"""No DOI ends with these."""
_OPENING = {")": "(", "]": "[", ">": "<"}
_CUT_SHORT = ("…", "...", "[…", "[...")
_EAST_ASIAN = "\u2e80"
"""The first of the letters that follow other words without a blank."""

_ADDRESS_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789-._~:/?#@!$&+;=%"
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?=[/:?]|$)", re.ASCII)
_RESOLVERS = ("doi.org", "doi-org", "sci-hub.", "hdl.handle.net")
_NUMBERED_PAGES = ("academic.oup.com", "direct.mit.edu", "pubs.aip.org", "pubs.geoscienceworld.org", "rupress.org",
                   "read.dukeupress.edu", "ashpublications.org", "aacrjournals.org", "journals.asm.org")  # fmt: skip
"""Sites whose addresses go on after the DOI with a number of the page, and words of the title."""
_PAGE_NUMBER = re.compile(r"/\d{4,10}(?:/[a-z0-9-]{0,200})?$", re.ASCII)
_PAGE = re.compile(
    r"(?:/(?:full|abstract|abs|e?pdf|pdfft|html|xml|epub|meta|summary|references|citations?|figures|tables|metrics|download"
    r"|full-?text|full-?text\.html|supplementary-material|suppl_file|asset|index\.html|comments|file|v\d{1,2})"
    r"(?:/[a-z0-9._-]{0,60})?"
    r"|\.(?:full|full-text|abstract|e?pdf|pdf\+html|html?|xml|epub|long|short|summary|citation|supplemental))/?$",
    re.ASCII,
)
_PAGES = 4
"""How many such endings an address may have: .full.pdf+html."""


class DoiMatch(NamedTuple):
    """A DOI in a text, from the beginning of its address or the word DOI to its own end."""

    doi: str
    start: int
    end: int


class _Before(NamedTuple):
    """What stands before a DOI: where its address or the word DOI begins, and the address's host."""

    start: int
    is_doi: bool
    host: str


LOOK_BACK = 160
"""The most characters before a DOI that are looked at."""


def match(text: str, place: int) -> DoiMatch | None:
    """The DOI whose `10.` is at a place of a plain lower-case text, if it is one."""
    match = _DOI.match(text, place)
    before = _before(text, place) if match else None
    if match is None or before is None or _is_cut_short(text, match.end()):
        return None
    suffix = _ended(match[2])
    if before.host and not before.host.startswith(_RESOLVERS) and "doi.org" not in before.host:
        suffix = _without_page(suffix, before.host)
    if not suffix or not (before.is_doi or before.host or _stands_alone(suffix)):
        return None
    return DoiMatch(f"{match[1]}/{suffix}", before.start, match.start(2) + len(suffix))


def is_doi(text: str) -> bool:
    """Whether a text is a DOI in lower case, and nothing else."""
    match = _DOI.fullmatch(text)
    return match is not None and _ended(match[2]) == match[2]


# ---- where it ends -----------------------------------------------------------------------------------


def _ended(suffix: str) -> str:
    """What belongs to the DOI: up to a bracket without a partner, another address, or the end of a sentence."""
    address = suffix.find("http")
    suffix = suffix if address < 0 else suffix[:address]
    opened: list[int] = []
    for place, sign in enumerate(suffix):
        if sign in "([<":
            opened.append(place)
        elif sign in _OPENING:
            if not opened or suffix[opened[-1]] != _OPENING[sign]:
                return _ended_at(suffix, opened[0] if opened else place)
            opened.pop()
    return _ended_at(suffix, opened[0] if opened else len(suffix))


def _ended_at(suffix: str, end: int) -> str:
    return suffix[:end].rstrip(_LAST)


def _is_cut_short(text: str, end: int) -> bool:
    """Whether what ends here goes on out of sight, or with letters that no DOI has."""
    if text.startswith(_CUT_SHORT, end) or text.endswith("...", 0, end):
        return True
    following = text[end : end + 1]
    return not following.isascii() and following.isalpha() and following < _EAST_ASIAN


def _without_page(suffix: str, host: str) -> str:
    if host.endswith(_NUMBERED_PAGES):
        suffix = _PAGE_NUMBER.sub("", suffix)
    for _ in range(_PAGES):
        shorter = _PAGE.sub("", suffix)
        if shorter == suffix or not shorter:
            break
        suffix = shorter
    return suffix.rstrip(_LAST)


def _stands_alone(suffix: str) -> bool:
    """Whether a DOI without `doi:` or an address is none of the numbers, dates and paths that look like one."""
    has_digit = any(sign in "0123456789" for sign in suffix) or suffix.startswith("osf.io/")
    return has_digit and not _NUMBERS.fullmatch(suffix)


# ---- what comes before -------------------------------------------------------------------------------


def _before(text: str, place: int) -> _Before | None:
    """What is before a DOI; None if it is part of a longer number or word."""
    window = text[max(0, place - LOOK_BACK) : place]
    word = window[len(window.rstrip(_ADDRESS_SIGNS)) :]
    if word.endswith(("/", "=", "%2f")) or "://" in word:
        return _in_address(word, place)
    for label in ("doi:", "doi: ", "doi ", "doi"):
        if window.endswith(label):
            return _Before(place - len(label), True, "")
    if word and (word[-1].isalnum() or word[-1] in ".-$+~@"):
        return None
    return _Before(place, False, "")


def _in_address(word: str, place: int) -> _Before | None:
    """The address that a DOI is in: the last one, if there is one in another."""
    scheme = word.rfind("://")
    host = _HOST.match(word, scheme + 3 if scheme >= 0 else 0)
    if host is None:
        is_path = scheme < 0 and not word.startswith("/")
        return _Before(place, word.endswith(("doi/", "doi=")), "") if is_path or len(word) < 2 else None
    start = place - len(word) + host.start()
    names = [name for name in ("https://", "http://") if word.endswith(name, 0, host.start())]
    return _Before(start - len(names[0]) if names else start, False, host[0])
