"""Every fault appears on the wire as intended, is an error that the program knows, and ends when it should."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from hotpapers.errors import InputError, NetError, RequestRefused, RetryAfter, RetryLater
from hotpapers.http import streams
from hotpapers.model import HOUR, Announcement, HttpClient, PayloadPage
from tests.loopback import hosts
from tests.loopback.clock import RunningClock, SteppedClock, moment
from tests.loopback.faults import KINDS, Fault, Plan, fault, parse, some
from tests.loopback.loopnet import LoopClient
from tests.loopback.reading import SHORT, client, cursor_in, items_in, make, of, posts_in
from tests.loopback.script import MINUTE, SECOND
from tests.loopback.servers import Loopback
from tests.loopback.wire import OVERSIZED
from tests.loopback.world import World

WORLD = World(1, "2026-02-23")
NOW = moment("2026-03-12T15:00")
LIST = "/domains/arxiv.org.json"


# ---- plans -----------------------------------------------------------------------------------------------


def test_a_fault_as_it_is_written() -> None:
    start = moment("2026-11-20T10:00")
    assert parse("bluesky=429:120@2026-11-20T10:00/30m") == Fault("bluesky", "429", start, start + 30 * MINUTE, 120.0)
    assert parse("arxiv/rss=empty@2026-11-20/1d") == fault("arxiv/rss", "empty", start - 10 * HOUR, start + 14 * HOUR)
    assert parse("*=slow:2.5") == fault("*", "slow", value=2.5)
    assert parse("x=skewed").value == 7200


@pytest.mark.parametrize(
    "text", ["", "bluesky", "=429", "x=boredom", "x=429@yesterday", "x=429@99", "x=429/3w", "x=418"]
)
def test_what_is_no_fault(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


def test_where_and_when_a_fault_is() -> None:
    plan = Plan([parse("bluesky.stream1=blind@2026-11-20T10:00/30m"), parse("arxiv/rss=500")])
    plan.add("bluesky=429")
    at = moment("2026-11-20T10:00")
    kinds = [found.kind if (found := plan.at(*asked, at)) else "" for asked in (
        ("bluesky.view", "/"), ("bluesky.stream1", "/"), ("arxiv", "/rss/cs"), ("arxiv", "/list"), ("bluesky2", "/"),
    )]  # fmt: skip
    assert kinds == ["429", "429", "500", "", ""]
    plan.clear()
    assert plan.at("bluesky.view", "/", at) is None


def test_chance_is_the_same_for_the_same_seed() -> None:
    days = range(20_000, 20_400)
    found = {host: [one for day in days for one in some(3, host, day)] for host in ("x", "arxiv")}
    assert found == {host: [one for day in days for one in some(3, host, day)] for host in found}
    assert found["x"] != found["arxiv"] and all(40 < len(one) < 120 for one in found.values())
    assert {one.kind for one in found["x"]} | {one.kind for one in found["arxiv"]} == {*KINDS} - {"skewed"}
    assert all(5 * MINUTE <= one.end - one.start <= 3 * HOUR for one in found["x"])
    one = found["x"][0]
    plan = Plan(seed=3)
    assert [plan.at("x", "/", at) for at in (one.start - 1, one.start, one.end - 1)] == [None, one, one]


# ---- on the wire -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(WORLD, SteppedClock(NOW)) as running:
        yield running


@pytest.fixture(autouse=True)
def well(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Removes all faults after each test, and shortens the wait for close frames."""
    monkeypatch.setattr(streams, "CLOSING", 0.1)
    yield
    loopback.plan.clear()
    loopback.settle()


class Raw:
    """An answer as a plain client sees it: status, headers and body, or the error."""

    def __init__(self, loopback: Loopback, path: str = LIST, host: str = "lobsters", patience: float = 10.0) -> None:
        loopback.settle()
        self.status, self.body = 0, b""
        self.headers: dict[str, str] = {}
        self.broke: Exception | None = None
        port = urlsplit(loopback.bases[host]).port or 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            self.status, self.headers = answer.status, {name.lower(): value for name, value in answer.getheaders()}
            self.body = answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self.broke = problem
        finally:
            connection.close()


