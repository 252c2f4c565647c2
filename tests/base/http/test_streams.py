"""Websockets and streams of lines: messages, heartbeats, and every way in which a stream ends."""

from __future__ import annotations

import gzip
import itertools
import queue
import socket
import threading
import time as real_time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request, Response
from websockets.sync.server import Server as WebsocketServer
from websockets.sync.server import ServerConnection, serve

from hotpapers.base.errors import NetError, RequestRefused, RetryAfter, RetryLater, Stopped
from hotpapers.base.http import ClientLimits, PoliteHttpClient, streams
from hotpapers.base.http.streams import LineSplitter
from tests.base.http.server import SHORT, FakeTime, Handler, Server, answer, client, raw, stall

ConnectionHandler = Callable[[ServerConnection], None]


@contextmanager
def running_server(server: WebsocketServer) -> Iterator[int]:
    """Runs the server; yields its port."""
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.socket.getsockname()[1]
    thread.join()


@contextmanager
def websocket_client(serve_client: ConnectionHandler, **settings: Any) -> Iterator[tuple[PoliteHttpClient, str]]:
    """A client of a websocket server, and the URL."""
    server = serve(serve_client, "127.0.0.1", 0, max_size=None, close_timeout=0.2)
    with running_server(server) as port:
        base = f"ws://127.0.0.1:{port}"
        with client(base_addresses=[base], **settings) as http:
            yield http, base + "/stream?a=1"


def next_message(stream: Iterator[bytes | None]) -> bytes:
    """The next message that is not a heartbeat."""
    return next(message for message in stream if message is not None)


def all_messages(stream: Iterator[bytes | None]) -> list[bytes]:
    """All remaining messages, without heartbeats."""
    return [message for message in stream if message is not None]


def wait_until_closed(connection: ServerConnection) -> None:
    for _ in connection:
        pass


def test_messages_come_as_bytes_in_order() -> None:
    requests: list[Request] = []

    def serve_client(connection: ServerConnection) -> None:
        assert connection.request
        requests.append(connection.request)
        for message in ("text é", b"\x00\xff", "", '{"a":1}'):
            connection.send(message)
        wait_until_closed(connection)

    with websocket_client(serve_client) as (http, url):
        messages = http.messages(url, headers={"Authorization": "Bearer x"})
        texts = [next_message(messages) for _ in range(4)]
    assert texts == ["text é".encode(), b"\x00\xff", b"", b'{"a":1}']
    headers = requests[0].headers
    assert requests[0].path == "/stream?a=1"
    assert headers["User-Agent"] == "hotpapers/0 (+https://operator.example/)"
    assert headers["Authorization"] == "Bearer x"
    assert "permessage-deflate" in headers["Sec-WebSocket-Extensions"]
    assert headers.get_all("User-Agent") == [headers["User-Agent"]]


def test_silence_is_heard_of_and_the_connection_goes_on() -> None:
    speak = threading.Event()

    def serve_client(connection: ServerConnection) -> None:
        connection.send("first")
        speak.wait(10)
        connection.send("second")
        wait_until_closed(connection)

    with websocket_client(serve_client, limits=SHORT._replace(silence=0.05)) as (http, url):
        messages = http.messages(url)
        assert next_message(messages) == b"first"
        start = real_time.monotonic()
        assert [next(messages), next(messages)] == [None, None]
        assert real_time.monotonic() - start >= 0.1
        speak.set()
        assert next_message(messages) == b"second"


def test_traffic_is_counted_compressed() -> None:
    def serve_client(connection: ServerConnection) -> None:
        connection.send("x" * 1_000_000)
        wait_until_closed(connection)

    with websocket_client(serve_client) as (http, url):
        assert len(next_message(http.messages(url))) == 1_000_000
        totals = http.traffic.totals()
    assert 1_000 < totals.bytes_in < 20_000
    assert 200 < totals.bytes_out < 1_000
    assert totals.requests == 1


@pytest.mark.parametrize("compression", ["deflate", None])
def test_a_message_that_is_too_large(compression: str | None) -> None:
    def serve_client(connection: ServerConnection) -> None:
        connection.send("small")
        connection.send("x" * 10_001)
        wait_until_closed(connection)

    server = serve(serve_client, "127.0.0.1", 0, compression=compression, max_size=None, close_timeout=0.2)
    with running_server(server) as port:
        base = f"ws://127.0.0.1:{port}"
        with client(base_addresses=[base], limits=SHORT._replace(message=10_000)) as http:
            messages = http.messages(base)
            assert next_message(messages) == b"small"
            with pytest.raises(NetError, match="1009"):
                list(messages)


def close_well(connection: ServerConnection) -> None:
    connection.send("last")


def close_badly(connection: ServerConnection) -> None:
    connection.send("last")
    connection.close(4001, "because s3cr3t")


def cut_connection(connection: ServerConnection) -> None:
    connection.send("last")
    connection.socket.shutdown(socket.SHUT_RDWR)


def send_garbage(connection: ServerConnection) -> None:
    connection.send("last")
    connection.socket.sendall(b"\xff\xff\xff\xff")
    wait_until_closed(connection)


