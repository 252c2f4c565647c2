"""Past days as rankings would have seen them: each day's candidates, and the papers of the previous 90 days."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from itertools import pairwise
from typing import NamedTuple

import msgspec

from hotpapers.base.model import DAY, HOUR, Attention, Candidate, RankingInput, ScoredCandidate, VoiceHistogram
from hotpapers.base.papers.arxiv import calendar as announcement_days
from hotpapers.base.papers.categories import archive_of
from hotpapers.base.text import timestamps
from hotpapers.discussion.engagement.measurement import AGES, REFERENCE_DAYS
from hotpapers.wings.classic import format as classic
from lab.outcomes.files import ListedPaper, StoryCounts, TitledPaper, UpvoteCount

DEFECT = "2020-09-17"
"""The first day with retweet counts that are several times too high."""
LEAST_LISTED = 50
"""The fewest retweets and favorites together of a listed paper in the reference, as in `rarity/1`."""


class Sighting(NamedTuple):
    """A paper on a day's page, with its attention on one network. `is_peer`: it is in the reference."""

    day: str
    paper: str
    archive: str
    announced_at: int
    order: int
    attention: Attention
    is_peer: bool = True


class PastDay(NamedTuple):
    """A ranking's input for one day."""

    day: str
    inputs: RankingInput


class Cohort(NamedTuple):
    """The days of one network. `first_days`: when each paper was first a candidate. `titles`, `categories` (the primary
    one): those of its papers, if known."""

    name: str
    days: tuple[PastDay, ...]
    first_days: Mapping[str, str]
    titles: Mapping[str, str]
    categories: Mapping[str, str]


def cohort_of(
    name: str, sightings: Iterable[Sighting], titles: Mapping[str, str], categories: Mapping[str, str]
) -> Cohort:
    """The cohort of everything seen on a network."""
    days = past_days(sightings)
    first: dict[str, str] = {}
    for past in days:
        for candidate in past.inputs.candidates:
            first.setdefault(candidate.paper, past.day)
    return Cohort(name, days, first, titles, categories)


def paper_key(id: str) -> str:
    """A paper's key from its bare id."""
    return f"arxiv:{id}"


# ---- sightings on each network ---------------------------------------------------------------------------


def archive_cohort(listed: Sequence[ListedPaper]) -> Cohort:
    """The archive's issues: voices are favorites, the age is that of a listing."""
    titles = {paper_key(row.arxiv_id): row.title for row in listed}
    categories = {paper_key(row.arxiv_id): row.categories.split()[0] for row in listed if row.categories.split()}
    return cohort_of("archive", map(_listed, listed), titles, categories)


def _listed(row: ListedPaper) -> Sighting:
    day = row.issue.isoformat()
    attention = Attention(
        network="x",
        until=listed_until(row),
        age=0,
        voices=row.favorites,
        reposts=row.retweets,
        likes=row.favorites,
        method=f"hot-papers/{2 if day >= DEFECT else 1}",
    )
    archive = archive_of(next(iter(row.categories.split()), ""))
    is_peer = row.retweets + row.favorites >= LEAST_LISTED
    announced_at = announcement_days.announced_at(day)
    return Sighting(day, paper_key(row.arxiv_id), archive, announced_at, row.rank, attention, is_peer)


def listed_until(row: ListedPaper) -> int:
    """When a listed paper's counts were read, µs UTC: they are printed in Japan time."""
    return classic.printed_moment(row.observed_at_tz_unknown.replace(tzinfo=None, microsecond=0).isoformat())


def upvote_cohort(counts: Iterable[UpvoteCount], papers: Iterable[TitledPaper]) -> Cohort:
    """The daily pages of Hugging Face: voices are the upvotes at the first reading on the page's own day. Most primary
    categories are unknown, so all papers are compared with all."""
    first: dict[str, UpvoteCount] = {}
    for row in sorted(counts, key=lambda row: timestamps.from_datetime(row.observed_at)):
        if row.t_ok and row.date == row.observed_at.astimezone(UTC).date():
            first.setdefault(row.id, row)
    titles = {paper_key(paper.id): paper.title for paper in papers}
    return cohort_of("huggingface", map(_upvoted, first.values()), titles, {})


def _upvoted(row: UpvoteCount) -> Sighting:
    day = row.observed_at.astimezone(UTC).date().isoformat()
    announced_at, until = announcement_days.announced_at(day), timestamps.from_datetime(row.observed_at)
    attention = Attention(
        network="huggingface",
        until=until,
        age=_age(until - announced_at),
        voices=row.upvotes,
        reposts=0,
        likes=row.upvotes,
    )
    return Sighting(day, paper_key(row.id), "", announced_at, 0, attention)


def _age(since: int) -> int:
    """The greatest age reached a number of microseconds after the announcement."""
    return max([age for age in AGES if age * HOUR <= since], default=AGES[0])


