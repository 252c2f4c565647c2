"""Replaces our counts with other collectors' where they read a network and we did not.

A paper's count on a network at an age is from one collector, never a sum: the one that read the network longest between
the announcement and that age. It is ours unless we missed more than short gaps and another collector missed less. Both
counts stay in the record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import DAY, HOUR, Candidate, Measurement, WitnessedCounts
from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS, MeasurementWindow
from hotpapers.discussion.engagement.standing.queries import known_accounts
from hotpapers.issues import queries
from hotpapers.issues.coverage import TURN, UnreadTimes, unread_times
from hotpapers.record import AsOfView

BetterCounts = Mapping[str, Sequence[Measurement]]
"""The counts that are better than ours, by paper."""


def with_better_counts(view: AsOfView, window: MeasurementWindow, rows: Iterable[Engagement]) -> Iterator[Engagement]:
    """Our attention, ordered by paper, with others' counts where those are better; then the papers for which we have
    nothing, of the same 90 days. Unchanged if the record has no counts of other collectors."""
    if not queries.has_measurements(view):
        yield from rows
        return
    better = dict(better_counts(view, window))
    for paper, group in groupby(rows, key=lambda row: row.paper):
        own_rows = list(group)
        announced_at = max(row.announced_at for row in own_rows)
        yield from with_replacements(own_rows, better.pop(paper, ()), announced_at, own_rows[0].archive)
    start = view.as_of - REFERENCE_DAYS * DAY
    for paper, announced_at, archive in queries.announced_papers(view, sorted(better)):
        if announced_at > start:
            yield from with_replacements((), better[paper], announced_at, archive)


def better_counts(view: AsOfView, window: MeasurementWindow) -> BetterCounts:
    """Others' counts that are better than ours, by paper: those of the last 90 days, as older papers are not compared
    with. If we know who has standing and the other collector does not, its voices vouch for nothing."""
    unread = unread_times(view)
    start = view.as_of - REFERENCE_DAYS * DAY
    best: dict[tuple[str, str, int], Measurement] = {}
    for item in view.items(Measurement, "t.until_at > ? AND t.until_at <= ?", (start, view.as_of)):
        is_wanted = (
            item.age in window.ages
            and (not window.networks or item.network in window.networks)
            and (not window.papers or item.paper in window.papers)
        )
        if is_wanted and is_better(item, unread):
            key = (item.paper, item.network, item.age)
            best[key] = min(item, best.get(key, item), key=lambda item: (item.unread, item.source))
    knows_standing = bool(best) and window.with_standing and known_accounts(view) is not None
    result = defaultdict(list)
    for (paper, _, _), item in sorted(best.items()):
        is_unvouched = knows_standing and item.known is None
        result[paper].append(msgspec.structs.replace(item, known=0) if is_unvouched else item)
    return result


def is_better(item: Measurement, unread: UnreadTimes) -> bool:
    """Whether we missed more than a short gap, and the other collector missed less."""
    announced_at = item.until_at - item.age * HOUR
    unread_time = unread.of(item.network, announced_at, item.until_at)
    return unread_time > TURN and item.unread < unread_time


def with_replacements(
    own: Sequence[Engagement], better: Sequence[Measurement], announced_at: int, archive: str
) -> Iterator[Engagement]:
    """A paper's rows, with better ones at the same age and moment in place of ours."""
    counts = {(item.network, item.age): item for item in better if item.until_at == announced_at + item.age * HOUR}
    for row in own:
        has_reached_age = row.until == row.announced_at + row.age * HOUR
        if not row.announced_at or (row.network, row.age) not in counts or not has_reached_age:
            yield row
    for item in counts.values():
        yield Engagement(
            paper=item.paper,
            announced_at=announced_at,
            age=item.age,
            until=item.until_at,
            peer=1,
            network=item.network,
            archive=archive,
            voices=item.voices,
            reposts=item.reposts,
            likes=item.likes,
            bots=item.bots,
            known=item.known,
            authors=item.authors,
            counted=item.counted,
            collector=item.source,
        )


# ---- how far others' counts agree -----------------------------------------------------------------------


def witnessed_counts(view: AsOfView, candidates: Sequence[Candidate]) -> WitnessedCounts | msgspec.UnsetType:
    """How many of the papers' counts others made too, and how many of those agree. UNSET if there are none."""
    if not queries.has_measurements(view):
        return msgspec.UNSET
    # What others who read a network in full counted for the papers, by paper, network and moment
    measured = view.items_among(Measurement, "paper", (candidate.paper for candidate in candidates))
    others = lists_by_key(((item.paper, item.network, item.until_at), item) for item in measured if item.unread <= TURN)
    pairs = []
    for candidate in candidates:
        for attention in candidate.attention:
            counts = others.get((candidate.paper, attention.network, attention.until), ())
            if items := [item for item in counts if item.source != attention.collector]:
                pairs.append((attention, items))
    if not pairs:
        return msgspec.UNSET
    names = {item.source for _, items in pairs for item in items}
    close = sum(all(is_close(attention.voices, item.voices) for item in items) for attention, items in pairs)
    return WitnessedCounts(collectors=tuple(sorted(names)), counts=len(pairs), close=close)


def is_close(voices: int, others: int) -> bool:
    """Whether two counts differ by at most a tenth or two voices."""
    return abs(voices - others) <= max(2, max(voices, others) // 10)
