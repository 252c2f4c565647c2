"""Collecting: real rounds of a real source into a real record; coverage, quarantine, and leases."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from hotpapers.base.errors import BusyStore, NetError, Stopped, StreamGap, TakenOver
from hotpapers.base.model import (
    DAY,
    HOUR,
    Coverage,
    HttpClient,
    Item,
    Mention,
    Paper,
    PayloadPage,
    Post,
    RawPayload,
    Snapshot,
)
from hotpapers.collect.collect_job import COVERED_EVERY, CollectJob
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import FAILED_AGAIN, NextAttempt
from hotpapers.jobs.job_state import JobState
from hotpapers.publish.schedule.health import SILENT, dead_jobs
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from hotpapers.record.database import Params
from hotpapers.record.sqlite import SqliteDatabase
from hotpapers.record.verify import check_record
from tests.collect.job_setup import JobSetup, collect_setup, fail_next_append
from tests.collect.sources.net import START, ScriptedClient, reply
from tests.collect.story_source import StorySource

MINUTE = 60 * 1_000_000


def story(short_id: str, paper: str, score: int = 3) -> dict[str, object]:
    return {
        "short_id": short_id,
        "created_at": "2025-12-31T10:00:00.000-06:00",
        "title": "On moss",
        "url": f"https://arxiv.org/abs/{paper}",
        "score": score,
        "comment_count": 1,
        "submitter_user": "fernleaf",
    }


def story_list(*stories: dict[str, object]) -> bytes:
    return json.dumps(stories).encode()


def coverage(record: Record) -> list[Coverage]:
    return [row.item for row in record.view().latest(Coverage)]


def run_round(setup: JobSetup) -> NextAttempt:
    attempt = setup.loop.attempt()
    assert attempt is not None
    return attempt


def test_a_round_brings_pages_into_the_record_once(store_url: str) -> None:
    with collect_setup(store_url, story_list(story("aa", "2512.00001"), story("bb", "2512.00002"))) as setup:
        for _ in range(3):
            assert run_round(setup).state == "idle"
        record = setup.record
        papers = {row.item.paper for row in record.view().latest(Mention)}
        assert papers == {"arxiv:2512.00001", "arxiv:2512.00002"}
        assert (record.count(Post), record.count(Snapshot)) == (2, 2)
        status = jobs_queries.load_state(record, "hackernews")
        assert status.failing_since is None and status.items == 7 and status.success_at is not None
        assert not check_record(record.database, record.hasher).findings


def test_a_post_from_the_future_was_posted_when_it_was_seen(store_url: str) -> None:
    stories = (story("aa", "2512.00001"), story("bb", "2512.00002") | {"created_at": "2099-01-01T00:00:00Z"})
    with collect_setup(store_url, story_list(*stories)) as setup:
        run_round(setup)
        posts = {row.item.post[-2:]: row.item for row in setup.record.view().latest(Post)}
        assert posts["bb"].created_at == posts["bb"].observed_at > posts["aa"].created_at


def test_what_the_record_says_of_a_page_is_asked_once_a_kind(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: Counter[str] = Counter()
    rows = SqliteDatabase.rows

    def note(self: SqliteDatabase, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        kinds.update(re.findall(r"(\w+) AS t ", sql))
        return rows(self, sql, params)

    monkeypatch.setattr(SqliteDatabase, "rows", note)
    stories = (story_list(*(story(f"s{n}", f"2512.{n + 1:05d}", score) for n in range(40))) for score in (1, 2))
    with collect_setup(sqlite_url, list(stories)) as setup:
        run_round(setup)
        kinds.clear()
        run_round(setup)
        assert kinds == {"post": 1, "account": 1, "mention": 1, "snapshot": 1}
        assert setup.record.count(Snapshot) == 80


def test_an_outage_is_seen_covered_as_refused_and_then_as_complete(store_url: str) -> None:
    answers = [story_list(), reply(403), reply(403), story_list(story("cc", "2512.00003"))]
    with collect_setup(store_url, answers) as setup:
        record = setup.record
        run_round(setup)
        setup.http.sleep(COVERED_EVERY / 1e6 + 60)
        assert run_round(setup).state == "refused"
        failing_status = jobs_queries.load_state(record, "hackernews")
        assert failing_status.state == "refused" and failing_status.failing_since is not None and failing_status.reason
        assert [item.state for item in coverage(record)][-1] == "refused"
        setup.http.sleep(3600)
        assert run_round(setup).state == "refused"
        assert jobs_queries.load_state(record, "hackernews").failing_since == failing_status.failing_since
        start = setup.http.now()
        assert run_round(setup).state == "idle"
        assert {item.state for item in coverage(record)} == {"complete"}
        status = jobs_queries.load_state(record, "hackernews")
        assert (status.failing_since, status.reason) == (None, "")
        assert status.covered_to == start  # a story posted during the request may be missing from the list


def test_nonsense_stops_nothing_and_is_kept_in_quarantine(store_url: str) -> None:
    bad_story = {**story("dd", "2512.00004"), "created_at": "yesterday"}
    with collect_setup(store_url, [story_list(bad_story, story("ee", "2512.00005")), b"<html>"]) as setup:
        assert run_round(setup).state == "idle"
        assert setup.record.database.rows("SELECT key FROM quarantine") == [("dd",)]
        assert setup.record.count(Mention) == 1
        assert jobs_queries.load_state(setup.record, "hackernews").quarantined == 1
        attempt = run_round(setup)
        assert (attempt.state, attempt.seconds) == ("down", FAILED_AGAIN[0])


def test_what_is_wholly_in_its_items_is_not_kept_raw(store_url: str) -> None:
    with collect_setup(store_url, story_list(story("ff", "2512.00006"))) as setup:
        run_round(setup)
        before = JobState(source="hackernews", started_at=START - DAY, covered_to=START - HOUR)
        jobs_queries.save_state(setup.record, before)
        job, context = setup.loop.job, setup.context()
        assert isinstance(job, CollectJob)
        http = ScriptedClient(lambda url: json.dumps(story("ff", "x", 9)).encode(), now=setup.http.now())
        for page in job.source.counts(http, ["hackernews:ff"]):
            job.store(context, page)
        assert [row[0] for row in setup.record.database.rows("SELECT kind FROM raw")] == ["post"]
        assert setup.record.count(Snapshot) == 2


class Stream:
    """A source whose pages say up to when they were read."""

    name, every, reach = "hackernews", 30.0, None

    def __init__(self, pages: Sequence[PayloadPage | Exception]) -> None:
        self._pages = list(pages)

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        while self._pages:
            http.sleep(60)
            page = self._pages.pop(0)
            if isinstance(page, Exception):
                raise page
            yield page

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        return iter(())

    def read(self, payload: RawPayload) -> Iterable[Item]:
        return ()


def test_of_a_stream_one_round_is_all_from_before_it_and_five_minutes(store_url: str) -> None:
    """However long the backlog takes to arrive; then the round records how far it read."""
    backlog = [PayloadPage(cursor=str(n), until=START + n * MINUTE) for n in range(1, 20)]
    with collect_setup(store_url, {}, source=Stream([*backlog, NetError("it was read for too long")])) as setup:
        setup.http.sleep(10 * 60)
        jobs_queries.save_state(setup.record, JobState(source="hackernews", started_at=START, covered_to=START))
        attempt = setup.loop.attempt(once=True)
        assert attempt is not None and attempt.state == "idle"
        [row] = coverage(setup.record)
        assert (row.from_at, row.until_at, row.state) == (START, START + 15 * MINUTE, "complete")


def test_one_round_of_what_ends_by_itself_is_done_however_long_it_takes(store_url: str) -> None:
    with collect_setup(store_url, {}, source=Stream([PayloadPage(cursor=str(n)) for n in range(20)])) as setup:
        assert setup.loop.attempt(once=True) is not None
        assert cursor_of(setup.record.database, "hackernews") == "19" and setup.http.now() >= START + 20 * MINUTE


def test_who_was_asked_and_never_answered_did_not_do_well(store_url: str) -> None:
    with collect_setup(store_url, {}, source=Stream([PayloadPage(cursor="1"), NetError("no")])) as setup:
        assert run_round(setup).state == "down"
        status = jobs_queries.load_state(setup.record, "hackernews")
        assert status.success_at is None and cursor_of(setup.record.database, "hackernews") == "1"


def test_a_stream_is_covered_only_up_to_where_it_was_read(store_url: str) -> None:
    """After an outage the backlog is read first: what has not arrived is not covered yet."""
    backlog = [PayloadPage(cursor=str(n), until=START + n * COVERED_EVERY) for n in (1, 2)]
    with collect_setup(store_url, {}, source=Stream([*backlog, NetError("it broke off")])) as setup:
        setup.http.sleep(10 * COVERED_EVERY / 1e6)
        jobs_queries.save_state(setup.record, JobState(source="hackernews", started_at=START, covered_to=START))
        assert run_round(setup).state == "down"
        assert [(row.from_at, row.until_at, row.state) for row in coverage(setup.record)] == [
            (START, START + 2 * COVERED_EVERY, "complete"),
            (START + 2 * COVERED_EVERY, setup.http.now(), "refused"),
        ]


def test_coverage_ends_now_although_a_servers_clock_is_ahead(store_url: str) -> None:
    with collect_setup(store_url, {}) as setup:
        before = JobState(source="hackernews", started_at=START - DAY, covered_to=START - HOUR)
        jobs_queries.save_state(setup.record, before)
        job, context = setup.loop.job, setup.context()
        assert isinstance(job, CollectJob)
        job._cover_up_to(context, START + DAY)
        assert [row.until_at for row in coverage(setup.record)] == [START]


def test_what_a_stream_lost_stays_missing(store_url: str) -> None:
    gap = (START + HOUR, START + 2 * HOUR)
    pages: list[PayloadPage | Exception] = [
        StreamGap("a server forgot", "7", gap),
        PayloadPage(cursor="9", until=START + 3 * HOUR),
    ]
    with collect_setup(store_url, {}, source=Stream(pages)) as setup:
        jobs_queries.save_state(setup.record, JobState(source="hackernews", started_at=START, covered_to=START + HOUR))
        setup.http.sleep(3 * 3600)
        run_round(setup)
        run_round(setup)
        assert [(row.from_at, row.until_at, row.state) for row in coverage(setup.record)] == [
            (*gap, "partial"),
            (gap[1], START + 3 * HOUR, "complete"),
        ]


def test_what_was_read_is_covered_even_if_the_store_failed_at_that_moment(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a kill at that moment, of which nothing is left either."""
    pages = [PayloadPage(cursor=str(n), until=START + n * 5 * HOUR) for n in (1, 2)]
    with collect_setup(store_url, {}, source=Stream(pages)) as setup:
        jobs_queries.save_state(setup.record, JobState(source="hackernews", started_at=START, covered_to=START))
        setup.http.sleep(11 * 3600)
        fail_next_append(monkeypatch)
        assert run_round(setup).state == "store"
        run_round(setup)
        assert {row.state for row in coverage(setup.record)} == {"complete"}
        [span, *later] = coverage(setup.record)
        assert (span.from_at, span.until_at) == (START, START + 10 * HOUR)
        assert [row.from_at for row in later] == [span.until_at]


