"""Collecting: real rounds of a real source into a real record; coverage, quarantine, and leases."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from hotpapers.errors import BusyStore, NetError, Stopped, StreamGap, TakenOver
from hotpapers.ingest.collect_job import COVERED_EVERY, CollectJob
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.attempts import FAILED_AGAIN, NextAttempt
from hotpapers.jobs.job_state import JobState
from hotpapers.model import (
    DAY,
    HOUR,
    Coverage,
    HttpClient,
    Item,
    Mention,
    PayloadPage,
    Post,
    RawPayload,
    Snapshot,
)
from hotpapers.schedule.health import dead_jobs
from hotpapers.sources.lobsters import LobstersSource
from hotpapers.store import Record
from hotpapers.store.batches import cursor_of
from hotpapers.store.database import Params
from hotpapers.store.sqlite import SqliteDatabase
from hotpapers.store.verify import check
from tests.ingest.made import Made, reading
from tests.sources.net import START, ScriptedClient, reply

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


def listed(*stories: dict[str, object]) -> bytes:
    return json.dumps(stories).encode()


def coverage(record: Record) -> list[Coverage]:
    return [row.item for row in record.view().latest(Coverage) if isinstance(row.item, Coverage)]


def round_of(made: Made) -> NextAttempt:
    following = made.rounds.attempt()
    assert following is not None
    return following


def test_a_round_brings_pages_into_the_record_once(store_url: str) -> None:
    with reading(store_url, listed(story("aa", "2512.00001"), story("bb", "2512.00002"))) as made:
        for _ in range(3):
            assert round_of(made).state == "idle"
        record = made.record
        papers = {row.item.paper for row in record.view().latest(Mention) if isinstance(row.item, Mention)}
        assert papers == {"arxiv:2512.00001", "arxiv:2512.00002"}
        assert (record.count(Post), record.count(Snapshot)) == (2, 2)
        status = jobs_queries.load_state(record, "lobsters")
        assert status.failing_since is None and status.items == 7 and status.success_at is not None
        assert not check(record.database, record.hasher).findings


def test_what_the_record_says_of_a_page_is_asked_once_a_kind(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: Counter[str] = Counter()
    rows = SqliteDatabase.rows

    def note(self: SqliteDatabase, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        kinds.update(re.findall(r"(\w+) AS t ", sql))
        return rows(self, sql, params)

    monkeypatch.setattr(SqliteDatabase, "rows", note)
    stories = (listed(*(story(f"s{n}", f"2512.{n + 1:05d}", score) for n in range(40))) for score in (1, 2))
    with reading(sqlite_url, list(stories)) as made:
        round_of(made)
        kinds.clear()
        round_of(made)
        assert kinds == {"post": 1, "account": 1, "mention": 1, "snapshot": 1}
        assert made.record.count(Snapshot) == 80


def test_an_outage_is_seen_covered_as_refused_and_then_as_complete(store_url: str) -> None:
    answers = [listed(), reply(403), reply(403), listed(story("cc", "2512.00003"))]
    with reading(store_url, answers) as made:
        record = made.record
        round_of(made)
        made.http.sleep(COVERED_EVERY / 1e6 + 60)
        assert round_of(made).state == "refused"
        failing = jobs_queries.load_state(record, "lobsters")
        assert failing.state == "refused" and failing.failing_since is not None and failing.reason
        assert [item.state for item in coverage(record)][-1] == "refused"
        made.http.sleep(3600)
        assert round_of(made).state == "refused"
        assert jobs_queries.load_state(record, "lobsters").failing_since == failing.failing_since
        began = made.http.now()
        assert round_of(made).state == "idle"
        assert {item.state for item in coverage(record)} == {"complete"}
        after_all = jobs_queries.load_state(record, "lobsters")
        assert (after_all.failing_since, after_all.reason) == (None, "")
        assert after_all.covered_to == began  # a story posted during the request may be missing from the list


def test_nonsense_stops_nothing_and_is_kept_in_quarantine(store_url: str) -> None:
    broken = {**story("dd", "2512.00004"), "created_at": "yesterday"}
    with reading(store_url, [listed(broken, story("ee", "2512.00005")), b"<html>"]) as made:
        assert round_of(made).state == "idle"
        assert made.record.database.rows("SELECT key FROM quarantine") == [("dd",)]
        assert made.record.count(Mention) == 1
        assert jobs_queries.load_state(made.record, "lobsters").quarantined == 1
        failed = round_of(made)
        assert (failed.state, failed.seconds) == ("down", FAILED_AGAIN[0])


def test_what_is_wholly_in_its_items_is_not_kept_raw(store_url: str) -> None:
    with reading(store_url, listed(story("ff", "2512.00006"))) as made:
        round_of(made)
        job, work = made.rounds.job, made.work()
        assert isinstance(job, CollectJob)
        later = ScriptedClient(lambda url: json.dumps(story("ff", "x", 9)).encode(), now=made.http.now())
        for page in job.source.counts(later, ["lobsters:ff"]):
            job.store(work, page)
        assert [row[0] for row in made.record.database.rows("SELECT kind FROM raw")] == ["post"]
        assert made.record.count(Snapshot) == 2


class Stream:
    """A source whose pages say up to when they were read."""

    name, every, reach = "lobsters", 30.0, None

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

    def read(self, seen: RawPayload) -> Iterable[Item]:
        return ()


def test_of_a_stream_one_round_is_all_from_before_it_and_five_minutes(store_url: str) -> None:
    """However long the backlog takes to arrive; then the round records how far it read."""
    behind = [PayloadPage(cursor=str(n), until=START + n * MINUTE) for n in range(1, 20)]
    with reading(store_url, {}, source=Stream([*behind, NetError("it was heard too long")])) as made:
        made.http.sleep(10 * 60)
        jobs_queries.save_state(made.record, JobState(source="lobsters", started_at=START, covered_to=START))
        following = made.rounds.attempt(once=True)
        assert following is not None and following.state == "idle"
        [row] = coverage(made.record)
        assert (row.from_at, row.until_at, row.state) == (START, START + 15 * MINUTE, "complete")


def test_one_round_of_what_ends_by_itself_is_done_however_long_it_takes(store_url: str) -> None:
    with reading(store_url, {}, source=Stream([PayloadPage(cursor=str(n)) for n in range(20)])) as made:
        assert made.rounds.attempt(once=True) is not None
        assert cursor_of(made.record.database, "lobsters") == "19" and made.http.now() >= START + 20 * MINUTE


def test_who_was_asked_and_never_answered_did_not_do_well(store_url: str) -> None:
    with reading(store_url, {}, source=Stream([PayloadPage(cursor="1"), NetError("no")])) as made:
        assert round_of(made).state == "down"
        status = jobs_queries.load_state(made.record, "lobsters")
        assert status.success_at is None and cursor_of(made.record.database, "lobsters") == "1"


def test_a_stream_is_covered_only_up_to_where_it_was_read(store_url: str) -> None:
    """After an outage the backlog is read first: what has not arrived is not covered yet."""
    behind = [PayloadPage(cursor=str(n), until=START + n * COVERED_EVERY) for n in (1, 2)]
    with reading(store_url, {}, source=Stream([*behind, NetError("it broke off")])) as made:
        made.http.sleep(10 * COVERED_EVERY / 1e6)
        jobs_queries.save_state(made.record, JobState(source="lobsters", started_at=START, covered_to=START))
        assert round_of(made).state == "down"
        assert [(row.from_at, row.until_at, row.state) for row in coverage(made.record)] == [
            (START, START + 2 * COVERED_EVERY, "complete"),
            (START + 2 * COVERED_EVERY, made.http.now(), "refused"),
        ]


def test_what_a_stream_lost_stays_missing(store_url: str) -> None:
    lost = (START + HOUR, START + 2 * HOUR)
    pages: list[PayloadPage | Exception] = [
        StreamGap("a server forgot", "7", lost),
        PayloadPage(cursor="9", until=START + 3 * HOUR),
    ]
    with reading(store_url, {}, source=Stream(pages)) as made:
        jobs_queries.save_state(made.record, JobState(source="lobsters", started_at=START, covered_to=START + HOUR))
        made.http.sleep(3 * 3600)
        round_of(made)
        round_of(made)
        assert [(row.from_at, row.until_at, row.state) for row in coverage(made.record)] == [
            (*lost, "partial"),
            (lost[1], START + 3 * HOUR, "complete"),
        ]


def test_a_source_says_when_it_is_worth_asking_again(store_url: str) -> None:
    with reading(store_url, {}, source=Stream([PayloadPage(next_at=START + 60_000_000 + 5 * HOUR)])) as made:
        assert round_of(made).seconds == 5 * 3600


class Locking(Stream):
    """A source during whose page another process locks the store."""

    def __init__(self, other: Record) -> None:
        super().__init__([])
        self.held = other.database.write()

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        self.held.__enter__()
        yield PayloadPage(cursor="1")


class Asked(Stream):
    """A source that notes its job's state during a round."""

    def __init__(self, store: str) -> None:
        super().__init__([PayloadPage()])
        self.store, self.doing = store, list[JobState]()

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        with Record(self.store) as record:
            self.doing.append(jobs_queries.load_state(record, "lobsters"))
        yield from super().pages(http, cursor)


