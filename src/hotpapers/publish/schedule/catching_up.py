"""After the program did not run: what is still being read up to now, for which due issues wait."""

from __future__ import annotations

from collections.abc import Sequence

from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.collect.jobs.job_state import COUNTS, JobState
from hotpapers.issues.coverage import TURN
from hotpapers.publish.schedule.first_issue import is_given_up
from hotpapers.record import Record


def still_catching_up(record: Record, jobs: Sequence[str], at: int) -> list[str]:
    """The jobs that have not yet read their network up to now, but try to. `at`: now, µs UTC."""
    return [
        state.source
        for state in jobs_queries.all_states(record)
        if state.source in jobs and not state.source.endswith(COUNTS) and _is_catching_up(state, at)
    ]


def _is_catching_up(state: JobState, at: int) -> bool:
    if state.covered_to is None or at - state.covered_to <= TURN or is_given_up(state, at):
        return False
    is_resting = state.failing_since is None and state.next_at is not None and state.next_at > at
    return not is_resting
