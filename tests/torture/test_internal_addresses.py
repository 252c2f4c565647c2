"""Addresses inside the network are never fetched, wherever they appear and however they are written."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from hotpapers.base.errors import NetError
from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.model import HttpClient
from hotpapers.collect.sources import SOURCES
from tests.base.http.server import Server, answer, client, serving
from tests.loopback.hosts import HOSTS, TRAP, addresses
from tests.loopback.reading import make_source
from tests.torture.table import ALL, Report

NAMES = {
    "inside.example": ["127.0.0.1"],
    "also.example": ["93.184.215.14", "127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "cloud.example": ["169.254.169.254"],
    "home.example": ["192.168.0.1"],
    "shared.example": ["100.64.0.1"],
}
"""Public names that resolve to internal addresses."""
INTERNAL_HOSTS = (
    "127.0.0.1", "localhost", "localhost.", "LOCALHOST", "127.1", "127.0.1", "127.255.255.254", "0.0.0.0", "0",
    "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1", "127.0.0.1.", "%31%32%37.0.0.1",
    "①②⑦.0.0.1", "127。0。0。1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
    "[64:ff9b::7f00:1]", "[::127.0.0.1]", "[fe80::1]", "[fc00::1]", "[2002:7f00:1::]", *NAMES,
)  # fmt: skip
OTHER_TARGETS = (
    "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/", "http://metadata.google.internal/",
    "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://100.64.0.1/", "http://198.18.0.1/",
    "http://224.0.0.1/", "http://255.255.255.255/", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/",
    "data:text/plain,x", "javascript:alert(1)", "//127.0.0.1:{port}/", "///127.0.0.1:{port}/",
    "/\\127.0.0.1:{port}/", "http:127.0.0.1:{port}/", "http:/127.0.0.1:{port}/", "http://127.0.0.1:{port}@arxiv.org/",
    "http://arxiv.org@127.0.0.1:{port}/", "http://arxiv.org#@127.0.0.1:{port}/", "http://arxiv.org\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@arxiv.org/", "http://127.0.0.1:{port}/%0d%0aHost:%20x", "ws://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/", "http://127.0.0.1:0{port}/", "http://127.0.0.1:{port} /", " http://127.0.0.1:{port}/",
    "http://127.0.0.1\t:{port}/", "HTTP://127.0.0.1:{port}/",
)  # fmt: skip


class Trap:
    """Listens on an internal address, with IPv4 and IPv6; `hits` counts connections."""

    def __init__(self) -> None:
        self.hits: list[str] = []

    @contextmanager
    def listen(self) -> Iterator[int]:
        """Start listening, and return the port."""
        with ExitStack() as stack:
            port = 0
            for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")):
                try:
                    server = stack.enter_context(_CountingServer(family, host, port, self.hits))
                except OSError:  # no support for this protocol
                    continue
                port = server.server_address[1]
                threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
                stack.callback(server.shutdown)
            yield port


class _CountingServer(http.server.ThreadingHTTPServer):
    def __init__(self, family: int, host: str, port: int, hits: list[str]) -> None:
        self.address_family = family
        super().__init__((host, port), http.server.BaseHTTPRequestHandler)
        self.hits = hits

    def verify_request(self, request: Any, client_address: Any) -> bool:
        self.hits.append(str(client_address))
        return False


def resolve(host: str, port: int, **options: Any) -> Sequence[tuple[Any, ...]]:
    """Resolve the tests' own names here and numeric addresses with the system, without asking any server."""
    if host in NAMES:
        return [(0, 0, 0, "", (address, port)) for address in NAMES[host]]
    try:
        return socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
    except socket.gaierror:
        if host.rstrip(".").lower() == "localhost":
            return socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
        raise


@pytest.fixture(scope="module")
def trap() -> Iterator[tuple[Trap, int]]:
    new_trap = Trap()
    with new_trap.listen() as port:
        yield new_trap, port


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