def test_a_job_that_is_at_work_is_heard_of(sqlite_url: str) -> None:
    """It may have been failing for days, and requests may take long: health must not report it as dead meanwhile."""
    source = Asked(sqlite_url)
    with reading(sqlite_url, {}, source=source) as made:
        made.http.sleep(3 * 24 * 3600)
        jobs_queries.save_state(
            made.record, JobState(source="lobsters", started_at=START, failing_since=START, reason="away")
        )
        began = made.http.now()
        round_of(made)
        [doing] = source.doing
        assert doing.state == "at work" and not list(dead_jobs([doing], began + 60_000_000))


def test_what_a_stream_says_of_nothing_is_written_down_now_and_then(store_url: str) -> None:
    """A batch per heartbeat would be a million a year; relevant posts are recorded at once."""
    post = RawPayload("post", "1", b"{}", START)
    pages = [PayloadPage((post,) if n == 3 else (), str(n), START + n * 60_000_000) for n in range(12)]
    with reading(store_url, {}, source=Stream(pages)) as made:
        round_of(made)
        kept = made.record.database.rows("SELECT cursor FROM batch WHERE cursor IS NOT NULL ORDER BY position")
        assert [cursor for (cursor,) in kept] == ["0", "3", "8"]


def test_a_page_that_could_not_be_kept_is_asked_for_again(sqlite_url: str) -> None:
    """What came with the page, such as an ETag, must not keep it from being sent again."""
    lost: list[int] = []
    with Record(sqlite_url) as other, reading(sqlite_url, {}, source=Locking(other)) as made:
        job = made.rounds.job
        assert isinstance(job, CollectJob) and isinstance(job.source, Locking)
        job.connection = job.connection._replace(forget=lambda: lost.append(1))
        made.work().record.database._connection.set_busy_timeout(1)  # type: ignore[attr-defined]
        assert round_of(made).state == "store" and lost == [1]
        job.source.held.__exit__(None, None, None)
        assert made.record.database.rows("SELECT cursor FROM cursor") == []
        job.source = Stream([PayloadPage(cursor="1")])
        assert round_of(made).state == "idle"
        assert made.record.database.rows("SELECT cursor FROM cursor") == [("1",)]


