"""Requests to a real server: what is returned, what is cached, what is refused."""

from __future__ import annotations

import gzip
import time as real_time

import httpx2
import pytest

from hotpapers.base.errors import RequestRefused, RetryLater
from hotpapers.base.http import PoliteHttpClient, user_agent
from hotpapers.base.model import HttpClient
from tests.base.http.server import SHORT, FakeTime, Handler, Server, answer, client, raw, request_error

# ---- responses ---------------------------------------------------------------------------------------


def test_an_answer(server: Server, time: FakeTime) -> None:
    server.on("/thing", answer(200, b"body", X_Odd="a", ETag='"1"'))
    with client(server, time) as polite_client:
        http: HttpClient = polite_client
        response = http.get(
            server.base + "/thing?a=1", params={"b": "é &", "a": "2"}, headers={"Authorization": "Bearer x"}
        )
    assert (response.status, response.body, response.at) == (200, b"body", time.now())
    assert response.headers["x-odd"] == "a" and response.headers["etag"] == '"1"'
    assert response.url == server.base + "/thing?a=2&b=%C3%A9+%26"
    request = server.requests[0]
    assert request.path == "/thing?a=2&b=%C3%A9+%26"
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}", "user-agent": "hotpapers/0 (+https://operator.example/)", "accept": "*/*",
        "accept-encoding": "gzip", "authorization": "Bearer x",
    }  # fmt: skip


def test_a_query_is_sent_as_it_is_written(server: Server) -> None:
    server.on("/", answer(200))
    with client(server) as http:
        http.get(server.base + "/?tags=story&numericFilters=points>1,created_at_i>5&q=a%2Fb#part")
    assert server.requests[0].path == "/?tags=story&numericFilters=points%3E1,created_at_i%3E5&q=a%2Fb"


def test_a_client_with_nothing_but_its_name(server: Server) -> None:
    with PoliteHttpClient("hotpapers/0") as http:
        start = real_time.time_ns() // 1000
        assert start <= http.now() <= real_time.time_ns() // 1000
        http.sleep(0.001)
        assert isinstance(request_error(http, server.base + "/"), RequestRefused)
    assert not server.requests


