"""Curves to test forecasts on: how votes for papers on Hugging Face and for stories on Hacker News grew.

Both start at 00:00 UTC of a day, when arXiv announces: a paper's on the day of its page in Hugging Face's daily papers,
a story's on the day it was first seen on the front page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple

import msgspec

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.categories import archive_of
from hotpapers.base.text.timestamps import SECOND, from_datetime, start_of_day
from hotpapers.issues.forecasts import AGES, FINAL, Curve
from lab.outcomes.files import UpvoteCount

EARLY = {6: (3, 12), 24: (18, 30), 72: (60, 84)}
"""The hours within which a Hugging Face count may be used for an age; the nearest is used."""
LATE = (120, 240)
"""The same for 168 h."""
FRESH = HOUR
"""How old a story's last count may be at six hours, µs."""
UNKNOWN = "unknown"
"""The field of a paper whose categories are not in the metadata."""

Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**34)]


class MeasuredCurve(NamedTuple):
    """A curve, and the fields in which its forecast is scored: archive and primary category; none for a story."""

    curve: Curve
    fields: tuple[str, ...]


class PaperCategory(msgspec.Struct, frozen=True):
    """A line of arxiv-metadata.jsonl."""

    id: str
    primary: str


class StoryVotes(msgspec.Struct, frozen=True):
    """A line of hn-frontpage.jsonl. `obs`: seconds since 1970, votes, comments, rank."""

    obs: list[tuple[Seconds, Count, Count | None, Count]]


class TimedCount(NamedTuple):
    """Votes at a moment, µs."""

    at: int
    votes: int


# ---- Hugging Face --------------------------------------------------------------------------------------


def hugging_face(rows: Iterable[UpvoteCount], categories: Mapping[str, str]) -> Iterator[MeasuredCurve]:
    """A curve for each paper with a page date, and for each age at which it was counted. `categories`: the primary
    category of each paper, by its bare id."""
    papers: dict[str, list[UpvoteCount]] = defaultdict(list)
    for row in rows:
        papers[row.id].append(row)
    for paper, counts in papers.items():
        days = [row.date for row in counts if row.date]
        if days:
            category = categories.get(paper, "")
            fields = tuple(dict.fromkeys((archive_of(category), category))) if category else (UNKNOWN,)
            for curve in _curves_of(counts, start_of_day(min(days).isoformat()), archive_of(category)):
                yield MeasuredCurve(curve, fields)


def _curves_of(counts: Sequence[UpvoteCount], start: int, archive: str) -> Iterator[Curve]:
    known = [TimedCount(from_datetime(row.observed_at) - start, row.upvotes) for row in counts if row.t_ok]
    later = _nearest(known, FINAL, LATE)
    for age in AGES:
        early = _nearest(known, age, EARLY[age])
        if early is not None and later is not None:
            yield Curve("huggingface", archive, age, start // DAY, early, later)


def _nearest(counts: Iterable[TimedCount], age: int, within: tuple[int, int]) -> int | None:
    """The votes counted nearest to an age, within a range of hours."""
    first, last = (hours * HOUR for hours in within)
    distances = [(abs(count.at - age * HOUR), count) for count in counts if first <= count.at < last]
    return min(distances)[1].votes if distances else None


# ---- Hacker News ---------------------------------------------------------------------------------------

OWN_CLOCK = "hackernews, own clock"
"""The same stories, each counted from when it was first seen, so all have the same age."""


def hacker_news(rows: Iterable[StoryVotes]) -> Iterator[MeasuredCurve]:
    """A curve from 6 h to the last count within 168 h, by both clocks, for each story read shortly before 6 h."""
    for row in rows:
        counts = sorted(TimedCount(at * SECOND, votes) for at, votes, _comments, _rank in row.obs)
        if counts:
            first = counts[0].at
            for network, start in (("hackernews", first - first % DAY), (OWN_CLOCK, first)):
                if (curve := _story_curve(network, counts, start)) is not None:
                    yield MeasuredCurve(curve, ())


def _story_curve(network: str, counts: Sequence[TimedCount], start: int) -> Curve | None:
    deadline = start + AGES[0] * HOUR
    early = _last(counts, deadline)
    later = _last(counts, start + FINAL * HOUR)
    if early is None or later is None or early.at < deadline - FRESH:
        return None
    return Curve(network, "", AGES[0], start // DAY, early.votes, later.votes)


def _last(counts: Sequence[TimedCount], until: int) -> TimedCount | None:
    index = bisect_right(counts, until, key=lambda count: count.at)
    return counts[index - 1] if index else None
