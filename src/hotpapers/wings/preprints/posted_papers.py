"""Shared by the readers of preprint servers: a posted version of a paper, and the items that record it."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from msgspec import UNSET

from hotpapers.base.errors import InputError
from hotpapers.base.model import DAY, Announcement, Item, Paper
from hotpapers.base.papers import doi, paper_servers
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.base.text.html_text import html_to_text
from hotpapers.base.text.person_names import split_name
from hotpapers.base.text.raised_text import with_superscripts
from hotpapers.base.text.timestamps import day_of, start_of_day
from hotpapers.wings.preprints.mathml_text import with_plain_formulas
from hotpapers.wings.preprints.withdrawals import is_withdrawn

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", re.ASCII)
_TAGS = re.compile(r"</?(?:[a-z]{1,9}:)?[a-z][a-z0-9-]{0,20}(?:\s[^<>]{0,300})?/?>|<!\[CDATA\[|\]\]>", re.IGNORECASE)
_TITLE_TAGS = re.compile(
    r"</?(?:[a-z]{1,9}:[a-z][a-z-]{0,20}|[abipqsu]|em|strong|su[bp]|italic|bold|scp?|tt|br|span|div|font|small|big|title"
    r"|underline|monospace|roman|sans-serif|overline|strike|(?:named|styled)-content|inline-(?:formula|graphic)|alternatives|xref|ext-link|fn"
    r"|tex-math|math|m(?:i|o|n|row|su[bp]|subsup|text|over|under|underover|frac|sqrt|space|style|fenced|multiscripts)|semantics|annotation)"
    r"(?:\s+[a-z:-]{1,30}\s*=[^<>]{0,300})?\s*/?>|<!\[CDATA\[|\]\]>",
    re.IGNORECASE,
)
"""Elements of JATS, HTML and MathML as titles have them. Other words between signs are the title's: *FDR <q and FC >1*,
*Vector<T>*."""
_BREAKS = re.compile(r"</(?:[a-z]{1,9}:)?(?:p|title|sec|li|list-item)>|<br\s?/?>", re.IGNORECASE)
_P = r"(?:[a-z]{1,9}:)?"
_IN_TAG = r"[^<>]{0,300}"
_TEX = rf"<{_P}tex-math\b{_IN_TAG}>(?:<!\[CDATA\[[^\]]{{0,2000}}\]\]>|[^<]{{0,2000}})</{_P}tex-math>"
_NOTE = rf"<{_P}annotation\b{_IN_TAG}>[^<]{{0,2000}}</{_P}annotation>"
_TWIN = re.compile(rf"{_TEX}\s*(?=<{_P}math\b)|(</{_P}math>)\s*{_TEX}|{_NOTE}", re.IGNORECASE)
"""A formula in TeX that is there as MathML, too."""
_REFERENCE = re.compile(
    r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]\w{1,31});|&(?:lt|gt|amp)(?![\w;=])", re.IGNORECASE | re.ASCII
)
_FOOTNOTE = re.compile(
    rf"<{_P}sup\b[^<>]{{0,100}}>(?:[^<>a-z]{{0,40}}</{_P}sup>|[^<>]{{0,40}}</{_P}sup>(?!\w))", re.IGNORECASE
)
_UNKNOWN = re.compile(r"\(?:(?:una[clpsv]|unkn|none|null|tba|etal)\b.*", re.IGNORECASE)
"""DataCite's codes for unknown values: `:unkn`, `(:unav)`."""
_COMPANY = re.compile(r"\s*(?:Inc|Ltd|LLC|LLP|GmbH|Corp|PLC)\b\.?", re.IGNORECASE)
_ESCAPED = re.compile(r"&(?:amp;)?lt;/?(?:[a-z]{1,9}:)?(?:p|title|sec|i|b|em|sub|sup|italic)\b", re.IGNORECASE)
_HEADING = re.compile(r"<(?:jats:)?title>\s*abstract\s*</(?:jats:)?title>", re.IGNORECASE)
MAX_AHEAD = 60 * DAY
"""How far in the future papers are dated at most, µs."""
MAX_TEXT_CHARS = 20_000
"""Most characters of an abstract that are kept."""


class PostedVersion(NamedTuple):
    """A version of a paper as a server posted it. `key`: of the work; `version`: 0 if it is a later one or unknown;
    `category`: its field; `posted_at`: µs UTC, None if the day is unknown; `published_doi`, `journal`: where it
    appeared later; `license`: that of its abstract."""

    key: str
    version: int
    title: str
    authors: tuple[str, ...]
    abstract: str
    category: str
    posted_at: int | None
    published_doi: str = ""
    journal: str = ""
    license: str = ""