def test_headers_that_come_twice_are_joined(server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nLink: <a>\r\nLINK: <b>\r\nContent-Length: 0\r\n\r\n"
    server.on("/", lambda handler: handler.raw(head))
    with client(server) as http:
        assert http.get(server.base + "/").headers["link"] == "<a>, <b>"


def test_many_headers_are_read_in_one_pass(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking each up would take seconds, which no limit of time can end."""
    looked_up = list[str]()
    find = httpx2.Headers.__getitem__

    def count(headers: httpx2.Headers, name: str) -> str:
        looked_up.append(name)
        return find(headers, name)

    monkeypatch.setattr(httpx2.Headers, "__getitem__", count)
    many = b"".join(b"x-%d: a\r\n" % number for number in range(5_000))
    server.on("/", lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\n" + many + b"Content-Length: 0\r\n\r\n"))
    with client(server) as http:
        assert http.get(server.base + "/").headers["x-4999"] == "a"
    assert len(looked_up) < 100


@pytest.mark.parametrize("status", [200, 201, 204, 206])
def test_every_2xx_is_good(server: Server, status: int) -> None:
    server.on("/", answer(status))
    with client(server) as http:
        assert http.get(server.base + "/").status == status


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410, 429, 500, 503])
def test_what_is_accepted_is_given_with_its_body(server: Server, status: int) -> None:
    server.on("/", answer(status, b"reason", location="/elsewhere", retry_after="9"))
    with client(server) as http:
        response = http.get(server.base + "/", accept=(304, status))
    assert (response.status, response.body, len(server.requests)) == (status, b"reason", 1)


def test_gzip_in_any_number_of_members(server: Server) -> None:
    body = gzip.compress(b"one, ") + gzip.compress(b"") + gzip.compress(b"two" * 100_000) + b"\0\0\0"
    server.on("/", answer(200, body, content_encoding="gzip"))
    with client(server) as http:
        assert http.get(server.base + "/").body == b"one, " + b"two" * 100_000


def test_chunks(server: Server) -> None:
    body = b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nTrailer: x\r\n\r\n"
    server.on("/", answer(200, body, transfer_encoding="chunked"))
    with client(server) as http:
        assert http.get(server.base + "/").body == b"abcd"


def test_a_connection_is_used_again_and_cookies_are_not(server: Server) -> None:
    ports: list[int] = []

    def play(handler: Handler) -> None:
        ports.append(handler.client_address[1])
        answer(200, b"x", set_cookie="a=b")(handler)

    server.on("/", play)
    with client(server) as http:
        for _ in range(3):
            http.get(server.base + "/")
    assert len(set(ports)) == 1
    assert not any("cookie" in request.headers for request in server.requests)


def test_traffic_is_counted_as_it_went(server: Server) -> None:
    body = gzip.compress(b"x" * 100_000)
    server.on("/", answer(200, body, content_encoding="gzip"), answer(500), answer(200, body, content_encoding="gzip"))
    with client(server) as http:
        http.get(server.base + "/")
        http.get(server.base + "/")
        totals = http.traffic.totals()
    assert totals.requests == 3
    assert 2 * len(body) < totals.bytes_in < 2 * len(body) + 1000
    assert 300 < totals.bytes_out < 1000


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        ("https://lab.example/hot", "(+https://lab.example/hot)"),
        ("mail to: a@lab.example", "(+mail to: a@lab.example)"),
        ("(x)\r\nEvil: é1", "(+xEvil: 1)"),
        ("", ""),
    ],
)
def test_how_we_introduce_ourselves(contact: str, name: str) -> None:
    product, _, rest = user_agent(contact).partition(" ")
    assert product.startswith("hotpapers/") and rest == name


# ---- conditional -------------------------------------------------------------------------------------


def respond_conditionally(handler: Handler) -> None:
    """A resource with a single version."""
    if handler.headers.get("if-none-match") == '"v1"' or handler.headers.get("if-modified-since") == "then":
        answer(304, etag='"v1"')(handler)
    else:
        answer(200, b"v1", etag='"v1"', last_modified="then")(handler)


def test_304_comes_only_where_the_same_was_given_and_it_is_accepted(server: Server) -> None:
    url = server.on("/feed", respond_conditionally)
    with client(server) as http:
        statuses = [http.get(url, accept=accept).status for accept in ((304,), (304,), (), (304,))]
        assert http.get(url + "?other", accept=(304,)).status == 200
        http.forget()
        assert http.get(url, accept=(304,)).status == 200
    assert statuses == [200, 304, 200, 304]
    assert server.requests[1].headers["if-modified-since"] == "then"
    assert "if-none-match" not in server.requests[2].headers


def test_another_clients_memory_is_its_own(server: Server) -> None:
    url = server.on("/feed", respond_conditionally)
    for _ in range(2):
        with client(server) as http:
            assert http.get(url, accept=(304,)).status == 200


def test_an_answer_that_broke_off_is_not_remembered(server: Server) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: 9\r\n\r\nv'
    url = server.on("/feed", raw(head), raw(head), raw(head), respond_conditionally)
    with client(server) as http:
        request_error(http, url, accept=(304,))
        assert http.get(url, accept=(304,)).body == b"v1"


def test_only_a_good_answer_is_remembered(server: Server) -> None:
    url = server.on("/feed", answer(404, etag='"v1"'), respond_conditionally)
    with client(server) as http:
        assert [http.get(url, accept=(304, 404)).status for _ in range(2)] == [404, 200]


def test_a_bounded_number_of_addresses_is_remembered(server: Server) -> None:
    url = server.on("/feed", respond_conditionally)
    with client(server, limits=SHORT._replace(remembered=2)) as http:
        for query in ("?a", "?b", "?c"):
            http.get(url + query)
        assert [http.get(url + query, accept=(304,)).status for query in ("?c", "?b", "?a")] == [304, 304, 200]


def test_an_etag_that_no_header_can_hold_is_not_remembered(server: Server) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "\xe9"\r\nContent-Length: 0\r\n\r\n'
    url = server.on("/feed", lambda handler: handler.raw(head))
    with client(server) as http:
        assert [http.get(url, accept=(304,)).status for _ in range(2)] == [200, 200]


def test_304_that_nobody_asked_for(server: Server) -> None:
    url = server.on("/feed", answer(304))
    with client(server) as http:
        assert "304 Not Modified, which was not asked for" in str(request_error(http, url))


# ---- refused, and later ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422, 451])
def test_no_is_no_at_once(server: Server, status: int) -> None:
    server.on("/", answer(status, b"because"))
    with client(server) as http:
        error = request_error(http, server.base + "/?key=k")
    assert isinstance(error, RequestRefused) and error.status == status and len(server.requests) == 1
    assert error.reason.startswith(f"{server.base}/: answered {status}")


FORMS: list[tuple[int, dict[str, str], float]] = [
    (429, {"retry_after": "77"}, 77),
    (429, {"retry_after": "Tue, 14 Nov 2023 22:14:00 GMT"}, 40),
    (429, {"x_ratelimit_reset": "2023-11-14T22:15:00.000Z"}, 100),
    (429, {"x_ratelimit_reset": "99.5"}, 99.5),
    (429, {"ratelimit_reset": "12"}, 12),
    (429, {"x_rate_limit_reset": "1700000050"}, 50),
    (429, {}, 60),
    (503, {"retry_after": "5"}, 5),
    (503, {"retry_after": "999999"}, 86_400),
]


@pytest.mark.parametrize(("status", "headers", "seconds"), FORMS)
def test_later_is_later_at_once(
    server: Server, time: FakeTime, status: int, headers: dict[str, str], seconds: float
) -> None:
    server.on("/", answer(status, b"Rate exceeded.", **headers))
    with client(server, time) as http:
        error = request_error(http, server.base + "/")
    assert isinstance(error, RetryLater) and error.seconds == pytest.approx(seconds) and len(server.requests) == 1
    assert time.naps == []


def test_503_that_says_nothing_is_tried_again_and_then_waited_for(server: Server, time: FakeTime) -> None:
    server.on("/", answer(503))
    with client(server, time) as http:
        error = request_error(http, server.base + "/")
    assert isinstance(error, RetryLater) and error.seconds == 60 and len(server.requests) == 3
