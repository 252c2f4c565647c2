"""The site's health: problems that need attention, and metrics in Prometheus's format.

https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.durations import format_duration
from hotpapers.base.model import HOUR
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import FIRST_WAIT, site_started_at
from hotpapers.issues.windows import announcement_limit
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import JobState
from hotpapers.publish.schedule.due import days_without_issue, next_issues
from hotpapers.record import Record
from hotpapers.record.statistics import StoreTotals

SILENT = HOUR // 4
"""Microseconds after which an overdue job is considered dead."""
SILENT_IN_ROUND = 24 * HOUR
"""The same within a single round, in which jobs are done one after the other."""
FROM_OUTSIDE = ("schedule", "summaries")
"""Jobs started by a host or by an issue: their silence does not mean that the program is not running."""
OVERDUE = HOUR
"""How late an issue may be, µs."""


class SiteHealth(NamedTuple):
    """Whether all is well. `problems`: those that need attention; `failing`: the jobs that fail now, with the reason;
    `without_issue`: the days of the last two weeks that have no issue because nothing was read.

    A network that refuses is not a problem here: issues still appear, and say that it is unknown.
    """

    ok: bool
    problems: tuple[str, ...]
    failing: tuple[str, ...]
    without_issue: tuple[str, ...] = ()


def assess_health(
    record: Record,
    publications: Sequence[str],
    at: int,
    open_alarms: Iterable[str] = (),
    jobs: Collection[str] | None = None,
    *,
    once: bool = False,
) -> SiteHealth:
    """The health of a site's jobs, whichever processes run them. `open_alarms`: of its wings.
    `jobs`: those that the settings ask for, all by default; others are switched off. `once`: whether this is asked in a
    single round, in which jobs that are done early are silent until it ends."""
    states = [status for status in jobs_queries.all_states(record) if jobs is None or status.source in jobs]
    overdue = _overdue(record, publications, at)
    dead = dead_jobs(states, at, SILENT_IN_ROUND if once else SILENT)
    problems = [*dead, *overdue, *open_alarms]
    failing = tuple(
        f"{status.source}: {status.state}: {status.reason}" for status in states if status.failing_since is not None
    )
    problems += [text for text in failing if text.startswith(("issues:", "housekeeping:"))]
    without_issue = (str(day) for name in publications for day in days_without_issue(record, name, at))
    return SiteHealth(not problems, tuple(problems), failing, tuple(without_issue))


def dead_jobs(states: Iterable[JobState], at: int, silent: int) -> Iterator[str]:
    """Jobs that have been silent for longer than they should."""
    for job in states:
        signs = list(filter(None, (job.success_at, job.started_at, job.failing_since)))
        past_signs = [moment for moment in signs if moment <= at + SILENT]
        if past_signs and len(past_signs) < len(signs):  # the clock was ahead at times
            last_sign = max(past_signs)
        else:
            last_sign = max([*signs, job.next_at or 0])
        if job.source not in FROM_OUTSIDE and last_sign + silent < at:
            yield f"{job.source}: nothing heard for {format_duration((at - last_sign) / 1e6)}; is the program running?"


def _overdue(record: Record, publications: Iterable[str], at: int) -> Iterator[str]:
    began_at = None
    for name, day, closes_at, waits_for, failure in next_issues(record, publications, at):
        if closes_at <= at:
            began_at = began_at or site_started_at(record.view()) or 0
            if at > max(announcement_limit(publication_of(record, name), day), began_at + FIRST_WAIT) + OVERDUE:
                reason = f": {failure}" if failure else ""
                if waits_for:
                    reason = f": it waits for {waits_for}"
                yield f"{name}: the issue of {day} is overdue{reason}"


# ---- metrics -------------------------------------------------------------------------------------------

Samples = Iterable[tuple[str, float]]
"""Job and value; the job is empty for a metric of the whole site."""
_OF_JOBS = (
    ("job_success_seconds", "Time of a job's last success, since 1970", "success_at", 1e6),
    ("job_covered_seconds", "Time up to which a network was read", "covered_to", 1e6),
    ("job_items_total", "Items that a job added to the record", "items", 1),
    ("job_quarantined_total", "Payloads that a job could not read", "quarantined", 1),
    ("job_requests_total", "Requests", "requests", 1),
    ("job_received_bytes_total", "Bytes received", "bytes_in", 1),
    ("job_sent_bytes_total", "Bytes sent", "bytes_out", 1),
)
"""Name, meaning, the field of a job's state, and how many of the field's units are one of the metric's."""


def format_metrics(totals: StoreTotals, states: Sequence[JobState], site_health: SiteHealth) -> str:
    """All metrics in Prometheus's text format."""
    lines = list[str]()
    for name, meaning, samples in _metrics(totals, states, site_health):
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += (f"# HELP hotpapers_{name} {meaning}", f"# TYPE hotpapers_{name} {kind}")
        for job, value in samples:
            labels = f'{{job="{job}"}}' if job else ""
            lines.append(f"hotpapers_{name}{labels} {value:.15g}")
    return "\n".join([*lines, ""])


def _metrics(
    totals: StoreTotals, states: Sequence[JobState], site_health: SiteHealth
) -> Iterator[tuple[str, str, Samples]]:
    yield "up", "1 while nothing needs attention", [("", site_health.ok)]
    yield "store_bytes", "Size of the store", [("", totals.size)]
    yield "batches_total", "Batches written", [("", totals.batches)]
    yield "issues", "Frozen issues", [("", totals.issues)]
    yield "quarantine", "Unreadable payloads in quarantine", [("", totals.quarantine)]
    yield "job_failing", "1 while a job is failing", [(job.source, job.failing_since is not None) for job in states]
    for name, meaning, field, unit in _OF_JOBS:
        values = ((job.source, getattr(job, field)) for job in states)
        yield name, meaning, [(job, value / unit) for job, value in values if value is not None]