# ---- leases --------------------------------------------------------------------------------------------


def test_only_the_holder_of_the_lease_reads_until_it_ends(store_url: str) -> None:
    with Record(store_url) as record:
        assert jobs_queries.take_lease(record, "lobsters", "another", at=START)
        assert not jobs_queries.take_lease(record, "lobsters", "one", at=START + job_state.LEASE - 1)
        assert jobs_queries.take_lease(record, "lobsters", "one", at=START + job_state.LEASE + 1)
        jobs_queries.end_leases(record.database, "another")
        assert not jobs_queries.take_lease(record, "lobsters", "another", at=START + job_state.LEASE + 2)


def test_what_another_process_holds_is_left_alone(store_url: str) -> None:
    with reading(store_url, listed()) as made:
        assert jobs_queries.take_lease(made.record, "lobsters", "another")
        assert made.rounds.attempt() is None and not made.http.requests
        jobs_queries.end_leases(made.record.database, "another")
        assert round_of(made).state == "idle"


def test_a_job_that_was_taken_over_writes_nothing_more(store_url: str) -> None:
    with reading(store_url, {}, source=Stream([PayloadPage(cursor="1")])) as made:
        made.rounds._leases.end("lobsters")
        job = made.rounds.job
        assert isinstance(job, CollectJob)
        with pytest.raises(TakenOver, match="took it over"):
            job.store(made.rounds._open_context(), PayloadPage(cursor="1"))
        assert made.record.database.rows("SELECT cursor FROM cursor") == []


