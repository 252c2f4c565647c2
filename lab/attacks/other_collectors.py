"""Other collectors' counts that an issue uses in place of ours, and what a campaign adds to them: others see the same
posts and likes as we do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.issues import queries
from hotpapers.issues.collectors import BetterCounts, better_counts, with_replacements
from hotpapers.record.as_of import AsOfView
from lab.attacks.scene import UnreadNetworks

_ADDED = ("voices", "reposts", "likes", "bots", "known", "authors", "counted")


class OtherCollectors(NamedTuple):
    """`better`: others' counts that are better than ours; `facts`: when their papers were announced, and in which
    archive."""

    better: BetterCounts
    facts: Mapping[str, tuple[int, str]]

    def as_read(self, unread: UnreadNetworks) -> OtherCollectors:
        """The same if some networks could not be read: counts made there before still count."""
        better = {
            paper: [item for item in items if item.network not in unread.names or item.until_at <= unread.since]
            for paper, items in self.better.items()
        }
        return self._replace(better=better)

    def counted(self, paper: str, own: Sequence[Engagement], honest: Iterable[Engagement]) -> Iterator[Engagement]:
        """A paper's rows as the issue counts it, from our `own`. `honest`: our own without the campaign."""
        if paper not in self.better:
            yield from own
            return
        after, before = _by_moment(own), _by_moment(honest)
        announced_at = max((row.announced_at for row in own), default=0)
        facts = (announced_at, own[0].archive) if own else self.facts[paper]
        for row in with_replacements(own, self.better[paper], *facts):
            where = row.network, row.until
            yield _with_change(row, before.get(where), after.get(where)) if row.collector else row


def other_collectors(view: AsOfView, window: MeasurementWindow) -> OtherCollectors:
    """The counts that an issue as of a view uses."""
    if not queries.has_measurements(view):
        return OtherCollectors({}, {})
    better = better_counts(view, window)
    announced = queries.announced_papers(view, sorted(better))
    facts = {paper: (announced_at, archive) for paper, announced_at, archive in announced}
    return OtherCollectors({paper: items for paper, items in better.items() if paper in facts}, facts)


def _by_moment(rows: Iterable[Engagement]) -> dict[tuple[str, int], Engagement]:
    return {(row.network, row.until): row for row in rows}


def _with_change(row: Engagement, before: Engagement | None, after: Engagement | None) -> Engagement:
    """Another collector's counts with the difference between two counts of ours."""
    changes = {
        name: max(0, value + _value(after, name) - _value(before, name))
        for name in _ADDED
        if (value := getattr(row, name)) is not None
    }
    return row._replace(**changes)


def _value(row: Engagement | None, name: str) -> int:
    return (getattr(row, name) or 0) if row is not None else 0
