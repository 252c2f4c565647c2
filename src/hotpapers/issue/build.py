"""An issue's content from the record: a pure function of what was observed and the publication's recipe."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from hotpapers import model, ranking
from hotpapers.categories import archive_of
from hotpapers.errors import IssueError, NoSuch
from hotpapers.issue import posts
from hotpapers.model import (
    DAY,
    Attention,
    Candidate,
    Count,
    Entry,
    IssueContent,
    Peers,
    Publication,
    Reading,
    Scored,
    Talk,
)
from hotpapers.record import attention
from hotpapers.record.items import Row, canonical_json
from hotpapers.record.store import Record
from hotpapers.record.view import View

WINDOW_DAYS = {"daily": 7, "weekly": 7}
STILL_AT_MOST = 5
STILL_GROWTH = 3
"""A paper of an earlier issue is still talked about when it gained this many voices since."""


class Recipe(NamedTuple):
    """What is to be built: of which publication, for which day, from the record at which position."""

    publication: Publication
    day: str
    edition: int
    position: int
    replaces: str = ""
    reason: str = ""


class Built(NamedTuple):
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


def build(record: Record, recipe: Recipe) -> Built:
    """The issue. Raises NoSuch when there is no listing of that day, IssueError when the day cannot be one."""
    if recipe.publication.window == "listing":
        return _build_listing(record, recipe)
    return _build_own(record, recipe)


# --- imported listings ---------------------------------------------------------------------------------


def _build_listing(record: Record, recipe: Recipe) -> Built:
    name, day = recipe.publication.publication, recipe.day
    cut = listing_cut(record.view(position=recipe.position), name, day)
    view = record.view(cut, recipe.position)
    places = listed_places(view, name, day)
    tallies = {row.paper: tally_of(view, row) for row in places_of(places)}
    talk = _listing_talk(view, recipe.publication, places, tallies)
    order = ranking.rank(talk, recipe.publication.ranking)
    shown = posts.listed(view, name, day)
    metadata = {row.paper: hashed.hash.hex() for hashed, row in zip(places, places_of(places), strict=True)}
    hashes = {row.paper: tuple(p.hash.hex() for p in shown.get(row.place, ())) for row in places_of(places)}
    content = _content(recipe, talk, order, view, metadata, hashes)
    return Built(content, ())


def listing_cut(view: View, publication: str, day: str) -> int:
    """The latest moment that the listing of a day holds."""
    rows = view.latest(model.Listing, 't.publication = ? AND t."day" = ?', (publication, day))
    if not rows:
        raise NoSuch(f"{publication} {day}: no listing of that day is in the record; `hotpapers import` brings one in.")
    places = listed_places(view, publication, day)
    return max(row.item.observed_at for row in [*rows, *places])


def listed_places(view: View, publication: str, day: str) -> list[Row]:
    """The places of a listing, ascending."""
    listing = view.one(model.Listing, publication, day)
    if listing is None or not isinstance(listing.item, model.Listing):
        return []
    where = 't.publication = ? AND t."day" = ? AND t.place <= ?'
    return view.latest(model.Place, where, (publication, day, listing.item.places), "t.place")


def places_of(rows: Iterable[Row]) -> list[model.Place]:
    """The rows' items."""
    return [row.item for row in rows if isinstance(row.item, model.Place)]


def tally_of(view: View, place: model.Place) -> model.Tally:
    """A place's counts. Raises IssueError when the record has none."""
    row = view.one(model.Tally, place.paper, place.network, place.method)
    if row is None or not isinstance(row.item, model.Tally):
        raise IssueError(f"{place.publication} {place.day} #{place.place}: the record holds no counts of {place.paper}.")
    return row.item