def test_a_source_says_when_it_is_worth_asking_again(store_url: str) -> None:
    with collect_setup(store_url, {}, source=Stream([PayloadPage(next_at=START + 60_000_000 + 5 * HOUR)])) as setup:
        assert run_round(setup).seconds == 5 * 3600


class LockingStream(Stream):
    """A source during whose page another process locks the store."""

    def __init__(self, record: Record) -> None:
        super().__init__([])
        self.transaction = record.database.write()

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        self.transaction.__enter__()
        yield PayloadPage(cursor="1")


class StateObserver(Stream):
    """A source that notes its job's state during a round."""

    def __init__(self, store: str) -> None:
        super().__init__([PayloadPage()])
        self.store, self.states = store, list[JobState]()

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        with Record(self.store) as record:
            self.states.append(jobs_queries.load_state(record, "hackernews"))
        yield from super().pages(http, cursor)


def test_a_job_that_is_at_work_is_heard_of(sqlite_url: str) -> None:
    """It may have been failing for days, and requests may take long: health must not report it as dead meanwhile."""
    source = StateObserver(sqlite_url)
    with collect_setup(sqlite_url, {}, source=source) as setup:
        setup.http.sleep(3 * 24 * 3600)
        jobs_queries.save_state(
            setup.record, JobState(source="hackernews", started_at=START, failing_since=START, reason="away")
        )
        start = setup.http.now()
        run_round(setup)
        [status] = source.states
        assert status.state == "at work" and not list(dead_jobs([status], start + 60_000_000, silent=SILENT))


