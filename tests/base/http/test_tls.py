"""TLS: connects to the checked address; the handshake and the certificate use the requested name."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpcore2
import pytest
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_websocket

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.http import PoliteHttpClient
from tests.base.http.server import SHORT, Server, answer, client, serving, stall
from tests.base.http.test_streams import running_server
from tests.conftest import data


def resolve(host: str, port: int, **more: object) -> Any:
    """Resolves every name to this machine."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture(scope="module")
def certificate() -> str:
    return str(data("net", "paper.example.pem"))


@pytest.fixture
def names() -> list[str | None]:
    """The names that clients sent in their handshakes."""
    return []


@pytest.fixture
def server_context(certificate: str, names: list[str | None]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def note(connection: Any, name: str | None, context: ssl.SSLContext) -> None:
        names.append(name)

    context.sni_callback = note
    return context


@pytest.fixture
def client_context(certificate: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


@pytest.fixture
def tls_server(server_context: ssl.SSLContext) -> Iterator[Server]:
    with serving(server_context) as server:
        yield server


def bases(port: int) -> list[str]:
    hosts = [f"{name}.example:{port}" for name in ("paper", "mirror", "other")]
    return [f"{scheme}://{host}" for host in hosts for scheme in ("https", "http")]


def tls_client(context: ssl.SSLContext, port: int, **more: Any) -> PoliteHttpClient:
    return client(base_addresses=bases(port), resolve=resolve, context=context, **more)


def test_the_name_is_asked_for_at_the_checked_address(
    tls_server: Server, client_context: ssl.SSLContext, names: list[str | None]
) -> None:
    tls_server.on("/", answer(200, b"x" * 100_000))
    with tls_client(client_context, tls_server.port) as http:
        for _ in range(2):
            assert len(http.get(f"https://paper.example:{tls_server.port}/").body) == 100_000
        http.get(f"https://mirror.example:{tls_server.port}/")
    assert names == ["paper.example", "mirror.example"]  # one connection per host, though both have one address
    assert [request.headers["host"].partition(":")[0] for request in tls_server.requests] == [
        "paper.example", "paper.example", "mirror.example",
    ]  # fmt: skip


def test_a_certificate_of_another_host(tls_server: Server, client_context: ssl.SSLContext) -> None:
    with tls_client(client_context, tls_server.port) as http, pytest.raises(NetError, match=r"(?i)certificate"):
        http.get(f"https://other.example:{tls_server.port}/")
    assert not tls_server.requests


def test_a_certificate_that_nobody_vouches_for(tls_server: Server) -> None:
    with (
        tls_client(httpcore2.default_ssl_context(), tls_server.port) as http,
        pytest.raises(NetError, match=r"(?i)certificate"),
    ):
        http.get(f"https://paper.example:{tls_server.port}/")
    assert not tls_server.requests


def test_no_tls_where_it_was_promised(server: Server, client_context: ssl.SSLContext) -> None:
    with tls_client(client_context, server.port) as http, pytest.raises(NetError):
        http.get(f"https://paper.example:{server.port}/")


def test_a_server_that_never_ends_its_handshake(client_context: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        limits = SHORT._replace(connect=0.05, tries=1)
        with tls_client(client_context, port, limits=limits) as http, pytest.raises(NetError, match="timed out"):
            http.get(f"https://paper.example:{port}/")


def test_no_redirect_from_https_to_http(tls_server: Server, server: Server, client_context: ssl.SSLContext) -> None:
    tls_server.on("/", answer(302, location=f"http://paper.example:{server.port}/"))
    settings: dict[str, Any] = {
        "base_addresses": [*bases(tls_server.port), *bases(server.port)],
        "resolve": resolve,
        "context": client_context,
    }
    with client(**settings) as http, pytest.raises(RequestRefused, match="https to http"):
        http.get(f"https://paper.example:{tls_server.port}/")
    assert not server.requests


def test_a_redirect_from_http_to_https(tls_server: Server, server: Server, client_context: ssl.SSLContext) -> None:
    server.on("/", answer(301, location=f"https://paper.example:{tls_server.port}/"))
    tls_server.on("/", answer(200, b"safe"))
    settings: dict[str, Any] = {
        "base_addresses": [*bases(tls_server.port), *bases(server.port)],
        "resolve": resolve,
        "context": client_context,
    }
    with client(**settings) as http:
        assert http.get(f"http://paper.example:{server.port}/").body == b"safe"


def test_silence_and_cut_bodies_are_noticed_under_tls(tls_server: Server, client_context: ssl.SSLContext) -> None:
    tls_server.on("/", stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), answer(200, b"whole"))
    with tls_client(client_context, tls_server.port, limits=SHORT._replace(read=0.4)) as http:
        assert http.get(f"https://paper.example:{tls_server.port}/").body == b"whole"


def test_a_websocket(server_context: ssl.SSLContext, client_context: ssl.SSLContext, names: list[str | None]) -> None:
    def serve_client(connection: ServerConnection) -> None:
        assert connection.request
        connection.send(connection.request.headers["Host"])
        for _ in connection:
            pass

    with running_server(serve_websocket(serve_client, "127.0.0.1", 0, ssl=server_context)) as port:
        with tls_client(client_context, port) as http:
            messages = http.messages(f"wss://paper.example:{port}/stream")
            assert next(messages) == f"paper.example:{port}".encode()
            messages.close()  # type: ignore[attr-defined]
        with tls_client(client_context, port) as http, pytest.raises(NetError, match=r"(?i)certificate"):
            next(http.messages(f"wss://other.example:{port}/stream"))
    assert names[0] == "paper.example"
