"""Pacing, the meaning of statuses, and how long a server asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.http import HostPacer
from hotpapers.base.http.retry_policy import (
    MAX_WAIT,
    RESETS,
    UNTOLD,
    Retryable,
    check_status,
    pace_of,
    retry_after,
    seconds_until,
)
from tests.base.http.server import FakeTime, Handler, Server, answer, client

NOW = datetime(2026, 11, 18, 12, 0, 0, tzinfo=UTC)
MICROSECONDS = int(NOW.timestamp()) * 1_000_000
EPOCH = int(NOW.timestamp())

# ---- pace --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("arxiv.org", 443, ("arxiv.org", 3.0)),
        ("export.arxiv.org", 443, ("arxiv.org", 3.0)),
        ("rss.export.arxiv.org", 443, ("arxiv.org", 3.0)),
        ("notarxiv.org", 443, ("notarxiv.org", 1.0)),
        ("api.example.org", 443, ("api.example.org", 0.5)),
        ("www.example.org", 443, ("example.org", 2.0)),
        ("127.0.0.1", 8080, ("127.0.0.1:8080", 0.1)),
        ("127.0.0.1", 8081, ("127.0.0.1", 1.0)),
        ("::1", 80, ("::1", 1.0)),
    ],
)
def test_whose_pace_a_host_keeps(host: str, port: int, expected: tuple[str, float]) -> None:
    pace = {"arxiv.org": 3.0, "example.org": 2.0, "api.example.org": 0.5, "127.0.0.1:8080": 0.1}
    assert pace_of(host, port, pace) == expected


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 10)), min_size=1, max_size=30))
def test_reserved_moments_are_a_pace_apart_and_no_later_than_they_must_be(requests: list[tuple[str, float]]) -> None:
    time, pace = FakeTime(0.0), {"a": 3.0, "b": 0.5}
    reserve = HostPacer(time.monotonic)
    starts: dict[str, list[float]] = {"a": [], "b": []}
    for host, pause in requests:
        time.seconds += pause
        start = time.seconds + reserve(host, pace[host])
        earliest = starts[host][-1] + pace[host] if starts[host] else 0.0
        assert start == pytest.approx(max(time.seconds, earliest))
        starts[host].append(start)


def test_requests_to_a_host_start_a_pace_apart(server: Server, time: FakeTime) -> None:
    starts: list[float] = []

    def play(handler: Handler) -> None:
        starts.append(time.seconds)
        answer(200)(handler)

    server.on("/", play)
    with client(server, time, pace={"127.0.0.1": 3.0}) as http:
        for _ in range(3):
            http.get(server.base + "/")
        time.seconds += 2.0  # the caller was busy in between
        http.get(server.base + "/")
        time.seconds += 60.0
        http.get(server.base + "/")
    assert [later - earlier for earlier, later in pairwise(starts)] == [3.0, 3.0, 3.0, 60.0]


def test_every_request_keeps_the_pace_tries_and_redirects_too(server: Server, time: FakeTime) -> None:
    server.on("/a", answer(302, location="/b"))
    server.on("/b", answer(500), answer(200))
    with client(server, time, pace={"127.0.0.1": 10.0}) as http:
        http.get(server.base + "/a")
    assert [request.path for request in server.requests] == ["/a", "/b", "/a", "/b"]
    assert time.seconds == 1_700_000_000.0 + 3 * 10.0


def test_several_clients_share_a_pace(server: Server, time: FakeTime) -> None:
    server.on("/", answer(200))
    reserve = HostPacer(time.monotonic)
    settings = {"reserve": reserve, "pace": {"127.0.0.1": 5.0}}
    with client(server, time, **settings) as first, client(server, time, **settings) as second:
        first.get(server.base + "/")
        second.get(server.base + "/")
        first.post(server.base + "/")
    assert time.naps == [5.0, 5.0]


def test_the_runners_own_reservations_are_asked(server: Server, time: FakeTime) -> None:
    calls: list[tuple[str, float]] = []

    def reserve(host: str, pace: float) -> float:
        calls.append((host, pace))
        return 7.0

    server.on("/", answer(200))
    with client(server, time, reserve=reserve, pace={}) as http:
        http.get(server.base + "/")
    assert calls == [("127.0.0.1", 1.0)] and time.naps == [7.0]


# ---- what a status means -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 206, 299])
def test_good(status: int) -> None:
    check_status(status, {}, (), MICROSECONDS)


@pytest.mark.parametrize("status", [304, 400, 403, 404, 410, 429, 500, 503, 999])
def test_what_is_accepted_is_good(status: int) -> None:
    check_status(status, {"retry-after": "9"}, (status,), MICROSECONDS)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 410, 422, 451, 499])
def test_refused(status: int) -> None:
    with pytest.raises(RequestRefused, match=f"answered {status}") as excinfo:
        check_status(status, {}, (200,), MICROSECONDS)
    assert excinfo.value.status == status


@pytest.mark.parametrize("status", [408, 425, 500, 501, 502, 503, 504, 520, 599])
def test_another_try_may_help(status: int) -> None:
    with pytest.raises(Retryable, match=f"^answered {status}") as excinfo:
        check_status(status, {}, (), MICROSECONDS)
    assert excinfo.value.sent and excinfo.value.seconds == (UNTOLD if status == 503 else 0.0)


@pytest.mark.parametrize("status", [100, 199, 300, 304, 306, 399])
def test_what_was_not_asked_for(status: int) -> None:
    with pytest.raises(NetError, match="not asked for") as excinfo:
        check_status(status, {}, (), MICROSECONDS)
    assert type(excinfo.value) is NetError


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {}, UNTOLD),
        (429, {"retry-after": "120"}, 120),
        (429, {"retry-after": "0"}, 1),
        (429, {"retry-after": " 7 "}, 7),
        (429, {"retry-after": "5, 9"}, 5),
        (429, {"retry-after": "Wed, 18 Nov 2026 12:01:30 GMT"}, 90),
        (429, {"retry-after": "Wednesday, 18-Nov-26 12:01:30 GMT"}, 90),
        (429, {"retry-after": "Wed Nov 18 12:01:30 2026"}, 90),
        # a server whose clock is a year slow: its own date counts
        (429, {"retry-after": "Tue, 18 Nov 2025 12:00:30 GMT", "date": "Tue, 18 Nov 2025 12:00:00 GMT"}, 30),
        (429, {"x-ratelimit-reset": "2026-11-18T12:05:00.000000Z"}, 300),
        (429, {"x-ratelimit-reset": "2026-11-18T13:05:00+01:00"}, 300),
        (429, {"x-ratelimit-reset": str(EPOCH + 60)}, 60),
        (429, {"x-ratelimit-reset": str((EPOCH + 60) * 1000)}, 60),
        (429, {"x-ratelimit-reset": "412.0"}, 412),
        (429, {"ratelimit-reset": "33"}, 33),
        (429, {"ratelimit-reset": str(EPOCH + 33)}, 33),
        (429, {"x-rate-limit-reset": str(EPOCH + 900)}, 900),
        (429, {"retry-after": "10", "x-ratelimit-reset": "412.0"}, 10),
        (429, {"retry-after": "soon", "x-ratelimit-reset": "412.0"}, 412),
        (429, {"x-rate-limit-reset": str(EPOCH - 900)}, UNTOLD),
        (429, {"retry-after": "-5"}, UNTOLD),
        (429, {"retry-after": "nan"}, UNTOLD),
        (429, {"retry-after": "1e9"}, UNTOLD),
        (429, {"retry-after": "999999999"}, MAX_WAIT),
        (429, {"retry-after": "9" * 20}, MAX_WAIT),
        (429, {"x-ratelimit-reset": "9999-12-31T23:59:59Z"}, MAX_WAIT),
        (503, {"retry-after": "20"}, 20),
        (503, {"retry-after": "soon"}, UNTOLD),
        (503, {"ratelimit-reset": "20"}, 20),
        (500, {"retry-after": "20"}, 20),
        (502, {"retry-after": "20"}, 20),
        (403, {"retry-after": "20"}, 20),
    ],
)
def test_wait(status: int, headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(RetryLater) as excinfo:
        check_status(status, headers, (), MICROSECONDS)
    assert excinfo.value.seconds == pytest.approx(seconds)
    assert f"answered {status}" in excinfo.value.reason


@pytest.mark.parametrize("status", [401, 403, 404, 451])
def test_a_limit_that_is_not_reached_does_not_soften_a_no(status: int) -> None:
    with pytest.raises(RequestRefused):
        check_status(status, dict.fromkeys(RESETS, "300"), (), MICROSECONDS)


def test_a_reset_in_every_answer_does_not_stop_a_retry() -> None:
    with pytest.raises(Retryable, match=r"^answered 500 Internal Server Error$") as excinfo:
        check_status(500, dict.fromkeys(RESETS, "300"), (), MICROSECONDS)
    assert excinfo.value.sent and not excinfo.value.seconds


# ---- length of waits ---------------------------------------------------------------------------------


@given(st.integers(0, 999_999_999))
def test_seconds_are_read(seconds: int) -> None:
    assert seconds_until(str(seconds), EPOCH) == seconds
    assert retry_after({"retry-after": str(seconds)}, MICROSECONDS) == min(max(seconds, 1), MAX_WAIT)


@given(st.integers(0, 10**9), st.timezones())
def test_dates_are_read_in_every_form_and_zone(seconds: int, zone: object) -> None:
    moment = NOW + timedelta(seconds=seconds)
    for text in (format_datetime(moment, usegmt=True), moment.isoformat(), str(EPOCH + seconds)):
        assert seconds_until(text, EPOCH) == pytest.approx(seconds)
    server_date = format_datetime(NOW - timedelta(days=400), usegmt=True)
    reset_date = format_datetime(NOW - timedelta(days=400) + timedelta(seconds=seconds), usegmt=True)
    wait = retry_after({"date": server_date, "retry-after": reset_date}, MICROSECONDS)
    assert wait == pytest.approx(min(max(seconds, 1), MAX_WAIT))


HEADER = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="0123456789.,:;+-TZeE GMTMonWedNov", max_size=40),
    st.floats().map(str),
    st.integers().map(str),
    st.datetimes().map(str),
    st.just("Wed, 18 Nov 99999 12:00:00 GMT"),
    st.just("Wed, 99 Nov 2026 12:00:00 +9999"),
    st.just("0001-01-01T00:00:00+23:59"),
)


@given(st.dictionaries(st.sampled_from(["retry-after", "date", *RESETS]), HEADER), st.integers(0, 2**62))
def test_whatever_a_server_writes_the_wait_is_bounded(headers: dict[str, str], now: int) -> None:
    seconds = retry_after(headers, now)
    assert seconds is None or 1 <= seconds <= MAX_WAIT
    with pytest.raises(RetryLater) as excinfo:
        check_status(429, headers, (), now)
    assert 1 <= excinfo.value.seconds <= MAX_WAIT
