"""The following job: every ten minutes, fetch and check a site's log, take in what is new, and count it, with the code
that counts our observations, into our record under the site's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from hotpapers.base import network_terms
from hotpapers.base.errors import LogError, NotAProof, PartiallyRead, RequestRefused, RewrittenPast
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY, Coverage, HttpClient, Measurement
from hotpapers.base.networks import network_names
from hotpapers.discussion.engagement import attention, measurement
from hotpapers.discussion.engagement.standing.queries import learn_standing
from hotpapers.issues.coverage import unread_times
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.loop import JobContext
from hotpapers.record import Record, batches
from hotpapers.wings.peers.following.fetched_log import (
    FetchedLogs,
    FollowedSite,
    LoggedFolder,
    check_new_site,
    fetch_log,
    key_changes,
    policy_of,
)
from hotpapers.wings.peers.following.file_intake import Intake, IntakeResult, ProgressBar, missed_list, no_bar
from hotpapers.wings.proof.alarms import Alarm, clear_alarm, save_alarm

EVERY = 600.0
"""Seconds between two rounds: an hour's file arrives within a quarter of an hour after the hour, and withdrawals take
effect as quickly."""
RECORD = "record.db"
REWRITTEN, UNBELIEVED = "rewritten past", "not believed"
"""Kinds of alarms about a site. The second ends once the problem is fixed."""
MAX_LEAVES = 1 << 20
"""Most leaves of all logs of a site together: its own policy, which is taken if you name none, can list 200 logs."""
MAX_NAMED_PROBLEMS = 10
"""Most problems that an alarm, or the job's state, names."""


class FollowOutcome(NamedTuple):
    """A round's results: new files and observations, forgotten posts and accounts, new or changed counts. `problems`:
    everything that went wrong."""

    files: int
    observations: int
    withdrawn: int
    counts: int
    problems: tuple[str, ...]


def job_name(source: str) -> str:
    """The name of the job that follows a site, and of its batches in the record."""
    return f"follow/{source}"


def follow_site(
    site: FollowedSite, record: Record, http: HttpClient, allowed: network_terms.Table, progress: ProgressBar = no_bar
) -> FollowOutcome:
    """Run one round. Data that fails its checks raises an alarm until fixed; a site that does not answer does not.
    Raises NetError if the site does not answer, NotAProof if it has no log, LogError if our copy is damaged,
    StoreError."""
    site.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        check_new_site(site, http)
        fetched = _fetch_logs(site, http)
        with _open_copy(site, fetched.logs, http.now()) as peer:
            before = peer.head.position
            intake_result = Intake(site, fetched, peer, http, allowed).run(progress)
            _update_alarm(site, intake_result.problems, http.now())
            counts = _count(site, record, peer, before, intake_result, http.now())
    except NotAProof as problem:
        _update_alarm(site, (str(problem),), http.now())
        raise
    return FollowOutcome(
        intake_result.files, intake_result.items, intake_result.withdrawn, counts, intake_result.all_problems
    )


def _open_copy(site: FollowedSite, logs: Sequence[LoggedFolder], at: int) -> Record:
    """The store of a site's observations. If it was not updated for so long that it can no longer learn about
    withdrawals, it is replaced by a new one. Raises StoreError."""
    file = site.folder / RECORD
    with Record(str(file)) as peer:
        missed = missed_list(peer, logs, at)
    if missed:
        log_event("fetching again", source=site.name, reason=f"{missed} was not applied and is no longer published")
        for part in site.folder.glob(f"{RECORD}*"):
            part.unlink()
    return Record(str(file))


def _count(site: FollowedSite, record: Record, peer: Record, before: int, intake_result: IntakeResult, at: int) -> int:
    """Count what came since the last count; returns how many counts are new or changed. `before`: the last batch of
    the site's observations when the round began."""
    counted, _, counted_until = (batches.cursor_of(record.database, job_name(site.name)) or "0 0").partition(" ")
    position = peer.head.position
    if not intake_result.until or int(counted) == position:
        return 0
    is_next = int(counted) == before
    counts = 0
    if intake_result.files or not is_next:  # forgetting alone changes no counts
        since = counted_since(intake_result, int(counted_until), is_next=is_next)
        counts = save_measurements(record, site.name, peer, intake_result, since, at)
    cursor = f"{position} {intake_result.until}"
    record.append([], source=job_name(site.name), cursor=cursor)
    return counts


