"""An issue's content from the record: a pure function of the observations and the publication's recipe. Issues made
afterwards also say what was not yet known of the day's posts when the issue would have appeared."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import partial
from itertools import chain
from typing import NamedTuple

from msgspec import UNSET

from hotpapers.base import model
from hotpapers.base.errors import IssueError
from hotpapers.base.model import (
    DAY,
    MAX_INTEGER,
    Attention,
    Candidate,
    Entry,
    IssueContent,
    NetworkForecast,
    NetworkReading,
    Place,
    Post,
    PrintedCount,
    Publication,
    RankingInput,
    Retrospective,
    ScoredCandidate,
    ServerCount,
    Shown,
    Tally,
    VoiceHistogram,
)
from hotpapers.base.networks import network_names
from hotpapers.base.papers.announcement_days import ANNOUNCING
from hotpapers.base.papers.categories import archive_of, servers_of
from hotpapers.discussion.engagement import queries as engagement_queries
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS
from hotpapers.discussion.engagement.standing.queries import known_accounts, learn_standing
from hotpapers.issues import coverage, queries, quotations, ranking, selection, wanted_papers
from hotpapers.issues.collectors import witnessed_counts
from hotpapers.issues.queries import listed_places
from hotpapers.issues.quotations import QuotationRule
from hotpapers.issues.ranking.price import PriceList
from hotpapers.issues.ranking_input import CandidateWindow, InputReader, collect_with_forecasts, networks_of
from hotpapers.issues.selection import VOUCHING_ONCE, SelectedEntries, last_voices, pick_entries, without_counted_as
from hotpapers.issues.wanted_papers import FieldRule
from hotpapers.issues.windows import Moments, closing_time, known_absent, moments_of
from hotpapers.record import AsOfView, Record, RowOf, batches, canonical_json
from hotpapers.record.issue_contents import decode_content

EARLIER_DAYS = 14
"""How many days back a daily issue looks at earlier issues."""


class IssueRecipe(NamedTuple):
    """The instructions for an issue: its publication, its day, and the position in the record.

    `choice`: the rule for choosing papers. `quoting`: the rule for choosing posts. `counting`: the rule for counting
    announced papers; with `wanted_papers.FEEDS`, parts do not say what they counted. `period`: the rule for the time
    whose reading is reported. For an issue that was already frozen, `moments`: the start and end of what it counts, and
    the end of its window if that was earlier, else UNSET; `posts`: the hashes of the posts it chose, by paper;
    `by_server`: whether it says how many papers each server announced.
    """

    publication: Publication
    day: str
    edition: int
    position: int
    replaces: str = ""
    reason: str = ""
    moments: Moments | None = None
    choice: str = selection.LATEST
    quoting: str = quotations.LATEST
    counting: str = ""
    period: str = coverage.SINCE_PREVIOUS
    posts: Mapping[str, tuple[str, ...]] | None = None
    by_server: bool = True


class BuiltIssue(NamedTuple):
    """An issue's content and the posts it shows, which the record stores separately."""

    content: IssueContent
    shown: tuple[Shown, ...]

    @property
    def digest(self) -> str:
        return digest_of(self.content)


def digest_of(value: object) -> str:
    """SHA-256 of a value's RFC 8785 JSON, in hexadecimal. For an issue's content, this is the issue's digest."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def build_issue(record: Record, recipe: IssueRecipe, collect: InputReader = collect_with_forecasts) -> BuiltIssue:
    """The issue. Raises NotFound if there is no listing for that day, IssueError if it has no counts. `collect` reads
    the ranking's input for a publication of our own."""
    if recipe.publication.window == "listing":
        return _build_listing(record, recipe)
    return _build_own(record, recipe, collect)


# ---- imported listings -------------------------------------------------------------------------------