def test_what_a_stream_says_of_nothing_is_written_down_now_and_then(store_url: str) -> None:
    """A batch per heartbeat would be a million a year; relevant posts are recorded at once."""
    post = RawPayload("post", "1", b"{}", START)
    pages = [PayloadPage((post,) if n == 3 else (), str(n), START + n * 60_000_000) for n in range(12)]
    with collect_setup(store_url, {}, source=Stream(pages)) as setup:
        run_round(setup)
        rows = setup.record.database.rows("SELECT cursor FROM batch WHERE cursor IS NOT NULL ORDER BY position")
        assert [cursor for (cursor,) in rows] == ["0", "3", "8"]


def test_a_page_that_could_not_be_kept_is_asked_for_again(sqlite_url: str) -> None:
    """An ETag that came with the page must not keep it from being sent again."""
    calls: list[int] = []
    with Record(sqlite_url) as other_record, collect_setup(sqlite_url, {}, source=LockingStream(other_record)) as setup:
        job = setup.loop.job
        assert isinstance(job, CollectJob) and isinstance(job.source, LockingStream)
        job.connection = job.connection._replace(forget=lambda: calls.append(1))
        setup.context().record.database._connection.set_busy_timeout(1)  # type: ignore[attr-defined]
        assert run_round(setup).state == "store" and calls == [1]
        job.source.transaction.__exit__(None, None, None)
        assert setup.record.database.rows("SELECT cursor FROM cursor") == []
        job.source = Stream([PayloadPage(cursor="1")])
        assert run_round(setup).state == "idle"
        assert setup.record.database.rows("SELECT cursor FROM cursor") == [("1",)]


