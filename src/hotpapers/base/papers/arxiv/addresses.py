"""The forms in which a paper is linked or named, matched at one place of a plain, lower-case text.

A needle is a piece of text that all forms of a family contain; after finding one, call `match_address` to see what
surrounds it. All patterns start at the needle, are bounded, and never cross a line break, so the work per needle is
limited for any text.

    form                              such as
    abs pdf html format ps src        arxiv.org/abs/2101.04869, on any subdomain of arxiv.org, any port; a file
    eprint tb bibtex                  extension (.pdf), query and fragment may follow; the same on arXiv's old hosts,
                                      xxx.lanl.gov and mirrors, and through a translator or a library's proxy
    ftp vc cache                      arxiv.org/ftp/arxiv/papers/2101/2101.04869.pdf, …/vc/…, …/PS_cache/…
    short                             arxiv.org/2101.04869
    api                               export.arxiv.org/api/query?id_list=2101.04869 (the first one)
    oai                               oai:arXiv.org:2101.04869
    ar5iv alphaxiv vanity             ar5iv.org/abs/…, alphaxiv.org/overview/…, arxiv-vanity.com/papers/…
    huggingface scirate               huggingface.co/papers/…, hf.co/…, hf-mirror.com/…, scirate.com/arxiv/…
    doi                               10.48550/arXiv.2101.04869, with or without doi.org or `doi:` before it
    ads                               the bibcodes of ADS: 2024arXiv240214858D, 2007arXiv0704.0001B anywhere; in an
                                      address of ADS also 1998astro.ph.10483A, 2003math......7215B, 2101.04869
    prose                             arXiv:2101.04869, arXiv 2101.04869, arXiv preprint no. 2101.04869, …

Not an address of a paper: another host (notarxiv.org, my-arxiv.org, arxiv.org.example.com); a path on another host
(example.com/arxiv.org/abs/…), unless it contains a whole address (web.archive.org/web/2021/https://arxiv.org/abs/…,
example.com/?url=arxiv.org/abs/…); arxiv.org/list/…; an identifier with letters or digits attached; a DOI of another
registrant; a bare number without the word arXiv before it, including the second one in
"arXiv:2101.04869, 2101.04870".
"""

from __future__ import annotations

import re

from hotpapers.base.papers.arxiv.grammar import ARCHIVE, BOUNDARY, ID, NEW, NUMBER, OLD_NUMBER
from hotpapers.base.text.patterns import lazy_pattern

NEEDLES = ("xiv", "5iv", "papers", "xxx", "adsabs")
"""The texts to search for: in arxiv.org, alphaxiv.org, arXiv: …; in ar5iv.org; in huggingface.co/papers/; in
xxx.lanl.gov; in ui.adsabs.harvard.edu."""

BEFORE, AFTER = 96, 200
"""The most characters that a pattern looks at before and after the beginning of a needle."""


Mention = tuple[int, int, str, int | None, str]
"""start, end, id, version, form: `text[start:end]` names a paper, from the beginning of the address through identifier
and version."""


def match_address(text: str, needle: str, place: int) -> Mention | None:
    """The mention around a needle at a place, if there is one. `text` is plain and lower-case."""
    if needle == "xiv":
        return _xiv(text, place)
    if needle == "5iv":
        return _site(text, place - 2, place + 3, "ar", _AR5IV, "ar5iv")
    if needle == "xxx":
        match = _OLD_HOST.match(text, place)
        return _mention(address_start(text, place), match, match[1]) if match else None
    return _papers(text, place) if needle == "papers" else _on_ads(text, place)


# ---- arxiv and alphaxiv ------------------------------------------------------------------------------

_PATHS = "abs|pdf|html|format|ps|src|e-print|eprint|tb|bibtex"
_HOST_END = r"\.?(?::\d{1,5})?"
_QUERY = r"api/query\?(?:[a-z_]{1,16}=[^&\s\"<>]{0,40}&){0,2}id_list="
# Between the word arXiv and the number: a few signs, tags, and up to three words. A dot before letters is a host's.
_SIGN = r"(?:[ \t:_/#(){}\[\]|*`\"'=~,+>-]|\.(?![a-z])|</?[a-z]{1,6}>)"
_WORD = (
    r"(?:preprints?|e-?prints?|papers?|articles?|manuscript|report"
    r"|reference|ref|identifier|id|number|num|no|nr|abs|pdf|at|as|under|with|the|links?|url|entry)"
)
_BETWEEN = rf"{_SIGN}{{0,6}}(?:{_WORD}{_SIGN}{{0,4}}){{0,3}}\.?"

