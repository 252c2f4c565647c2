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

from hotpapers.base import network_terms
from hotpapers.base.errors import Stopped, StoreError, UsageError
from hotpapers.base.http import HostPacer, ServerClocks
from hotpapers.base.http.proxies import NO_PROXIES
from hotpapers.base.model import DAY, HOUR, Publication
from hotpapers.base.settings import BotSettings
from hotpapers.collect import change_filter, collect_job, job_factory, pipeline
from hotpapers.collect.change_filter import SharedPaperIndex
from hotpapers.collect.job_factory import ConfiguredSource, IngestContext, make_jobs, read_settings
from hotpapers.collect.sources import CORE
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.issues import judged_freezing
from hotpapers.jobs import isolation, job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import FAILED_AGAIN
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext, JobLoop, JobRunner
from hotpapers.publish.deliver.send import SenderDestination
from hotpapers.publish.schedule import housekeeping, publishing, sending
from hotpapers.publish.schedule.health import SiteHealth
from hotpapers.publish.schedule.housekeeping import HousekeepingJob
from hotpapers.publish.schedule.publishing import IssueDestination, PublishJob
from hotpapers.publish.schedule.sending import SendJob
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record, batches
from tests.collect.sources.net import START, ScriptedClient
from tests.collect.story_source import LIST, StorySettings, StorySource
from tests.collect.test_recount_job import post, story
from tests.publish.schedule.test_sending import RecordingSender

LOAD = jobs_queries.load_state  # the original, before a test breaks it


class Panic(BaseException):
    """Raised as by a library in Rust: not an `Exception`."""


VALUES = "a stranger's words"
"""The text of errors which no status may repeat."""
ERRORS: tuple[tuple[type[BaseException], *tuple[object, ...]], ...] = (
    (RecursionError, "too deep"), (MemoryError,), (UnicodeDecodeError, "utf-8", b"\xff", 0, 1, "invalid start byte"),
    (KeyError, VALUES), (OSError, 28, "No space left"), (UsageError, "a file is gone"), (Panic, VALUES),
)  # fmt: skip
"""The classes of the errors and their arguments: one raised twice would keep the traceback of the first time."""
PLACES: dict[str, list[tuple[object, str]]] = {
    "hackernews": [
        (job_factory, "TrackedPosts"), (StorySource, "__init__"), (StorySource, "pages"),
        (pipeline, "with_consequences"), (collect_job, "cursor_of"), (change_filter.TrackedPosts, "look"),
        (SharedPaperIndex, "look"), (Record, "batch"), (collect_job.CollectJob, "note_traffic"),
        (jobs_queries, "load_state"), (jobs_queries, "write_state"), (Leases, "take"),
    ],
    "hackernews/counts": [
        (job_factory, "_job"), (StorySource, "counts"), (recount_queries, "follow_new_posts"),
        (recount_queries, "due_posts"),
        (recount_queries, "note_answered"), (change_filter, "_last_items"), (Record, "batch"),
        (jobs_queries, "write_state"),
    ],
    "issues": [
        (publishing.PublishJob, "__init__"), (publishing, "publication_of"), (publishing, "missing_days"),
        (judged_freezing, "judge_and_freeze"), (batches, "position_at"), (publishing, "unsent_days"),
        (publishing, "export_site"), (jobs_queries, "write_state"),
    ],
    "sending": [(sending, "fresh_days"), (SendJob, "_send_channel"), (jobs_queries, "load_state")],
    "housekeeping": [
        (housekeeping, "prune_record"), (recount_queries, "drop_unfollowed"), (housekeeping, "learn_standing"),
        (jobs_queries, "load_state"),
    ],
}  # fmt: skip


class FaultyFunction:
    """A function that raises one error after another when one job calls it, and then works again."""

    def __init__(self, where: object, name: str, job: str) -> None:
        self._original: Callable[..., Any] = getattr(where, name)
        self._job, self._errors = job, list(ERRORS)

    @property
    def is_over(self) -> bool:
        return not self._errors

    def patch(self) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread().name == self._job and self._errors:
                error, *arguments = self._errors.pop(0)
                raise error(*arguments)
            return self._original(*args, **kwargs)

        return call


