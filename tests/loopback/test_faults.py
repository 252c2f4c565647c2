"""Every fault appears on the wire as intended, becomes an error that the program knows, and ends when it should."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from hotpapers.base.errors import InputError, NetError, RequestRefused, RetryAfter, RetryLater
from hotpapers.base.http import streams
from hotpapers.base.model import HOUR, Announcement, HttpClient, PayloadPage
from tests.loopback import hosts
from tests.loopback.clock import RunningClock, SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import KINDS, Fault, Plan, fault, parse, random_faults
from tests.loopback.reading import SHORT, client, cursor_in, items_in, items_of_type, make_source, posts_in
from tests.loopback.script import MINUTE, SECOND
from tests.loopback.servers import Loopback
from tests.loopback.wire import OVERSIZED
from tests.loopback.world import World

WORLD = World(1, "2026-02-23")
NOW = moment("2026-03-12T15:00")
LIST = "/domains/arxiv.org.json"


# ---- plans -----------------------------------------------------------------------------------------------


def test_faults_are_parsed() -> None:
    start = moment("2026-11-20T10:00")
    assert parse("bluesky=429:120@2026-11-20T10:00/30m") == Fault("bluesky", "429", start, start + 30 * MINUTE, 120.0)
    assert parse("arxiv/rss=empty@2026-11-20/1d") == fault("arxiv/rss", "empty", start - 10 * HOUR, start + 14 * HOUR)
    assert parse("*=slow:2.5") == fault("*", "slow", value=2.5)
    assert parse("x=skewed").value == 7200


@pytest.mark.parametrize(
    "text", ["", "bluesky", "=429", "x=boredom", "x=429@yesterday", "x=429@99", "x=429/3w", "x=418"]
)
def test_other_texts_are_no_faults(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


def test_where_and_when_a_fault_applies() -> None:
    plan = Plan([parse("bluesky.stream1=blind@2026-11-20T10:00/30m"), parse("arxiv/rss=500")])
    plan.add("bluesky=429")
    at = moment("2026-11-20T10:00")
    kinds = [match.kind if (match := plan.at(*request, at)) else "" for request in (
        ("bluesky.view", "/"), ("bluesky.stream1", "/"), ("arxiv", "/rss/cs"), ("arxiv", "/list"), ("bluesky2", "/"),
    )]  # fmt: skip
    assert kinds == ["429", "429", "500", "", ""]
    plan.clear()
    assert plan.at("bluesky.view", "/", at) is None


def test_a_seed_always_gives_the_same_random_faults() -> None:
    days = range(20_000, 20_400)
    faults = {host: [fault for day in days for fault in random_faults(3, host, day)] for host in ("x", "arxiv")}
    assert faults == {host: [fault for day in days for fault in random_faults(3, host, day)] for host in faults}
    assert faults["x"] != faults["arxiv"] and all(40 < len(host_faults) < 120 for host_faults in faults.values())
    assert {fault.kind for fault in faults["x"]} | {fault.kind for fault in faults["arxiv"]} == {*KINDS} - {"skewed"}
    assert all(5 * MINUTE <= fault.end - fault.start <= 3 * HOUR for fault in faults["x"])
    fault = faults["x"][0]
    plan = Plan(seed=3)
    assert [plan.at("x", "/", at) for at in (fault.start - 1, fault.start, fault.end - 1)] == [None, fault, fault]


# ---- on the wire -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(WORLD, SteppedClock(NOW)) as running:
        yield running


@pytest.fixture(autouse=True)
def without_faults(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Removes all faults after each test, and shortens the wait for close frames."""
    monkeypatch.setattr(streams, "CLOSING", 0.1)
    yield
    loopback.plan.clear()
    loopback.update_ports()


class PlainAnswer:
    """An answer as a plain client sees it: status, headers and body, or the error."""

    def __init__(self, loopback: Loopback, path: str = LIST, host: str = "lobsters", patience: float = 10.0) -> None:
        loopback.update_ports()
        self.status, self.body = 0, b""
        self.headers: dict[str, str] = {}
        self.error: Exception | None = None
        port = urlsplit(loopback.bases[host]).port or 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            self.status, self.headers = answer.status, {name.lower(): value for name, value in answer.getheaders()}
            self.body = answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self.error = problem
        finally:
            connection.close()


