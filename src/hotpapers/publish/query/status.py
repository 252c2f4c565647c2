"""The site's status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base import model
from hotpapers.base.model import DAY, Coverage, Publication, is_retrospective
from hotpapers.base.networks import network_names
from hotpapers.base.papers.announcement_days import ANNOUNCING
from hotpapers.base.text.timestamps import SECOND
from hotpapers.base.version import __version__
from hotpapers.issues.coverage import readings_since_start
from hotpapers.issues.queries import newest_issue
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import JobState
from hotpapers.jobs.next_steps import next_step
from hotpapers.publish.query import request_params, status_schemas
from hotpapers.publish.query.session import QuerySession
from hotpapers.record import Record, current_time, raw_archive
from hotpapers.record.statistics import written_between

EARLIER_DAYS = 14 * DAY
"""How far back incomplete arXiv days are reported."""
MIN_TRAFFIC_TIME = DAY // 24
"""Microseconds of observation from which daily traffic is estimated."""
STOPPED = "stopped"
"""The state of a job that was running when its program ended."""
OFF = "off"
"""The state of a job that is no longer in the settings."""
EVERYTHING = Publication(publication="", title="", observed_at=0)
"""A stand-in publication that counts every network."""


class JobHealth(NamedTuple):
    """How a job is doing. Times in µs UTC; `lag`: seconds since the end of what was read of its network; `day_in`,
    `day_out`: bytes per day; `quarantine`: how many of its rows could not be read and are kept; `back_to`: how far back
    it is still reading posts from before the site began; `step`: what to do about the failure of a network."""

    job: str
    state: str
    reason: str
    failing_since: int | None
    success_at: int | None
    lag: int | None
    next_at: int | None
    items: int
    requests: int
    day_in: int | None
    day_out: int | None
    quarantine: int
    back_to: int | None
    step: str


def status(session: QuerySession, _: request_params.NoParams) -> status_schemas.SiteStatus:
    """How the site is doing: its jobs, how the networks were read, the age of its latest issues."""
    return status_at(session, current_time())


def status_at(session: QuerySession, at: int) -> status_schemas.SiteStatus:
    """How the site is doing at a given time, µs UTC."""
    record = session.record
    _, last = written_between(record.database)
    return status_schemas.SiteStatus(
        version=__version__,
        at=at,
        position=session.position,
        last_at=last,
        issues=record.count(model.Issue),
        latest=tuple(
            status_schemas.LatestIssue(
                name, day, frozen_at, None if frozen_at is None else max(at - frozen_at, 0) // SECOND
            )
            for name in (item.publication for item in session.issue_reader().publications())
            if not is_retrospective(name)
            for day, frozen_at in [newest_issue(record.database, name) or (None, None)]
        ),
        # the reason for a failure may name folders and hosts, so the public only sees that a job fails and since when
        jobs=tuple(
            status_schemas.JobStatus(
                job=health.job,
                state=health.state,
                failing_since=health.failing_since,
                success_at=health.success_at,
                lag=health.lag,
                next_at=health.next_at,
                items=health.items,
                quarantine=health.quarantine,
                reason="" if session.public else health.reason,
            )
            for health in all_job_health(record, at)
        ),
        coverage=readings_since_start(record.view(at), EVERYTHING, at - DAY, ()),
        incomplete=tuple(incomplete_days(record, at)),
    )


def all_job_health(record: Record, at: int) -> list[JobHealth]:
    """All jobs of the site, whichever process runs them."""
    quarantine_sizes = raw_archive.count_by_source(record.database)
    held_jobs = jobs_queries.held_sources(record, at)
    return [
        job_health(status, int(quarantine_sizes.get(status.source, 0)), at, is_held=status.source in held_jobs)
        for status in jobs_queries.all_states(record)
    ]


def job_health(status: JobState, quarantine: int, at: int, *, is_held: bool) -> JobHealth:
    """A job's state in current figures. `is_held`: by a process; without one, a running job has stopped, and is due
    since then: `next_at` is when its round began, which for a stream may be long before."""
    time = at - status.traffic_from if status.traffic_from is not None else 0

    def daily(total: int) -> int | None:
        return total * DAY // time if time >= MIN_TRAFFIC_TIME else None

    state = status.state
    next_at = status.next_at
    if state == job_state.WORKING and not is_held:
        state = STOPPED
        next_at = max(filter(None, (status.next_at, status.success_at)), default=None)
    is_network = status.source.partition("/")[0] in (*network_names(), ANNOUNCING)
    return JobHealth(
        job=status.source,
        state=state,
        reason=status.reason,
        failing_since=status.failing_since,
        success_at=status.success_at,
        lag=None if status.covered_to is None else max(at - status.covered_to, 0) // SECOND,
        next_at=next_at,
        items=status.items,
        requests=status.requests,
        day_in=daily(status.bytes_in),
        day_out=daily(status.bytes_out),
        quarantine=quarantine,
        back_to=status.back_to if status.back_at is None else None,
        step=next_step(status.source, status.reason) if is_network and status.failing_since else "",
    )


def switched_off(job: JobHealth) -> JobHealth:
    """A job's health once it is switched off: it is not failing and has no next round."""
    return job._replace(state=OFF, reason="", failing_since=None, next_at=None, back_to=None, step="")


def incomplete_days(record: Record, at: int) -> Iterator[status_schemas.MissingPapers]:
    """Spans of days with missing arXiv papers, and which papers those are."""
    condition = "t.network = ? AND t.state <> 'complete' AND t.from_at > ?"
    for span in record.view().items(Coverage, condition, (ANNOUNCING, at - EARLIER_DAYS)):
        yield status_schemas.MissingPapers(from_at=span.from_at, until_at=span.until_at, reason=span.reason)
