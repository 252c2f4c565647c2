"""The job that asks registries about DOIs: once for the metadata of a paper that posts name and no server described;
daily for publishers' notices about recent discussed papers and the articles that they became, and monthly about older
ones, since many are retracted after years. Before that, it looks up which papers are meant where posts only have ids of
an index, or an address that may be of two papers.

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

from hotpapers.base.model import DAY, INFERRED, Announcement, HttpClient, Item, Notice, Paper, Verdict, typed_key
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.base.papers.paper_servers import ANY_DOI, DOI
from hotpapers.base.text.timestamps import day_of, from_datetime, is_over
from hotpapers.collect.job_factory import IngestContext, make_connection
from hotpapers.collect.sources.batched_requests import GONE, one_by_one
from hotpapers.collect.sources.decoding import decode_or_none, decode_response
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.loop import Clock, JobContext, JobLoop
from hotpapers.record.as_of import AsOfView
from hotpapers.record.meta import read_meta, write_meta
from hotpapers.record.paper_names import add_looked_up, looked_up_names
from hotpapers.wings.preprints import crossref_works, posted_papers
from hotpapers.wings.preprints.crossref_works import CrossrefWork
from hotpapers.wings.preprints.name_lookup import lookup_request, paper_named
from hotpapers.wings.preprints.posted_papers import PostedVersion
from hotpapers.wings.preprints.queries import discussed_papers, mentions_of_article, undescribed_papers
from hotpapers.wings.preprints.settings import RegistrySettings

if TYPE_CHECKING:
    from hotpapers.site.configured_site import ConfiguredSite

T = TypeVar("T")

NAME = "crossref"
EVERY = 600.0
"""Seconds between rounds."""
AT_MOST, AT_MOST_ONCE = 40, 100
"""Most DOIs that a round asks for, of each kind; the second if it is the process's only one."""
RECENT_FOR = 90 * DAY
"""How long after its announcement every check asks for notices about a paper; then one in `queries.TURNS` does."""
ARTICLE_RULE = "article"
"""The rule for mentions of an article that count for the preprint that it was."""
AGAIN = 30 * DAY
"""After this time, an unknown DOI is asked for again."""
MAX_UNKNOWN = 5_000
"""The most unknown DOIs that are remembered."""


class RegistryState(msgspec.Struct, frozen=True):
    """The state of the job, kept in the store. `unknown`: when DOIs that no registry knew were asked for, µs UTC.
    `checked`: the day on which the latest check for notices began, `turn`: its number, and `last`: the last paper
    checked since, by key."""

    unknown: dict[str, int] = {}
    checked: str = ""
    last: str = ""
    turn: int = 0


class _CrossrefAnswer(msgspec.Struct):
    message: CrossrefWork


class _Title(msgspec.Struct):
    title: str = ""
    type: str | None = msgspec.field(name="titleType", default=None)


