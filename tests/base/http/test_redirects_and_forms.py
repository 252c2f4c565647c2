"""Redirects are followed by the client itself, and only to permitted addresses; forms are sent once."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from tests.base.http.server import SHORT, FakeTime, Handler, Play, Server, answer, client, request_error
from tests.base.http.test_faults import TRANSIENT_FAULTS

# ---- redirects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, status: int) -> None:
    server.on("/a/b", answer(status, b"ignored", location="../c?x=1#part"))
    server.on("/c", answer(200, b"there"))
    with client(server) as http:
        response = http.get(server.base + "/a/b", params={"secret": "s"}, headers={"Authorization": "Bearer x"})
    assert (response.body, response.url) == (b"there", server.base + "/c?x=1")
    assert server.requests[1].headers["authorization"] == "Bearer x"


def test_a_target_that_is_not_ascii_is_requested_byte_by_byte(server: Server) -> None:
    server.on("/a", answer(301, location="/f\u00c3\u00bcr.xml"))  # ü in UTF-8, as some servers send it
    server.on("/f%C3%BCr.xml", answer(200, b"there"))
    with client(server) as http:
        assert http.get(server.base + "/a").body == b"there"


def test_five_redirects_and_no_more(server: Server) -> None:
    for n in range(7):
        server.on(f"/{n}", answer(302, location=f"/{n + 1}"))
    server.on("/7", answer(200, b"there"))
    with client(server) as http:
        assert http.get(server.base + "/2").body == b"there"
        error = request_error(http, server.base + "/1")
    assert isinstance(error, RequestRefused) and "more than 5 redirects" in error.reason


def test_a_loop_of_redirects(server: Server) -> None:
    server.on("/a", answer(302, location="/b"))
    server.on("/b", answer(302, location="/a"))
    with client(server) as http:
        assert "more than 5 redirects" in str(request_error(http, server.base + "/a"))
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1:1/", "internal address"),
        ("http://[::1]/", "internal address"),
        ("http://2130706433/", "internal address"),
        ("http://169.254.169.254/latest/meta-data/", "internal address"),
        ("http://10.0.0.1/", "internal address"),
        ("http://[::ffff:10.0.0.1]/", "internal address"),
        ("//localhost:1/", "internal address"),
        ("file:///etc/passwd", "not an http:// or https:// address"),
        ("ftp://example.org/", "not an http:// or https:// address"),
        ("javascript:alert(1)", "not an http:// or https:// address"),
        ("http://user:pa55@example.org/", "not an http:// or https:// address"),
        ("http://[::1", "not an address"),
        ("http://example.org:x/", "not an address"),
    ],
)
def test_redirects_that_are_not_followed(server: Server, time: FakeTime, location: str, reason: str) -> None:
    server.on("/", answer(302, location=location))
    with client(server, time) as http:
        error = request_error(http, server.base + "/")
    assert isinstance(error, RequestRefused) and reason in error.reason and "pa55" not in error.reason
    assert len(server.requests) == 1


def test_a_redirect_to_nowhere(server: Server) -> None:
    server.on("/", answer(302))
    with client(server) as http:
        assert "redirects without a target" in str(request_error(http, server.base + "/"))


def test_another_server_gets_none_of_our_headers(server: Server) -> None:
    secret_headers = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Api-Key": "k", "Accept": "application/json"}
    other_base = f"http://other.example:{server.port}"
    server.on("/", answer(302, location=f"{other_base}/there"))
    server.on("/there", answer(302, location=f"{server.base}/back"))
    server.on("/back", answer(200))

    def resolve(host: str, port: int, **kwargs: object) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with client(server, base_addresses=[server.base, other_base], resolve=resolve) as http:
        http.get(server.base + "/", headers=secret_headers)
    first, second, third = (request.headers for request in server.requests)
    assert first["x-api-key"] == "k"
    for headers in (second, third):
        assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}
        assert headers["accept"] == "application/json"


# ---- forms -------------------------------------------------------------------------------------------


def test_a_form(server: Server) -> None:
    server.on("/token", answer(200, b"{}"))
    with client(server) as http:
        response = http.post(server.base + "/token", form={"a": "1 2", "b": "é&"}, headers={"Authorization": "Basic x"})
    request = server.requests[0]
    assert (response.body, request.method, request.body) == (b"{}", "POST", b"a=1+2&b=%C3%A9%26")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["authorization"] == "Basic x"


def test_a_form_never_goes_over_a_connection_that_may_have_died(server: Server) -> None:
    ports: list[int] = []

    def play(handler: Handler) -> None:
        ports.append(handler.client_address[1])
        answer(200)(handler)

    server.on("/", play)
    with client(server) as http:
        http.get(server.base + "/")
        http.post(server.base + "/")
        http.post(server.base + "/")
        http.get(server.base + "/")
    assert len(set(ports)) == 3 and ports[0] == ports[3]


@pytest.mark.parametrize("fault", ["500", "reset at once", "silent", "truncated body", "no HTTP"])
def test_a_form_that_may_have_arrived_is_not_sent_again(server: Server, time: FakeTime, fault: str) -> None:
    server.on("/", TRANSIENT_FAULTS[fault])
    with client(server, time, limits=SHORT._replace(read=0.4)) as http, pytest.raises(NetError):
        http.post(server.base + "/", form={"a": "b"})
    assert len(server.requests) == 1 and not time.naps


def test_a_form_that_reached_nobody_is_sent_again(time: FakeTime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with client(time=time, base_addresses=[base]) as http, pytest.raises(NetError, match="refused"):
        http.post(base + "/")
    assert len(time.naps) == 2


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (answer(429), RetryLater),
        (answer(503), RetryLater),
        (answer(401), RequestRefused),
        (answer(307, location="/x"), RequestRefused),
    ],
)
def test_no_and_later_to_a_form(server: Server, play: Play, error: type[NetError]) -> None:
    server.on("/", play)
    with client(server) as http, pytest.raises(error):
        http.post(server.base + "/")
    assert len(server.requests) == 1


def test_a_body_of_ones_own(server: Server) -> None:
    server.on("/issues", answer(200, b"thanks"))
    with client(server) as http:
        response = http.post(
            server.base + "/issues", body=b'{"a": "\xc3\xa9"}', headers={"content-type": "application/json"}
        )
    request = server.requests[0]
    assert (response.body, request.method, request.body) == (b"thanks", "POST", b'{"a": "\xc3\xa9"}')
    assert request.headers["content-type"] == "application/json" and request.headers["content-length"] == "11"


def test_neither_form_nor_body(server: Server) -> None:
    server.on("/renew", answer(200))
    with client(server) as http:
        http.post(server.base + "/renew")
    request = server.requests[0]
    assert request.body == b"" and "content-type" not in request.headers


def test_a_no_that_is_wanted(server: Server) -> None:
    server.on("/records", answer(400, b'{"error": "RecordNotFound"}'))
    with client(server) as http:
        response = http.post(server.base + "/records", accept=(400,))
        assert (response.status, response.body) == (400, b'{"error": "RecordNotFound"}')
        with pytest.raises(RequestRefused):
            http.post(server.base + "/records", accept=(401,))
