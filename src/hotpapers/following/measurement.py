"""What a followed site's observations count, by the code that counts ours, into our record under the site's name."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from hotpapers.engagement.attention import Engagement, read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.engagement.standing.queries import learn_standing
from hotpapers.issues.coverage import unread_times
from hotpapers.model import DAY, NETWORKS, Coverage, Measurement
from hotpapers.store import AsOfView, Record

CHUNK = 5_000
"""Items of one batch."""


def keep_measurements(
    record: Record, source: str, peer: Record, until: int, missing: Collection[int], at: int
) -> int:  # fmt: skip
    """Counts anew and keeps what our record does not say already; how many counts are new or others. `until`: up to
    when files are here; `missing`: days before that are not. Raises StoreError."""
    learn_standing(peer.database)
    known = _known(record, source)
    rows = _measured(peer.view(until), source, missing, at)
    fresh = [item for item in rows if known.get(_key(item)) != msgspec.structs.replace(item, observed_at=0)]
    for start in range(0, len(fresh), CHUNK):
        record.append(fresh[start : start + CHUNK], source=f"follow/{source}", at=at)
    return len(fresh)


def _measured(view: AsOfView, source: str, missing: Collection[int], at: int) -> Iterator[Measurement]:
    """What the papers had at the ages that they had reached by the end of a view."""
    unread = unread_times(view, _blind(missing, view.as_of))
    for row in read_engagement(view, MeasurementWindow(with_standing=True)):
        if row.peer:
            yield _item(row, source, unread.of(row.network, row.announced_at, row.until), at)


def _item(row: Engagement, source: str, unread: int, at: int) -> Measurement:
    return Measurement(
        source=source, paper=row.paper, network=row.network, age=row.age, until_at=row.until, voices=row.voices,
        reposts=row.reposts, likes=row.likes, bots=row.bots, known=row.known, authors=row.authors,
        counted=row.counted, unread=unread, observed_at=at,
    )  # fmt: skip


def _blind(missing: Collection[int], at: int) -> list[Coverage]:
    """That nothing is known of the days of which there is no file."""
    return [
        Coverage(network=network, from_at=day * DAY, until_at=(day + 1) * DAY, state="refused", observed_at=at)
        for network in NETWORKS
        for day in missing
    ]


def _known(record: Record, source: str) -> dict[tuple[str, str, int], Measurement]:
    rows = record.view().latest(Measurement, "t.source = ?", (source,))
    items = (row.item for row in rows if isinstance(row.item, Measurement))
    return {_key(item): msgspec.structs.replace(item, observed_at=0) for item in items}


def _key(item: Measurement) -> tuple[str, str, int]:
    return item.paper, item.network, item.age