def _listing_talk(
    view: View, publication: Publication, places: Sequence[Row], tallies: dict[str, model.Tally]
) -> Talk:
    found = list(attention.listed_peers(view, publication.publication, publication.networks))
    own = {(network, paper): likes for network, _, paper, likes in found}
    counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for network, archive, _, likes in found:
        counts[network, archive][likes] += 1
    peers = [
        Peers(network=network, age=0, archive=archive, counts=tuple(sorted(counter.items())))
        for (network, archive), counter in sorted(counts.items())
    ]
    candidates = [
        Candidate(
            paper=place.paper,
            archive=archive_of(place.categories[0]) if place.categories else "",
            announced_at=0,
            order=place.place,
            attention=(_tally_attention(tallies[place.paper], own),),
        )
        for place in places_of(places)
    ]
    return Talk(candidates=tuple(candidates), peers=tuple(peers))


def _tally_attention(tally: model.Tally, own: dict[tuple[str, str], int]) -> Attention:
    return Attention(
        network=tally.network, until=tally.observed_at, age=0, voices=tally.likes, reposts=tally.reposts,
        likes=tally.likes, method=tally.method, own=own.get((tally.network, tally.paper), 0),
    )  # fmt: skip


# --- publications of our own ---------------------------------------------------------------------------


def _build_own(record: Record, recipe: Recipe) -> Built:
    publication = recipe.publication
    cut = cut_of(publication, recipe.day)
    start = window_start(publication, recipe.day, cut)
    view = record.view(cut, recipe.position)
    own_voices = tuple(record.marks.voice(account) for account in publication.own)
    talk = own_talk(view, publication, start, own_voices)
    order = ranking.rank(talk, publication.ranking)
    earlier = earlier_issues(record, recipe)
    held = {entry.paper: entry for _, content in earlier for entry in content.entries}
    passed = [one for one in order if one.score >= publication.threshold and one.score > 0]
    papers = {one.paper: row for one in passed if (row := wanted(view, publication, one.paper)) is not None}
    fresh = [one for one in passed if one.paper in papers and one.paper not in held]
    still = [one for one in passed if one.paper in papers and _goes_on(one, held.get(one.paper))][:STILL_AT_MOST]
    picked = {one.paper: posts.leading(view, one.paper, publication.posts, own_voices) for one in [*fresh, *still]}
    content = _content(
        recipe, talk, fresh, view,
        {paper: row.hash.hex() for paper, row in papers.items()},
        {paper: tuple(row.hash.hex() for row in rows) for paper, rows in picked.items()},
        still=still,
        earlier=tuple(model.Earlier(day=c.day, edition=c.edition, digest=digest) for digest, c in earlier),
    )  # fmt: skip
    return Built(content, _shown(recipe, content, picked))


def _goes_on(one: Scored, entry: Entry | None) -> bool:
    return entry is not None and one.voices >= entry.voices + STILL_GROWTH


def cut_of(publication: Publication, day: str) -> int:
    """The moment at which a day's issue closes: the publication's hour of that day in its zone."""
    closes = datetime.datetime.combine(
        datetime.date.fromisoformat(day), datetime.time(publication.hour), ZoneInfo(publication.zone)
    )
    return int(closes.timestamp()) * 1_000_000


def window_start(publication: Publication, day: str, cut: int) -> int:
    """The moment from which papers, or for longer windows their talk, count."""
    if publication.window == "monthly":
        date = datetime.date.fromisoformat(day)
        before = (date.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)
        last = (date.replace(day=1) - datetime.timedelta(days=1)).day
        return cut_of(publication, before.replace(day=min(date.day, last)).isoformat())
    return cut - WINDOW_DAYS[publication.window] * DAY


