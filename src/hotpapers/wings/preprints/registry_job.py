"""The job that asks registries about DOIs: once for the metadata of a paper that posts name and no server described;
daily for publishers' notices about discussed papers and the articles that they became. Before that, it looks up which
papers are meant where posts only have ids of an index, or an address that may be of two papers.

A journal's article has no announcement, so the day of the first post about it counts as such, as *inferred*. A DOI that
neither Crossref nor DataCite knows is asked for again a month later, and so is an id that nobody knows.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from hotpapers.base.model import DAY, INFERRED, Announcement, HttpClient, Item, Notice, Paper
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.papers.paper_servers import ANY_DOI, DOI
from hotpapers.base.text.timestamps import day_of, from_datetime
from hotpapers.collect.job_factory import IngestContext, make_connection
from hotpapers.collect.sources.batched_requests import GONE, one_by_one
from hotpapers.collect.sources.decoding import decode_or_none, decode_response
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.loop import Clock, JobContext, JobLoop
from hotpapers.record.meta import read_meta, write_meta
from hotpapers.wings.preprints import crossref_works, posted_papers
from hotpapers.wings.preprints.crossref_works import CrossrefWork
from hotpapers.wings.preprints.name_lookup import lookup_request, paper_named
from hotpapers.wings.preprints.posted_papers import PostedVersion
from hotpapers.wings.preprints.queries import discussed_papers, undescribed_papers
from hotpapers.wings.preprints.settings import RegistrySettings

if TYPE_CHECKING:
    from hotpapers.site.configured_site import ConfiguredSite

T = TypeVar("T")

NAME = "crossref"
EVERY = 600.0
"""Seconds between rounds."""
AT_MOST = 40
"""Most DOIs that a round asks for, of each kind."""
KNOWN_FOR = 90 * DAY
"""How long after its announcement notices about a paper are asked for."""
AGAIN = 30 * DAY
"""After this time, an unknown DOI is asked for again."""
MAX_UNKNOWN = MAX_LOOKED_UP = 5_000
"""The most of each that are remembered."""


class RegistryState(msgspec.Struct, frozen=True):
    """The state of the job, kept in the store. `unknown`: when DOIs that no registry knew were asked for, µs UTC.
    `checked`: the day of the latest check for notices, and `last`: the last paper checked on that day, by key.
    `looked_up`: the papers, by key, that candidates turned out to be; these are separated by blanks."""

    unknown: dict[str, int] = {}
    checked: str = ""
    last: str = ""
    looked_up: dict[str, str] = {}


class _CrossrefAnswer(msgspec.Struct):
    message: CrossrefWork


class _Title(msgspec.Struct):
    title: str = ""


class _Creator(msgspec.Struct):
    name: str = ""
    type: str = msgspec.field(name="nameType", default="")

    @property
    def shown(self) -> str:
        """The name in its usual order; an organization's has its commas."""
        return self.name.strip() if self.type == "Organizational" else posted_papers.display_name(self.name)


class _Description(msgspec.Struct):
    text: str = msgspec.field(name="description", default="")
    type: str = msgspec.field(name="descriptionType", default="")


class _DataciteAttributes(msgspec.Struct):
    titles: list[_Title] = []
    creators: list[_Creator] = []
    descriptions: list[_Description] = []
    registered: datetime.datetime | None = None


class _DataciteData(msgspec.Struct):
    attributes: _DataciteAttributes


class _DataciteAnswer(msgspec.Struct):
    data: _DataciteData