def test_a_host_is_asked_at_its_pace_by_all(store_url: str) -> None:
    with Record(store_url) as record:
        assert [jobs_queries.reserve_moment(record, "arxiv.org", 3, at=START) for _ in range(3)] == [0, 3, 6]
        assert jobs_queries.reserve_moment(record, "arxiv.org", 3, at=START + 60_000_000) == 0
        assert jobs_queries.reserve_moment(record, "example.org", 3) == 0
        assert jobs_queries.all_states(record) == []


def test_rounds_end_when_stopped(store_url: str) -> None:
    slept: list[float] = []

    def stop(seconds: float) -> None:
        slept.append(seconds)
        raise Stopped("told to")

    with reading(store_url, listed(story("gg", "2512.00007"))) as made:
        made.rounds._clock = made.rounds._clock._replace(sleep=stop)
        made.rounds.run()
        assert 3600 <= slept[0] <= 3960


def test_what_a_failed_batch_read_was_not_learned(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the page, when read again, would take its posts for known ones and skip them."""
    with reading(store_url, listed(story("gg", "2512.00007"))) as made:
        job, work = made.rounds.job, made.work()
        assert isinstance(job, CollectJob)
        known = job.known

        def fails() -> None:
            raise BusyStore("another process writes")

        monkeypatch.setattr(work, "confirm", fails)
        with pytest.raises(BusyStore):
            job.run_once(work, once=True)
        assert "lobsters:gg" not in known and not job.names._new_aliases
        monkeypatch.undo()
        job.run_once(work, once=True)
        assert "lobsters:gg" in known and made.record.count(Post) == 1


def test_a_busy_store_quarantines_nothing_and_moves_no_cursor(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(store_url, listed(story("hh", "2512.00008"))) as made:
        read = type(made.rounds.job.source).read  # type: ignore[attr-defined]

        def busy(source: object, seen: RawPayload) -> Iterable[Item]:
            raise BusyStore("another process writes")

        monkeypatch.setattr(LobstersSource, "read", busy)
        assert round_of(made).state == "store"
        assert made.record.count(Post) == 0 and cursor_of(made.record.database, "lobsters") is None
        assert not made.record.database.rows("SELECT * FROM raw")
        monkeypatch.setattr(LobstersSource, "read", read)
        assert round_of(made).state == "idle" and made.record.count(Post) == 1


# ---- clocks and parts ------------------------------------------------------------------------------------


def test_what_was_called_read_by_a_clock_that_was_ahead_is_read_again(store_url: str) -> None:
    with reading(store_url, listed(story("gg", "2512.00007"))) as made:
        work = made.work()
        work.note(started_at=START - HOUR, covered_to=START + DAY)
        round_of(made)
        assert jobs_queries.load_state(made.record, "lobsters").covered_to == START


def test_of_a_stream_in_parts_so_much_was_read_as_the_slowest_part_has(store_url: str) -> None:
    """And never beyond the present, whatever another part claims."""
    with reading(store_url, listed(story("gg", "2512.00007"))) as made:
        job, work = made.rounds.job, made.work()
        assert isinstance(job, CollectJob)
        job.shared_by = ("lobsters", "lobsters/2", "lobsters/3")
        for name, read in (("lobsters", START - 2), ("lobsters/2", START - 5), ("lobsters/3", START + DAY)):
            jobs_queries.save_state(made.record, JobState(source=name, started_at=START - DAY, covered_to=read))
        work.reload_state()
        assert job._covered_by_all(work) == START - 5
        for name in job.shared_by:
            jobs_queries.save_state(made.record, JobState(source=name, started_at=START - DAY, covered_to=START + DAY))
        work.reload_state()
        assert job._covered_by_all(work) == made.http.now() == START
