"""An error that escapes a job fails only that job: it is logged and noted, and the job is retried with growing
waits."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hotpapers import schedule
from hotpapers.engagement import queries as engagement_queries
from hotpapers.errors import Stopped, StoreError, UsageError
from hotpapers.http import HostPacer, ServerClocks
from hotpapers.ingest import change_filter, collect_job, job_factory, pipeline
from hotpapers.ingest.collect_job import Connection
from hotpapers.ingest.job_factory import ConfiguredSource, IngestContext, make_jobs, read_settings
from hotpapers.ingest.shared_index import SharedPaperIndex
from hotpapers.jobs import isolation, job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import FAILED_AGAIN
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext, JobLoop
from hotpapers.jobs.runner import JobRunner
from hotpapers.model import DAY, HOUR, Publication
from hotpapers.schedule import (
    HousekeepingJob,
    IssueDestination,
    PublishJob,
    SenderDestination,
    SendJob,
    SiteHealth,
    housekeeping,
    publishing,
    sending,
)
from hotpapers.sources.lobsters import LobstersSource
from hotpapers.store import Record, batches
from tests.ingest.made import LIST
from tests.ingest.test_recount_job import post, story
from tests.schedule.test_sending import Box
from tests.sources.net import START, ScriptedClient

LOAD = jobs_queries.load_state  # the original, before a test breaks it


class Panic(BaseException):
    """Raised as by a library in Rust: not an `Exception`."""


ERRORS: tuple[BaseException, ...] = (
    RecursionError("too deep"), MemoryError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    KeyError("items"), OSError(28, "No space left"), UsageError("a file is gone"), Panic("index out of range"),
)  # fmt: skip
PLACES: dict[str, list[tuple[object, str]]] = {
    "lobsters": [
        (job_factory, "TrackedPosts"), (LobstersSource, "__init__"), (LobstersSource, "pages"),
        (pipeline, "still_new"), (collect_job, "cursor_of"), (change_filter.TrackedPosts, "look"),
        (SharedPaperIndex, "look"), (Record, "ingest"), (collect_job, "note_traffic"),
        (jobs_queries, "load_state"), (jobs_queries, "save_state"), (Leases, "take"),
    ],
    "lobsters/counts": [
        (job_factory, "_recounting"), (LobstersSource, "counts"), (engagement_queries, "follow_new_posts"),
        (engagement_queries, "due_posts"),
        (engagement_queries, "note_answered"), (pipeline, "still_new"), (Record, "ingest"),
        (jobs_queries, "save_state"),
    ],
    "issues": [
        (publishing.PublishJob, "__init__"), (publishing, "publication_of"), (publishing, "start_of_issues"),
        (publishing, "judge_and_freeze"), (batches, "position_at"), (publishing, "unsent"), (publishing, "export_site"),
        (jobs_queries, "save_state"),
    ],
    "sending": [(sending, "fresh_days"), (schedule.SendJob, "_send_days"), (jobs_queries, "load_state")],
    "housekeeping": [
        (housekeeping, "prune"), (engagement_queries, "drop_unfollowed"), (housekeeping, "learn_standing"),
        (jobs_queries, "load_state"),
    ],
}  # fmt: skip


class Broken:
    """A function that raises one error after another when a given job calls it, then works again."""

    def __init__(self, where: object, name: str, job: str) -> None:
        self._usual: Callable[..., Any] = getattr(where, name)
        self._job, self._left = job, list(ERRORS)

    @property
    def over(self) -> bool:
        return not self._left

    def patch(self) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if threading.current_thread().name == self._job and self._left:
                raise self._left.pop(0)
            return self._usual(*given, **named)

        return call


class Living:
    """A site with one job of each kind, on a fast clock; counts how often each was tried."""

    def __init__(self, folder: Path, http: ScriptedClient) -> None:
        self.store, self.stop = str(folder / "hotpapers.db"), threading.Event()
        self._net, self._folder = http, folder
        self.tried, self.waits = Counter[str](), dict[str, list[float]]()
        self.leases = Leases(partial(Record, self.store), "one")
        self.site = IngestContext(
            self.store, "", self.stop, self.leases, SharedPaperIndex(), HostPacer(), ServerClocks()
        )
        self.clock = Clock(http.now, self._sleep)
        self._outlet = SenderDestination(Box(), http)

    def _sleep(self, seconds: float) -> None:
        name = threading.current_thread().name
        self.tried[name] += 1
        self.waits.setdefault(name, []).append(seconds)
        self._net.advance(HOUR / 1e6 if name.endswith("counts") else 0.1)
        if self.stop.wait(0.005):
            raise Stopped("told to")

    def jobs(self) -> dict[str, Callable[[], JobLoop]]:
        reads = make_jobs([ConfiguredSource("lobsters", read_settings("lobsters", {}, ""))], self.site)
        places = [IssueDestination("daily", "markdown", self._folder / "public")]
        others: dict[str, Callable[[], Any]] = {
            "issues": lambda: PublishJob(["daily"], places),
            "sending": lambda: SendJob(["daily"], lambda record: [[self._outlet]]),
            "housekeeping": lambda: HousekeepingJob(Connection(self._net), "", lambda work: SiteHealth(True, (), ())),
        }
        return {**reads, **{name: partial(self._rounds, name, make) for name, make in others.items()}}

    def _rounds(self, name: str, make: Callable[[], Any]) -> JobLoop:
        return JobLoop(name, make, self.site.record, self.leases, self.clock)

    def does_well(self, jobs: Iterable[str]) -> bool:
        """Whether no job is failing any more. By the site's clock this takes a while: a failed part is left alone at
        first."""
        with suppress(StoreError):  # the jobs may keep the store busy
            return all(self.status(job).failing_since is None for job in jobs)
        return False

    def status(self, job: str) -> job_state.JobState:
        with Record(self.store) as record:
            return LOAD(record, job)


def answers(url: str) -> bytes:
    if url.startswith(LIST):
        return b"[" + story("aa", 3) + b"]"
    return story("aa", 3)


@pytest.fixture
def living(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Living]:
    http = ScriptedClient(answers, now=START + 7 * HOUR)
    one = Living(tmp_path, http)
    line = Connection(http)
    monkeypatch.setattr(job_factory, "make_connection", lambda own, secrets, site: line)
    monkeypatch.setattr(job_factory, "Clock", lambda now, sleep: one.clock)
    monkeypatch.setattr(sending, "TIDY_EVERY", 1)
    monkeypatch.setattr(housekeeping, "PRUNE_EVERY", 1)
    monkeypatch.setattr(housekeeping, "LEARN_EVERY", 1)
    with Record(one.store) as record:
        daily = Publication(publication="daily", title="D", observed_at=START - 9 * DAY)
        record.append([daily, post("aa")], source="settings", at=START - 9 * DAY)
    yield one


def until(done: Callable[[], bool], why: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, why()
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("job", "where", "name"),
    [(job, *place) for job, places in PLACES.items() for place in places],
    ids=[f"{job}-{name}" for job, places in PLACES.items() for _, name in places],
)
def test_what_escapes_a_job_is_its_failure_alone(
    living: Living,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    job: str,
    where: object,
    name: str,
) -> None:
    broken = Broken(where, name, job)
    monkeypatch.setattr(where, name, broken.patch())
    noted = list[job_state.JobState]()
    monkeypatch.setattr(JobLoop, "attempt", _then(JobLoop.attempt, job, lambda: noted.append(living.status(job))))
    jobs = living.jobs()
    thread = threading.Thread(target=JobRunner(jobs, living.stop).run)
    with living.leases:
        thread.start()
        try:
            until(lambda: broken.over, lambda: (broken._left, living.tried))
            then = living.tried.copy()
            until(lambda: all(living.tried[one] >= then[one] + 3 for one in jobs), lambda: (then, living.tried))
            until(lambda: living.does_well(jobs), lambda: [living.status(one) for one in jobs])
            assert thread.is_alive() and not living.stop.is_set()
        finally:
            living.stop.set()
            thread.join()
    assert [living.status(one).failing_since for one in jobs] == [None] * len(jobs)
    told = [record for record in caplog.records if record.getMessage() == "defect"]
    assert {getattr(record, "fields")["job"] for record in told} <= {job}  # noqa: B009
    if name not in ("save_state", "load_state", "take"):  # these would have noted it
        assert any(status.state in ("defect", "partial", "down") and status.failing_since for status in noted)
        assert not any("index out of range" in status.reason or "items" in status.reason for status in noted)


def _then(attempt: Callable[..., Any], job: str, look: Callable[[], object]) -> Callable[..., Any]:
    def call(self: JobLoop, **named: Any) -> Any:
        following = attempt(self, **named)
        if self.name == job:
            with suppress(StoreError):  # other jobs may keep the store busy; skip this look then
                look()
        return following

    return call


def test_the_waits_grow_and_a_round_that_goes_well_ends_them(living: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(LobstersSource, "pages", "lobsters")
    monkeypatch.setattr(LobstersSource, "pages", broken.patch())
    thread = threading.Thread(target=JobRunner({"lobsters": living.jobs()["lobsters"]}, living.stop).run)
    with living.leases:
        thread.start()
        until(lambda: living.tried["lobsters"] > len(ERRORS), lambda: living.tried)
        living.stop.set()
        thread.join()
    waits = living.waits["lobsters"][: len(ERRORS)]
    assert waits[0] >= FAILED_AGAIN[0] and waits[-1] >= FAILED_AGAIN[1] / 2
    assert all(later > earlier for earlier, later in pairwise(waits[:5]))


def test_what_a_defect_says_is_where_it_is_and_no_strangers_words(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyError) as caught:
        dict[str, str]()["somebody@example.org"]
    assert "KeyError" in isolation.describe_error(caught.value) and "somebody" not in isolation.describe_error(
        caught.value
    )
    assert isolation.describe_error(UsageError("a file is gone")) == "a file is gone"
    isolation.log_defect("lobsters", caught.value)
    assert "somebody" not in str(vars(caplog.records[-1]))
    problems: list[str] = []
    with isolation.isolated(problems, "issues", "daily"):
        read_settings("no-such-source", {}, "")
    assert len(problems) == 1 and problems[0].startswith("daily: ")


def test_a_job_that_cannot_even_be_closed_is_left_behind(tmp_path: Path) -> None:
    class Stuck:
        name = "stuck"

        def run_once(self, work: JobContext, *, once: bool) -> float:
            raise KeyError

        def close(self) -> None:
            raise Panic

    store = str(tmp_path / "hotpapers.db")
    open_record = partial(Record, store)
    made = list[Stuck]()

    def make() -> Stuck:
        made.append(Stuck())
        return made[-1]

    rounds = JobLoop("stuck", make, open_record, Leases(open_record, "one"), Clock(lambda: START, lambda seconds: None))
    states = [following.state for following in (rounds.attempt(), rounds.attempt()) if following]
    assert states == ["defect", "defect"] and len(made) == 2, "what may be half done is made anew"
