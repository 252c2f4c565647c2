"""Outcomes, each from 0 to 1: citations, reviewers' ratings, acceptance, a later story on Hacker News."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lab.outcomes.cohorts import Cohort, first_seen, first_stories, listed_until, paper_key
from lab.outcomes.files import CitationRow, DecisionRow, ListedPaper, StoryCounts
from lab.statistics import percentiles

TOP = 0.75
"""The percentile from which a paper counts as a hit: the best quarter."""


class LaterOutcome(NamedTuple):
    """A paper's outcome: its gain, 0 to 1, and whether it is a hit. `group`: the venue and year inside which it was
    measured; empty if there is none."""

    group: str
    gain: float
    hit: bool


class Target(NamedTuple):
    """A named outcome for all papers for which it is known: a missing paper is unknown, not bad."""

    name: str
    outcomes: Mapping[str, LaterOutcome]


def _group(row: CitationRow | DecisionRow) -> str:
    return f"{row.venue} {row.year}"


def _percentiles_inside(values: Iterable[tuple[str, str | None, float]]) -> dict[str, LaterOutcome]:
    """Outcomes by paper from (group, paper, value): the percentile in the whole group, including papers without an id.
    A paper in several groups counts in the first by name."""
    groups: dict[str, list[tuple[str | None, float]]] = defaultdict(list)
    for group, paper, value in values:
        groups[group].append((paper, value))
    result: dict[str, LaterOutcome] = {}
    for group, members in sorted(groups.items()):
        shares = percentiles([value for _, value in members])
        for (paper, _), share in zip(members, shares, strict=True):
            if paper is not None:
                result.setdefault(paper_key(paper), LaterOutcome(group, share, share >= TOP))
    return result


def citations(rows: Sequence[CitationRow], days: Mapping[str, str]) -> Target:
    """The percentile of citations among all papers of the venue and year, for papers that were talked about (`days`)
    before citations were counted."""
    counted = {paper_key(row.arxiv_id): row.as_of.isoformat() for row in rows if row.arxiv_id}
    outcomes = _percentiles_inside((_group(row), row.arxiv_id, float(row.citations)) for row in rows)
    known_outcomes = {
        paper: value for paper, value in outcomes.items() if paper in days and days[paper] < counted[paper]
    }
    return Target("citations", known_outcomes)


DECISION_DAYS = {
    "iclr 2021": "2021-01-12",
    "iclr 2022": "2022-01-24",
    "nips 2021": "2021-09-28",
    "nips 2022": "2022-09-14",
}
"""When authors were notified, according to the venues' calls for papers: papers listed from that day on may be listed
because of it. Venues whose day is unknown are left out."""
OPEN_VENUES = ("iclr",)
"""Venues that show every submission. Others show rejected papers only if the authors agreed: too few."""
REFUSED = ("Reject", "Withdraw", "Desk Reject")


def _undecided(row: DecisionRow, days: Mapping[str, str]) -> bool:
    """Whether a paper was talked about before its authors were notified."""
    day = days.get(paper_key(row.arxiv_id)) if row.arxiv_id else None
    return day is not None and day < DECISION_DAYS.get(_group(row), "")


def ratings(rows: Sequence[DecisionRow], days: Mapping[str, str]) -> Target:
    """The percentile of the reviewers' mean rating among all rated papers of the venue and year."""
    undecided = {(_group(row), row.arxiv_id) for row in rows if _undecided(row, days)}
    rated = ((_group(row), row) for row in rows if row.rating_avg is not None)
    values = (
        (group, row.arxiv_id if (group, row.arxiv_id) in undecided else None, row.rating_avg or 0.0)
        for group, row in rated
    )
    return Target("rating", _percentiles_inside(values))


def acceptance(rows: Sequence[DecisionRow], days: Mapping[str, str]) -> Target:
    """1 for an accepted paper, 0 for one rejected or withdrawn, at venues that show every submission."""
    outcomes: dict[str, LaterOutcome] = {}
    for row in sorted(rows, key=_group):
        if row.venue in OPEN_VENUES and row.status and _undecided(row, days):
            accepted = row.status not in REFUSED
            outcomes.setdefault(paper_key(row.arxiv_id or ""), LaterOutcome(_group(row), float(accepted), accepted))
    return Target("acceptance", outcomes)


def later_stories(listed: Sequence[ListedPaper], stories: Iterable[StoryCounts]) -> Target:
    """1 for a listed paper whose first story on Hacker News came after its counts were read, 0 for one without a story.
    Papers with an earlier story are left out."""
    first = first_stories(stories)
    outcomes: dict[str, LaterOutcome] = {}
    for row in sorted(listed, key=lambda row: row.issue):
        story = first.get(row.arxiv_id)
        if story is None or first_seen(story) > listed_until(row):
            later = story is not None
            outcomes.setdefault(paper_key(row.arxiv_id), LaterOutcome("", float(later), later))
    return Target("later story", outcomes)


def favorites(cohort: Cohort, listed: Sequence[ListedPaper]) -> Target:
    """The percentile of favorites on X among the cohort's papers listed by the archive: not later, but elsewhere."""
    days = cohort.first_days
    counts = {row.arxiv_id: float(row.favorites) for row in listed if paper_key(row.arxiv_id) in days}
    return Target("favorites on X", _percentiles_inside(("", paper, value) for paper, value in counts.items()))