def _update_alarm(site: FollowedSite, problems: Sequence[str], at: int) -> None:
    """Save an alarm about the site's current problems, or clear it if there are none."""
    if not problems:
        clear_alarm(site.folder, site.name, UNBELIEVED)
        return
    save_alarm(site.folder, Alarm(site.name, UNBELIEVED, _first_named(problems), at))


def _first_named(problems: Sequence[str]) -> str:
    """The first problems, and how many more there are: a log can cause a million."""
    if len(problems) > MAX_NAMED_PROBLEMS:
        more = [f"and {len(problems) - MAX_NAMED_PROBLEMS:,} more"]
    else:
        more = []
    return "; ".join([*problems[:MAX_NAMED_PROBLEMS], *more])


def fetch_site(
    site: FollowedSite, peer: Record, http: HttpClient, allowed: network_terms.Table, progress: ProgressBar
) -> IntakeResult:
    """Add a site's observations that are in its log to a store of their own. A rewritten past raises an alarm until the
    operator has dealt with it. Raises like `follow_site`."""
    return Intake(site, _fetch_logs(site, http), peer, http, allowed).run(progress)


def _fetch_logs(site: FollowedSite, http: HttpClient) -> FetchedLogs:
    policy = policy_of(site, http)
    logs = list[LoggedFolder]()
    problems = key_changes(site, policy, http)
    others = list[str]()
    for log in policy.logs:
        try:
            total = sum(len(log.entries) for log in logs)
            logs.append(fetch_log(site, log, policy, http, MAX_LEAVES - total))
        except (RewrittenPast, LogError, RequestRefused) as problem:  # LogError: too few witnesses so far
            if isinstance(problem, RequestRefused) and not problems:  # otherwise a log may be lost, and others go on
                raise
            others.append(str(problem))
            if isinstance(problem, RewrittenPast):
                proven = Alarm(site.name, REWRITTEN, str(problem), http.now(), evidence=problem.evidence)
                save_alarm(site.folder, proven)
        except NotAProof as problem:
            problems.append(str(problem))
    return FetchedLogs(tuple(logs), tuple(problems), tuple(others))


class FollowJob:
    """The job that follows one site."""

    def __init__(self, site: FollowedSite, connection: Connection, allowed: network_terms.Table) -> None:
        self.name = job_name(site.name)
        self._site = site
        self._connection = connection
        self._allowed = allowed

    def close(self) -> None:
        self._connection.close()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Run one round; returns the seconds until the next. Raises PartiallyRead with the problems of the site,
        including an absent file, which may be temporary while a host deploys a new version of the site."""
        context.check_lease()
        try:
            outcome = follow_site(self._site, context.record, self._connection.http, self._allowed)
        except (NotAProof, LogError, RequestRefused) as problem:
            raise PartiallyRead(str(problem)) from problem
        context.note(success_at=self._connection.http.now(), items=context.status.items + outcome.observations)
        if outcome.problems:
            raise PartiallyRead(_first_named(outcome.problems))
        return EVERY


# ---- counting --------------------------------------------------------------------------------------------

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
    counted = peer.view(intake_result.until)  # each age that the papers had reached by then
    hours_without_file = [
        Coverage(network=network, from_at=start, until_at=end, state="refused", observed_at=counted.as_of)
        for network in network_names()
        for start, end in intake_result.missing
    ]
    unread = unread_times(counted, hours_without_file)
    window = measurement.MeasurementWindow(with_standing=True, announced_from=since)
    rows = [
        Measurement(
            paper=row.paper,
            network=row.network,
            age=row.age,
            voices=row.voices,
            reposts=row.reposts,
            likes=row.likes,
            bots=row.bots,
            known=row.known,
            authors=row.authors,
            counted=row.counted,
            source=source,
            until_at=row.until,
            unread=unread.of(row.network, row.announced_at, row.until),
            observed_at=at,
        )
        for row in attention.read_engagement(counted, window)
        if row.peer
    ]
    measurements = record.view().items_among(Measurement, "paper", (item.paper for item in rows))
    known = {_key(item): replace(item, observed_at=0) for item in measurements if item.source == source}
    new_rows = [item for item in rows if known.get(_key(item)) != replace(item, observed_at=0)]
    for start in range(0, len(new_rows), CHUNK):
        chunk = new_rows[start : start + CHUNK]
        record.append(chunk, source=job_name(source), at=at)
    return len(new_rows)


def _key(item: Measurement) -> tuple[str, str, int]:
    return item.paper, item.network, item.age