def story_cohort(stories: Iterable[StoryCounts]) -> Cohort:
    """The days on which papers came to Hacker News: voices are a story's points within a day of when it was first seen,
    or its final points if no others are known. A paper's first story counts, and the paper's age starts with it."""
    return cohort_of("hackernews", map(_submitted, first_stories(stories).values()), {}, {})


def first_stories(stories: Iterable[StoryCounts]) -> dict[str, StoryCounts]:
    """Each paper's first story, by the paper's bare id, among stories whose time is known."""
    first: dict[str, StoryCounts] = {}
    for story in sorted(stories, key=first_seen):
        if story.arxiv_id and first_seen(story):
            first.setdefault(story.arxiv_id, story)
    return first


def first_seen(story: StoryCounts) -> int:
    """When a story was made or first seen, µs UTC; 0 if unknown."""
    return (story.created or story.obs[0][0] or 0) * timestamps.SECOND


def _submitted(story: StoryCounts) -> Sighting:
    at = first_seen(story)
    points_of_day = [
        points for moment, points, *_ in story.obs if moment is None or moment * timestamps.SECOND <= at + DAY
    ]
    points = max(points_of_day, default=0)
    attention = Attention(network="hackernews", until=at + DAY, age=24, voices=points, reposts=0, likes=points)
    return Sighting(timestamps.day_of(at), paper_key(story.arxiv_id or ""), "", at, 0, attention)


# ---- the ranking's input ----------------------------------------------------------------------------------


def past_days(sightings: Iterable[Sighting]) -> tuple[PastDay, ...]:
    """The days in order, each with its candidates and everything seen in the 90 days up to its last reading."""
    by_moment = sorted(
        sightings, key=lambda sighting: (sighting.attention.until, sighting.day, sighting.order, sighting.paper)
    )
    moments = [sighting.attention.until for sighting in by_moment]
    by_day: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in by_moment:
        by_day[sighting.day].append(sighting)

    def past(day: str) -> PastDay:
        cut = max(sighting.attention.until for sighting in by_day[day])
        begin, end = bisect_right(moments, cut - REFERENCE_DAYS * DAY), bisect_right(moments, cut)
        return PastDay(day, _inputs(by_day[day], by_moment[begin:end], cut))

    return tuple(past(day) for day in sorted(by_day))


def _inputs(today: Sequence[Sighting], compared: Sequence[Sighting], cut: int) -> RankingInput:
    """The ranking's input for a day. Each paper is in the reference once, as last seen."""
    latest = {sighting.paper: sighting for sighting in compared if sighting.is_peer}
    candidates = (_candidate(sighting, latest.get(sighting.paper)) for sighting in today)
    return RankingInput(candidates=tuple(candidates), peers=tuple(_peers(latest.values(), cut)))


def _candidate(sighting: Sighting, own_sighting: Sighting | None) -> Candidate:
    own = own_sighting.attention.voices if own_sighting else None
    return Candidate(
        paper=sighting.paper,
        archive=sighting.archive,
        announced_at=sighting.announced_at,
        order=sighting.order,
        attention=(msgspec.structs.replace(sighting.attention, own=own),),
    )


def _peers(compared: Iterable[Sighting], cut: int) -> Iterator[VoiceHistogram]:
    counts: dict[tuple[str, int, str], Counter[int]] = defaultdict(Counter)
    first_announced: dict[tuple[str, int, str], int] = {}
    for sighting in compared:
        key = (sighting.attention.network, sighting.attention.age, sighting.archive)
        counts[key][sighting.attention.voices] += 1
        first_announced[key] = min(sighting.announced_at, first_announced.get(key, cut))
    for key, counter in sorted(counts.items()):
        network, age, archive = key
        days = max(1, -((first_announced[key] - cut) // DAY))
        yield VoiceHistogram(
            network=network, age=age, archive=archive, counts=tuple(sorted(counter.items())), days=days
        )


# ---- the ranking's output ----------------------------------------------------------------------------------

Rank = Callable[[RankingInput], tuple[ScoredCandidate, ...]]
RankValue = tuple[int, int]
"""A score, and the voices that break ties; 0 if they do not."""


def rank_values(cohort: Cohort, rank: Rank) -> dict[str, RankValue]:
    """A ranking's value for each paper on the first day it was a candidate. Voices break ties if they do so on every
    day in the ranking itself; anything else that breaks ties, such as the id, is ignored."""
    ordered = [rank(past.inputs) for past in cohort.days]
    level = ((paper, other) for day in ordered for paper, other in pairwise(day) if paper.score == other.score)
    by_voices = all(paper.voices >= other.voices for paper, other in level)
    result: dict[str, RankValue] = {}
    for day in ordered:
        for scored in day:
            result.setdefault(scored.paper, (scored.score, scored.voices if by_voices else 0))
    return result