def _build_listing(record: Record, recipe: IssueRecipe) -> BuiltIssue:
    name = recipe.publication.publication
    day = recipe.day
    cut = listing_cut(record.view(position=recipe.position), name, day)
    view = record.view(cut, recipe.position)
    rows = listed_places(view, name, day)
    places = [row.item for row in rows]
    ranking_input = listing_input(view, recipe.publication, places)
    metadata = {row.item.paper: row.hash.hex() for row in rows}
    entry_inputs = EntryInputs(
        ranking_input=ranking_input,
        metadata=metadata,
        posts=quotations.listed_under(view, places),
    )
    listed = SelectedEntries(ranking.rank(ranking_input, recipe.publication.ranking), (), (), {})
    about = partial(
        IssueContent,
        from_at=cut,
        as_of=cut,
        announced=None,
        considered=len(ranking_input.candidates),
        readings=(),
        earlier=(),
    )
    return BuiltIssue(_content(record, recipe, about, entry_inputs, listed), ())


def listing_cut(view: AsOfView, publication: str, day: str) -> int:
    """The latest observation in a day's listing: of the listing itself, its places or the posts it shows."""
    places = (row.item.observed_at for row in queries.listed_places(view, publication, day))
    listing = queries.listing_of(view, publication, day)
    return max(queries.listed_posts_observed(view, publication, day), listing.observed_at, *places)


def tally_of(view: AsOfView, place: Place) -> Tally:
    """A place's counts: the last ones observed by the time the place was. Raises IssueError if there are none."""
    tally = view._replace(as_of=place.observed_at).item(Tally, place.paper, place.network, place.method)
    if tally is None:
        description = f"{place.publication} {place.day} #{place.place}"
        raise IssueError(f"{description}: the record has no counts for {place.paper}")
    return tally


def listing_input(view: AsOfView, publication: Publication, places: Sequence[Place]) -> RankingInput:
    """The listing's papers with their tallies, and all papers the publication listed in the 90 days before the cut."""
    listed_papers = list(engagement_queries.listed_peers(view, publication.publication, publication.networks))
    counts = defaultdict[tuple[str, str], Counter[int]](Counter)
    for network, archive, _, likes in listed_papers:
        counts[network, archive][likes] += 1
    peers = (
        VoiceHistogram(network=network, age=0, archive=archive, counts=tuple(sorted(counter.items())))
        for (network, archive), counter in sorted(counts.items())
    )
    standing = {(network, paper): (archive, likes) for network, archive, paper, likes in listed_papers}
    candidates = (_candidate(place, tally_of(view, place), standing) for place in places)
    return RankingInput(candidates=tuple(candidates), peers=tuple(peers))


def _candidate(place: Place, tally: Tally, standing: Mapping[tuple[str, str], tuple[str, int | None]]) -> Candidate:
    """A place as a candidate, with the archive under which the paper is counted among the listed ones."""
    printed_archive = archive_of(place.categories[0]) if place.categories else ""
    archive, own = standing.get((tally.network, place.paper), (printed_archive, None))
    attention = Attention(
        network=tally.network,
        until=tally.observed_at,
        age=0,
        voices=tally.likes,
        reposts=tally.reposts,
        likes=tally.likes,
        method=tally.method,
        own=own,
    )
    return Candidate(paper=place.paper, archive=archive, announced_at=0, order=place.place, attention=(attention,))


# ---- publications of our own ---------------------------------------------------------------------------


