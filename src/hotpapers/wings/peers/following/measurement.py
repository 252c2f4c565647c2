"""Counts a followed site's observations with the code that counts ours, into our record under the site's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hotpapers.base.model import DAY, NETWORKS, Coverage, Measurement
from hotpapers.base.spans import Span
from hotpapers.issues.coverage import unread_times
from hotpapers.issues.engagement.attention import Engagement, read_engagement
from hotpapers.issues.engagement.measurement import MeasurementWindow
from hotpapers.issues.engagement.standing.queries import learn_standing
from hotpapers.record import AsOfView, Record
from hotpapers.record.database import slices
from hotpapers.record.identities import numbers_of
from hotpapers.wings.peers.following.file_intake import IntakeResult

CHUNK = 5_000
"""Items of one batch."""
RECENT = 8 * DAY
"""How long after its announcement a paper's counts change with each file: the last age is one week."""


def counted_since(intake_result: IntakeResult, counted_until: int, *, is_next: bool) -> int:
    """The moment since when papers were announced whose counts may be others after a round. Further files of the day
    counted last only concern papers of the week before. With a day's first file, all papers are counted: older voices
    may have gained standing by then, and late observations count too. `counted_until`: up to when files were counted;
    `is_next`: whether this round brought the only new files since then. All µs UTC."""
    is_same_day = counted_until // DAY == intake_result.until // DAY
    return max(intake_result.since - RECENT, 0) if is_next and is_same_day else 0


def save_measurements(
    record: Record, source: str, peer: Record, intake_result: IntakeResult, since: int, at: int
) -> int:
    """Recounts the papers announced `since` a moment, after a round, and stores what our record does not have already;
    returns how many counts are new or changed. Raises StoreError."""
    learn_standing(peer.database)
    measured = _measured(peer.view(intake_result.until), since, intake_result.missing)
    rows = [_item(row, source, unread, at) for row, unread in measured]
    known = _known(record, source, sorted({item.paper for item in rows}))
    new_rows = [item for item in rows if known.get(_key(item)) != msgspec.structs.replace(item, observed_at=0)]
    for start in range(0, len(new_rows), CHUNK):
        record.append(new_rows[start : start + CHUNK], source=f"follow/{source}", at=at)
    return len(new_rows)


def _measured(view: AsOfView, since: int, missing: Sequence[Span]) -> Iterator[tuple[Engagement, int]]:
    """The papers' counts at each age that they had reached by the end of a view, and how long was not read."""
    hours_without_file = [
        Coverage(network=network, from_at=start, until_at=end, state="refused", observed_at=view.as_of)
        for network in NETWORKS
        for start, end in missing
    ]
    unread = unread_times(view, hours_without_file)
    for row in read_engagement(view, MeasurementWindow(with_standing=True, announced_from=since)):
        if row.peer:
            yield row, unread.of(row.network, row.announced_at, row.until)


def _item(row: Engagement, source: str, unread: int, at: int) -> Measurement:
    return Measurement(
        source=source,
        paper=row.paper,
        network=row.network,
        age=row.age,
        until_at=row.until,
        voices=row.voices,
        reposts=row.reposts,
        likes=row.likes,
        bots=row.bots,
        known=row.known,
        authors=row.authors,
        counted=row.counted,
        unread=unread,
        observed_at=at,
    )


def _known(record: Record, source: str, papers: Sequence[str]) -> dict[tuple[str, str, int], Measurement]:
    """What our record says about the same papers."""
    view, result = record.view(), {}
    for chunk in slices(papers):
        for item in view.items(Measurement, f"t.source = ? AND t.paper IN ({numbers_of(chunk)})", (source, *chunk)):
            result[_key(item)] = msgspec.structs.replace(item, observed_at=0)
    return result


def _key(item: Measurement) -> tuple[str, str, int]:
    return item.paper, item.network, item.age
