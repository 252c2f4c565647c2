"""The connectors of bioRxiv and medRxiv, which share one API (https://api.biorxiv.org).

An interval of dates is read page by page, a long one month by month; one row is one version. A refused request is
answered with status 200 and a reason in its message, and an interval without rows alike, so only a page whose message
says `ok` is a reading. The interval reaches back two days before the last one that was read: rows appear late.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, RawPayload
from hotpapers.base.papers.categories import slug_of
from hotpapers.base.text.timestamps import day_of, start_of_day
from hotpapers.collect.sources.decoding import decode_entries, decode_entry, decode_response
from hotpapers.wings.preprints import posted_papers
from hotpapers.wings.preprints.posted_papers import PostedVersion
from hotpapers.wings.preprints.preprint_source import OVERLAP, PreprintSettings, PreprintSource

MAX_PAGES = 400
"""Most pages of an interval: more than a month of bioRxiv."""
MONTH = 30 * DAY
NOTHING = "NA"
"""How the API writes an absent value."""


class OpenRxivSettings(PreprintSettings):
    """`api`: base address of the API."""

    api: str = "https://api.biorxiv.org"


class _Message(msgspec.Struct):
    status: str = ""
    total: str | int | float | None = 0


class _Details(msgspec.Struct):
    messages: list[_Message] = []
    collection: list[msgspec.Raw] = []


class _RowId(msgspec.Struct):
    doi: str
    version: str | int | float = "1"


class _Row(msgspec.Struct):
    doi: str
    title: str
    authors: str = ""
    date: str = ""
    version: str | int | float = ""
    category: str = ""
    abstract: str = ""
    published: str = ""
    license: str = ""


class _DetailsPage(msgspec.Struct, frozen=True):
    """A page of an interval. `problem`: why it is no reading, empty if it is one."""

    payloads: list[RawPayload]
    total: int
    problem: str

    @property
    def keys(self) -> list[str]:
        return [payload.key for payload in self.payloads]


class OpenRxivSource(PreprintSource[OpenRxivSettings]):
    """The connector."""

    def _posted(self, http: HttpClient, first: str, last: str) -> Pages:
        """All rows of an interval; after each month the cursor moves, as later ones may fail. The last part has two
        days at least, as a server may have no row on one."""
        while (end := day_of(start_of_day(first) + MONTH)) < day_of(start_of_day(last) - OVERLAP):
            yield from self._rows(http, first, end)
            yield PayloadPage((), end)
            first = end
        yield from self._rows(http, first, last)

    def _rows(self, http: HttpClient, first: str, last: str) -> Pages:
        """All rows of an interval, a page at a time."""
        known_keys = set[str]()
        count = largest = total = 0
        for _ in range(MAX_PAGES):
            page = self._page(http, f"{first}/{last}/{count}")
            is_repeated = not page.problem and known_keys.issuperset(page.keys)
            if page.problem or is_repeated:
                is_end = count and total - len(known_keys) < largest  # the total may count more rows than there are
                if not is_repeated and is_end and self._page(http, f"{first}/{last}/{count}").problem:
                    return
                raise PartiallyRead(f"{first} to {last}: {page.problem or 'the same rows again'}")
            yield PayloadPage(page.payloads)
            known_keys.update(page.keys)
            count += len(page.payloads)
            largest = max(largest, len(page.payloads))
            total = max(total, page.total)  # one that shrinks while it is read tells nothing
            if len(known_keys) >= total > 0:
                return
        raise PartiallyRead(f"{first} to {last}: more than {count:,} rows")

    def _page(self, http: HttpClient, place: str) -> _DetailsPage:
        response = http.get(f"{self.settings.api}/details/{self.name}/{place}")
        details = decode_response(response, _Details)
        message = details.messages[0] if details.messages else _Message()
        rows = decode_entries(details.collection, _RowId, _row_key, "version", response.at)
        payloads = [payload for _, payload in rows]
        is_reading = message.status.lower() == "ok" and payloads
        problem = message.status[:100] or "an empty answer"
        return _DetailsPage(payloads, _number(message.total), "" if is_reading else problem)

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a version of a paper, and its announcement."""
        row = decode_entry(payload.body, _Row)
        key, in_doi = posted_papers.work_of(row.doi)
        version = _number(row.version)
        slug = slug_of(_known(row.category))
        authors = posted_papers.decode_references(_known(row.authors))
        posted = PostedVersion(
            key=key,
            version=version and max(version, in_doi),
            title=posted_papers.plain_title(_known(row.title)),
            authors=tuple(filter(None, map(posted_papers.display_name, authors.split(";")))),
            abstract=posted_papers.plain_abstract(_known(row.abstract)),
            category=f"{self.name}.{slug}" if slug else self.name,
            posted_at=posted_papers.moment_of_date(row.date),
            published_doi=posted_papers.plain_doi(row.published),
            license=_known(row.license),
        )
        return list(posted_papers.items_of(posted, payload.at))


def _row_key(row: _RowId) -> str:
    return f"{row.doi}v{row.version}"


def _known(text: str) -> str:
    """A value; empty if it is absent."""
    return "" if text.strip().upper() == NOTHING else text.strip()


def _number(value: str | float | None) -> int:
    """A number, which the API writes as text at times; 0 if it is none."""
    text = str(value).strip().removeprefix("v").removesuffix(".0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


biorxiv = partial(OpenRxivSource, "biorxiv")
medrxiv = partial(OpenRxivSource, "medrxiv")
