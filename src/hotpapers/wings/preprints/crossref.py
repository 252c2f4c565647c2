"""The connectors of servers that register their papers with Crossref (https://api.crossref.org).

A server's papers are listed by its registrant's prefix, oldest registration first, a page at a time. With a `mailto`,
Crossref answers faster (https://www.crossref.org/documentation/retrieve-metadata/rest-api/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, RawPayload
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.timestamps import day_of, start_of_day
from hotpapers.collect.sources.decoding import Count, decode_entries, decode_entry, decode_response
from hotpapers.wings.preprints import crossref_works, posted_papers
from hotpapers.wings.preprints.crossref_works import CrossrefWork

SERVERS = ("chemrxiv", *paper_servers.OSF, "researchsquare", "ssrn", "preprints")
"""The servers that are read from Crossref."""
ROWS = 200
"""Works of a page."""
MAX_PAGES = 300
OVERLAP = 2 * DAY


class CrossrefSettings(SettingsStruct):
    """`api`: base address of the API. `mailto`: your mail address, for faster answers. `every`: seconds between rounds.
    `first_days`: how many days back the first round goes if `[run] read_back` is 0."""

    api: str = "https://api.crossref.org"
    mailto: str = ""
    every: AtLeastOne = 3600
    first_days: Annotated[int, msgspec.Meta(ge=1, le=30)] = 2


class _WorkId(msgspec.Struct):
    doi: str = msgspec.field(name="DOI")


class _WorkList(msgspec.Struct):
    items: list[msgspec.Raw]
    total: Count = msgspec.field(name="total-results", default=0)
    next_cursor: str = msgspec.field(name="next-cursor", default="")


class _Answer(msgspec.Struct):
    message: _WorkList


class CrossrefSource:
    """The connector of one server. The cursor is the day up to which everything was read."""

    def __init__(self, name: str, settings: CrossrefSettings, _known: object = (), _names: PaperIndex | None = None):
        self.name = name
        self.settings = settings
        self._registrants = registrants_of(name)

    @property
    def every(self) -> float:
        """Seconds between rounds."""
        return self.settings.every

    @property
    def reach(self) -> int | None:
        """None: the API has the whole history."""
        return None

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The works registered since the last day that was read, with an overlap."""
        first = start_of_day(cursor) - OVERLAP if cursor else http.now() - self.settings.first_days * DAY
        return self._since(http, first)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """The works registered since a moment."""
        yield from self._since(http, since)
        yield PayloadPage(since=since)

    def _since(self, http: HttpClient, since: int) -> Pages:
        today = day_of(http.now())
        for registrant in self._registrants:
            yield from self._works(http, registrant, day_of(since))
        yield PayloadPage((), today)

    def _works(self, http: HttpClient, registrant: str, first: str) -> Pages:
        """All works of a registrant since a day. Raises PartiallyRead if they cannot be read to the end."""
        params = {
            "filter": f"type:posted-content,from-created-date:{first}",
            "rows": str(ROWS),
            "sort": "created",
            "order": "asc",
            "cursor": "*",
        }
        params |= {"mailto": self.settings.mailto} if self.settings.mailto else {}
        count = 0
        for _ in range(MAX_PAGES):
            response = http.get(f"{self.settings.api}/prefixes/{registrant}/works", params=params)
            works = decode_response(response, _Answer).message
            rows = decode_entries(works.items, _WorkId, lambda work: work.doi.lower(), "work", response.at)
            yield PayloadPage([payload for _, payload in rows])
            count += len(rows)
            if not rows or not works.next_cursor or count >= works.total:
                break
            params["cursor"] = works.next_cursor
        if count < works.total:
            raise PartiallyRead(f"{registrant} since {first}: {count:,} of {works.total:,} works")

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Nothing: nobody posts there."""
        return iter(())

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a version of a paper, its announcement, and notices about it; nothing for another server's work."""
        work = decode_entry(payload.body, CrossrefWork)
        key, _ = posted_papers.work_of(work.doi)
        if paper_servers.server_of(key).name != self.name:
            return []
        posted = crossref_works.posted_version(work, self.name)
        return [*posted_papers.items_of(posted, payload.at), *crossref_works.notices_of(key, work, payload.at)]


def registrants_of(name: str) -> tuple[str, ...]:
    """The registrants of a server's DOIs."""
    registrants = (server.registrants for server in paper_servers.SERVERS if server.name == name)
    return tuple(dict.fromkeys(registrant for several in registrants for registrant in several))


Make = Callable[..., CrossrefSource]
chemrxiv: Make = partial(CrossrefSource, "chemrxiv")
africarxiv: Make = partial(CrossrefSource, "africarxiv")
ecoevorxiv: Make = partial(CrossrefSource, "ecoevorxiv")
edarxiv: Make = partial(CrossrefSource, "edarxiv")
engrxiv: Make = partial(CrossrefSource, "engrxiv")
metaarxiv: Make = partial(CrossrefSource, "metaarxiv")
osf: Make = partial(CrossrefSource, "osf")
psyarxiv: Make = partial(CrossrefSource, "psyarxiv")
socarxiv: Make = partial(CrossrefSource, "socarxiv")
researchsquare: Make = partial(CrossrefSource, "researchsquare")
ssrn: Make = partial(CrossrefSource, "ssrn")
preprints: Make = partial(CrossrefSource, "preprints")
