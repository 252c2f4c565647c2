"""Connections that only hold places: a real server, real sockets, short times."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotpapers.web.app import server
from hotpapers.web.connection_table import ConnectionLimits, allowed_behind
from tests.render.sample import LISTED_READER

SLOW = 300
LIMIT = 30.0
"""Seconds to wait for a condition before a test fails."""


async def _taken(request: Request) -> Response:
    return Response(str(len(await request.body())))


async def _large(request: Request) -> Response:
    return Response(b"x" * 20_000_000)


MORE = [Route("/taken", _taken, methods=["POST"]), Route("/large", _large)]


@contextmanager
def serving(allowed: ConnectionLimits) -> Iterator[int]:
    """Serves the site with these limits; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    running = server(lambda: LISTED_READER, "hot-papers", "127.0.0.1", 0, more_routes=MORE, allowed=allowed)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: running.started)
    try:
        yield listener.getsockname()[1]
    finally:
        _end(running, thread, listener)


def _end(running: uvicorn.Server, thread: threading.Thread, listener: socket.socket) -> None:
    running.should_exit = running.force_exit = True
    thread.join()
    listener.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def connect(port: int, sent: bytes, host: str = "127.0.0.1") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), LIMIT, source_address=(host, 0))
    made.sendall(sent)
    return made


def page(port: int, host: str = "127.0.0.1") -> int:
    """The status of the front page for a new client."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT, source_address=(host, 0))
    try:
        asked.request("GET", "/")
        return asked.getresponse().status
    finally:
        asked.close()


def is_ended(one: socket.socket) -> bool:
    """Whether the server closes a connection within the limit; anything sent before that is read."""
    try:
        while one.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


HEAD = b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Slow: "
BODY = b"POST /taken HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nx"


@pytest.mark.parametrize("sent", [b"", HEAD, BODY], ids=["nothing", "half a head", "half a body"])
def test_who_only_holds_places_makes_room_for_others(sent: bytes) -> None:
    """300 connections from many addresses where 100 are allowed: new clients are served long before any timeout."""
    with serving(ConnectionLimits(total=100, per_client=100, head=600, body=600)) as port, ExitStack() as held:
        for n in range(SLOW):
            held.enter_context(connect(port, sent, f"127.0.0.{2 + n % 50}"))
        assert [page(port) for _ in range(5)] == [200] * 5


def test_one_client_has_a_share_and_no_more() -> None:
    with serving(ConnectionLimits(total=1000, per_client=20, head=600)) as port, ExitStack() as held:
        mine = [held.enter_context(connect(port, HEAD, "127.0.0.2")) for _ in range(SLOW)]
        assert all(map(is_ended, mine[20:]))
        assert page(port) == 200
        with pytest.raises(ConnectionError):
            page(port, "127.0.0.2")
        mine[0].close()
        until(lambda: _is_let_in(port))


def _is_let_in(port: int) -> bool:
    try:
        return page(port, "127.0.0.2") == 200
    except ConnectionError:
        return False


@pytest.mark.parametrize("sent", [b"", HEAD, BODY], ids=["nothing", "half a head", "half a body"])
def test_a_request_that_does_not_come_to_its_end_is_ended(sent: bytes) -> None:
    with serving(ConnectionLimits(head=0.2, body=0.2)) as port, connect(port, sent) as one:
        found = b""
        while some := one.recv(65536):
            found += some
        assert found.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [HEAD, BODY], ids=["head", "body"])
def test_a_trickle_gives_no_more_time(sent: bytes) -> None:
    with serving(ConnectionLimits(head=0.3, body=0.3)) as port, connect(port, sent) as one:

        def trickle() -> bool:
            try:
                one.sendall(b"x")
            except ConnectionError:
                return True
            return False

        until(trickle)


def test_a_second_request_on_a_connection_has_its_own_time() -> None:
    with serving(ConnectionLimits(head=0.3, body=0.3)) as port, connect(port, b"") as one:
        one.sendall(b"GET /style.css HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert one.recv(65536).startswith(b"HTTP/1.1 200 ")
        one.sendall(HEAD)
        assert is_ended(one)


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    with (
        serving(ConnectionLimits(reading=0.2)) as port,
        connect(port, b"GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n") as one,
    ):
        assert one.recv(1) == b"H"

        def is_gone() -> bool:
            try:
                one.sendall(b"x")
            except ConnectionError:
                return True
            return False

        until(is_gone)


def test_a_whole_request_may_take_its_time_to_be_answered() -> None:
    """Only the time to send the request is limited, and a body may arrive in pieces."""
    with serving(ConnectionLimits(total=4, head=5, body=60)) as port, connect(port, BODY) as one:
        one.sendall(b"x" * 999)
        found = b""
        while not found.endswith(b"\r\n\r\n1000"):
            some = one.recv(65536)
            assert some
            found += some


def test_behind_a_proxy_all_connections_are_its_own() -> None:
    alone, behind = allowed_behind(0), allowed_behind(1)
    assert 16 <= alone.total <= 1000 and 0 < alone.per_client <= alone.total // 2
    assert behind == alone._replace(per_client=0)


UPGRADE = HEAD + b"1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n"


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\r\n\r\n", UPGRADE], ids=["TLS", "WebSocket"])
def test_who_connects_cannot_fill_the_log(sent: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(ConnectionLimits()) as port, connect(port, sent) as one:
        assert is_ended(one)
    assert capfd.readouterr().err == ""
