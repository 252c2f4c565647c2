"""Who reads which source, when a host may be asked again, and how each source is doing.

These rows are bookkeeping, not observations: they are not items and appear in no batch or export.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

LEASE = 16_000_000
"""Microseconds that a lease lasts. Its holder renews it while working; a dead holder's lease is taken over when it
ends."""

MAX_WAIT_AHEAD = 600_000_000
"""Microseconds that a host's next moment may lie ahead. Anything further was reserved by a wrong clock."""

COUNTS = "/counts"
"""Suffix of a source's name: the job that recounts its posts."""
SCHEDULED_RUN = "schedule"
RUNNING = "running"
"""The job of a host that writes all pages when its run ends, and its state until then."""
WORKING = "at work"
"""A job's state during a round."""
UNREACHABLE = "down"
"""A job's state while its network cannot be reached."""


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """How a source is doing. Moments are µs UTC, or None.

    `success_at`: when a page was last stored. `covered_to`: the moment up to which the network was read without a gap.
    `failing_since` and `reason`: since when and why it cannot be read. `next_at`: when it is asked next; `not_before`:
    until when the network said not to ask. `bytes_in`, `bytes_out`, `requests`: traffic since `traffic_from`.
    `quarantined`: how many payloads could not be parsed so far. `back_to`: how far back the first reading goes, if it
    does; `back_at`: when that was finished.
    """

    source: str
    started_at: int | None = None
    success_at: int | None = None
    covered_to: int | None = None
    failing_since: int | None = None
    state: str = "idle"
    reason: str = ""
    next_at: int | None = None
    not_before: int | None = None
    items: int = 0
    quarantined: int = 0
    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    traffic_from: int | None = None
    back_to: int | None = None
    back_at: int | None = None


def state_of(known: Iterable[JobState], job: str) -> JobState | None:
    """A job's state; None if it never ran."""
    return next((state for state in known if state.source == job), None)


def seems_offline(jobs: Iterable[str], known: Iterable[JobState]) -> bool:
    """Whether none of the jobs that read networks can reach one; those that recount do not matter. A network that
    refuses is reached. A job that tries again keeps since when it has failed."""
    readers = [job for job in jobs if not job.endswith(COUNTS)]
    failing = [state for state in known if state.source in readers and state.failing_since is not None]
    states = {state.state for state in failing}
    return bool(readers) and len(failing) == len(readers) and UNREACHABLE in states <= {UNREACHABLE, WORKING}
