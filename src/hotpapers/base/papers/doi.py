"""DOIs: their form, and their end in a text. All patterns expect plain lower-case text.

A DOI is a registrant's number, a slash, and whatever the registrant likes. In a text, its surroundings decide where it
ends:

* Blanks, quotation marks, `?`, `#`, `,` and letters that are not ASCII end it; signs of a sentence are not its last.
* Brackets belong to it in pairs: `10.1016/s0140-6736(05)67889-x` in (brackets).
* `<`, `>`, `[`, `]` and `;` belong to it only as in the numbers of volumes that publishers used until 2004 (SICI):
  `10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2`.
* On a publisher's site, `/full`, `.pdf` and the like are the page's, not the DOI's; at doi.org all of it is the DOI's.
* Without `doi:` or an address, `10.2500/12.5` is a number. Without a digit or a second slash, it names a journal.
* Another DOI or address, `PMID:` and the like end it, and a year in brackets at its end: `10.1103/tea.82.3045(2010)`.
* One that `…` cuts short is none.

Sources: https://www.doi.org/doi-handbook/HTML/index.html, https://www.crossref.org/blog/dois-and-matching-regular-expressions/
"""

from __future__ import annotations

import re

from hotpapers.base.text.patterns import lazy_pattern

MAX_SUFFIX_CHARS = 160
"""Most characters after a registrant's slash, in a row. Longer ones are not DOIs."""

_SIGN = "[a-z0-9._/:+-]"
_SICI = r"[a-z0-9:.()/+_-]{1,40}"
SUFFIX = (
    rf"(?:{_SIGN}{{1,{MAX_SUFFIX_CHARS}}}+|\({_SIGN}{{0,60}}+(?:\({_SIGN}{{1,40}}+\){_SIGN}{{0,40}}+)?\)"
    rf"|<{_SICI}>(?=\d\.\d\.[a-z])|\[{_SICI}\](?=\d\.\d\.[a-z])|(?<=\.[a-z]{{2}});(?=\d)|&(?=\d{{1,4}}_\d)){{1,12}}+"
)
CUT = r"\[?(?:…|\.\.\.)"
"""A sign that an address was cut, as networks shorten them."""
GOES_ON = rf"(?u:(?=[\u00c0-\u1fff])[\w\u0300-\u036f])|{CUT}"
"""Letters that no DOI has, or a sign that the text was cut: what they follow is none."""
_GOES_ON = lazy_pattern(GOES_ON, re.ASCII)
_REGISTRANT = r"10\.[1-9]\d{3,8}(?:\.\d{1,5}){0,2}/"
_DOI = lazy_pattern(rf"({_REGISTRANT})({SUFFIX})", re.ASCII)
_WHOLE = lazy_pattern(r"[/\d]", re.ASCII)
"""The suffix of a paper's DOI has a digit or a slash: `10.1016/j.jmaa` is a journal, or was cut by a blank."""
OF_LETTERS = "10.32388/"
"""The registrant of Qeios, whose DOIs may have neither."""
NUMBERS = lazy_pattern(r"\d{1,4}|\d{1,3}[./:-]\d{1,4}", re.ASCII)
_LAST = ".:/_+-"
"""No DOI ends with these."""

NEXT = lazy_pattern(
    rf"http|(?<![\d.]){_REGISTRANT}|"
    r"(?<=[a-z0-9)>])[./:_-]?(?:pmc?id(?=:|\d{5}|$)|(?:doi|arxiv|issn|isbn):)"
    r"|(?<=[a-z0-9])(?<!^\d{4}-\d{3}[\dx])(?<![)s]\d{4}-\d{3}[\dx])\((?:19|20)\d\d[a-z]?\)(?=[.:/_+-]*$)",
    re.ASCII,
)
"""The beginning of something else right after a DOI. A year after an ISSN is the DOI's: `10.1175/1520-0442(2000)`."""
AFTER_ANOTHER = lazy_pattern(_REGISTRANT + r"[a-z0-9._/:()<>\[\];&+-]{0,140}[a-z0-9)]/$", re.ASCII)