def own_talk(view: View, publication: Publication, start: int, own_voices: tuple[int, ...]) -> Talk:
    """The talk of a daily, weekly or monthly publication."""
    daily = publication.window == "daily"
    window = attention.Window(
        ages=attention.AGES[:3] if daily else attention.AGES,
        networks=publication.networks,
        own_voices=own_voices,
        candidates_from=start,
        posted_from=None if daily else start,
    )
    counts: dict[tuple[str, int, str], Counter[int]] = defaultdict(Counter)
    candidates: list[Candidate] = []
    rows: list[attention.Heard] = []
    for one in attention.heard(view, window):
        if one.peer and one.voices:
            counts[one.network, one.age, one.archive][one.voices] += 1
        if rows and rows[0].paper != one.paper:
            candidates += _candidate(rows, start, view.cut, window.ages)
            rows = []
        rows.append(one)
    candidates += _candidate(rows, start, view.cut, window.ages)
    peers = tuple(
        Peers(network=network, age=age, archive=archive, counts=tuple(sorted(counter.items())))
        for (network, age, archive), counter in sorted(counts.items())
    )
    return Talk(candidates=tuple(candidates), peers=peers)


def _candidate(rows: list[attention.Heard], start: int, cut: int, ages: tuple[int, ...]) -> list[Candidate]:
    """The candidate that one paper's rows make: its greatest age reached, or none if it is too old."""
    if not rows:
        return []
    announced_at = max(row.announced_at for row in rows)
    older = [row for row in rows if not row.peer and not row.announced_at]
    if announced_at <= start and not older:
        return []
    reached = [age for age in ages if announced_at + age * model.HOUR <= cut]
    current = older or [row for row in rows if row.age == (reached[-1] if reached else ages[0])]
    regular = {(row.network, row.age): row.voices for row in rows if row.peer}
    found = tuple(
        Attention(
            network=row.network, until=row.until, age=row.age, voices=row.voices, reposts=row.reposts,
            likes=row.likes, own=regular.get((row.network, row.age), 0), bots=row.bots,
        )
        for row in current
    )  # fmt: skip
    return [Candidate(paper=rows[0].paper, archive=rows[0].archive, announced_at=announced_at, attention=found)]


def wanted(view: View, publication: Publication, paper: str) -> Row | None:
    """The paper's metadata, if it is in the publication's fields and none of its words is excluded."""
    row = view.one(model.Paper, paper)
    if row is None or not isinstance(row.item, model.Paper):
        return None
    item = row.item
    if publication.categories and not any(in_fields(c, publication.categories) for c in item.categories):
        return None
    text = f"{item.title}\n{item.abstract}".casefold()
    if publication.include and not any(word.casefold() in text for word in publication.include):
        return None
    return None if any(word.casefold() in text for word in publication.exclude) else row


def in_fields(category: str, fields: Sequence[str]) -> bool:
    """Whether a category is one of the fields, or in one of their archives."""
    return category in fields or archive_of(category) in fields


def earlier_issues(record: Record, recipe: Recipe) -> list[tuple[str, IssueContent]]:
    """(digest, content) of this daily publication's issues of the 14 days before, as known at the position."""
    if recipe.publication.window != "daily":
        return []
    first = (datetime.date.fromisoformat(recipe.day) - datetime.timedelta(days=14)).isoformat()
    where = 't.publication = ? AND t."day" >= ? AND t."day" < ?'
    rows = record.view(position=recipe.position).latest(
        model.Issue, where, (recipe.publication.publication, first, recipe.day), 't."day", t.edition'
    )
    latest = {row.item.day: row.item for row in rows if isinstance(row.item, model.Issue)}
    return [(item.digest, read_content(item.content)) for item in latest.values()]


def read_content(text: str) -> IssueContent:
    """A frozen content from its JSON."""
    return msgspec.json.decode(text.encode(), type=IssueContent)


def _shown(
    recipe: Recipe, content: IssueContent, picked: dict[str, list[Row]]
) -> tuple[model.Shown, ...]:
    """What the entries show, as items; the still-talked-about lane stands after the last place."""
    return tuple(
        model.Shown(
            publication=recipe.publication.publication, day=recipe.day, edition=recipe.edition, place=place, n=n,
            post=row.item.post, observed_at=row.item.observed_at,
        )
        for place, entry in enumerate([*content.entries, *content.still], 1)
        for n, row in enumerate(picked[entry.paper], 1)
        if isinstance(row.item, model.Post)
    )  # fmt: skip