COMMONEST = rf"\.org/(abs|pdf|html)/({NEW})(?:v([1-9][0-9]{{0,2}}))?{BOUNDARY}"
_COMMONEST = lazy_pattern(COMMONEST, re.ASCII)
_ARXIV = lazy_pattern(
    rf"(?:(\.org){_HOST_END}/{{1,3}}(?:(?:({_PATHS})/{{1,3}}|({_QUERY}))(?:arxiv[:.])?)?"
    rf"|(\.org:)|(-vanity\.com/{{1,3}}papers/{{1,3}})|{_BETWEEN}){ID}",
    re.ASCII,
)
_MIRROR = lazy_pattern(rf"-export[a-z0-9-]{{0,8}}\.library\.cornell\.edu/{{1,3}}({_PATHS})/{{1,3}}{ID}", re.ASCII)
# The first host of arXiv, and mirrors under the same first name.
_OLD_HOST = lazy_pattern(
    rf"xxx\.(?:lanl\.gov|soton\.ac\.uk|itep\.ru|sissa\.it|uni-augsburg\.de|(?:[a-z]{{2,12}}\.)?tau\.ac\.il|itp\.ac\.cn"
    rf"|if\.usp\.br|unizar\.es|imsc\.(?:ernet|res)\.in|yukawa\.kyoto-u\.ac\.jp|adelaide\.edu\.au)"
    rf"{_HOST_END}/{{1,3}}({_PATHS})/{{1,3}}{ID}",
    re.ASCII,
)
# Hosts under which a translator or a library's proxy shows arXiv; and an old one of its own.
_LABEL = "[a-z0-9-]{1,20}"
_PROXY_NAME = "[a-z0-9-]{0,8}proxy[a-z0-9-]{0,8}"
_PROXY = lazy_pattern(
    rf"(?:[.-]org\.(?:translate\.goog|(?:{_LABEL}\.){{0,3}}(?:{_PROXY_NAME}(?:\.{_LABEL}){{1,3}}|idm\.oclc\.org))"
    rf"|\.lanl\.gov){_HOST_END}/{{1,3}}({_PATHS})/{{1,3}}{ID}",
    re.ASCII,
)
_STORED = lazy_pattern(
    rf"\.org{_HOST_END}/{{1,3}}(ftp|vc|ps_cache)/({ARCHIVE}|arxiv)/(?:papers|pdf|ps)/(\d{{4}})/(?=\3){NUMBER}", re.ASCII
)
_ALPHAXIV = lazy_pattern(
    rf"\.org/{{1,3}}(?:[a-z]{{2}}/)?(?:abs|pdf|overview|html|audio|resources)/{{1,3}}{ID}", re.ASCII
)
_AR5IV = lazy_pattern(rf"\.org/{{1,3}}(?:(?:{_PATHS})/{{1,3}})?{ID}", re.ASCII)
_PAPERS = lazy_pattern(rf"/{{1,3}}{ID}", re.ASCII)
_PAGES = ("huggingface.co/", "hf.co/", "hf-mirror.com/")
"""Hugging Face and its mirror."""

_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_FORM = {"e-print": "eprint", "ps_cache": "cache"}


def _xiv(text: str, place: int) -> Mention | None:
    begin = place - 2
    if text[begin:place] != "ar":
        return _site(text, place - 5, place + 3, "alpha", _ALPHAXIV, "alphaxiv")
    if begin and text[begin - 1] in _NAME_CHARACTERS:
        return _bibcode(text, begin)  # or bioarxiv, notarxiv.org
    match = _COMMONEST.match(text, place + 3)
    if match and text[begin - 5 : begin] != "labs.":
        path, new, version = match.groups()
        start = address_start(text, begin)
        return (start, match.end(), new, int(version) if version else None, path) if start >= 0 else None
    match = _ARXIV.match(text, place + 3)
    if match is None:
        return _elsewhere(text, begin, place + 3)
    host, path, query, oai, vanity = match.groups()[:5]
    if host:
        start = address_start(text, begin)
        form = "ar5iv" if text[begin - 11 : begin] == "ar5iv.labs." else (path or (query and "api") or "short")
    elif vanity:
        start = address_start(text, begin)
        form = "vanity"
    elif oai:
        start = begin
        form = "oai"
    else:
        start, form = _prose_start(text, begin, text[place + 3])
    return _mention(start, match, form)