def test_after_a_clock_was_ahead_a_stream_sees_again_what_others_store(store_url: str) -> None:
    with collect_setup(store_url, {}, source=Stream([])) as setup:
        before = JobState(source="hackernews", started_at=START - DAY, covered_to=START - HOUR)
        jobs_queries.save_state(setup.record, before)
        job, context = setup.loop.job, setup.context()
        assert isinstance(job, CollectJob)
        job.names.look(setup.record, START + DAY)
        job._last_look_at = START + DAY
        post = Post(
            post="hackernews:aa", network="hackernews", account="hackernews:b", created_at=START, observed_at=START
        )  # fmt: skip
        paper = Paper(paper="arxiv:2512.00001", title="On the Quiet Growth of Moss", observed_at=START - HOUR)
        setup.record.append([post, paper], source="another process")
        job.store(context, PayloadPage(cursor="1"))
        assert post.post in job.known and job.names.names.may_name(paper.title)


# ---- leases --------------------------------------------------------------------------------------------


def test_only_the_holder_of_the_lease_reads_until_it_ends(store_url: str) -> None:
    with Record(store_url) as record:
        assert jobs_queries.take_lease(record, "hackernews", "another", at=START)
        assert not jobs_queries.take_lease(record, "hackernews", "one", at=START + job_state.LEASE - 1)
        assert jobs_queries.take_lease(record, "hackernews", "one", at=START + job_state.LEASE + 1)
        jobs_queries.end_leases(record.database, "another")
        assert not jobs_queries.take_lease(record, "hackernews", "another", at=START + job_state.LEASE + 2)


