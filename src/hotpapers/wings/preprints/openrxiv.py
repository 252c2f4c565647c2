"""The connectors of bioRxiv and medRxiv, which share one API (https://api.biorxiv.org).

An interval of dates is read page by page; one row is one version. A refused request is answered with status 200 and a
reason in its message, and an interval without rows alike, so only a page whose message says `ok` is a reading. The
interval reaches back two days before the last one that was read: rows appear late.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Annotated

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, RawPayload
from hotpapers.base.papers.categories import slug_of
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.timestamps import day_of, start_of_day
from hotpapers.collect.sources.decoding import decode_entries, decode_entry, decode_response
from hotpapers.wings.preprints import posted_papers
from hotpapers.wings.preprints.posted_papers import PostedVersion

OVERLAP = 2 * DAY
MAX_PAGES = 400
"""Most pages of an interval: more than a month of bioRxiv."""
NOTHING = "NA"
"""How the API writes an absent value."""


class OpenRxivSettings(SettingsStruct):
    """`api`: base address of the API. `every`: seconds between rounds. `first_days`: how many days back the first round
    goes if `[run] read_back` is 0."""

    api: str = "https://api.biorxiv.org"
    every: AtLeastOne = 3600
    first_days: Annotated[int, msgspec.Meta(ge=1, le=30)] = 2


class _Message(msgspec.Struct):
    status: str = ""
    total: str | int = 0


class _Details(msgspec.Struct):
    messages: list[_Message] = []
    collection: list[msgspec.Raw] = []


class _RowId(msgspec.Struct):
    doi: str
    version: str | int = "1"


class _Row(msgspec.Struct):
    doi: str
    title: str
    authors: str = ""
    date: str = ""
    version: str | int = "1"
    category: str = ""
    abstract: str = ""
    published: str = ""
    license: str = ""


class _DetailsPage(msgspec.Struct, frozen=True):
    """A page of an interval. `problem`: why it is no reading, empty if it is one."""

    payloads: list[RawPayload]
    total: int
    problem: str


class OpenRxivSource:
    """The connector. The cursor is the day up to which everything was read."""

    def __init__(self, name: str, settings: OpenRxivSettings, _known: object = (), _names: PaperIndex | None = None):
        self.name = name
        self.settings = settings

    @property
    def every(self) -> float:
        """Seconds between rounds."""
        return self.settings.every

    @property
    def reach(self) -> int | None:
        """None: the API has the whole history."""
        return None

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The versions posted since the last day that was read, with an overlap."""
        first = start_of_day(cursor) - OVERLAP if cursor else http.now() - self.settings.first_days * DAY
        return self._since(http, first)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """The versions posted since a moment."""
        yield from self._since(http, since)
        yield PayloadPage(since=since)

    def _since(self, http: HttpClient, since: int) -> Pages:
        today = day_of(http.now())
        yield from self._interval(http, day_of(since), today)
        yield PayloadPage((), today)

    def _interval(self, http: HttpClient, first: str, last: str) -> Generator[PayloadPage, None, None]:
        """All rows of an interval, a page at a time. Raises PartiallyRead if they cannot be read to the end."""
        count = largest = total = 0
        for _ in range(MAX_PAGES):
            page = self._page(http, f"{first}/{last}/{count}")
            if page.problem:
                is_end = count and total - count < largest  # the total may count more rows than there are
                if is_end and self._page(http, f"{first}/{last}/{count}").problem:
                    return
                raise PartiallyRead(f"{first} to {last}: {page.problem}")
            yield PayloadPage(page.payloads)
            count += len(page.payloads)
            largest = max(largest, len(page.payloads))
            total = page.total
            if count >= total:
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

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Nothing: nobody posts there."""
        return iter(())

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a version of a paper, and its announcement."""
        row = decode_entry(payload.body, _Row)
        key, _ = posted_papers.work_of(row.doi)
        category = _known(row.category).partition("(")[0]
        slug = slug_of(category.replace("_", " "))
        posted = PostedVersion(
            key=key,
            version=_number(row.version) or 1,
            title=posted_papers.plain_title(row.title),
            authors=tuple(filter(None, map(posted_papers.display_name, _known(row.authors).split(";")))),
            abstract=posted_papers.plain_abstract(_known(row.abstract)),
            category=f"{self.name}.{slug}" if slug else self.name,
            posted_at=posted_papers.moment_of_date(row.date),
            published_doi=_known(row.published).lower(),
            license=_known(row.license),
        )
        return list(posted_papers.items_of(posted, payload.at))


def _row_key(row: _RowId) -> str:
    return f"{row.doi}v{row.version}"


def _known(text: str) -> str:
    """A value; empty if it is absent."""
    return "" if text.strip().upper() == NOTHING else text.strip()


def _number(value: str | int) -> int:
    """A number, which the API writes as text at times; 0 if it is none."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


biorxiv: Callable[..., OpenRxivSource] = partial(OpenRxivSource, "biorxiv")
medrxiv: Callable[..., OpenRxivSource] = partial(OpenRxivSource, "medrxiv")