def items_of(posted: PostedVersion, at: int) -> Iterator[Item]:
    """A version's paper and, for the first one, its announcement on the day when it was posted."""
    if not posted.title:
        raise InputError(f"{paper_servers.paper_id(posted.key)}: a paper without a title")
    is_first = posted.version == 1
    posted_at = believed_moment(posted.posted_at, at)
    yield Paper(
        paper=posted.key,
        title=posted.title,
        authors=posted.authors,
        abstract=posted.abstract,
        categories=(posted.category,),
        version=posted.version or None,
        doi=posted.published_doi,
        journal=posted.journal,
        published_at=posted_at if is_first else None,
        updated_at=None if is_first else posted_at,
        withdrawn=is_withdrawn(posted.title, posted.abstract) or UNSET,
        license=posted.license or UNSET,
        observed_at=at,
    )
    if is_first and posted_at is not None:
        day = day_of(posted_at)
        yield Announcement(
            paper=posted.key,
            day=day,
            category=posted.category,
            type="new",
            announced_at=posted_at,
            version=1,
            observed_at=at,
        )


def believed_moment(moment: int | None, at: int) -> int | None:
    """A moment; None if it is later than servers announce papers ahead. `at`: when it was read. Both µs UTC."""
    return moment if moment is None or moment <= at + MAX_AHEAD else None


def plain_doi(text: str) -> str:
    """A DOI in lower case, without an address or a label before it; empty if the text is none."""
    name = unquote(text).strip().lower()
    _, registrant, rest = name.partition("10.")
    return registrant + rest if doi.is_doi(registrant + rest) else ""


def work_of(text: str) -> tuple[str, int]:
    """The key of the work of which a DOI names a version, and the version; 1 if it names none."""
    name = plain_doi(text) or text.strip().lower()
    match = paper_servers.by_doi(name)
    if match and match.end() == len(name):
        return DOI + match["work"], int(match.groupdict().get("version") or 1)
    return DOI + name, 1


def moment_of_date(text: str) -> int | None:
    """The beginning of a date such as 2026-11-05 or 2026-11-5, µs UTC; None if it is none."""
    match = _DATE.match(text)
    return moment_of_day(*map(int, match.groups())) if match else None


def moment_of_day(year: int, month: int, day: int) -> int | None:
    """The beginning of a day, µs UTC; None if there is no such day."""
    try:
        return start_of_day(datetime.date(year, month, day).isoformat())
    except (ValueError, OverflowError):
        return None


def plain_name(text: str) -> str:
    """A name without markup and marks of footnotes; empty for a code that says that it is unknown."""
    return plain_title(_FOOTNOTE.sub("", decode_references(text)))


def display_name(text: str) -> str:
    """`Overquill, Tansy A.` → `Tansy A. Overquill`; the name of a group stays."""
    name = plain_name(text)
    family, comma, given = name.partition(",")
    if not comma or _COMPANY.fullmatch(given):
        return name
    if " " not in family and "," not in given:
        return f"{given.strip()} {family}".strip()
    return " ".join(filter(None, split_name(name)))


def plain_title(text: str) -> str:
    """A title on one line, without markup, also if that was escaped; empty for a code that says that it is unknown."""
    markup = _with_arithmetic(decode_references(text))
    words = _TITLE_TAGS.sub("", _BREAKS.sub(" ", markup)).split()
    title = " ".join(words).replace("&lt;", "<")  # of formulas
    return "" if _UNKNOWN.fullmatch(title) else title


def decode_references(text: str) -> str:
    """A text without references to signs, also if they were escaped. Only whole ones: `&copy=2` is part of an
    address."""
    for _ in range(2):
        text = _REFERENCE.sub(lambda match: html.unescape(match[0]), text)
    return text


def _with_arithmetic(markup: str) -> str:
    """Markup in which powers and fractions do not need it, with each formula once."""
    if "math" in markup:
        markup = with_plain_formulas(_TWIN.sub(r"\1", markup))
    return with_superscripts(markup)


def first_title(texts: Iterable[str]) -> str:
    """The first of several titles that says anything, without markup."""
    return next(filter(None, map(plain_title, texts)), "")


def plain_abstract(text: str) -> str:
    """An abstract in JATS or HTML as plain text, also if its markup was escaped."""
    text = text[: 4 * MAX_TEXT_CHARS]
    for _ in range(2):
        text = html.unescape(text) if _ESCAPED.search(text) else text
    text = _with_arithmetic(text)
    words, _ = html_to_text(_TAGS.sub("", _BREAKS.sub("\n", _HEADING.sub("", text))))
    line = " ".join(decode_references(words).split())
    return "" if _UNKNOWN.fullmatch(line) else line[:MAX_TEXT_CHARS]