_ADDRESS_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789-._~:/?#@!$&+;=%"
_ADDRESS = lazy_pattern(r"(?:(?:https?|hxxps?)://)?(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?=[/:?])", re.ASCII)
LABEL = lazy_pattern(r"doi:? ?$")
_BESIDE = "_:;!?&~"
"""Signs right before a DOI that is in no address."""
RESOLVER = lazy_pattern(r"doi[.-]org[/.:-]|sci-hub\.")
"""In addresses that have nothing after the DOI."""
_BADGE = "badge-"
"""The end of an address of shields.io, up to a DOI: signs are doubled in it, and a color follows."""
BADGE_END = lazy_pattern(r"-[a-z0-9]{1,20}(?:\.(?:svg|png))?$", re.ASCII)
NUMBERED = lazy_pattern(r"article[a-z-]{0,20}/doi/$", re.ASCII)
"""Before a DOI that the page's number follows, at times with words of the title or the name of a file."""
PAGE_NUMBER = lazy_pattern(r"/\d{4,10}(?:/[a-z0-9._-]{0,200})?$", re.ASCII)
PAGE = lazy_pattern(
    r"(?:(?:/(?:full|abstract|abs|e?pdf|pdfft|html|xml|epub|meta|summary|references|citations?|figures|tables|metrics"
    r"|download|full-?text|full-?text\.html|reader|supplementary-material|suppl_file|asset|index\.html|comments|file)"
    r"(?:/[a-z0-9._-]{0,60})?"
    r"|\.(?:full|full-text|abstract|e?pdf|pdf\+html|html?|xml|epub|long|short|summary|citation|supplemental))/?){1,3}$",
    re.ASCII,
)

LOOK_BACK = 160
"""The most characters before a DOI that are looked at."""


def match_doi(text: str, place: int) -> tuple[str, int, int] | None:
    """The DOI whose `10.` is at a place of a plain lower-case text, if it is one; from where its address or the word
    DOI begins to its own end."""
    match = _DOI.match(text, place)
    if not match or not (before := _before(text, place)):
        return None
    start, is_named, address = before
    suffix = match[2]
    if next_one := NEXT.search(suffix):
        suffix = suffix[: next_one.start()]
    elif suffix.endswith("...") or _GOES_ON.match(text, match.end()):
        return None
    suffix = suffix.rstrip(_LAST)
    if address.endswith(_BADGE):
        suffix = BADGE_END.sub("", suffix).replace("--", "-").replace("__", "_")
        return match[1] + suffix, start, match.end(2)
    if address and not RESOLVER.search(address):
        suffix = PAGE_NUMBER.sub("", suffix) if NUMBERED.search(address) else suffix
        suffix = PAGE.sub("", suffix).rstrip(_LAST)
    is_whole = _WHOLE.search(suffix) or (suffix and match[1] == OF_LETTERS)
    if not is_whole or (not is_named and NUMBERS.fullmatch(suffix)):
        return None
    return match[1] + suffix, start, match.start(2) + len(suffix)


def is_doi(text: str) -> bool:
    """Whether a text is a DOI in lower case, and nothing else."""
    match = _DOI.fullmatch(text)
    if match is None or "http" in text:
        return False
    return match[2].rstrip(_LAST) == match[2]


def _before(text: str, place: int) -> tuple[int, bool, str] | None:
    """Where the address or the word DOI before a DOI begins, whether there is either, and the address up to there; None
    if the DOI is part of a longer number or word."""
    window = text[max(0, place - LOOK_BACK) : place]
    if label := LABEL.search(window):
        return place - len(label[0]), True, ""
    word = window[len(window.rstrip(_ADDRESS_SIGNS)) :]
    if "shields.io/badge/" in word and word[-1] in "-/":
        return place - len(word), True, _BADGE
    if AFTER_ANOTHER.search(window):
        return place, "doi" in word, ""
    address = _ADDRESS.search(word, max(word.rfind("http"), 0))  # the last, if one is in another
    if address and word[-1] in "/=":
        return place - len(word) + address.start(), True, word[address.start() :]
    return (place, "doi" in word, "") if not word or "doi" in word or word[-1] in _BESIDE else None