class _Creator(msgspec.Struct):
    name: str = ""
    type: str = msgspec.field(name="nameType", default="")

    @property
    def shown(self) -> str:
        """The name in its usual order; an organization's has its commas."""
        is_group = self.type == "Organizational"
        return posted_papers.plain_name(self.name) if is_group else posted_papers.display_name(self.name)


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
        at_most = AT_MOST_ONCE if once else AT_MOST
        state = self._describe(context, self._load(context), at_most)
        state = self._check_notices(context, state, at_most)
        self._save(context, state)
        self._save(context, self._look_up(context, state, at_most))
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

    def _look_up(self, context: JobContext, state: RegistryState, at_most: int) -> RegistryState:
        """Learns the papers that are known from earlier rounds, and looks up some that texts named since."""
        self._names.learn(looked_up_names(context.record))
        now = self._http.now()
        waiting = (candidates for candidates in self._names.uncertain_names() if self._is_due(candidates, state, now))
        unknown = dict(state.unknown)
        for candidates, key in one_by_one(islice(waiting, at_most), lambda named: (named, self._paper_of(named))):
            if key:
                alias = PaperAlias(key, candidates=candidates)
                self._names.learn([alias])
                add_looked_up(context.record, [alias])
            else:
                unknown[" ".join(candidates)] = now
        return msgspec.structs.replace(state, unknown=unknown)

    def _is_due(self, candidates: tuple[str, ...], state: RegistryState, now: int) -> bool:
        return is_over(state.unknown.get(" ".join(candidates), 0), AGAIN, now)

    def _paper_of(self, candidates: tuple[str, ...]) -> str:
        """The key of the paper that candidates mean; empty if nobody knows. Raises NetError."""
        request = lookup_request(candidates, self._settings)
        answer = self._answer(request.url, request.params, request.answer) if request else None
        return paper_named(answer) if answer else ""

    # ---- metadata ------------------------------------------------------------------------------------------

    def _describe(self, context: JobContext, state: RegistryState, at_most: int) -> RegistryState:
        """Describes papers, the most discussed first. Returns the state with those that nobody knows."""
        now = self._http.now()
        unknown = {key: at for key, at in state.unknown.items() if not is_over(at, AGAIN, now)}
        papers = undescribed_papers(context.record.view())
        wanted = [(key, at) for key, at in papers if key not in unknown and self._is_wanted(key)]
        first_moments = dict(wanted[:at_most])
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

    def _check_notices(self, context: JobContext, state: RegistryState, at_most: int) -> RegistryState:
        """Asks for notices about some of the papers, where the last round ended; a check begins at most once a day."""
        now = self._http.now()
        papers_of = partial(discussed_papers, context.record.view(), now - RECENT_FOR)
        waiting = [pair for pair in papers_of(state.turn) if pair[0] > state.last]
        if not waiting and state.checked != day_of(now):
            state = msgspec.structs.replace(state, checked=day_of(now), turn=state.turn + 1)
            waiting = papers_of(state.turn)
        asked_for = [(key, doi) for key, articles in waiting[:at_most] for doi in _registered(key, articles)]
        unanswered = set(asked_for)
        standing = set[object]()
        for pair, work in one_by_one(asked_for, lambda pair: (pair, self._work(pair[1]))):
            if work is not None:
                unanswered.discard(pair)
                key = pair[0]
                notices = list(crossref_works.notices_of(key, work, self._http.now()))
                standing.update(map(typed_key, notices))
                self._append(context, notices)
                paper = self._published(context, key, work) if key.startswith(DOI) else None
                if paper and paper.doi:
                    self._take_posts(context, paper)
        answered = {key for key, _ in asked_for}.difference(key for key, _ in unanswered)  # no answer is no denial
        known = context.record.view().items_among(Notice, "paper", answered)
        unlisted = [notice for notice in known if typed_key(notice) not in standing]
        self._append(context, [msgspec.structs.replace(notice, day="", observed_at=now) for notice in unlisted])
        return msgspec.structs.replace(state, last=max((key for key, _ in waiting[:at_most]), default=state.last))

    def _published(self, context: JobContext, key: str, work: CrossrefWork) -> Paper | None:
        """A paper with the article that it became, once that is registered, and its journal, once that is asked for;
        stored if either is new. None if the paper is not described."""
        paper = context.record.view().item(Paper, key)
        if paper is None:
            return None
        if paper.doi and posted_papers.plain_doi(work.doi) == paper.doi.lower():
            journal = posted_papers.first_title(work.container) or paper.journal
            published = msgspec.structs.replace(paper, journal=journal)
        else:
            doi = crossref_works.published_doi(work) or paper.doi
            published = msgspec.structs.replace(paper, doi=doi)
        if published != paper:
            now = self._http.now()
            self._append(context, [msgspec.structs.replace(published, observed_at=now)])
        return published

    def _take_posts(self, context: JobContext, paper: Paper) -> None:
        """Lets posts that named the article before it was known to be this preprint count for the preprint alone."""
        now = self._http.now()
        for mention in mentions_of_article(context.record.view(), DOI + paper.doi.lower()):
            moved = msgspec.structs.replace(mention, paper=paper.paper, version=None, observed_at=now)
            judged = Verdict(
                subject=mention.post,
                about=mention.paper,
                rule=ARTICLE_RULE,
                judgement="doubtful",
                version=1,
                reason=f"the article is {paper_servers.paper_id(paper.paper)}",
                observed_at=now,
            )
            self._append(context, [moved, judged])

    def _append(self, context: JobContext, items: Iterable[Item]) -> None:
        """Stores items, but no notice that is known."""
        view = context.record.view()
        new = [item for item in items if not isinstance(item, Notice) or _is_new(view, item)]
        if new:
            with context.batch() as batch:
                batch.append(new, source=NAME, at=self._http.now())


def _registered(key: str, articles: str) -> Iterator[str]:
    """The keys of the DOIs of a paper and of its articles, of which arXiv may name several."""
    if key.startswith(DOI):
        yield key
    dois = (posted_papers.plain_doi(article.strip(",;")) for article in articles.split())
    yield from (DOI + doi for doi in dois if doi)


def _is_new(view: AsOfView, notice: Notice) -> bool:
    """Whether a notice is listed for the first time, again, or no longer."""
    known = view.item(Notice, notice.paper, notice.notice, notice.type)
    return bool(known and known.day) != bool(notice.day)


def datacite_version(key: str, attributes: _DataciteAttributes) -> PostedVersion | None:
    """A paper as DataCite describes it (https://support.datacite.org/docs/api); None without a title."""
    originals_first = sorted(attributes.titles, key=lambda title: bool(title.type))
    title = posted_papers.first_title(title.title for title in originals_first)
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