def test_what_another_process_holds_is_left_alone(store_url: str) -> None:
    with collect_setup(store_url, story_list()) as setup:
        assert jobs_queries.take_lease(setup.record, "hackernews", "another")
        assert setup.loop.attempt() is None and not setup.http.requests
        jobs_queries.end_leases(setup.record.database, "another")
        assert run_round(setup).state == "idle"


def test_a_job_that_was_taken_over_writes_nothing_more(store_url: str) -> None:
    with collect_setup(store_url, {}, source=Stream([PayloadPage(cursor="1")])) as setup:
        setup.loop._leases.end("hackernews")
        job = setup.loop.job
        assert isinstance(job, CollectJob)
        with pytest.raises(TakenOver, match="took it over"):
            job.store(setup.loop._open_context(), PayloadPage(cursor="1"))
        assert setup.record.database.rows("SELECT cursor FROM cursor") == []


def test_rounds_end_when_stopped(store_url: str) -> None:
    pauses: list[float] = []

    def stop(seconds: float) -> None:
        pauses.append(seconds)
        raise Stopped("told to")

    with collect_setup(store_url, story_list(story("gg", "2512.00007"))) as setup:
        setup.loop._clock = setup.loop._clock._replace(sleep=stop)
        setup.loop.run()
        assert 3600 <= pauses[0] <= 3960


def test_what_a_failed_batch_read_was_not_learned(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the posts of the page would be taken for known ones when it is read again, and be skipped."""
    with collect_setup(store_url, story_list(story("gg", "2512.00007"))) as setup:
        before = JobState(source="hackernews", started_at=START - DAY, covered_to=START - HOUR)
        jobs_queries.save_state(setup.record, before)
        job, context = setup.loop.job, setup.context()
        assert isinstance(job, CollectJob)
        tracked = job.known

        def fail() -> None:
            raise BusyStore("another process writes")

        monkeypatch.setattr(context, "batch", fail)
        with pytest.raises(BusyStore):
            job.run_once(context, once=True)
        assert "hackernews:gg" not in tracked and not job.names._new_aliases
        monkeypatch.undo()
        job.run_once(context, once=True)
        assert "hackernews:gg" in tracked and setup.record.count(Post) == 1


def test_a_busy_store_quarantines_nothing_and_moves_no_cursor(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with collect_setup(store_url, story_list(story("hh", "2512.00008"))) as setup:
        read = type(setup.loop.job.source).read  # type: ignore[attr-defined]

        def fail_busy(source: object, payload: RawPayload) -> Iterable[Item]:
            raise BusyStore("another process writes")

        monkeypatch.setattr(StorySource, "read", fail_busy)
        assert run_round(setup).state == "store"
        assert setup.record.count(Post) == 0 and cursor_of(setup.record.database, "hackernews") is None
        assert not setup.record.database.rows("SELECT * FROM raw")
        monkeypatch.setattr(StorySource, "read", read)
        assert run_round(setup).state == "idle" and setup.record.count(Post) == 1


# ---- clocks and parts ------------------------------------------------------------------------------------


def test_what_was_called_read_by_a_clock_that_was_ahead_is_read_again(store_url: str) -> None:
    with collect_setup(store_url, story_list(story("gg", "2512.00007"))) as setup:
        context = setup.context()
        context.note(started_at=START - HOUR, covered_to=START + DAY)
        run_round(setup)
        assert jobs_queries.load_state(setup.record, "hackernews").covered_to == START
