"""The site's health: problems that need attention, and metrics in Prometheus's format.

https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.durations import duration
from hotpapers.base.model import HOUR
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.collect.jobs.job_state import JobState
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import FIRST_WAIT, site_started_at
from hotpapers.issues.windows import limit_of
from hotpapers.publish.schedule.next_issues import days_without_issue, next_issues
from hotpapers.record import Record
from hotpapers.record.statistics import StoreTotals

SILENT = HOUR // 4
"""Microseconds after which an overdue job is considered dead."""
FROM_OUTSIDE = ("schedule", "summaries")
"""Jobs started by a host or by an issue: their silence does not mean that the program is not running."""
OVERDUE = HOUR
"""How late an issue may be, µs."""


class SiteHealth(NamedTuple):
    """Whether all is well. `problems`: what needs attention; `failing`: the jobs that fail now, with the reason;
    `without_issue`: the days of the last two weeks that have no issue because nothing was read.

    A network that refuses is not a problem here: issues still appear, and say that it is unknown.
    """

    ok: bool
    problems: tuple[str, ...]
    failing: tuple[str, ...]
    without_issue: tuple[str, ...] = ()


def health(
    record: Record,
    publications: Sequence[str],
    at: int,
    open_alarms: Iterable[str] = (),
    jobs: Collection[str] | None = None,
) -> SiteHealth:
    """The health of a site's jobs, whichever processes run them. `open_alarms`: of its wings.
    `jobs`: those that the settings ask for, all by default; others are switched off."""
    states = [status for status in jobs_queries.all_states(record) if jobs is None or status.source in jobs]
    problems = [*dead_jobs(states, at), *_overdue(record, publications, at), *open_alarms]
    failing = tuple(
        f"{status.source}: {status.state}: {status.reason}" for status in states if status.failing_since is not None
    )
    problems += [text for text in failing if text.startswith(("issues:", "housekeeping:"))]
    without_issue = (str(day) for name in publications for day in days_without_issue(record, name, at))
    return SiteHealth(not problems, tuple(problems), failing, tuple(without_issue))


def dead_jobs(states: Iterable[JobState], at: int) -> Iterator[str]:
    """Jobs that have been silent for longer than they should."""
    for status in states:
        last_sign = max(
            moment or 0 for moment in (status.success_at, status.started_at, status.next_at, status.failing_since)
        )
        if status.source not in FROM_OUTSIDE and last_sign + SILENT < at:
            yield f"{status.source}: nothing heard for {duration((at - last_sign) / 1e6)}; is the program running?"


def _overdue(record: Record, publications: Iterable[str], at: int) -> Iterator[str]:
    waits = 0
    for following in next_issues(record, publications, at):
        if following.at > at:
            continue
        name, day, _, waits_for = following
        waits = waits or (site_started_at(record.view()) or 0) + FIRST_WAIT
        if at > max(limit_of(publication_of(record, name), day), waits) + OVERDUE:
            yield f"{name}: the issue of {day} is overdue{f': it waits for {waits_for}' if waits_for else ''}"


# ---- metrics -------------------------------------------------------------------------------------------


class Metric(NamedTuple):
    """One metric. `samples`: label and value."""

    name: str
    type: str
    help: str
    samples: Sequence[tuple[str, float]]


def metrics(totals: StoreTotals, states: Sequence[JobState], site_health: SiteHealth) -> str:
    """All metrics in Prometheus's text format."""
    return "".join(_lines(metric) for metric in _metrics(totals, states, site_health))


def _metrics(totals: StoreTotals, states: Sequence[JobState], site_health: SiteHealth) -> Iterator[Metric]:
    def per_job(name: str, type: str, help: str, field: str, unit: float = 1) -> Metric:
        values = ((status.source, getattr(status, field)) for status in states)
        return Metric(name, type, help, [(job, value / unit) for job, value in values if value is not None])

    yield Metric("hotpapers_up", "gauge", "1 while nothing needs attention", [("", float(site_health.ok))])
    yield Metric("hotpapers_store_bytes", "gauge", "Size of the store", [("", totals.size)])
    yield Metric("hotpapers_batches_total", "counter", "Batches written", [("", totals.batches)])
    yield Metric("hotpapers_issues", "gauge", "Frozen issues", [("", totals.issues)])
    yield Metric("hotpapers_quarantine", "gauge", "Unreadable payloads in quarantine", [("", totals.quarantine)])
    failing = [(status.source, float(status.failing_since is not None)) for status in states]
    yield Metric("hotpapers_job_failing", "gauge", "1 while a job is failing", failing)
    yield per_job(
        "hotpapers_job_success_seconds", "gauge", "Time of a job's last success, since 1970", "success_at", 1e6
    )
    yield per_job("hotpapers_job_covered_seconds", "gauge", "Time up to which a network was read", "covered_to", 1e6)
    yield per_job("hotpapers_job_items_total", "counter", "Items that a job added to the record", "items")
    yield per_job("hotpapers_job_quarantined_total", "counter", "Payloads that a job could not read", "quarantined")
    yield per_job("hotpapers_job_requests_total", "counter", "Requests", "requests")
    yield per_job("hotpapers_job_received_bytes_total", "counter", "Bytes received", "bytes_in")
    yield per_job("hotpapers_job_sent_bytes_total", "counter", "Bytes sent", "bytes_out")


def _lines(metric: Metric) -> str:
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.type}"]
    for label, value in metric.samples:
        labels = f'{{job="{label}"}}' if label else ""
        lines.append(f"{metric.name}{labels} {value:.15g}")
    return "\n".join(lines) + "\n"