def _elsewhere(text: str, begin: int, place: int) -> Mention | None:
    """The rarer forms: arXiv's file stores, its export hosts under their own names, and arXiv through a proxy."""
    start = address_start(text, begin) if text[place : place + 1] in (".", "-") else -1
    if start < 0:
        return None
    match = _STORED.match(text, place)
    if match:
        form, archive, _, new, number, version = match.groups()
        if (archive == "arxiv") == bool(number):
            return None  # new style is stored below `arxiv`, old style below its archive
        return (
            start,
            match.end(),
            new or f"{archive}/{number}",
            int(version) if version else None,
            _FORM.get(form, form),
        )
    match = _MIRROR.match(text, place) or _PROXY.match(text, place)
    return _mention(start, match, match[1]) if match else None


def _site(text: str, begin: int, place: int, first: str, pattern: re.Pattern[str], form: str) -> Mention | None:
    """A mention on a host whose name is `first` plus the needle, which ends at `place`."""
    if begin < 0 or not text.startswith(first, begin):
        return None
    match = pattern.match(text, place)
    return _mention(address_start(text, begin), match, form) if match else None


def _papers(text: str, place: int) -> Mention | None:
    """A page on Hugging Face; the needle is in its path."""
    match = _PAPERS.match(text, place + 6) if place and text[place - 1] == "/" else None
    if match is None:
        return None
    before = text[max(0, place - 24) : place].removesuffix("api/")
    site = next((site for site in _PAGES if before.endswith(site)), "")
    if not site:
        return None
    api = 4 if text.startswith("api/", place - 4) else 0
    return _mention(address_start(text, place - api - len(site)), match, "huggingface")


# ---- bibcodes of ADS ---------------------------------------------------------------------------------

# A bibcode has 19 characters: year, arXiv or archive, number, initial of the first author. The number has no dot from
# 2015 on; in the old style, it is the month and the number of the month, without a leading zero, after dots.
_BIBCODE = lazy_pattern(r"arxiv(?:(\d{4}\.\d{4})|(\d{4})(\d{5}))[a-z.](?![a-z0-9])", re.ASCII)
_DOTTED_ARCHIVE = "|".join(re.escape(name.replace("-", ".")) for name in ARCHIVE.split("|"))
_OLD_BIBCODE = lazy_pattern(
    rf"adsabs\.harvard\.edu/[^\s\"'<>]{{0,40}}?\b((?:19|20)\d\d)(?=[a-z0-9.]{{15}}(?![a-z0-9]))"
    rf"({_DOTTED_ARCHIVE})\.+(\d{{4,5}})[a-z.]",
    re.ASCII,
)
_ON_ADS_BY_ID = lazy_pattern(rf"adsabs\.harvard\.edu/{{1,2}}(?:#?abs|full)/{{1,2}}{ID}", re.ASCII)
_NEW_ID, _OLD_ID = lazy_pattern(NEW, re.ASCII), lazy_pattern(OLD_NUMBER, re.ASCII)
_ON_ADS = lazy_pattern(r"adsabs\.harvard\.edu/[^\s\"'<>]{0,40}$", re.ASCII)
_ARCHIVE_OF = {name.replace("-", "."): name for name in ARCHIVE.split("|")}


def _bibcode(text: str, begin: int) -> Mention | None:
    """The paper of a bibcode whose word arXiv is at a place."""
    match = _BIBCODE.match(text, begin)
    year = text[max(0, begin - 4) : begin]
    if match is None or len(year) < 4 or not year.isdigit() or text[begin - 5 : begin - 4].isalnum():
        return None
    id = match[1] or f"{match[2]}.{match[3]}"
    host = _ON_ADS.search(text, max(0, begin - 4 - _LOOK_BACK), begin - 4)
    start = address_start(text, host.start()) if host else -1
    return (start if start >= 0 else begin - 4, match.end(), id, None, "ads") if _NEW_ID.fullmatch(id) else None


def _on_ads(text: str, place: int) -> Mention | None:
    """The paper of an address of ADS, by its bibcode of the old style or by its identifier."""
    start = address_start(text, place)
    by_id = _ON_ADS_BY_ID.match(text, place)
    if by_id and start >= 0:
        return _mention(start, by_id, "ads")
    match = _OLD_BIBCODE.match(text, place)
    if match is None or start < 0:
        return None
    year, archive, number = match.groups()
    number = year[2:] + number.zfill(5)
    return (start, match.end(), f"{_ARCHIVE_OF[archive]}/{number}", None, "ads") if _OLD_ID.fullmatch(number) else None


