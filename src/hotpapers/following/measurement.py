"""What a followed site's observations count, by the code that counts ours, into our record under the site's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.engagement.attention import Engagement, read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.engagement.standing.queries import learn_standing
from hotpapers.following.file_intake import IntakeResult, TimeSpan
from hotpapers.issues.coverage import unread_times
from hotpapers.model import DAY, NETWORKS, Coverage, Measurement
from hotpapers.store import AsOfView, Record
from hotpapers.store.database import slices
from hotpapers.store.identities import numbers_of

CHUNK = 5_000
"""Items of one batch."""
RECENT = 8 * DAY
"""For how long after its announcement a paper's counts change with each file: the last age is that of a week."""


class Counting(NamedTuple):
    """What is counted: papers announced from `since` on. `until`: up to when files are here; `missing`: from when until
    when before that they are not. µs UTC."""

    since: int
    until: int
    missing: tuple[TimeSpan, ...] = ()


def counting_of(intake_result: IntakeResult, counted_until: int, *, is_next: bool) -> Counting:
    """What is to be counted after a round. Files of the day that was counted last concern papers of the week before;
    with the first file of a day all are counted: by then it may be known of older voices whether they vouch, and what
    was observed late is counted too. `counted_until`: up to when files were counted; `is_next`: whether nothing came
    since but what this round took in."""
    is_same_day = counted_until // DAY == intake_result.until // DAY
    return Counting(
        max(intake_result.since - RECENT, 0) if is_next and is_same_day else 0,
        intake_result.until,
        intake_result.missing,
    )


def keep_measurements(record: Record, source: str, peer: Record, counting: Counting, at: int) -> int:
    """Counts anew and keeps what our record does not say already; how many counts are new or others. Raises
    StoreError."""
    learn_standing(peer.database)
    rows = list(_measured(peer.view(counting.until), source, counting, at))
    known = _known(record, source, sorted({item.paper for item in rows}))
    fresh = [item for item in rows if known.get(_key(item)) != msgspec.structs.replace(item, observed_at=0)]
    for start in range(0, len(fresh), CHUNK):
        record.append(fresh[start : start + CHUNK], source=f"follow/{source}", at=at)
    return len(fresh)


def _measured(view: AsOfView, source: str, counting: Counting, at: int) -> Iterator[Measurement]:
    """What the papers had at the ages that they had reached by the end of a view."""
    unread = unread_times(view, _blind(counting.missing, view.as_of))
    for row in read_engagement(view, MeasurementWindow(with_standing=True, announced_from=counting.since)):
        if row.peer:
            yield _item(row, source, unread.of(row.network, row.announced_at, row.until), at)


def _item(row: Engagement, source: str, unread: int, at: int) -> Measurement:
    return Measurement(
        source=source, paper=row.paper, network=row.network, age=row.age, until_at=row.until, voices=row.voices,
        reposts=row.reposts, likes=row.likes, bots=row.bots, known=row.known, authors=row.authors,
        counted=row.counted, unread=unread, observed_at=at,
    )  # fmt: skip


def _blind(missing: Sequence[TimeSpan], at: int) -> list[Coverage]:
    """That nothing is known of the hours of which there is no file."""
    return [
        Coverage(network=network, from_at=start, until_at=end, state="refused", observed_at=at)
        for network in NETWORKS
        for start, end in missing
    ]


def _known(record: Record, source: str, papers: Sequence[str]) -> dict[tuple[str, str, int], Measurement]:
    """What our record says of the same papers."""
    view, result = record.view(), {}
    for some in slices(papers):
        for item in view.items(Measurement, f"t.source = ? AND t.paper IN ({numbers_of(some)})", (source, *some)):
            result[_key(item)] = msgspec.structs.replace(item, observed_at=0)
    return result


def _key(item: Measurement) -> tuple[str, str, int]:
    return item.paper, item.network, item.age