BY_A_DAY = {"slow": "slow:0.1", "replayed": "replayed:86400"}
SHOWS: dict[str, Callable[[Raw, Raw], bool]] = {
    "refused": lambda raw, well: isinstance(raw.broke, ConnectionRefusedError),
    "reset": lambda raw, well: isinstance(raw.broke, ConnectionResetError) and raw.status == 0,
    "slow": lambda raw, well: raw.body == well.body,
    "stall": lambda raw, well: isinstance(raw.broke, TimeoutError) and raw.status == 200,
    "truncated": lambda raw, well: isinstance(raw.broke, http.client.IncompleteRead) and raw.status == 200,
    "oversized": lambda raw, well: raw.headers["content-encoding"] == "gzip" and len(raw.body) < OVERSIZED / 100,
    "malformed": lambda raw, well: raw.status == 200 and b"\x00" in raw.body and raw.body[:50] == well.body[:50],
    "html": lambda raw, well: raw.status == 200 and raw.headers["content-type"].startswith("text/html"),
    "redirect": lambda raw, well: raw.status == 302 and "/inside" in raw.headers["location"],
    "empty": lambda raw, well: raw.body == b"[]",
    "blind": lambda raw, well: raw.body == b"[]",
    "skewed": lambda raw, well: raw.headers["date"] == "Thu, 12 Mar 2026 17:00:00 GMT" and raw.body != well.body,
    "replayed": lambda raw, well: raw.status == 200 and raw.body != well.body,
    "reversed": lambda raw, well: raw.body.index(b"short_id") == well.body.index(b"short_id") and raw.body != well.body,
    "doubled": lambda raw, well: raw.body.count(b'"short_id"') == 2 * well.body.count(b'"short_id"'),
    "429": lambda raw, well: (raw.status, raw.headers["retry-after"]) == (429, "60"),
    "503": lambda raw, well: raw.status == 503 and "retry-after" not in raw.headers,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_client_sees_it_and_sees_it_end(kind: str, loopback: Loopback) -> None:
    well = Raw(loopback)
    assert well.status == 200 and well.headers["date"] == "Thu, 12 Mar 2026 15:00:00 GMT" and len(well.body) > 1000
    loopback.plan.add(f"lobsters={BY_A_DAY.get(kind, kind)}")
    raw = Raw(loopback, patience=0.7 if kind == "stall" else 10.0)
    shows = SHOWS.get(kind)
    assert shows(raw, well) if shows else raw.status == int(kind), (raw.status, raw.headers, raw.broke)
    assert Raw(loopback, "/api/daily_papers", "huggingface").status == 200, "no other host is affected"
    loopback.plan.clear()
    assert Raw(loopback).body == well.body


RAISES: dict[str, type[NetError]] = {
    "401": RequestRefused, "403": RequestRefused, "404": RequestRefused, "410": RequestRefused, "429": RetryAfter,
    "503": RetryLater, "redirect": RequestRefused,
}  # fmt: skip
HARMLESS = ("slow", "empty", "blind", "skewed", "replayed", "reversed", "doubled")


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_the_program_knows_it_on_the_wire_and_without(kind: str, loopback: Loopback) -> None:
    plan = Plan()
    with client(loopback, limits=SHORT) as wire:
        for http_client, where in ((wire, loopback), (LoopClient(WORLD, SteppedClock(NOW), plan), None)):
            (where.plan if where else plan).add(f"lobsters={kind}:0.1" if kind == "slow" else f"lobsters={kind}")
            if where:
                where.settle()
            source = make("lobsters", http_client.bases if isinstance(http_client, LoopClient) else loopback.bases)
            if kind in HARMLESS:
                list(source.pages(http_client, None))
            else:
                with pytest.raises(NetError) as caught:
                    list(source.pages(http_client, None))
                assert type(caught.value) is RAISES.get(kind, NetError)
            plan.clear()
            loopback.plan.clear()
            loopback.settle()
            assert posts_in(items_in(source, source.pages(http_client, None)))
    assert loopback.trapped == 0


def test_the_trap_is_there_and_nobody_steps_into_it(loopback: Loopback) -> None:
    Raw(loopback, "/inside", hosts.TRAP)
    assert loopback.trapped == 1
    loopback._counted.clear()


def test_who_asks_a_stream_for_a_page_is_told_so(loopback: Loopback) -> None:
    assert Raw(loopback, "/subscribe", "bluesky.stream1").status == 426


def test_a_kept_connection_breaks_when_a_host_is_down(loopback: Loopback) -> None:
    with client(loopback, limits=SHORT) as http_client:
        url = loopback.bases["lobsters"] + LIST
        assert http_client.get(url).status == 200
        loopback.plan.add("lobsters=refused")
        loopback.settle()
        with pytest.raises(NetError):
            http_client.get(url)
        loopback.plan.clear()
        loopback.settle()
        assert http_client.get(url).status == 200


def test_a_missed_day_of_arxiv_is_healed() -> None:
    clock = SteppedClock(NOW)
    http_client = LoopClient(WORLD, clock, Plan([parse("arxiv/rss=empty@2026-03-13T04:00/1d")]))
    source = make("arxiv", http_client.bases, archives=["cs", "math"])
    cursor, pages = cursor_in(source.pages(http_client, None)), list[PayloadPage]()
    for day in ("2026-03-13T15:00", "2026-03-16T15:00"):
        clock.to(moment(day))
        pages += source.pages(http_client, cursor)
        cursor = cursor_in(pages) or cursor
    told = {(item.paper, item.day) for item in of(Announcement, items_in(source, pages))}
    missed = {
        (f"arxiv:{one.id}", "2026-03-13") for one in WORLD.papers("2026-03-13") if {"cs", "math"} & set(one.archives)
    }
    assert missed and missed <= told


# ---- streams -----------------------------------------------------------------------------------------------


STREAM = "/subscribe?wantedCollections=app.bsky.feed.post&cursor="
OPENS = ("slow", "skewed", "replayed", "reversed", "doubled", "malformed", "empty", "blind")
WRITTEN = {"slow": "slow:0.1", "replayed": "replayed:300"}


def hears(http_client: HttpClient, base: str, many: int = 30, patience: int = 200) -> list[bytes]:
    """Nearly all messages of a stream in the last ten minutes; none, if it is silent `patience` times."""
    found, silence = list[bytes](), 0
    for message in http_client.messages(f"{base}{STREAM}{NOW - 10 * MINUTE}"):
        found += [message] if message is not None else []
        silence = silence + 1 if message is None else 0
        if len(found) == many or silence == patience:
            break
    return found


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_has_it_too(kind: str, loopback: Loopback) -> None:
    with client(
        loopback, limits=SHORT._replace(silence=0.1, connect=1.0 if kind == "stall" else 10.0, tries=1)
    ) as http_client:
        well = hears(http_client, loopback.bases["bluesky.stream1"])
        loopback.plan.add(f"bluesky.stream1={WRITTEN.get(kind, kind)}")
        loopback.settle()
        check_stream(kind, http_client, loopback.bases["bluesky.stream1"], well)
        assert hears(http_client, loopback.bases["bluesky.stream2"]) == well, "the other host is unaffected"
        loopback.plan.clear()
        loopback.settle()
        assert hears(http_client, loopback.bases["bluesky.stream1"]) == well and loopback.trapped == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_without_sockets_has_it_too(kind: str) -> None:
    plan = Plan()
    http_client = LoopClient(WORLD, SteppedClock(NOW), plan)
    well = hears(http_client, http_client.bases["bluesky.stream1"])
    plan.add(f"bluesky.stream1={WRITTEN.get(kind, kind)}")
    check_stream(kind, http_client, http_client.bases["bluesky.stream1"], well)
    plan.clear()
    assert http_client.now() - NOW < HOUR


def check_stream(kind: str, http_client: HttpClient, base: str, well: list[bytes]) -> None:
    if kind not in OPENS:
        with pytest.raises(NetError) as caught:
            hears(http_client, base)
        assert type(caught.value) is RAISES.get(kind, NetError) or kind in ("503", "redirect")
        return
    if kind in ("empty", "blind"):
        assert hears(http_client, base, patience=8) == []
        return
    if kind == "replayed":
        return check_again(hears(http_client, base, 45), well)
    heard = hears(http_client, base)
    assert len(heard) == 30
    assert (heard == well) == (kind in ("slow", "reversed")), "events far apart in time come in order"
    assert kind != "doubled" or heard[::2] == heard[1::2] == well[:15]
    assert kind != "malformed" or all(b"\x00" in message for message in heard)


def check_again(heard: list[bytes], well: list[bytes]) -> None:
    assert heard[:30] == well and len(set(heard)) < 45


def test_a_stream_out_of_order_is_so_by_seconds() -> None:
    busy = World(1, "2026-02-23", chatter=1)
    plan = Plan()
    http_client = LoopClient(busy, SteppedClock(NOW), plan)
    well = hears(http_client, http_client.bases["bluesky.stream1"], 100)
    plan.add("bluesky=reversed")
    heard = hears(http_client, http_client.bases["bluesky.stream1"], 100)
    assert heard != well and len(set(heard) & set(well)) >= 95
    assert heard[:5] == well[:5][::-1]


def test_a_stream_that_is_cut_goes_on_from_the_other_host() -> None:
    plan = Plan()
    with Loopback(WORLD, RunningClock(NOW, 200), plan) as loopback, client(loopback, limits=SHORT) as http_client:
        source = make("bluesky", loopback.bases)
        plan.add("bluesky.stream1=truncated")
        found, cursors = [], list[str]()
        for page in source.pages(http_client, str(NOW - 10 * HOUR)):
            found += items_in(source, [page])
            cursors += [page.cursor] if page.cursor else []
            if cursors and int(cursors[-1]) > NOW + 60 * SECOND:
                break
        assert len(posts_in(found)) > 5
        assert {asked.host for asked in loopback.asked} == {"bluesky.stream1", "bluesky.stream2"}