class RegistryJob:
    """The job. `servers`: the names of the servers besides arXiv whose papers the site has; `names`: the names by which
    all jobs find papers."""

    name = NAME

    def __init__(
        self, settings: RegistrySettings, servers: frozenset[str], names: PaperIndex, connection: Connection
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._names = names
        self._connection = connection
        self._http: HttpClient = connection.http

    def close(self) -> None:
        """Closes the connections."""
        self._connection.close()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Asks for some papers' metadata, then for notices about some, and looks up some names."""
        context.check_lease()
        state = self._describe(context, self._load(context))
        state = self._check_notices(context, state)
        self._save(context, state)
        self._save(context, self._look_up(state))
        context.note(success_at=self._http.now())
        context.recovered()
        return EVERY

    def _load(self, context: JobContext) -> RegistryState:
        text = read_meta(context.record.database, NAME) or "{}"
        return msgspec.json.decode(text, type=RegistryState)

    def _save(self, context: JobContext, state: RegistryState) -> None:
        with context.record.database.write():
            write_meta(context.record.database, NAME, msgspec.json.encode(state, order="sorted").decode())

    # ---- names ---------------------------------------------------------------------------------------------

    def _look_up(self, state: RegistryState) -> RegistryState:
        """Learns the papers that are known from earlier rounds, and looks up some that texts named since."""
        self._names.learn_looked_up({tuple(named.split()): key for named, key in state.looked_up.items()})
        now = self._http.now()
        waiting = (candidates for candidates in self._names.uncertain_names() if self._is_due(candidates, state, now))
        unknown, looked_up = dict(state.unknown), dict(state.looked_up)
        for candidates, key in one_by_one(islice(waiting, AT_MOST), lambda named: (named, self._paper_of(named))):
            if key:
                self._names.learn_looked_up({candidates: key})
                looked_up[" ".join(candidates)] = key
            else:
                unknown[" ".join(candidates)] = now
        latest = dict(list(looked_up.items())[-MAX_LOOKED_UP:])
        return msgspec.structs.replace(state, unknown=unknown, looked_up=latest)

    def _is_due(self, candidates: tuple[str, ...], state: RegistryState, now: int) -> bool:
        return state.unknown.get(" ".join(candidates), 0) <= now - AGAIN

    def _paper_of(self, candidates: tuple[str, ...]) -> str:
        """The key of the paper that candidates mean; empty if nobody knows. Raises NetError."""
        request = lookup_request(candidates, self._settings)
        answer = self._answer(request.url, request.params, request.answer) if request else None
        return paper_named(answer) if answer else ""

    # ---- metadata ------------------------------------------------------------------------------------------

    def _describe(self, context: JobContext, state: RegistryState) -> RegistryState:
        """Describes papers, the most recently discussed first. Returns the state with those that nobody knows."""
        now = self._http.now()
        unknown = {key: at for key, at in state.unknown.items() if at > now - AGAIN}
        papers = undescribed_papers(context.record.view())
        wanted = [(key, at) for key, at in papers if key not in unknown and self._is_wanted(key)]
        first_moments = dict(wanted[:AT_MOST])
        for key, posted in one_by_one(first_moments, lambda key: (key, self._posted(key))):
            if posted is None:
                unknown[key] = now
            else:
                self._append(context, described_items(posted, first_moments[key], self._http.now()))
        latest = sorted(unknown.items(), key=lambda entry: -entry[1])[:MAX_UNKNOWN]
        return msgspec.structs.replace(state, unknown=dict(latest))

    def _is_wanted(self, key: str) -> bool:
        return paper_servers.server_of(key).name in self._servers

    def _posted(self, key: str) -> PostedVersion | None:
        """A paper as a registry describes it; None if none does."""
        work = self._work(key)
        if work is not None:
            posted = crossref_works.posted_version(work)
            if posted.title:
                return posted._replace(key=key)
        doi = quote(paper_servers.paper_id(key), "/")
        answer = self._answer(f"{self._settings.datacite}/dois/{doi}", {}, _DataciteAnswer)
        return datacite_version(key, answer.data.attributes) if answer else None

    def _work(self, key: str) -> CrossrefWork | None:
        """A work that Crossref has; None if it does not."""
        params = {"mailto": self._settings.mailto} if self._settings.mailto else {}
        for doi in paper_servers.registered_dois(key):
            answer = self._answer(f"{self._settings.api}/works/{quote(doi, '')}", params, _CrossrefAnswer)
            if answer:
                return answer.message
        return None

    def _answer(self, url: str, params: Mapping[str, str], type: type[T]) -> T | None:
        """A registry's answer about a DOI; None if it does not know it, or says nothing that can be read. Raises
        NetError."""
        response = self._http.get(url, params=params, accept=GONE)
        if response.status in GONE:
            return None
        decode_response(response, object)
        return decode_or_none(response.body, type)

    # ---- notices -------------------------------------------------------------------------------------------

    def _check_notices(self, context: JobContext, state: RegistryState) -> RegistryState:
        """Asks for notices about some of the papers that were not asked for today."""
        now = self._http.now()
        last = state.last if state.checked == day_of(now) else ""
        papers = [pair for pair in discussed_papers(context.record.view(), now - KNOWN_FOR) if pair[0] > last]
        asked_for = [
            (key, doi) for key, published in papers[:AT_MOST] for doi in (key, published and DOI + published) if doi
        ]
        for key, work in one_by_one(asked_for, lambda pair: (pair[0], self._work(pair[1]))):
            if work is not None:
                self._append(context, crossref_works.notices_of(key, work, self._http.now()))
                self._publish(context, key, work)
        last = max((key for key, _ in asked_for), default=last)
        return msgspec.structs.replace(state, checked=day_of(now), last=last)

    def _publish(self, context: JobContext, key: str, work: CrossrefWork) -> None:
        """Adds the article that a preprint became, once it is registered."""
        paper = context.record.view().item(Paper, key)
        published = crossref_works.published_doi(work)
        if paper is not None and published and published != paper.doi:
            self._append(context, [msgspec.structs.replace(paper, doi=published, observed_at=self._http.now())])

    def _append(self, context: JobContext, items: Iterable[Item]) -> None:
        """Stores items, but no notice that is known."""
        view = context.record.view()
        new = [
            item
            for item in items
            if not isinstance(item, Notice) or view.item(Notice, item.paper, item.notice, item.type) is None
        ]
        if new:
            with context.batch() as batch:
                batch.append(new, source=NAME, at=self._http.now())


def datacite_version(key: str, attributes: _DataciteAttributes) -> PostedVersion | None:
    """A paper as DataCite describes it (https://support.datacite.org/docs/api); None without a title."""
    title = posted_papers.first_title(title.title for title in attributes.titles)
    abstracts = (text.text for text in attributes.descriptions if text.type == "Abstract")
    if not title:
        return None
    return PostedVersion(
        key=key,
        version=1,
        title=title,
        authors=tuple(filter(None, (creator.shown for creator in attributes.creators))),
        abstract=posted_papers.plain_abstract(next(abstracts, "")),
        category=paper_servers.server_of(key).name,
        posted_at=None if attributes.registered is None else from_datetime(attributes.registered),
    )


def described_items(posted: PostedVersion, first_at: int, at: int) -> Iterator[Item]:
    """A paper's metadata, and its announcement: when it was posted or, on no known server, when the first post named
    it. `first_at`: that moment, µs UTC."""
    is_posted = paper_servers.server_of(posted.key).name != ANY_DOI and posted.posted_at is not None
    yield from (item for item in posted_papers.items_of(posted, at) if is_posted or isinstance(item, Paper))
    if not is_posted:
        yield Announcement(
            paper=posted.key,
            day=day_of(first_at),
            category=posted.category,
            type=INFERRED,
            announced_at=first_at,
            observed_at=at,
        )


def registry_jobs(site: ConfiguredSite) -> Mapping[str, Callable[[IngestContext], JobLoop]]:
    """The job, for a site with papers of other servers than arXiv."""
    servers = site.settings.servers
    return {NAME: partial(_rounds, site.settings.table("crossref"), servers)} if servers else {}


def _rounds(settings: RegistrySettings, servers: frozenset[str], shared: IngestContext) -> JobLoop:
    connection = make_connection(tuple(settings.addresses.values()), (), shared)
    clock = Clock(connection.http.now, connection.http.sleep)
    job = partial(RegistryJob, settings, servers, shared.names.names, connection)
    return JobLoop(NAME, job, shared.record, shared.leases, clock)
