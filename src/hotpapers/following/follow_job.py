"""Following as a job: every hour a site's log is fetched and checked, what is new taken in, and counted."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers import terms
from hotpapers.errors import LogError, NotAProof, PartiallyRead
from hotpapers.following.day_files import TakenFiles, take_files
from hotpapers.following.measurement import keep_measurements
from hotpapers.following.site_log import FollowedSite, LoggedFolder, fetch_log, policy_of, unknown_logs
from hotpapers.ingest.collect_job import Connection
from hotpapers.jobs.loop import JobContext
from hotpapers.model import HttpClient
from hotpapers.store import Record
from hotpapers.store.batches import cursor_of

EVERY = 3600.0
"""Seconds between two rounds: what was withdrawn is obeyed within the hour."""
RECORD = "record.db"


class FollowOutcome(NamedTuple):
    """What a round brought: files and observations, posts and accounts that were forgotten, counts that are new or
    others. `problems`: what could not be believed or had."""

    files: int
    observations: int
    withdrawn: int
    counts: int
    problems: tuple[str, ...]


def job_name(source: str) -> str:
    """The name of the job that follows a site, and of its batches in the record."""
    return f"follow/{source}"


def follow_site(site: FollowedSite, record: Record, http: HttpClient, allowed: terms.Table) -> FollowOutcome:
    """One round. Raises NetError where the site does not answer, NotAProof where it has no log, LogError where what was
    kept of it is damaged, StoreError."""
    site.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Record(str(site.folder / RECORD)) as peer:
        taken = fetch_site(site, peer, http, allowed)
        counts, state = 0, str(peer.head.position)
        if taken.until and cursor_of(record.database, job_name(site.name)) != state:
            counts = keep_measurements(record, site.name, peer, taken.until, taken.missing, http.now())
            record.append([], source=job_name(site.name), cursor=state)
    return FollowOutcome(taken.files, taken.items, taken.withdrawn, counts, taken.problems)


def fetch_site(site: FollowedSite, peer: Record, http: HttpClient, allowed: terms.Table) -> TakenFiles:
    """A site's observations, as far as its log holds them, into a store of their own. Raises as `follow_site` does."""
    logs, problems = _logs(site, http)
    taken = take_files(site, logs, peer, http, allowed)
    return taken._replace(problems=(*problems, *taken.problems))


def _logs(site: FollowedSite, http: HttpClient) -> tuple[list[LoggedFolder], list[str]]:
    """The site's logs, and what is wrong with them."""
    policy = policy_of(site, http)
    logs, problems = [], []
    for log in policy.logs:
        try:
            logs.append(fetch_log(site, log, policy, http))
        except (NotAProof, LogError) as problem:
            problems.append(str(problem))
    problems += [
        f"{site.name} names a log that the policy does not: add `log {key}` to it if you trust that key"
        for key in unknown_logs(site, policy, http)
    ]
    return logs, problems


class FollowJob:
    """The job of following one site."""

    def __init__(self, site: FollowedSite, line: Connection, allowed: terms.Table) -> None:
        self.name = job_name(site.name)
        self._site, self._line, self._allowed = site, line, allowed

    def close(self) -> None:
        """Ends the connections to the site."""
        self._line.close()

    def run_once(self, work: JobContext, *, once: bool) -> float:
        """One round; seconds until the next. Raises PartiallyRead with all that is wrong with the site."""
        work.check_lease()
        try:
            outcome = follow_site(self._site, work.record, self._line.http, self._allowed)
        except (NotAProof, LogError) as problem:
            raise PartiallyRead(str(problem)) from problem
        work.note(success_at=self._line.http.now(), items=work.status.items + outcome.observations)
        if outcome.problems:
            raise PartiallyRead("; ".join(outcome.problems))
        return EVERY
