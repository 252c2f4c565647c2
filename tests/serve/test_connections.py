"""Connections that only hold places: a real server, real sockets, short times."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotpapers.publish.view.site_config import NOBODY
from hotpapers.serve.app import SiteApp
from hotpapers.serve.connections import ConnectionLimits, allowed_behind
from hotpapers.serve.page_cache import CurrentPages
from tests.publish.render.sample import LISTED_READER
from tests.serve.api_server import thread_server

SLOW = 300
LIMIT = 30.0
"""Seconds to wait for a condition before a test fails."""


async def _body_size(request: Request) -> Response:
    return Response(str(len(await request.body())))


async def _large(request: Request) -> Response:
    return Response(b"x" * 20_000_000)


async def _at_once(request: Request) -> Response:
    return Response(b"x")


EXTRA_ROUTES = [
    Route("/size", _body_size, methods=["POST"]),
    Route("/large", _large),
    Route("/at-once", _at_once),
]


@contextmanager
def serve_site(limits: ConnectionLimits) -> Iterator[int]:
    """Serves the site with these limits; yields its port."""
    pages = CurrentPages(lambda: LISTED_READER, "hot-papers", NOBODY)
    with thread_server(SiteApp(pages, EXTRA_ROUTES), limits) as port:
        yield port


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def connect(port: int, data: bytes, host: str = "127.0.0.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), LIMIT, source_address=(host, 0))
    connection.sendall(data)
    return connection


def page(port: int, host: str = "127.0.0.1", target: str = "/") -> int:
    """The status of a page, by default the front page, for a new client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT, source_address=(host, 0))
    try:
        connection.request("GET", target)
        return connection.getresponse().status
    finally:
        connection.close()


def is_closed(connection: socket.socket) -> bool:
    """Whether the server closes a connection within the limit; anything sent before that is read."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


HEAD = b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Slow: "
BODY = b"POST /size HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nx"


@pytest.mark.parametrize("data", [b"", HEAD, BODY], ids=["nothing", "half a head", "half a body"])
def test_who_only_holds_places_makes_room_for_others(data: bytes) -> None:
    """300 connections from many addresses where 100 are allowed: new clients are served long before any timeout."""
    with serve_site(ConnectionLimits(total=100, per_client=100, head=600, body=600)) as port, ExitStack() as stack:
        for n in range(SLOW):
            stack.enter_context(connect(port, data, f"127.0.0.{2 + n % 50}"))
        assert [page(port) for _ in range(5)] == [200] * 5


def test_a_target_may_be_a_whole_address() -> None:
    """As in requests to proxies, which servers must accept, too (RFC 9112 §3.2.2)."""
    targets = (
        "http://a.example/archive/?x=1",
        "HTTP://a.example:80/%61rchive/",
        "https://a.example",
        "http://a.example?x=/y",
    )
    with serve_site(allowed_behind(0)) as port:
        assert [page(port, target=target) for target in targets] == [200] * 4
        others = ("http://a.example/none", "/http://a.example/archive/", "http%3A//a.example/archive/")
        assert [page(port, target=target) for target in others] == [404] * 3


def test_one_client_has_a_share_and_no_more() -> None:
    with serve_site(ConnectionLimits(total=1000, per_client=20, head=600)) as port, ExitStack() as stack:
        connections = [stack.enter_context(connect(port, HEAD, "127.0.0.2")) for _ in range(SLOW)]
        assert all(map(is_closed, connections[20:]))
        assert page(port) == 200
        with pytest.raises(ConnectionError):
            page(port, "127.0.0.2")
        connections[0].close()
        wait_until(lambda: _is_accepted(port))


def _is_accepted(port: int) -> bool:
    try:
        return page(port, "127.0.0.2") == 200
    except ConnectionError:
        return False


@pytest.mark.parametrize("data", [b"", HEAD, BODY], ids=["nothing", "half a head", "half a body"])
def test_a_request_that_does_not_come_to_its_end_is_ended(data: bytes) -> None:
    with serve_site(ConnectionLimits(head=0.2, body=0.2)) as port, connect(port, data) as connection:
        response = b""
        while piece := connection.recv(65536):
            response += piece
        assert response.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("data", [HEAD, BODY], ids=["head", "body"])
def test_a_trickle_gives_no_more_time(data: bytes) -> None:
    with serve_site(ConnectionLimits(head=0.3, body=0.3)) as port, connect(port, data) as connection:

        def trickle() -> bool:
            try:
                connection.sendall(b"x")
            except ConnectionError:
                return True
            return False

        wait_until(trickle)


def test_a_second_request_on_a_connection_has_its_own_time() -> None:
    with serve_site(ConnectionLimits(head=0.3, body=0.3)) as port, connect(port, b"") as connection:
        connection.sendall(b"GET /style.css HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(HEAD)
        assert is_closed(connection)


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    with (
        serve_site(ConnectionLimits(reading=0.2)) as port,
        connect(port, b"GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n") as connection,
    ):
        assert connection.recv(1) == b"H"

        def is_gone() -> bool:
            try:
                connection.sendall(b"x")
            except ConnectionError:
                return True
            return False

        wait_until(is_gone)


def test_a_whole_request_may_take_its_time_to_be_answered() -> None:
    """Only the time to send the request is limited, and a body may arrive in pieces."""
    with serve_site(ConnectionLimits(total=4, head=5, body=60)) as port, connect(port, BODY) as connection:
        connection.sendall(b"x" * 999)
        response = b""
        while not response.endswith(b"\r\n\r\n1000"):
            piece = connection.recv(65536)
            assert piece
            response += piece


def test_behind_a_proxy_all_connections_are_its_own() -> None:
    direct, proxied = allowed_behind(0), allowed_behind(1)
    assert 16 <= direct.total <= 1000 and 0 < direct.per_client <= direct.total // 2
    assert proxied == direct._replace(per_client=0)


UPGRADE = HEAD + b"1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n"


BROKEN_CHUNK = b"GET /at-once HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\r\n\r\n", UPGRADE, BROKEN_CHUNK], ids=["TLS", "WebSocket", "chunk"]
)
def test_who_connects_cannot_fill_the_log(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with serve_site(ConnectionLimits()) as port, connect(port, data) as connection:
        assert is_closed(connection)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "TRANSFER-ENCODING: chunked\r\ncontent-length: 31",
    ],
)
def test_a_request_with_two_lengths_is_refused_and_its_connection_closed(lengths: str) -> None:
    """A proxy may take the other one: what is then left would be read as somebody's request."""
    with serve_site(ConnectionLimits()) as port, socket.create_connection(("127.0.0.1", port), LIMIT) as connection:
        smuggled = "1\r\nx\r\n0\r\n\r\nGET /404 HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.sendall(f"POST /size HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\n{smuggled}".encode())
        response = b"".join(iter(lambda: connection.recv(4096), b""))  # to the end of the connection
    assert response.startswith(b"HTTP/1.1 400 ") and response.count(b"HTTP/1.1") == 1
    assert b"connection: close" in response.lower()
