"""Who reads which source, when a host may be asked again, and how each source is doing.

These rows are about the work, not about the world: they are no items, are in no batch and in no export.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

LEASE = 16_000_000
"""Microseconds that a lease holds; its holder renews it while it works, so what a dead one left is taken over then."""
MOST_AHEAD = 600_000_000
"""Microseconds by which a host's next moment is ahead at most: what is further off was reserved by a clock that was
wrong."""


COUNTS = "/counts"
"""After a source's name: the job that reads its counts again."""
WORKING = "at work"
"""A job's state in a round."""


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """How a source is doing. Moments in µs UTC, None when there is none.

    `success_at`: the last page that was stored. `covered_to`: up to when the network was read without a gap.
    `failing_since` and `reason`: since when and why it cannot be read. `next_at`: when it is asked next. `bytes_in`,
    `bytes_out`, `requests`: traffic since `traffic_from`. `quarantined`: how much could not be read so far.
    `back_to`: the moment back to which it is read at first, where it is; `back_at`: when that was done.
    """

    source: str
    started_at: int | None = None
    success_at: int | None = None
    covered_to: int | None = None
    failing_since: int | None = None
    state: str = "idle"
    reason: str = ""
    next_at: int | None = None
    items: int = 0
    quarantined: int = 0
    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    traffic_from: int | None = None
    back_to: int | None = None
    back_at: int | None = None


def readers(known: Iterable[JobState], network: str) -> list[JobState]:
    """Of all jobs those that read a network: one, or one for each part of its stream."""
    return [
        status for status in known
        if status.source == network or (status.source.startswith(f"{network}/") and not status.source.endswith(COUNTS))
    ]  # fmt: skip