def _build_own(record: Record, recipe: IssueRecipe, collect: InputReader) -> BuiltIssue:
    publication = recipe.publication
    recipe = _with_known_rules(recipe)
    own_voices = record.voices_of(publication.own)
    start, cut, end = recipe.moments or _moments_at(record, recipe)
    is_retrospective = model.is_retrospective(publication.publication)
    if is_retrospective or ranking.needs_of(publication.ranking).with_standing:
        learn_standing(record.database, recipe.position)
    view = record.view(cut, recipe.position)
    earlier = earlier_issues(record, recipe)
    earlier_contents = [content for _, content in earlier]
    earlier_voices = last_voices(earlier_contents)
    has_rule = recipe.choice != selection.THRESHOLD_1
    span = CandidateWindow(start, earlier_voices, has_rule, end or MAX_INTEGER, recipe.choice in VOUCHING_ONCE)
    ranking_input, forecasts = collect(view, publication, span, own_voices)
    compared = selection.reference_size(publication, ranking_input.peers) if has_rule else UNSET
    least = selection.least_papers(publication, compared)
    lines = selection.papers_in_lines(earlier_contents)
    chosen = pick_entries(view, publication, ranking_input, earlier_voices, least, recipe.choice, lines)
    if recipe.counting == wanted_papers.FEEDS:
        chosen = without_counted_as(chosen)
    papers_shown = [candidate.paper for candidate in (*chosen.entries, *chosen.ongoing)]
    quoting = QuotationRule(recipe.quoting, chosen.papers, recipe.posts)
    posts_span = (0 if publication.window == "daily" else start), span.end
    leading = quotations.leading_posts(view, publication, papers_shown, own_voices, quoting, posts_span)
    entry_inputs = EntryInputs(
        ranking_input=ranking_input,
        forecasts=forecasts and forecasts(papers_shown),
        metadata={paper: row.hash.hex() if row else "" for paper, row in chosen.papers.items()},
        posts={paper: [post.row for post in of_paper] for paper, of_paper in leading.items()},
    )
    read_from = _read_from(record, recipe, view, (*chosen.entries, *chosen.further), ranking_input, start)
    readings = _readings(recipe, view, read_from, networks_of(ranking_input))
    known_networks = networks_of(ranking_input) | {known.network for known in readings if known.state != "unknown"}
    servers = _server_readings(view, recipe, start, end or cut)
    announced, by_server = _announced(view, recipe, servers)
    about = partial(
        IssueContent,
        from_at=start,
        as_of=view.as_of,
        announced=announced,
        announced_on=by_server if recipe.by_server and len(by_server) > 1 else UNSET,
        readings=readings,
        servers=servers or UNSET,
        considered=_considered(ranking_input, publication, start),
        earlier=tuple(model.EarlierIssue(day=c.day, edition=c.edition, digest=digest) for digest, c in earlier),
        choice=recipe.choice if has_rule else UNSET,
        compared=compared,
        quoting=recipe.quoting or UNSET,
        counting=recipe.counting if recipe.counting != wanted_papers.FEEDS else UNSET,
        period=recipe.period if recipe.period != coverage.LAST_DAY else UNSET,
        read_from=read_from if recipe.period != coverage.LAST_DAY else UNSET,
        retrospective=retrospective_of(view, publication, start, known_networks, papers_shown)
        if is_retrospective
        else UNSET,
        witnessed=witnessed_counts(view, [c for c in ranking_input.candidates if c.paper in chosen.papers]),
        until_at=end,
    )
    content = _content(record, recipe, about, entry_inputs, chosen)
    return BuiltIssue(content, tuple(_showings(content, entry_inputs)))


def _considered(ranking_input: RankingInput, publication: Publication, start: int) -> int:
    """How many papers were talked about; of a daily issue, only those announced since its window began."""
    is_daily = publication.window == "daily"
    return sum(not is_daily or candidate.announced_at > start for candidate in ranking_input.candidates)


def _with_known_rules(recipe: IssueRecipe) -> IssueRecipe:
    """The recipe with a rule for counting. Raises IssueError for a rule that this version does not know."""
    recipe = recipe._replace(counting=recipe.counting or wanted_papers.current_rule(recipe.publication))
    selection.check_rule(recipe.choice)
    wanted_papers.check_rule(recipe.counting)
    coverage.check_rule(recipe.period)
    return recipe


def _readings(recipe: IssueRecipe, view: AsOfView, read_from: int, networks: Set[str]) -> tuple[NetworkReading, ...]:
    """How networks were read in the period that an issue reports."""
    read = coverage.network_readings if recipe.period == coverage.SINCE_PREVIOUS else coverage.readings_since_start
    return read(view, recipe.publication, read_from, networks)


def _server_readings(view: AsOfView, recipe: IssueRecipe, start: int, end: int) -> tuple[NetworkReading, ...]:
    """How servers besides arXiv were read when they posted an issue's papers."""
    span = coverage.posting_span(recipe.publication, recipe.day, start, end)
    return coverage.server_readings(view, recipe.publication, span)


