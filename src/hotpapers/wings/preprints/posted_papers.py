"""Shared by the readers of preprint servers: a posted version of a paper, and the items that record it."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UNSET

from hotpapers.base.errors import InputError
from hotpapers.base.model import Announcement, Item, Paper
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.base.text.html_text import html_to_text
from hotpapers.base.text.timestamps import day_of, start_of_day

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_WITHDRAWN_TITLE = re.compile(r"\W*(?:withdrawn|retracted|removed|withdrawal)\b\s*[:\]\).-]", re.IGNORECASE)
_WITHDRAWN_TEXT = re.compile(
    r"\W*(?:withdrawal(?: statement)?\W{1,4})?(?:(?:the|this|our)\s+)?(?:authors?|manuscript|preprint|article|paper|"
    r"(?:bio|med)rxiv)\b[^.]{0,60}\b(?:withdrawn|withdraw|withdrew|removed|retracted)\b",
    re.IGNORECASE,
)
"""The beginning of an abstract that stands in for a withdrawn paper's. Servers have no other sign of it."""
_TAGS = re.compile(r"</?(?:jats:)?[a-z][a-z0-9-]{0,20}(?:\s[^<>]{0,300})?/?>", re.IGNORECASE)
_HEADING = re.compile(r"<(?:jats:)?title>\s*abstract\s*</(?:jats:)?title>", re.IGNORECASE)
MAX_TEXT_CHARS = 20_000
"""Most characters of an abstract that are kept."""


class PostedVersion(NamedTuple):
    """A version of a paper as a server posted it. `key`: of the work; `category`: its field; `posted_at`: µs UTC, None
    if the day is unknown; `published_doi`, `journal`: where it appeared later; `license`: that of its abstract."""

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
    yield Paper(
        paper=posted.key,
        title=posted.title,
        authors=posted.authors,
        abstract=posted.abstract,
        categories=(posted.category,),
        version=posted.version,
        doi=posted.published_doi,
        journal=posted.journal,
        published_at=posted.posted_at if is_first else None,
        updated_at=None if is_first else posted.posted_at,
        withdrawn=is_withdrawn(posted.title, posted.abstract) or UNSET,
        license=posted.license or UNSET,
        observed_at=at,
    )
    if is_first and posted.posted_at is not None:
        day = day_of(posted.posted_at)
        yield Announcement(
            paper=posted.key,
            day=day,
            category=posted.category,
            type="new",
            announced_at=posted.posted_at,
            version=1,
            observed_at=at,
        )


def is_withdrawn(title: str, abstract: str) -> bool:
    """Whether a version only says that its paper was withdrawn."""
    return bool(_WITHDRAWN_TITLE.match(title) or _WITHDRAWN_TEXT.match(abstract))


def work_of(doi: str) -> tuple[str, int]:
    """The key of the work of which a DOI names a version, and the version; 1 if it names none."""
    name = doi.strip().lower()
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


def display_name(name: str) -> str:
    """`Overquill, Tansy A.` → `Tansy A. Overquill`; the name of a group stays."""
    family, comma, given = name.strip().partition(",")
    return f"{given.strip()} {family.strip()}".strip() if comma else family


def plain_title(text: str) -> str:
    """A title on one line, without markup, also if that was escaped."""
    return " ".join(_TAGS.sub("", html.unescape(html.unescape(text))).split())


def plain_abstract(text: str) -> str:
    """An abstract in JATS or HTML as plain text."""
    without_heading = _HEADING.sub("", text[: 4 * MAX_TEXT_CHARS])
    paragraphs = re.sub(r"</(?:jats:)?(?:p|title|sec)>", "\n", without_heading, flags=re.IGNORECASE)
    words, _ = html_to_text(_TAGS.sub("", paragraphs))
    return " ".join(words.split())[:MAX_TEXT_CHARS]