def _mention(start: int, match: re.Match[str], form: str) -> Mention | None:
    """The mention of a match whose last groups are those of ID; None without a start, -1."""
    new, archive, number, version = match.groups()[-4:]
    if start < 0:
        return None
    return start, match.end(), new or f"{archive}/{number}", int(version) if version else None, _FORM.get(form, form)


# ---- what comes before -------------------------------------------------------------------------------

_LOOK_BACK = 64  # plus "huggingface.co/api/" or "alpha" this is still less than BEFORE
_HOST_CHARACTERS = _NAME_CHARACTERS + "-."
_SCHEME = lazy_pattern(r"((?:https?|hxxps?|ftp):/{1,3})$|(?<![a-z0-9.:/_-])//$|:/{1,3}$", re.ASCII)
_NAME_GOES_ON = lazy_pattern("[a-z0-9]_$")
_REGISTRANT = "10.48550/"
_OTHER_DOI = lazy_pattern(r"10\.\d{4,9}/$", re.ASCII)
_INDEXES = ("scirate.com/", "semanticscholar.org/", "papers.cool/", "identifiers.org/", "inspirehep.net/api/")
"""Sites whose path /arxiv/2101.04869 is a paper."""
PLACES = (
    rf"arxiv\.org{_HOST_END}/{{1,3}}(?:(?:{_PATHS})/{{1,3}}|{_QUERY})?(?:arxiv[.:])?",
    r"arxiv-vanity\.com/{1,3}papers/{1,3}",
    rf"ar5iv(?:\.labs\.arxiv)?\.org/{{1,3}}(?:(?:{_PATHS})/{{1,3}})?",
    r"alphaxiv\.org/{1,3}(?:[a-z]{2}/)?(?:abs|pdf|overview|html|audio|resources)/{1,3}",
    r"adsabs\.harvard\.edu/{1,2}(?:#?abs|full)/{1,2}(?:arxiv:)?",
    r"arxiv\.org/(?:ftp|vc|ps_cache)/arxiv/(?:papers|pdf|ps)/\d{4}/",
    rf"(?:xxx|arxiv)\.lanl\.gov/{{1,3}}(?:{_PATHS})/{{1,3}}",
    r"doi\.org/10\.48550/arxiv\.",
    *(rf"{re.escape(page)}(?:api/)?papers/{{1,3}}" for page in _PAGES),
    *(f"{re.escape(index)}arxiv[/:]" for index in _INDEXES),
)
"""Patterns of addresses up to an identifier, without scheme and subdomains, for readers in other languages."""


def address_start(text: str, begin: int) -> int:
    """Where an address begins whose host name starts at a place; -1 if it is not a host, or in another host's path."""
    if begin == 0 or text[begin - 1] in " \t\n\"'(<[=":
        return begin
    if begin >= 8 and text.startswith("https://", begin - 8):
        return begin - 8
    window = text[max(0, begin - _LOOK_BACK) : begin]
    before = window.rstrip(_HOST_CHARACTERS)
    labels = window[len(before) :]
    name = labels.lstrip(".-")
    if name and name[-1] != ".":
        return -1
    start = begin - len(name)
    if before.endswith("_"):
        return -1 if _NAME_GOES_ON.search(before) else start
    if not before.endswith("/"):
        return start
    scheme = _SCHEME.search(before[-10:]) if name == labels else None
    return start - len(scheme[1] or "") if scheme else -1


def _prose_start(text: str, begin: int, sign: str) -> tuple[int, str]:
    """Where a mention begins whose word arXiv is at a place, and its form; -1 if it is in another host's path."""
    if begin == 0 or text[begin - 1] != "/":
        return begin, "prose"
    before = text[max(0, begin - _LOOK_BACK) : begin]
    if before.endswith(_REGISTRANT):
        return _doi_start(text, begin - len(_REGISTRANT)), "doi"
    if _OTHER_DOI.search(before[-14:]):
        return -1, "doi"
    if sign != "/":
        return begin, "prose"
    index = next((name for name in _INDEXES if before.endswith(name)), None)
    if index is None:
        return -1, "prose"
    start = address_start(text, begin - len(index))
    return start, "scirate" if index == "scirate.com/" else "prose"


def _doi_start(text: str, begin: int) -> int:
    """Where a DOI begins, including a prefix: doi.org/ on any host, or `doi:`."""
    before = text[max(0, begin - 8) : begin]
    if before == "doi.org/":
        start = address_start(text, begin - 8)
        return start if start >= 0 else begin
    prefix = next((prefix for prefix in ("doi:", "doi: ", "doi ") if before.endswith(prefix)), "")
    return begin - len(prefix)