# --- both ----------------------------------------------------------------------------------------------


def _content(
    recipe: Recipe,
    talk: Talk,
    order: Sequence[Scored],
    view: View,
    metadata: dict[str, str],
    shown: dict[str, tuple[str, ...]],
    still: Sequence[Scored] = (),
    earlier: tuple[model.Earlier, ...] = (),
) -> IssueContent:
    inputs = {candidate.paper: candidate for candidate in talk.candidates}
    then = {one.paper: place for place, one in enumerate(_classic_order(talk, order), 1)}

    def entry(place: int, one: Scored) -> Entry:
        return Entry(
            place=place, paper=one.paper, score=one.score, voices=one.voices, level=one.level,
            then=then.get(one.paper, 0), announced_at=inputs[one.paper].announced_at,
            counts=tuple(_count(a) for a in inputs[one.paper].attention), parts=one.parts,
            metadata=metadata[one.paper], posts=shown.get(one.paper, ()),
        )  # fmt: skip

    own = recipe.publication.window != "listing"
    return IssueContent(
        publication=recipe.publication, day=recipe.day, edition=recipe.edition,
        from_at=window_start(recipe.publication, recipe.day, view.cut) if own else view.cut,
        cut=view.cut, position=recipe.position, ranking=recipe.publication.ranking,
        announced=announced_on(view, recipe.publication, recipe.day) if own else None,
        considered=len(talk.candidates), readings=readings(view, recipe.publication) if own else (),
        earlier=earlier, entries=tuple(entry(place, one) for place, one in enumerate(order, 1)),
        still=tuple(entry(place, one) for place, one in enumerate(still, 1)),
        peers=talk.peers, replaces=recipe.replaces, reason=recipe.reason,
    )  # fmt: skip


def _classic_order(talk: Talk, order: Sequence[Scored]) -> list[Scored]:
    papers = {one.paper for one in order}
    return [one for one in ranking.rank(talk, "classic/1") if one.paper in papers]


def _count(a: Attention) -> Count:
    return Count(
        network=a.network, voices=a.voices, reposts=a.reposts, likes=a.likes, until=a.until, method=a.method, bots=a.bots
    )


def announced_on(view: View, publication: Publication, day: str) -> int | None:
    """How many papers of the publication's fields arXiv announced that day; None when no announcement is known."""
    rows = view.database.rows(
        f"SELECT DISTINCT t.paper, t.category FROM announcement AS t WHERE {view.visible('t')}"
        " AND t.day = ? AND t.type <> 'replacement'",
        (day,),
    )
    fields = publication.categories
    papers = {paper for paper, category in rows if not fields or in_fields(category, fields)}
    return len(papers) if rows else None


def readings(view: View, publication: Publication) -> tuple[Reading, ...]:
    """How completely each network was read in the day to the cut: the worst state found, unknown without any."""
    start = view.cut - DAY
    worst: dict[str, model.Coverage] = {}
    severity = ("complete", "partial", "refused")
    where = "t.until_at > ? AND t.from_at < ?"
    for row in view.latest(model.Coverage, where, (start, view.cut)):
        item = row.item
        if isinstance(item, model.Coverage):
            known = worst.get(item.network)
            if known is None or severity.index(item.state) > severity.index(known.state):
                worst[item.network] = item
    known_networks = {row[0] for row in view.database.rows("SELECT DISTINCT network FROM coverage")}
    networks = publication.networks or tuple(n for n in model.NETWORKS if n in known_networks)
    return tuple(_reading(network, worst.get(network)) for network in networks)


def _reading(network: str, found: model.Coverage | None) -> Reading:
    if found is None:
        return Reading(network=network, state="unknown", reason="not read")
    since = found.from_at if found.state != "complete" else None
    return Reading(network=network, state=found.state, reason=found.reason, since=since)
