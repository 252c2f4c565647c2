"""An issue's content from the record: a pure function of what was observed and the publication's recipe."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers import model, ranking
from hotpapers.errors import CorruptStore, IssueError
from hotpapers.issues import posts, quotations, selection
from hotpapers.issues.coverage import readings
from hotpapers.issues.listing import listing_cut, listing_input, places_of
from hotpapers.issues.queries import listed_places
from hotpapers.issues.quotations import QuotationRule
from hotpapers.issues.ranking_input import CandidateWindow, announced_on, collect_input, matching_papers
from hotpapers.issues.windows import closing, known_absent, window_start
from hotpapers.model import (
    DAY,
    Attention,
    EarlierIssue,
    Entry,
    IssueContent,
    NetworkReading,
    PrintedCount,
    Publication,
    RankingInput,
    ReferenceSize,
    ScoredCandidate,
)
from hotpapers.store import batches
from hotpapers.store.as_of import AsOfView
from hotpapers.store.commitments import canonical_json
from hotpapers.store.item_rows import StoredRow
from hotpapers.store.record import Record

LOOK_BACK = 14
"""Days of earlier issues that a daily issue looks at."""
STILL_AT_MOST = 5
STILL_GROWTH = 3
"""A paper of an earlier issue is still talked about when it gained this many voices since it was shown last."""


class IssueRecipe(NamedTuple):
    """What is to be built: of which publication, for which day, from the record at which position.

    `choice`: by which rule its papers are chosen, `quoting`: by which one posts are. Of an issue that was frozen
    before, `moments`: from when on and up to when it counts, and `posts`: hashes of those that it chose, by paper.
    """

    publication: Publication
    day: str
    edition: int
    position: int
    replaces: str = ""
    reason: str = ""
    moments: tuple[int, int] | None = None
    choice: str = selection.LEAST
    quoting: str = quotations.LATEST
    posts: Mapping[str, tuple[str, ...]] | None = None


class BuiltIssue(NamedTuple):
    """An issue's content and the posts that it shows, which the record keeps beside it."""

    content: IssueContent
    shown: tuple[model.Shown, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the content's RFC 8785 JSON, in hexadecimal."""
        return digest_of(self.content)


def digest_of(content: IssueContent) -> str:
    """SHA-256 of an issue's RFC 8785 JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def read_content(text: str) -> IssueContent:
    """A frozen content from its JSON. Raises CorruptStore."""
    try:
        return msgspec.json.decode(text.encode(), type=IssueContent)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise CorruptStore(f"a frozen issue cannot be read ({problem}); `hotpapers verify --all` names it") from problem


def build(record: Record, recipe: IssueRecipe) -> BuiltIssue:
    """The issue. Raises NotFound when there is no listing of that day, IssueError when it has no counts."""
    if recipe.publication.window == "listing":
        return _build_listing(record, recipe)
    return _build_own(record, recipe)


# ---- imported listings -------------------------------------------------------------------------------


def _build_listing(record: Record, recipe: IssueRecipe) -> BuiltIssue:
    name, day = recipe.publication.publication, recipe.day
    cut = listing_cut(record.view(position=recipe.position), name, day)
    view = record.view(cut, recipe.position)
    rows = listed_places(view, name, day)
    places = places_of(rows)
    talk = listing_input(view, recipe.publication, places)
    entry_inputs = EntryInputs(
        talk=talk,
        metadata={place.paper: row.hash.hex() for row, place in zip(rows, places, strict=True)},
        posts=posts.listed_under(view, places),
    )
    order = ranking.rank(talk, recipe.publication.ranking)
    about = IssueHeader(cut, cut, None, len(talk.candidates))
    return BuiltIssue(_content(record, recipe, about, entry_inputs, order), ())


# ---- publications of our own ---------------------------------------------------------------------------


def _build_own(record: Record, recipe: IssueRecipe) -> BuiltIssue:
    publication = recipe.publication
    selection.check(recipe.choice)
    start, cut = recipe.moments or moments_of(record, recipe)
    view = record.view(cut, recipe.position)
    own_voices = record.voices_of(publication.own)
    earlier = earlier_issues(record, recipe)
    held = last_voices(content for _, content in earlier)
    tells = recipe.choice != selection.THRESHOLD
    talk = collect_input(view, publication, CandidateWindow(start, held, tells), own_voices)
    compared = selection.compared(publication, talk.peers) if tells else msgspec.UNSET
    chosen = choose(view, publication, talk, held, selection.enough(publication, compared))
    shown = [one.paper for one in (*chosen.fresh, *chosen.ongoing)]
    since = 0 if publication.window == "daily" else start
    entry_inputs = EntryInputs(
        talk=talk,
        metadata={paper: row.hash.hex() if row else "" for paper, row in chosen.papers.items()},
        posts=posts.leading(
            view, publication, shown, own_voices, since, QuotationRule(recipe.quoting, chosen.papers, recipe.posts)
        ),
    )
    about = IssueHeader(
        from_at=start, as_of=view.as_of, announced=_announced(view, recipe),
        considered=sum(_is_in_window(candidate, publication, start) for candidate in talk.candidates),
        readings=_readings(view, publication, start, talk),
        earlier=tuple(EarlierIssue(day=c.day, edition=c.edition, digest=digest) for digest, c in earlier),
        choice=recipe.choice if tells else msgspec.UNSET, compared=compared,
        quoting=recipe.quoting or msgspec.UNSET,
    )  # fmt: skip
    content = _content(record, recipe, about, entry_inputs, chosen.fresh, chosen.ongoing)
    return BuiltIssue(content, tuple(_shown(content, entry_inputs)))


def moments_of(record: Record, recipe: IssueRecipe) -> tuple[int, int]:
    """From when on and up to when an issue of our own counts, by its hour and zone and the day's announcement."""
    cut = closing(record.view(position=recipe.position), recipe.publication, recipe.day)
    return window_start(recipe.publication, recipe.day), cut


class SelectedEntries(NamedTuple):
    """What of a talk an issue holds: `fresh` its entries, `ongoing` those of earlier issues that go on; their
    papers."""

    fresh: tuple[ScoredCandidate, ...]
    ongoing: tuple[ScoredCandidate, ...]
    papers: dict[str, StoredRow | None]


def choose(
    view: AsOfView, publication: Publication, talk: RankingInput, held: dict[str, int], enough: int = 0
) -> SelectedEntries:
    """Those in the publication's fields that reach the threshold, which decides the length; but `enough` of the best in
    any case, if so many are talked about."""
    ranked = ranking.rank(talk, publication.ranking)
    passed = [one for one in ranked if one.score >= max(publication.threshold, 1)]
    kept = matching_papers(view, publication, (one.paper for one in passed))
    fresh = [one for one in passed if one.paper in kept and one.paper not in held]
    still = [
        one for one in passed
        if one.paper in kept and one.paper in held and one.voices >= held[one.paper] + STILL_GROWTH
    ]  # fmt: skip
    next_best = (one for one in ranked[len(passed) :] if one.voices >= selection.VOICES and one.paper not in held)
    for candidate in next_best:
        if len(fresh) >= enough:
            break
        if row := matching_papers(view, publication, [candidate.paper]):
            kept |= row
            fresh.append(candidate)
    return SelectedEntries(ranking.marked(fresh), ranking.marked(still[:STILL_AT_MOST]), kept)


def _is_in_window(candidate: model.Candidate, publication: Publication, start: int) -> bool:
    return publication.window != "daily" or candidate.announced_at > start


def _announced(view: AsOfView, recipe: IssueRecipe) -> int | None:
    known = announced_on(view, recipe.publication, recipe.day)
    return 0 if known is None and known_absent(view, recipe.day) else known


def _readings(view: AsOfView, publication: Publication, start: int, talk: RankingInput) -> tuple[NetworkReading, ...]:
    """A daily issue says how its own day was read, longer ones how their window was."""
    heard = {peer.network for peer in talk.peers}
    heard |= {attention.network for candidate in talk.candidates for attention in candidate.attention}
    return readings(view, publication, view.as_of - DAY if publication.window == "daily" else start, heard)


def earlier_issues(record: Record, recipe: IssueRecipe) -> list[tuple[str, IssueContent]]:
    """(digest, content) of a daily publication's issues of the days before, as known at the position."""
    if recipe.publication.window != "daily":
        return []
    first = (datetime.date.fromisoformat(recipe.day) - datetime.timedelta(days=LOOK_BACK)).isoformat()
    where = 't.publication = ? AND t."day" >= ? AND t."day" < ?'
    rows = record.view(position=recipe.position).latest(
        model.Issue, where, (recipe.publication.publication, first, recipe.day), 't."day", t.edition'
    )
    latest = {row.item.day: row.item for row in rows if isinstance(row.item, model.Issue)}
    found = ((item.digest, read_content(item.content)) for item in latest.values())
    return [(digest, content) for digest, content in found if content.publication.window == "daily"]


def last_voices(earlier: Iterable[IssueContent]) -> dict[str, int]:
    """The voices with which each paper was shown last, be it as still talked about."""
    return {entry.paper: entry.voices for content in earlier for entry in (*content.entries, *content.ongoing)}


def _shown(content: IssueContent, entry_inputs: EntryInputs) -> Iterable[model.Shown]:
    """What the entries show, as items; the still-talked-about lane stands after the last place."""
    for place, entry in enumerate([*content.entries, *content.ongoing], 1):
        for n, row in enumerate(entry_inputs.posts.get(entry.paper, ()), 1):
            if isinstance(row.item, model.Post):
                yield model.Shown(
                    publication=content.publication.publication, day=content.day, edition=content.edition,
                    place=place, n=n, post=row.item.post, observed_at=row.item.observed_at,
                )  # fmt: skip


# ---- both ----------------------------------------------------------------------------------------------


class EntryInputs(NamedTuple):
    """What entries are made of: the talk, and by paper the hash of its metadata and the posts shown."""

    talk: RankingInput
    metadata: dict[str, str]
    posts: dict[str, list[StoredRow]]


class IssueHeader(NamedTuple):
    """What an issue says of itself beside its entries, as in `IssueContent`."""

    from_at: int
    as_of: int
    announced: int | None
    considered: int
    readings: tuple[NetworkReading, ...] = ()
    earlier: tuple[EarlierIssue, ...] = ()
    choice: str | msgspec.UnsetType = msgspec.UNSET
    compared: ReferenceSize | msgspec.UnsetType = msgspec.UNSET
    quoting: str | msgspec.UnsetType = msgspec.UNSET


def _content(
    record: Record,
    recipe: IssueRecipe,
    about: IssueHeader,
    entry_inputs: EntryInputs,
    order: Sequence[ScoredCandidate],
    ongoing: Sequence[ScoredCandidate] = (),
) -> IssueContent:
    return IssueContent(
        publication=recipe.publication, day=recipe.day, edition=recipe.edition, position=recipe.position,
        chain=_chain(record, recipe.position), ranking=recipe.publication.ranking, entries=_entries(entry_inputs,
        order),
        ongoing=_entries(entry_inputs, ongoing), peers=entry_inputs.talk.peers, replaces=recipe.replaces,
        reason=recipe.reason,
        **about._asdict(),
    )  # fmt: skip


def _chain(record: Record, position: int) -> str:
    data = batches.chain_at(record.database, position)
    if data is None:
        raise IssueError(f"batch {position} is not in the record")
    return data.hex()


def _entries(entry_inputs: EntryInputs, order: Sequence[ScoredCandidate]) -> tuple[Entry, ...]:
    inputs = {candidate.paper: candidate for candidate in entry_inputs.talk.candidates}
    papers = {one.paper for one in order}
    classic = (one.paper for one in ranking.rank(entry_inputs.talk, "classic/1") if one.paper in papers)
    classic_ranks = {paper: place for place, paper in enumerate(classic, 1)}
    return tuple(
        Entry(
            place=place, paper=one.paper, score=one.score, voices=one.voices, tied=one.tied,
            classic_rank=classic_ranks[one.paper],
            announced_at=inputs[one.paper].announced_at, counts=tuple(map(_count, inputs[one.paper].attention)),
            parts=one.parts, metadata=entry_inputs.metadata[one.paper], archive=inputs[one.paper].archive,
            order=inputs[one.paper].order,
            posts=tuple(row.hash.hex() for row in entry_inputs.posts.get(one.paper, ())),
        )
        for place, one in enumerate(order, 1)
    )  # fmt: skip


def _count(a: Attention) -> PrintedCount:
    return PrintedCount(
        network=a.network,
        voices=a.voices,
        reposts=a.reposts,
        likes=a.likes,
        until=a.until,
        method=a.method,
        bots=a.bots,
    )