def _read_from(
    record: Record,
    recipe: IssueRecipe,
    view: AsOfView,
    entries: Sequence[ScoredCandidate],
    ranking_input: RankingInput,
    start: int,
) -> int:
    """The start of the period whose reading an issue reports. `start`: of its window."""
    if recipe.publication.window != "daily":
        return start
    if recipe.period == coverage.LAST_DAY:
        return view.as_of - DAY
    previous = queries.previous_cut(record, recipe.publication.publication, recipe.day, recipe.position)
    if previous is not None:
        return previous
    papers = {entry.paper for entry in entries}
    announced = (candidate.announced_at for candidate in ranking_input.candidates if candidate.paper in papers)
    return min(announced, default=view.as_of - DAY)


def _moments_at(record: Record, recipe: IssueRecipe) -> Moments:
    cut = closing_time(record.view(position=recipe.position), recipe.publication, recipe.day)
    return moments_of(recipe.publication, recipe.day, cut)


def _announced(
    view: AsOfView, recipe: IssueRecipe, readings: Sequence[NetworkReading]
) -> tuple[int | None, tuple[ServerCount, ...]]:
    """How many papers were announced for an issue, None if that is unknown; and on each of the publication's servers.
    `readings`: of the servers besides arXiv."""
    field_rule = FieldRule(recipe.counting, recipe.publication)
    announced = wanted_papers.announced_on(view, field_rule, recipe.day)
    not_read = {reading.network for reading in readings if reading.state != "complete"}
    if not announced.is_announced and not known_absent(view, recipe.day):
        not_read.add(ANNOUNCING)
    counts = {server: announced.on_server.get(server, 0) for server in servers_of(recipe.publication.categories)}
    unknown = {server for server, papers in counts.items() if not papers and server in not_read}
    by_server = tuple(
        ServerCount(server=server, papers=None if server in unknown else papers) for server, papers in counts.items()
    )
    is_known = ANNOUNCING not in unknown and (announced.by_paper or not unknown)
    return len(announced.by_paper) if is_known else None, by_server


def earlier_issues(record: Record, recipe: IssueRecipe) -> list[tuple[str, IssueContent]]:
    """(digest, content) of a daily publication's issues of the previous days, as known at the position."""
    if recipe.publication.window != "daily":
        return []
    day = datetime.date.fromisoformat(recipe.day)
    first = (day - datetime.timedelta(days=EARLIER_DAYS)).isoformat()
    where = 't.publication = ? AND t."day" >= ? AND t."day" < ?'
    view = record.view(position=recipe.position)
    params = (recipe.publication.publication, first, recipe.day)
    issues = view.items(model.Issue, where, params, 't."day", t.edition')
    latest = {issue.day: issue for issue in issues}
    contents = ((item.digest, decode_content(item.content, IssueContent)) for item in latest.values())
    return [(digest, content) for digest, content in contents if content.publication.window == "daily"]


def _showings(content: IssueContent, entry_inputs: EntryInputs) -> Iterable[Shown]:
    """The posts that entries show, as items; papers still talked about are numbered after the last place."""
    for place, entry in enumerate(content.all_entries, 1):
        for n, row in enumerate(entry_inputs.posts.get(entry.paper, ()), 1):
            yield Shown(
                observed_at=row.item.observed_at,
                post=row.item.post,
                publication=content.publication.publication,
                day=content.day,
                edition=content.edition,
                place=place,
                n=n,
            )


# ---- both ----------------------------------------------------------------------------------------------


class EntryInputs(NamedTuple):
    """The data for an issue's entries: the ranking's input and, by paper, the hash of its metadata, the posts shown and
    its forecasts. `forecasts` is None for publications without them."""

    ranking_input: RankingInput
    metadata: dict[str, str]
    posts: dict[str, list[RowOf[Post]]]
    forecasts: Mapping[str, tuple[NetworkForecast, ...]] | None = None


