"""arXiv's listing pages: which papers it announced, day by day, and how many.

`/list/<archive>/recent` has the last five announcement days, new papers and cross-lists in one section per day;
`/list/<archive>/new` has the last day with its replacements. Headings give the size of the whole section, which shows
whether it continues on the next page. Only identifiers, types and counts are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from hotpapers.base import announcement_days as days
from hotpapers.base.errors import InputError
from hotpapers.base.ids import arxiv
from hotpapers.base.model import AnnouncementType

MAX_PAGE_PAPERS = 2000
"""Most papers that arXiv shows on a page."""

# Headings contain no other elements; an entry identifies itself in its first lines.
_HEADING_OR_ENTRY = re.compile(r"<h3>([^<]{0,300})</h3>|<dt>", re.ASCII)
_DATE = re.compile(r"[A-Z][a-z]{2,8}, (\d{1,2}) ([A-Z][a-z]{2})[a-z]{0,6} (\d{4})", re.ASCII)
_COUNT = re.compile(r"\d{1,6} of (\d{1,6}) entries", re.ASCII)
_ID = re.compile(r'href ?= ?"/abs/([^"]{5,40})"', re.ASCII)
_LIST = re.compile(r"<dl id='articles'>|No updates for this time period|<h3>Showing new listings for", re.ASCII)
_ENTRY = 2000
"""An entry names its paper within this many characters."""


class ListingCount(NamedTuple):
    """What arXiv lists as new or cross-listed on a day: how many papers, and those that a page shows."""

    total: int = 0
    papers: Mapping[str, AnnouncementType] = MappingProxyType({})

    def with_section(self, other: ListingCount) -> ListingCount:
        """Add another section of the same day."""
        return ListingCount(self.total + other.total, {**self.papers, **other.papers})

    def with_next_page(self, other: ListingCount) -> ListingCount:
        """Add the same day's papers from the next page, whose heading gives the same total."""
        return ListingCount(max(self.total, other.total), {**self.papers, **other.papers})


def _html(data: bytes) -> str:
    html = data.decode("utf-8", "replace")
    if not _LIST.search(html):
        raise InputError("not arXiv's listing")
    return html


def parse(data: bytes) -> dict[str, ListingCount]:
    """What a page lists, by the day's label, newest first. Raises InputError if the page is not a listing."""
    html = _html(data)
    result: dict[str, ListingCount] = {}
    day = ""
    for heading, entries in _sections(html):
        day = _day(heading) or day
        if day and not heading.startswith("Replacement"):
            kind: AnnouncementType = "cross" if heading.startswith("Cross") else "new"
            count = _COUNT.search(heading)
            section = ListingCount(
                int(count[1]) if count else 0, dict(filter(None, (_paper(entry, kind) for entry in entries)))
            )
            result[day] = result.get(day, ListingCount()).with_section(section)
    return result


def parse_replacements(data: bytes) -> dict[str, frozenset[str]]:
    """The papers that a page `/list/<archive>/new` lists as replaced, by the day's label; nothing if it shows only some
    of them, or has no such section. Raises InputError if the page is not a listing."""
    html = _html(data)
    day, is_new_page, result = "", False, dict[str, frozenset[str]]()
    for heading, entries in _sections(html):
        is_new_page = is_new_page or heading.startswith("Showing new listings for")
        day = _day(heading) or day
        if is_new_page and day:
            result.setdefault(day, frozenset())
        if day and heading.startswith("Replacement"):
            ids = frozenset(paper[0] for entry in entries if (paper := _paper(entry, "replacement")))
            count = _COUNT.search(heading)
            if count and int(count[1]) > len(ids):
                return {}
            result[day] = ids
    return result if is_new_page else {}


def _sections(html: str) -> Iterator[tuple[str, list[str]]]:
    """Headings, each with the beginnings of the entries below it."""
    heading = ""
    entries: list[str] = []
    for match in _HEADING_OR_ENTRY.finditer(html):
        if match[1] is None:
            if len(entries) == MAX_PAGE_PAPERS:
                raise InputError(f"not arXiv's listing: more than {MAX_PAGE_PAPERS} entries")
            entries.append(html[match.end() : match.end() + _ENTRY].partition("</dt>")[0])
        else:
            yield heading, entries
            heading, entries = match[1].strip(), []
    yield heading, entries


def _day(heading: str) -> str:
    date = _DATE.search(heading)
    try:
        return days.label(datetime.strptime(" ".join(date.groups()), "%d %b %Y").date()) if date else ""
    except ValueError:
        return ""


def _paper(entry: str, kind: AnnouncementType) -> tuple[str, AnnouncementType] | None:
    id_link = _ID.search(entry)
    try:
        return (arxiv.parse(id_link[1]).id, "cross" if "(cross-list from" in entry else kind) if id_link else None
    except InputError:
        return None