FAULT_VALUES = {"slow": "slow:0.1", "replayed": "replayed:86400"}
CHECKS: dict[str, Callable[[PlainAnswer, PlainAnswer], bool]] = {
    "refused": lambda raw, fault_free: isinstance(raw.error, ConnectionRefusedError),
    "reset": lambda raw, fault_free: isinstance(raw.error, ConnectionResetError) and raw.status == 0,
    "slow": lambda raw, fault_free: raw.body == fault_free.body,
    "stall": lambda raw, fault_free: isinstance(raw.error, TimeoutError) and raw.status == 200,
    "truncated": lambda raw, fault_free: isinstance(raw.error, http.client.IncompleteRead) and raw.status == 200,
    "oversized": lambda raw, fault_free: raw.headers["content-encoding"] == "gzip" and len(raw.body) < OVERSIZED / 100,
    "malformed": lambda raw, fault_free: (
        raw.status == 200 and b"\x00" in raw.body and raw.body[:50] == fault_free.body[:50]
    ),
    "html": lambda raw, fault_free: raw.status == 200 and raw.headers["content-type"].startswith("text/html"),
    "redirect": lambda raw, fault_free: raw.status == 302 and "/inside" in raw.headers["location"],
    "empty": lambda raw, fault_free: raw.body == b"[]",
    "blind": lambda raw, fault_free: raw.body == b"[]",
    "skewed": lambda raw, fault_free: (
        raw.headers["date"] == "Thu, 12 Mar 2026 17:00:00 GMT" and raw.body != fault_free.body
    ),
    "replayed": lambda raw, fault_free: raw.status == 200 and raw.body != fault_free.body,
    "reversed": lambda raw, fault_free: (
        raw.body.index(b"short_id") == fault_free.body.index(b"short_id") and raw.body != fault_free.body
    ),
    "doubled": lambda raw, fault_free: raw.body.count(b'"short_id"') == 2 * fault_free.body.count(b'"short_id"'),
    "429": lambda raw, fault_free: (raw.status, raw.headers["retry-after"]) == (429, "60"),
    "503": lambda raw, fault_free: raw.status == 503 and "retry-after" not in raw.headers,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_client_sees_each_fault_and_its_end(kind: str, loopback: Loopback) -> None:
    fault_free = PlainAnswer(loopback)
    assert (
        fault_free.status == 200
        and fault_free.headers["date"] == "Thu, 12 Mar 2026 15:00:00 GMT"
        and len(fault_free.body) > 1000
    )
    loopback.plan.add(f"lobsters={FAULT_VALUES.get(kind, kind)}")
    raw = PlainAnswer(loopback, patience=0.7 if kind == "stall" else 10.0)
    shows = CHECKS.get(kind)
    assert shows(raw, fault_free) if shows else raw.status == int(kind), (raw.status, raw.headers, raw.error)
    assert PlainAnswer(loopback, "/api/daily_papers", "huggingface").status == 200, "no other host is affected"
    loopback.plan.clear()
    assert PlainAnswer(loopback).body == fault_free.body


RAISES: dict[str, type[NetError]] = {
    "401": RequestRefused, "403": RequestRefused, "404": RequestRefused, "410": RequestRefused, "429": RetryAfter,
    "503": RetryLater, "redirect": RequestRefused,
}  # fmt: skip
HARMLESS = ("slow", "empty", "blind", "skewed", "replayed", "reversed", "doubled")


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_the_program_handles_each_fault_with_and_without_sockets(kind: str, loopback: Loopback) -> None:
    plan = Plan()
    with client(loopback, limits=SHORT) as wire:
        for http_client, server in ((wire, loopback), (DirectClient(WORLD, SteppedClock(NOW), plan), None)):
            (server.plan if server else plan).add(f"lobsters={kind}:0.1" if kind == "slow" else f"lobsters={kind}")
            if server:
                server.update_ports()
            source = make_source(
                "lobsters", http_client.bases if isinstance(http_client, DirectClient) else loopback.bases
            )
            if kind in HARMLESS:
                list(source.pages(http_client, None))
            else:
                with pytest.raises(NetError) as caught:
                    list(source.pages(http_client, None))
                assert type(caught.value) is RAISES.get(kind, NetError)
            plan.clear()
            loopback.plan.clear()
            loopback.update_ports()
            assert posts_in(items_in(source, source.pages(http_client, None)))
    assert loopback.trap_requests == 0


def test_the_trap_counts_requests(loopback: Loopback) -> None:
    PlainAnswer(loopback, "/inside", hosts.TRAP)
    assert loopback.trap_requests == 1
    loopback._request_counts.clear()


def test_a_stream_refuses_plain_requests(loopback: Loopback) -> None:
    assert PlainAnswer(loopback, "/subscribe", "bluesky.stream1").status == 426


def test_a_reused_connection_breaks_when_a_host_is_down(loopback: Loopback) -> None:
    with client(loopback, limits=SHORT) as http_client:
        url = loopback.bases["lobsters"] + LIST
        assert http_client.get(url).status == 200
        loopback.plan.add("lobsters=refused")
        loopback.update_ports()
        with pytest.raises(NetError):
            http_client.get(url)
        loopback.plan.clear()
        loopback.update_ports()
        assert http_client.get(url).status == 200


def test_a_missed_day_of_arxiv_is_read_later() -> None:
    clock = SteppedClock(NOW)
    http_client = DirectClient(WORLD, clock, Plan([parse("arxiv/rss=empty@2026-03-13T04:00/1d")]))
    source = make_source("arxiv", http_client.bases, archives=["cs", "math"])
    cursor, pages = cursor_in(source.pages(http_client, None)), list[PayloadPage]()
    for day in ("2026-03-13T15:00", "2026-03-16T15:00"):
        clock.to(moment(day))
        pages += source.pages(http_client, cursor)
        cursor = cursor_in(pages) or cursor
    announcements = {(item.paper, item.day) for item in items_of_type(Announcement, items_in(source, pages))}
    missed_announcements = {
        (f"arxiv:{paper.id}", "2026-03-13")
        for paper in WORLD.papers("2026-03-13")
        if {"cs", "math"} & set(paper.archives)
    }
    assert missed_announcements and missed_announcements <= announcements


# ---- streams -----------------------------------------------------------------------------------------------


STREAM = "/subscribe?wantedCollections=app.bsky.feed.post&cursor="
OPENS = ("slow", "skewed", "replayed", "reversed", "doubled", "malformed", "empty", "blind")
WRITTEN = {"slow": "slow:0.1", "replayed": "replayed:300"}


def read_messages(http_client: HttpClient, base: str, count: int = 30, patience: int = 200) -> list[bytes]:
    """The first `count` messages of a stream since ten minutes ago; fewer if it is silent `patience` times."""
    messages, silence = list[bytes](), 0
    for message in http_client.messages(f"{base}{STREAM}{NOW - 10 * MINUTE}"):
        messages += [message] if message is not None else []
        silence = silence + 1 if message is None else 0
        if len(messages) == count or silence == patience:
            break
    return messages


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_under_each_fault(kind: str, loopback: Loopback) -> None:
    with client(
        loopback, limits=SHORT._replace(silence=0.1, connect=1.0 if kind == "stall" else 10.0, tries=1)
    ) as http_client:
        fault_free = read_messages(http_client, loopback.bases["bluesky.stream1"])
        loopback.plan.add(f"bluesky.stream1={WRITTEN.get(kind, kind)}")
        loopback.update_ports()
        check_stream(kind, http_client, loopback.bases["bluesky.stream1"], fault_free)
        assert read_messages(http_client, loopback.bases["bluesky.stream2"]) == fault_free, (
            "the other host is unaffected"
        )
        loopback.plan.clear()
        loopback.update_ports()
        assert (
            read_messages(http_client, loopback.bases["bluesky.stream1"]) == fault_free and loopback.trap_requests == 0
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_without_sockets_under_each_fault(kind: str) -> None:
    plan = Plan()
    http_client = DirectClient(WORLD, SteppedClock(NOW), plan)
    fault_free = read_messages(http_client, http_client.bases["bluesky.stream1"])
    plan.add(f"bluesky.stream1={WRITTEN.get(kind, kind)}")
    check_stream(kind, http_client, http_client.bases["bluesky.stream1"], fault_free)
    plan.clear()
    assert http_client.now() - NOW < HOUR


def check_stream(kind: str, http_client: HttpClient, base: str, fault_free: list[bytes]) -> None:
    if kind not in OPENS:
        with pytest.raises(NetError) as caught:
            read_messages(http_client, base)
        assert type(caught.value) is RAISES.get(kind, NetError) or kind in ("503", "redirect")
        return
    if kind in ("empty", "blind"):
        assert read_messages(http_client, base, patience=8) == []
        return
    if kind == "replayed":
        return check_again(read_messages(http_client, base, 45), fault_free)
    messages = read_messages(http_client, base)
    assert len(messages) == 30
    assert (messages == fault_free) == (kind in ("slow", "reversed")), "events far apart in time come in order"
    assert kind != "doubled" or messages[::2] == messages[1::2] == fault_free[:15]
    assert kind != "malformed" or all(b"\x00" in message for message in messages)


def check_again(messages: list[bytes], fault_free: list[bytes]) -> None:
    assert messages[:30] == fault_free and len(set(messages)) < 45


def test_a_stream_is_out_of_order_only_within_seconds() -> None:
    busy = World(1, "2026-02-23", chatter=1)
    plan = Plan()
    http_client = DirectClient(busy, SteppedClock(NOW), plan)
    fault_free = read_messages(http_client, http_client.bases["bluesky.stream1"], 100)
    plan.add("bluesky=reversed")
    messages = read_messages(http_client, http_client.bases["bluesky.stream1"], 100)
    assert messages != fault_free and len(set(messages) & set(fault_free)) >= 95
    assert messages[:5] == fault_free[:5][::-1]


def test_a_broken_stream_continues_from_the_other_host() -> None:
    plan = Plan()
    with Loopback(WORLD, RunningClock(NOW, 200), plan) as loopback, client(loopback, limits=SHORT) as http_client:
        source = make_source("bluesky", loopback.bases)
        plan.add("bluesky.stream1=truncated")
        items, cursors = [], list[str]()
        for page in source.pages(http_client, str(NOW - 10 * HOUR)):
            items += items_in(source, [page])
            cursors += [page.cursor] if page.cursor else []
            if cursors and int(cursors[-1]) > NOW + 60 * SECOND:
                break
        assert len(posts_in(items)) > 5
        assert {request.host for request in loopback.requests} == {"bluesky.stream1", "bluesky.stream2"}
