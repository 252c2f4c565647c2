"""Token buckets, which client each belongs to, and how much work is pending at once."""

from __future__ import annotations

import asyncio
import ipaddress
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.serve import connections
from hotpapers.serve.backend import Lane
from hotpapers.serve.connections import TokenBuckets, client_of
from hotpapers.serve.http_messages import Refused


def test_a_bucket_is_filled_anew_in_a_minute() -> None:
    buckets = TokenBuckets(60)
    assert [buckets.take("a", 20, 0.0) for _ in range(4)] == [0, 0, 0, 21]
    assert buckets.take("a", 20, 19.9) == 1
    assert buckets.take("a", 20, 20.1) == 0
    assert buckets.take("a", 60, 1000.0) == 0, "no fuller than full"
    assert buckets.take("a", 1, 1000.0) == 2


def test_what_costs_more_than_a_bucket_holds_is_given_for_a_full_one() -> None:
    buckets = TokenBuckets(10)
    assert buckets.take("a", 60, 0.0) == 0
    assert buckets.take("a", 60, 30.0) == 31
    assert buckets.take("a", 60, 61.0) == 0


def test_without_a_rate_nobody_is_limited() -> None:
    buckets = TokenBuckets(0)
    assert {buckets.take("a", 100, 0.0) for _ in range(1000)} == {0} and len(buckets) == 0


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CLIENTS", 3)
    buckets = TokenBuckets(1)
    for client in ("a", "b", "c"):
        assert buckets.take(client, 1, 0.0) == 0
    assert buckets.take("a", 1, 0.0) > 0
    assert buckets.take("d", 1, 0.0) == 0 and len(buckets) == 3
    assert buckets.take("a", 1, 0.0) > 0, "asked lately, so remembered"
    assert buckets.take("b", 1, 0.0) == 0, "asked longest ago, so forgotten"


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 30)), max_size=80), st.integers(1, 100))
def test_no_more_is_given_than_there_is(requests: list[tuple[int, float]], rate: int) -> None:
    buckets, now, total = TokenBuckets(rate), 0.0, 0
    for cost, pause in requests:
        now += pause
        if buckets.take("a", cost, now) == 0:
            total += min(cost, rate)
        assert total <= rate + now * rate / 60 + 1e-6


@given(st.integers(1, 30), st.integers(1, 100))
def test_after_the_seconds_that_are_told_it_is_given(cost: int, rate: int) -> None:
    buckets, now = TokenBuckets(rate), 0.0
    for _ in range(20):
        wait = buckets.take("a", cost, now)
        if wait:
            assert 1 <= wait <= 61
            now += wait
            assert buckets.take("a", cost, now) == 0


# ---- the client --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        ("192.0.2.1", [], 0, "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], 0, "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], 1, "198.51.100.7"),
        ("192.0.2.1", ["203.0.113.9, 198.51.100.7"], 1, "198.51.100.7"),
        ("192.0.2.1", ["203.0.113.9", "198.51.100.7,192.0.2.9"], 2, "198.51.100.7"),
        ("192.0.2.1", ["198.51.100.7"], 2, "192.0.2.1"),
        ("192.0.2.1", ["unknown"], 1, "192.0.2.1"),
        ("192.0.2.1", [""], 1, "192.0.2.1"),
        ("2001:db8:1:2:3::4", [], 0, "2001:db8:1:2::/64"),
        ("::1", ["2001:db8::ffff"], 1, "2001:db8::/64"),
        ("::ffff:192.0.2.1", [], 0, "192.0.2.1"),
        ("", [], 0, ""),
    ],
)
def test_whose_bucket_it_is(peer: str, forwarded: list[str], proxies: int, client: str) -> None:
    assert client_of(peer, forwarded, proxies) == client


@given(st.lists(st.text(max_size=40), max_size=5), st.ip_addresses(), st.integers(1, 3))
def test_what_a_client_writes_does_not_matter(forged: list[str], address: object, proxies: int) -> None:
    entries = [str(address)] * proxies
    client = client_of("192.0.2.1", [*forged, ",".join(entries)], proxies)
    assert client == client_of("192.0.2.1", entries, proxies)
    ipaddress.ip_network(client)


# ---- lanes -----------------------------------------------------------------------------------------------


def test_work_whose_client_has_left_keeps_its_place_until_it_ends() -> None:
    lane, is_running, may_end = Lane(1, most=1, per_client=0), threading.Event(), threading.Event()

    def work() -> bool:
        is_running.set()
        return may_end.wait(10)

    async def leave_and_return() -> None:
        first = asyncio.create_task(lane.run(work))
        await asyncio.to_thread(is_running.wait, 10)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        with pytest.raises(Refused):
            await lane.run(work)
        may_end.set()
        while (again := lane.begin(bool)) is None:
            await asyncio.sleep(0.01)
        assert again.result() is False

    asyncio.run(asyncio.wait_for(leave_and_return(), 20))
    lane.close()