def _content(
    record: Record,
    recipe: IssueRecipe,
    about: partial[IssueContent],
    entry_inputs: EntryInputs,
    chosen: SelectedEntries,
) -> IssueContent:
    """`about`: the issue's facts about itself, apart from its entries."""
    chain = batches.chain_at(record.database, recipe.position)
    if chain is None:
        raise IssueError(f"batch {recipe.position} is not in the record")
    prices = _prices(entry_inputs.ranking_input, recipe.publication)
    has_lines = recipe.publication.most_entries or chosen.further
    all_entries = (*chosen.entries, *chosen.further)
    listed = _entries(entry_inputs, all_entries, prices, recipe.choice)
    return about(
        publication=recipe.publication,
        day=recipe.day,
        edition=recipe.edition,
        position=recipe.position,
        chain=chain.hex(),
        ranking=recipe.publication.ranking,
        entries=listed[: len(chosen.entries)],
        further=listed[len(chosen.entries) :] if has_lines else UNSET,
        ongoing=_entries(entry_inputs, chosen.ongoing, prices, recipe.choice),
        peers=entry_inputs.ranking_input.peers,
        replaces=recipe.replaces,
        reason=recipe.reason,
    )


def _prices(ranking_input: RankingInput, publication: Publication) -> PriceList | None:
    """The prices of places; None for a ranking without prices, and for a listing, whose papers have no age."""
    needs = ranking.needs_of(publication.ranking)
    if not needs.with_standing or publication.window == "listing":
        return None
    attentions = chain.from_iterable(candidate.attention for candidate in ranking_input.candidates)
    knows_accounts = any(attention.known is not None for attention in attentions)
    return PriceList(ranking_input.peers, needs.ages, known=knows_accounts)


def _entries(
    entry_inputs: EntryInputs, order: Sequence[ScoredCandidate], prices: PriceList | None, choice: str
) -> tuple[Entry, ...]:
    inputs = entry_inputs.ranking_input
    forecasts = entry_inputs.forecasts
    candidates = {candidate.paper: candidate for candidate in inputs.candidates}
    papers = {scored.paper for scored in order}
    rank = ranking.rank(inputs, "classic/1")
    classic = [scored.paper for scored in rank if scored.paper in papers]
    classic_ranks = {paper: place for place, paper in enumerate(classic, 1)}
    return tuple(
        Entry(
            paper=scored.paper,
            score=scored.score,
            voices=scored.voices,
            tied=scored.tied,
            parts=scored.parts,
            place=place,
            classic_rank=classic_ranks[paper],
            announced_at=candidate.announced_at,
            counts=tuple(map(_count, candidate.attention)),
            metadata=entry_inputs.metadata[paper],
            archive=candidate.archive,
            order=candidate.order,
            posts=tuple(row.hash.hex() for row in entry_inputs.posts.get(paper, ())),
            price=prices.price(scored.score, candidate.archive, selection.least_price(choice, candidate))
            if prices
            else UNSET,
            forecasts=UNSET if forecasts is None else forecasts.get(paper, ()),
        )
        for place, scored in enumerate(order, 1)
        for paper, candidate in [(scored.paper, candidates[scored.paper])]
    )


def _count(attention: model.Attention) -> PrintedCount:
    return PrintedCount(
        network=attention.network,
        voices=attention.voices,
        reposts=attention.reposts,
        likes=attention.likes,
        until=attention.until,
        method=attention.method,
        bots=attention.bots,
        known=UNSET if attention.known is None else attention.known,
        authors=UNSET if attention.known is None else attention.authors,
        collector=attention.collector or UNSET,
    )


# ---- made afterwards -----------------------------------------------------------------------------------


def retrospective_of(
    view: AsOfView, publication: Publication, start: int, networks: Set[str], papers: Sequence[str]
) -> Retrospective:
    """Lists the gaps in the data at the time, for an issue as of `view` that considers papers announced since `start`
    and has `papers`. `networks`: those with any data. Standing must be learned up to the view's position."""
    inferred = queries.count_inferred(view, min(start, view.as_of - REFERENCE_DAYS * DAY))
    accounts = known_accounts(view)
    return Retrospective(
        **queries.retrospective_counts(view, start, publication.networks),
        described_later=len(queries.described_later(view, papers)),
        absent=tuple(sorted({*(publication.networks or network_names())} - networks)),
        bots=queries.count_bots(view),
        known=None if accounts is None else len(accounts),
        inferred=inferred or UNSET,
    )
