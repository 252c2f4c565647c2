"""The connectors of servers that register their papers with Crossref (https://api.crossref.org).

A server's papers are listed by its registrant's prefix, oldest registration first, a page at a time. With a `mailto`,
Crossref answers faster (https://www.crossref.org/documentation/retrieve-metadata/rest-api/).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, RawPayload, Response
from hotpapers.base.papers import paper_servers
from hotpapers.base.text.timestamps import day_of, start_of_day
from hotpapers.collect.sources.decoding import Count, decode_entries, decode_entry, decode_response
from hotpapers.wings.preprints import crossref_works, posted_papers
from hotpapers.wings.preprints.crossref_works import CrossrefWork
from hotpapers.wings.preprints.preprint_source import PreprintSettings, PreprintSource

ROWS = 200
"""Works of a page."""
MAX_PAGES = 300
LONG_AGO = 60 * DAY
"""A server without works for so long is not believed to have none."""


class CrossrefSettings(PreprintSettings):
    """`api`: base address of the API. `mailto`: your mail address, for faster answers."""

    api: str = "https://api.crossref.org"
    mailto: str = ""


class _WorkId(msgspec.Struct):
    doi: str = msgspec.field(name="DOI")


class _WorkList(msgspec.Struct):
    items: list[msgspec.Raw]
    total: Count = msgspec.field(name="total-results", default=0)
    next_cursor: str = msgspec.field(name="next-cursor", default="")


class _Answer(msgspec.Struct):
    message: _WorkList


class CrossrefSource(PreprintSource[CrossrefSettings]):
    """The connector of one server."""

    def _posted(self, http: HttpClient, first: str, last: str) -> Pages:
        """All works registered since a day."""
        for registrant in registrants_of(self.name):
            yield from self._works(http, registrant, first)

    def _works(self, http: HttpClient, registrant: str, first: str) -> Pages:
        """All works of a registrant since a day. Raises PartiallyRead if they cannot be read to the end, or if there
        are none, not even from the two months before: an outage may look so."""
        known_keys = set[str]()
        total = 0
        cursor = "*"
        for _ in range(MAX_PAGES):
            response, works = self._list(http, registrant, first, cursor)
            rows = decode_entries(works.items, _WorkId, lambda work: work.doi.lower(), "work", response.at)
            yield PayloadPage([payload for _, payload in rows])
            total = max(total, works.total)  # one that shrinks while it is read tells nothing
            is_repeated = known_keys.issuperset(payload.key for _, payload in rows)
            known_keys.update(payload.key for _, payload in rows)
            if is_repeated or not works.next_cursor or len(known_keys) >= total:
                break
            cursor = works.next_cursor
        before = day_of(start_of_day(first) - LONG_AGO)
        is_believed = known_keys or self._list(http, registrant, before, "*")[1].total
        if len(known_keys) < total or not is_believed:
            raise PartiallyRead(f"{registrant} since {first}: {len(known_keys):,} of {total:,} works")

    def _list(self, http: HttpClient, registrant: str, first: str, cursor: str) -> tuple[Response, _WorkList]:
        """A page of a registrant's works since a day."""
        params = {
            "filter": f"type:posted-content,from-created-date:{first}",
            "rows": str(ROWS),
            "sort": "created",
            "order": "asc",
            "cursor": cursor,
        }
        params |= {"mailto": self.settings.mailto} if self.settings.mailto else {}
        response = http.get(f"{self.settings.api}/prefixes/{registrant}/works", params=params)
        return response, decode_response(response, _Answer).message

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a version of a paper, its announcement, and notices about it; nothing for another server's work."""
        work = decode_entry(payload.body, CrossrefWork)
        posted = crossref_works.posted_version(work, self.name)
        if paper_servers.server_of(posted.key).name != self.name:
            return []
        return [*posted_papers.items_of(posted, payload.at), *crossref_works.notices_of(posted.key, work, payload.at)]


def registrants_of(name: str) -> tuple[str, ...]:
    """The registrants of a server's DOIs."""
    registrants = (server.registrants for server in paper_servers.all_servers() if server.name == name)
    return tuple(dict.fromkeys(registrant for several in registrants for registrant in several))


chemrxiv = partial(CrossrefSource, "chemrxiv")
africarxiv = partial(CrossrefSource, "africarxiv")
ecoevorxiv = partial(CrossrefSource, "ecoevorxiv")
edarxiv = partial(CrossrefSource, "edarxiv")
engrxiv = partial(CrossrefSource, "engrxiv")
metaarxiv = partial(CrossrefSource, "metaarxiv")
osf = partial(CrossrefSource, "osf")
psyarxiv = partial(CrossrefSource, "psyarxiv")
socarxiv = partial(CrossrefSource, "socarxiv")
researchsquare = partial(CrossrefSource, "researchsquare")
ssrn = partial(CrossrefSource, "ssrn")
preprints = partial(CrossrefSource, "preprints")