class LiveSite:
    """A site with one job of each kind, on a fast clock; counts how often each was tried."""

    def __init__(self, folder: Path, http: ScriptedClient) -> None:
        self.store, self.stop = str(folder / "hotpapers.db"), threading.Event()
        self._http, self._folder = http, folder
        self.attempts, self.waits = Counter[str](), dict[str, list[float]]()
        self.leases = Leases(partial(Record, self.store), "one")
        self.site = IngestContext(
            self.store,
            "",
            self.stop,
            self.leases,
            SharedPaperIndex(),
            HostPacer(),
            ServerClocks(),
            terms=network_terms.TERMS,
            back=None,
            proxies=NO_PROXIES,
        )
        self.clock = Clock(http.now, self._sleep)
        self._destination = SenderDestination(RecordingSender(), http)

    def _sleep(self, seconds: float) -> None:
        name = threading.current_thread().name
        self.attempts[name] += 1
        self.waits.setdefault(name, []).append(seconds)
        self._http.advance(HOUR / 1e6 if name.endswith("counts") else 0.1)
        if self.stop.wait(0.005):
            raise Stopped("told to")

    def jobs(self) -> dict[str, Callable[[], JobLoop]]:
        loops = make_jobs([ConfiguredSource("hackernews", read_settings("hackernews", {}, ""))], self.site)
        destinations = [IssueDestination("daily", "markdown", self._folder / "public")]
        makers: dict[str, Callable[[], Any]] = {
            "issues": lambda: PublishJob(
                ["daily"],
                destinations,
                bots=BotSettings(),
                site_config=NOBODY,
                allowed=network_terms.TERMS,
                before_freezing=(),
                read_jobs=(),
                witnesses=None,
                further=(),
            ),
            "sending": lambda: SendJob(
                ["daily"], lambda record: [[self._destination]], allowed=network_terms.TERMS, with_pages=()
            ),
            "housekeeping": lambda: HousekeepingJob(
                Connection(self._http),
                "",
                lambda work, once: SiteHealth(True, (), ()),
                allowed=network_terms.TERMS,
                witnesses=None,
            ),
        }
        return {**loops, **{name: partial(self._rounds, name, make) for name, make in makers.items()}}

    def _rounds(self, name: str, make: Callable[[], Any]) -> JobLoop:
        return JobLoop(name, make, self.site.record, self.leases, self.clock)

    def is_healthy(self, jobs: Iterable[str]) -> bool:
        """Whether no job is failing any more. By the site's clock this takes a while: a failed part is not retried at
        once."""
        with suppress(StoreError):  # the jobs may keep the store busy
            return all(self.status(job).failing_since is None for job in jobs)
        return False

    def status(self, job: str) -> job_state.JobState:
        with Record(self.store) as record:
            return LOAD(record, job)


def respond(url: str) -> bytes:
    if url.startswith(LIST):
        return b"[" + story("aa", 3) + b"]"
    return story("aa", 3)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSite]:
    http = ScriptedClient(respond, now=START + 7 * HOUR)
    site = LiveSite(tmp_path, http)
    connection = Connection(http)
    monkeypatch.setattr(job_factory, "make_connection", lambda own, secrets, site: connection)
    monkeypatch.setattr(job_factory, "Clock", lambda now, sleep: site.clock)
    monkeypatch.setitem(CORE, "hackernews", (StorySource, StorySettings))
    monkeypatch.setattr(housekeeping, "PRUNE_EVERY", 1)
    monkeypatch.setattr(housekeeping, "LEARN_EVERY", 1)
    with Record(site.store) as record:
        daily = Publication(publication="daily", title="D", observed_at=START - 9 * DAY)
        record.append([daily, post("aa")], source="settings", at=START - 9 * DAY)
    yield site