@pytest.mark.parametrize("serve_client", [close_well, close_badly, cut_connection, send_garbage])
def test_however_it_ends_it_is_an_error_and_nothing_is_lost_before(serve_client: ConnectionHandler) -> None:
    with websocket_client(serve_client, secrets=["s3cr3t"]) as (http, url):
        messages = http.messages(url)
        assert next_message(messages) == b"last"
        with pytest.raises(NetError) as excinfo:
            list(messages)
    assert type(excinfo.value) is NetError
    assert str(excinfo.value).startswith(url.partition("?")[0] + ": closed: ")
    assert "s3cr3t" not in "".join(traceback.format_exception(excinfo.value)) and "a=1" not in str(excinfo.value)


def test_a_server_that_answers_no_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepted the connection, and then its machine failed."""
    monkeypatch.setattr(streams, "CLOSING", 0.1)
    release = threading.Event()

    def serve_client(connection: ServerConnection) -> None:
        connection.send("last")
        with connection.protocol_mutex:  # nothing is read or sent any more
            release.wait(10)

    with websocket_client(serve_client, limits=SHORT._replace(ping=0.1)) as (http, url):
        messages = http.messages(url)
        assert next_message(messages) == b"last"
        with pytest.raises(NetError, match="ping"):
            list(messages)
        release.set()


def test_leaving_early_says_goodbye() -> None:
    goodbyes: queue.Queue[int | None] = queue.Queue()

    def serve_client(connection: ServerConnection) -> None:
        connection.send("first")
        wait_until_closed(connection)
        goodbyes.put(connection.close_code)

    with websocket_client(serve_client) as (http, url):
        messages = http.messages(url)
        next_message(messages)
        messages.close()  # type: ignore[attr-defined]
        assert goodbyes.get(timeout=5) == 1000


def test_a_reader_that_is_told_to_stop() -> None:
    stop = threading.Event()
    with websocket_client(wait_until_closed, stop=stop) as (http, url):
        threading.Timer(0.05, stop.set).start()
        with pytest.raises(Stopped):
            next(http.messages(url))


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (401, {}, RequestRefused),
        (403, {}, RequestRefused),
        (404, {}, RequestRefused),
        (429, {"Retry-After": "9"}, RetryAfter),
        (429, {}, RetryLater),
        (503, {}, RetryLater),
        (500, {}, NetError),
        (200, {}, NetError),
        (302, {"Location": "ws://127.0.0.1/"}, RequestRefused),
        (302, {}, NetError),
    ],
)
def test_a_server_that_opens_no_websocket(status: int, headers: dict[str, str], error: type[NetError]) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus(status), "reason")
        response.headers.update(headers)
        return response

    with running_server(serve(wait_until_closed, "127.0.0.1", 0, process_request=refuse)) as port:
        base = f"ws://127.0.0.1:{port}"
        with client(base_addresses=[base]) as http, pytest.raises(error) as excinfo:
            next(http.messages(base + "/stream"))
    assert type(excinfo.value) is error
    assert str(excinfo.value).startswith(base + "/stream: ")
    assert not isinstance(excinfo.value, RequestRefused) or excinfo.value.status in (status, None)


@pytest.mark.parametrize("play", [raw(b""), raw(b"", rudely=True), raw(b"SSH-2.0\r\n"), stall()])
def test_a_server_that_speaks_something_else(server: Server, time: FakeTime, play: Callable[[Handler], None]) -> None:
    server.on("/", play)
    with client(server, time, limits=SHORT._replace(connect=0.1)) as http, pytest.raises(NetError) as excinfo:
        next(http.messages(server.base.replace("http", "ws") + "/"))
    assert type(excinfo.value) is NetError and len(server.requests) == 3 and len(time.naps) == 2


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ws://", "ws://u:p@127.0.0.1:1/"])
def test_what_is_no_address_of_a_websocket(url: str) -> None:
    with client() as http, pytest.raises(RequestRefused):
        next(http.messages(url))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "2130706433"])
def test_websockets_to_inside_addresses(host: str, server: Server) -> None:
    with client() as http, pytest.raises(RequestRefused, match="internal address"):
        next(http.messages(f"ws://{host}:{server.port}/"))
    assert not server.requests


def test_nobody_listens(time: FakeTime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"ws://127.0.0.1:{listener.getsockname()[1]}"
    with client(time=time, base_addresses=[base]) as http, pytest.raises(NetError, match="refused"):
        next(http.messages(base))
    assert len(time.naps) == 2


# ---- lines -------------------------------------------------------------------------------------------


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> Callable[[Handler], None]:
    """A response in the given chunks."""

    def play(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in chunks:
            handler.raw(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        handler.raw(end)

    return play


def test_lines(server: Server) -> None:
    server.on("/", chunked(b"event: upd", b"ate\r\ndata: 1\n\n:)\n\n", b"last"))
    with client(server) as http:
        lines = all_messages(http.lines(server.base + "/", headers={"Accept": "text/event-stream"}))
    assert lines == [b"event: update", b"data: 1", b"", b":)", b"", b"last"]
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert server.requests[0].headers["accept"] == "text/event-stream"


def test_lines_of_an_answer_that_ends_with_a_line(server: Server) -> None:
    server.on("/", answer(200, b"a\nb\n"))
    with client(server) as http:
        assert all_messages(http.lines(server.base + "/")) == [b"a", b"b"]


def test_lines_that_come_packed_all_the_same(server: Server) -> None:
    server.on("/", answer(200, gzip.compress(b"a\nb\n"), content_encoding="gzip"))
    with client(server) as http:
        assert all_messages(http.lines(server.base + "/")) == [b"a", b"b"]


def test_lines_with_silence_in_between(server: Server) -> None:
    speak = threading.Event()

    def play(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\n\r\nfirst\nsec")
        speak.wait(10)
        handler.raw(b"ond\n")
        handler.stall()

    server.on("/", play)
    # a longer silence than a whole response may take; an unfinished line counts as silence too
    with client(server, limits=SHORT._replace(read=0.02, whole=0.8, silence=0.05)) as http:
        lines = http.lines(server.base + "/")
        assert next_message(lines) == b"first"
        for _ in range(18):
            assert next(lines) is None
        speak.set()
        assert next_message(lines) == b"second"
        lines.close()  # type: ignore[attr-defined]
    assert not any(thread.name == "hotpapers-lines" for thread in threading.enumerate())


def test_a_stream_of_lines_that_has_died(server: Server) -> None:
    server.on("/", stall(b"HTTP/1.1 200 OK\r\n\r\nfirst\n"))
    with client(server, limits=SHORT._replace(silence=0.05, longest=0.2)) as http:
        lines = http.lines(server.base + "/")
        with pytest.raises(NetError, match=r"nothing received for 0\.2 s"):
            list(lines)


def test_a_line_that_is_too_long(server: Server) -> None:
    server.on("/", chunked(b"short\n", b"x" * 600, b"x" * 600))
    with client(server, limits=SHORT._replace(line=1000)) as http:
        lines = http.lines(server.base + "/")
        assert next_message(lines) == b"short"
        with pytest.raises(NetError, match="line has more than 1,000 bytes"):
            list(lines)


@pytest.mark.parametrize("end", [b"", b"zz\r\n", b"5\r\nhalf"])
def test_lines_that_break_off(server: Server, end: bytes) -> None:
    def play(handler: Handler) -> None:
        chunked(b"first\n", end=end)(handler)
        handler.hang_up()

    server.on("/path", play)
    with client(server) as http:
        lines = http.lines(server.base + "/path?token=t")
        assert next_message(lines) == b"first"
        with pytest.raises(NetError) as excinfo:
            list(lines)
    assert str(excinfo.value).startswith(server.base + "/path: ") and len(server.requests) == 1


def test_opening_lines_is_tried_again_and_redirected(server: Server, time: FakeTime) -> None:
    server.on("/a", answer(500), answer(302, location="/b"))
    server.on("/b", answer(200, b"x\n"))
    with client(server, time) as http:
        assert all_messages(http.lines(server.base + "/a")) == [b"x"]
    assert len(time.naps) == 1


@pytest.mark.parametrize(("status", "error"), [(401, RequestRefused), (429, RetryLater), (500, NetError)])
def test_lines_that_do_not_begin(server: Server, status: int, error: type[NetError]) -> None:
    server.on("/", answer(status))
    with client(server) as http, pytest.raises(error):
        next(http.lines(server.base + "/"))


def test_a_reader_of_lines_that_is_told_to_stop(server: Server) -> None:
    stop = threading.Event()
    server.on("/", stall(b"HTTP/1.1 200 OK\r\n\r\nfirst\n"))
    with client(server, stop=stop, limits=ClientLimits()) as http:
        lines = http.lines(server.base + "/")
        assert next_message(lines) == b"first"
        stop.set()
        with pytest.raises(Stopped):
            next(lines)


def test_leaving_a_stream_that_talks_faster_than_it_is_read(server: Server) -> None:
    def play(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\n\r\n")
        while not handler.server.over.is_set():
            handler.raw(b"x" * 50_000 + b"\n")

    server.on("/", play)
    with client(server) as http:
        lines = http.lines(server.base + "/")
        assert next(lines) is not None
        real_time.sleep(0.3)  # long enough that it waits for the reader
        lines.close()  # type: ignore[attr-defined]
    assert not any(thread.name == "hotpapers-lines" for thread in threading.enumerate())


@given(st.binary(max_size=200).map(lambda data: data.replace(b"a", b"\n")), st.lists(st.integers(0, 200), max_size=10))
def test_lines_do_not_depend_on_how_they_are_cut(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(data)]
    splitter = LineSplitter(1000)
    lines = [line for a, b in itertools.pairwise(edges) for line in splitter.feed(data[a:b])]
    # a cut beyond the end leaves nothing for later pieces
    expected = data.split(b"\n")
    assert [*lines, splitter.partial_line()] == [line.removesuffix(b"\r") for line in expected[:-1]] + expected[-1:]