def targets(port: int) -> list[str]:
    """All addresses that must not be fetched."""
    return [
        *(f"http://{host}:{port}/x" for host in INTERNAL_HOSTS),
        *(target.replace("{port}", str(port)) for target in OTHER_TARGETS),
    ]


def always(play: Any) -> dict[str, Any]:
    """The same answer to every request."""

    class Always(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            return [play]

    return Always()


def polite_client(server: Server) -> PoliteHttpClient:
    """A client that may reach only this one server."""
    return client(server, resolve=resolve)


def test_the_trap_counts_connections(trap: tuple[Trap, int]) -> None:
    """A control: the trap does count connections, so the tests can fail."""
    counter, port = trap
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, port)) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            connection.recv(10)
    assert len(counter.hits) == 2
    counter.hits.clear()


def bases_at(server: Server) -> dict[str, str]:
    """This server in place of every network."""
    bases = addresses(dict.fromkeys(HOSTS, server.port))
    return {name: base for name, base in bases.items() if name != TRAP}


@pytest.mark.parametrize("source", SOURCES)
def test_no_source_follows_a_redirect_inside(
    source: str, server: Server, trap: tuple[Trap, int], report: Report
) -> None:  # fmt: skip
    counter, port = trap
    urls = targets(port)
    urls = urls if ALL else urls[::7]
    for target in urls:
        server.plays = always(answer(302, location=target.encode("utf-8").decode("latin-1")))
        with polite_client(server) as http_client:
            error = run_round(source, server, http_client)
        assert isinstance(error, NetError) and not counter.hits, (target, error)
    report.add_row("led to an address inside, fetched from there", len(urls), outcome_of(counter.hits))


def run_round(source: str, server: Server, http_client: HttpClient) -> NetError | None:
    """Run one round of a source, and return its error."""
    bases = bases_at(server) | {TRAP: ""}
    try:
        for _ in make_source(source, bases).pages(http_client, None):
            pass
    except NetError as problem:
        return problem
    return None


def outcome_of(hits: Sequence[str]) -> Any:
    """An outcome in which each hit is an error."""
    from tests.torture.comparison import Outcome

    return Outcome(errors=tuple(hits))


KEYS: dict[str, Callable[[str], str]] = {
    "mastodon": lambda target: f"mastodon:{target.rstrip('/')}/users/a/statuses/1",
    "huggingface": lambda target: f"huggingface:{target}",
    "lobsters": lambda target: f"lobsters:{target}",
    "hackernews": lambda target: f"hackernews:{target}",
    "reddit": lambda target: f"reddit:{target}",
}
"""Sources where text from posts becomes a key in requests for counts."""


@pytest.mark.parametrize("network", KEYS)
def test_no_name_of_a_post_leads_inside(
    network: str, server: Server, trap: tuple[Trap, int], report: Report
) -> None:  # fmt: skip
    """A post's name contains an address inside the network, which must not be asked for the post's counts."""
    counter, port = trap
    server.plays = always(answer(200, b"{}"))
    urls = targets(port)
    for target in urls:
        with polite_client(server) as http_client, suppress(NetError):
            list(make_source(network, bases_at(server) | {TRAP: ""}).counts(http_client, [KEYS[network](target)]))
        assert not counter.hits, target
    report.add_row("a post that names an address inside, fetched from there", len(urls), outcome_of(counter.hits))


@pytest.mark.long
def test_what_a_page_links_is_not_fetched(server: Server, trap: tuple[Trap, int], report: Report) -> None:
    """Feeds, boosts, cards and next pages contain addresses; none is fetched."""
    counter, port = trap
    for target in targets(port):
        page = json.dumps([{"id": "1", "uri": target, "url": target, "card": {"url": target}}]).encode()
        headers = {"link": f'<{target}>; rel="next"'.encode().decode("latin-1")}
        server.plays = always(answer(200, page, **headers))
        with polite_client(server) as http_client:
            for source in ("mastodon", "feeds", "lobsters"):
                run_round(source, server, http_client)
        assert not counter.hits, target
    report.add_row(
        "a page that links an address inside, fetched from there", len(targets(port)), outcome_of(counter.hits)
    )