def wait_until(condition: Callable[[], bool], describe: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, describe()
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("job", "where", "name"),
    [(job, *place) for job, places in PLACES.items() for place in places],
    ids=[f"{job}-{name}" for job, places in PLACES.items() for _, name in places],
)
def test_what_escapes_a_job_is_its_failure_alone(
    site: LiveSite,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    job: str,
    where: object,
    name: str,
) -> None:
    faulty = FaultyFunction(where, name, job)
    monkeypatch.setattr(where, name, faulty.patch())
    statuses = list[job_state.JobState]()
    monkeypatch.setattr(JobLoop, "attempt", _observed(JobLoop.attempt, job, lambda: statuses.append(site.status(job))))
    jobs = site.jobs()
    thread = threading.Thread(target=JobRunner(jobs, site.stop).run)
    with site.leases:
        thread.start()
        try:
            wait_until(lambda: faulty.is_over, lambda: (faulty._errors, site.attempts))
            attempts = site.attempts.copy()
            wait_until(
                lambda: all(site.attempts[job_name] >= attempts[job_name] + 3 for job_name in jobs),
                lambda: (attempts, site.attempts),
            )
            wait_until(lambda: site.is_healthy(jobs), lambda: [site.status(job_name) for job_name in jobs])
            assert thread.is_alive() and not site.stop.is_set()
        finally:
            site.stop.set()
            thread.join()
    assert [site.status(job_name).failing_since for job_name in jobs] == [None] * len(jobs)
    defects = [record for record in caplog.records if record.getMessage() == "defect"]
    assert {getattr(record, "fields")["job"] for record in defects} <= {job}  # noqa: B009
    if name not in ("write_state", "load_state", "take"):  # these would have noted it
        assert any(status.state in ("defect", "partial", "down") and status.failing_since for status in statuses)
        assert not any(VALUES in status.reason for status in statuses)


def _observed(attempt: Callable[..., Any], job: str, observe: Callable[[], object]) -> Callable[..., Any]:
    def call(self: JobLoop, **kwargs: Any) -> Any:
        next_attempt = attempt(self, **kwargs)
        if self.name == job:
            with suppress(StoreError):  # other jobs may keep the store busy; then skip this observation
                observe()
        return next_attempt

    return call


def test_the_waits_grow_and_a_round_that_goes_well_ends_them(site: LiveSite, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = FaultyFunction(StorySource, "pages", "hackernews")
    monkeypatch.setattr(StorySource, "pages", faulty.patch())
    thread = threading.Thread(target=JobRunner({"hackernews": site.jobs()["hackernews"]}, site.stop).run)
    with site.leases:
        thread.start()
        wait_until(lambda: site.attempts["hackernews"] > len(ERRORS), lambda: site.attempts)
        site.stop.set()
        thread.join()
    waits = site.waits["hackernews"][: len(ERRORS)]
    assert waits[0] >= FAILED_AGAIN[0] and waits[-1] >= FAILED_AGAIN[1] / 2
    assert all(later > earlier for earlier, later in pairwise(waits[:5]))


def test_what_a_defect_says_is_where_it_is_and_no_strangers_words(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyError) as excinfo:
        dict[str, str]()["somebody@example.org"]
    assert "KeyError" in isolation.describe_error(excinfo.value) and "somebody" not in isolation.describe_error(
        excinfo.value
    )
    assert isolation.describe_error(UsageError("a file is gone")) == "a file is gone"
    isolation.log_defect("hackernews", excinfo.value)
    assert "somebody" not in str(vars(caplog.records[-1]))
    problems: list[str] = []
    with isolation.isolate_failures(problems, "issues", "daily"):
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
    jobs = list[Stuck]()

    def make() -> Stuck:
        jobs.append(Stuck())
        return jobs[-1]

    loop = JobLoop("stuck", make, open_record, Leases(open_record, "one"), Clock(lambda: START, lambda seconds: None))
    states = [next_attempt.state for next_attempt in (loop.attempt(), loop.attempt()) if next_attempt]
    assert states == ["defect", "defect"] and len(jobs) == 2, "a job that may be half done is created again"
