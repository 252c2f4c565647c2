"""The runner: what follows a round, what it says of coverage, and real rounds of a real source into a real record."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.collect.runner import (
    COVERED_EVERY,
    FAILED_AGAIN,
    REFUSED_AGAIN,
    Collector,
    Known,
    Next,
    Worker,
    after,
    covered,
    known_posts,
)
from hotpapers.errors import NetError, Refused, Stopped, Wait
from hotpapers.model import DAY, HOUR, Coverage, Mention, Post, Snapshot
from hotpapers.record import Record
from hotpapers.record import duty as duties
from hotpapers.record.duty import Duty
from hotpapers.record.verify import check
from hotpapers.sources.lobsters import Lobsters, LobstersSettings
from tests.sources.net import START, ScriptedNet, reply

LIST = "https://lobste.rs/domains/arxiv.org.json"


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


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        yield opened


def worker(record: Record, answers: object, holder: str = "one") -> Worker:
    known = known_posts(record, "lobsters", START)
    net = ScriptedNet({LIST: answers})  # type: ignore[dict-item]
    return Worker(Lobsters(LobstersSettings(), known), net, record, known, holder=holder)


def coverage(record: Record) -> list[Coverage]:
    return [row.item for row in record.view().latest(Coverage) if isinstance(row.item, Coverage)]


# ---- decisions -----------------------------------------------------------------------------------------


def test_what_follows_a_round() -> None:
    assert after(None, 0, 600) == Next("idle", "", 600)
    assert after(Wait(42, "busy"), 3, 600) == Next("waiting", "busy", 42)
    assert after(Refused("no"), 0, 600) == Next("refused", "no", REFUSED_AGAIN)
    assert [after(NetError("x"), n, 600).seconds for n in (0, 1, 2, 50)] == [30, 60, 120, FAILED_AGAIN[1]]


@given(st.integers(0, 40 * DAY), st.one_of(st.none(), st.integers(0, 30 * DAY)), st.booleans())
def test_a_gap_is_complete_only_within_the_networks_memory(gap: int, reach: int | None, failing: bool) -> None:
    duty = Duty(source="x", covered_to=START, failing_since=START if failing else None)
    said = covered("x", duty, START + gap, None, reach)
    if gap == 0:
        assert said is None
    else:
        assert said is not None and (said.from_at, said.until_at) == (START, START + gap)
        assert said.state == ("partial" if reach is not None and gap > reach else "complete")


def test_a_failure_is_never_complete_and_says_why() -> None:
    said = covered("x", Duty(source="x", covered_to=START), START + HOUR, Refused("no key"), None)
    assert said is not None and (said.state, said.reason) == ("refused", "no key")


def test_known_posts_and_their_accounts_are_tracked_until_they_are_gone() -> None:
    post = Post(post="x:1", network="x", account="x:7", created_at=1, observed_at=1)
    known = Known()
    known.learn([post])
    assert "x:1" in known and "x:7" in known and len(known) == 2
    known.learn([Post(post="x:1", network="x", account="", created_at=1, gone="deleted", observed_at=2)])
    assert "x:1" not in known and "x:7" in known


# ---- rounds --------------------------------------------------------------------------------------------


def test_a_round_brings_pages_into_the_record_once(record: Record) -> None:
    one = worker(record, listed(story("aa", "2512.00001"), story("bb", "2512.00002")))
    for _ in range(3):
        assert one.round().state == "idle"
    papers = {row.item.paper for row in record.view().latest(Mention) if isinstance(row.item, Mention)}
    assert papers == {"arxiv:2512.00001", "arxiv:2512.00002"}
    assert (record.count(Post), record.count(Snapshot)) == (2, 2)
    assert duties.load(record, "lobsters").failing_since is None
    assert not check(record.database, record.marks).findings


def test_an_outage_is_seen_covered_as_refused_and_then_as_complete(record: Record) -> None:
    answers = [listed(), reply(403), reply(403), listed(story("cc", "2512.00003"))]
    one = worker(record, answers)
    one.round()
    one.net.sleep(COVERED_EVERY / 1e6 + 60)
    assert one.round().state == "refused"
    failing = duties.load(record, "lobsters")
    assert failing.state == "refused" and failing.failing_since is not None and failing.reason
    assert [item.state for item in coverage(record)][-1] == "refused"
    one.net.sleep(3600)
    assert one.round().state == "refused"
    assert duties.load(record, "lobsters").failing_since == failing.failing_since
    assert one.round().state == "idle"
    assert {item.state for item in coverage(record)} == {"complete"}
    assert duties.load(record, "lobsters").failing_since is None


def test_nonsense_stops_nothing_and_is_kept_in_quarantine(record: Record) -> None:
    broken = {**story("dd", "2512.00004"), "created_at": "yesterday"}
    one = worker(record, listed(broken, story("ee", "2512.00005")))
    assert one.round().state == "idle"
    assert record.database.rows("SELECT key FROM quarantine") == [("dd",)]
    assert record.count(Mention) == 1
    assert after(NetError("HTML"), 0, 1) == worker(record, b"<html>").round()._replace(reason="HTML", seconds=30.0)


def test_what_is_wholly_in_its_items_is_not_kept_raw(record: Record) -> None:
    one = worker(record, listed(story("ff", "2512.00006")))
    one.round()
    for page in one.source.counts(ScriptedNet(lambda url: json.dumps(story("ff", "x", 9)).encode()), ["lobsters:ff"]):
        one.store(page)
    assert [row[0] for row in record.database.rows("SELECT kind FROM raw")] == ["post"]
    assert record.count(Snapshot) == 2


def test_only_the_holder_of_the_lease_reads_until_it_ends(record: Record) -> None:
    assert duties.take_lease(record, "lobsters", "another", at=START)
    assert not duties.take_lease(record, "lobsters", "one", at=START + duties.LEASE - 1)
    assert duties.take_lease(record, "lobsters", "one", at=START + duties.LEASE + 1)
    duties.end_lease(record, "lobsters", "another")
    assert not duties.take_lease(record, "lobsters", "another", at=START + duties.LEASE + 2)


def test_a_host_is_asked_at_its_pace_by_all(record: Record) -> None:
    waits = [duties.reserve(record, "arxiv.org", 3, at=START) for _ in range(3)]
    assert waits == [0, 3, 6]
    assert duties.reserve(record, "arxiv.org", 3, at=START + 60_000_000) == 0
    assert [duty.source for duty in duties.all_duties(record)] == []


def test_rounds_end_when_stopped(record: Record) -> None:
    one = worker(record, listed(story("gg", "2512.00007")))
    slept: list[float] = []

    def stop(seconds: float) -> None:
        slept.append(seconds)
        raise Stopped("told to")

    one.net.sleep = stop  # type: ignore[method-assign]
    one.rounds()
    assert 3600 <= slept[0] <= 3960
    assert record.database.rows("SELECT count(*) FROM lease") == [(0,)]


# ---- all of them ---------------------------------------------------------------------------------------


def test_all_sources_are_read_and_a_mistake_of_ours_is_loud(sqlite_url: str) -> None:
    def making(answers: object) -> Callable[[], Worker]:
        return lambda: worker(Record(sqlite_url), answers)

    Collector({"lobsters": making(listed(story("hh", "2512.00008")))}, threading.Event()).run(once=True)
    with Record(sqlite_url) as record:
        assert record.count(Mention) == 1
    stop = threading.Event()
    with pytest.raises(RuntimeError, match="our own"):
        Collector({"lobsters": making(listed()), "broken": _broken}, stop).run(once=True)
    assert stop.is_set()


def _broken() -> Worker:
    raise RuntimeError("our own")
