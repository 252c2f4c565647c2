"""The API behind a real server: several processes and threads while the record is written to, and streams that clients
abandon."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

import pytest
import uvicorn

from hotpapers.record import Record
from hotpapers.serve.web import export_stream, server
from hotpapers.serve.web.app import SiteApp
from tests.issues.made import post, write
from tests.query import query_stores
from tests.web.api_server import process_server, thread_server
from tests.web.conftest import ApiFactory

POSTS = f"/api/v1/papers/{query_stores.ID}/posts?limit=100"
EXPORT = "/api/v1/export"
"""Two clients may take it at once; a third is told to retry later."""
URLS = (POSTS, "/api/v1/publications/daily/issues/latest", f"/api/v1/papers/{query_stores.ID}", "/api/v1/status",
         f"/api/v1/papers/{query_stores.ID}/snapshots", "/api/v1/search?q=only", EXPORT)  # fmt: skip


def read_repeatedly(port: int, rounds: int) -> tuple[list[int], set[str]]:
    """Requests every URL repeatedly on one connection; returns the number of posts each time, and all digests."""
    counts, digests = [], set()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for url in URLS * rounds:
            connection.request("GET", url)
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200 or (response.status == 503 and url == EXPORT), (url, body)
            if url == POSTS:
                counts.append(len(json.loads(body)["posts"]))
            elif "issues" in url:
                digests.add(json.loads(body)["digest"])
    return counts, digests


@pytest.mark.long
def test_several_processes_and_threads_while_it_is_written_to(store_url: str) -> None:
    with Record(store_url) as record, ExitStack() as stack:
        query_stores.add_talk(record)
        ports = [stack.enter_context(process_server(store_url)) for _ in range(2)]
        with ThreadPoolExecutor(6) as pool:
            readers = [pool.submit(read_repeatedly, port, 6) for port in ports * 3]
            for n in range(40):
                write(record, post(1, f"bluesky:new{n}", query_stores.TODAY + n))
            results = [future.result() for future in readers]
        last_counts = [read_repeatedly(port, 1)[0][-1] for port in ports]
    assert last_counts == [44, 44]
    assert all(counts == sorted(counts) and counts[0] >= 4 for counts, _ in results)
    assert len(set.union(*(digests for _, digests in results))) == 1


@pytest.fixture
def endless_exports(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Exports that continue until released."""
    stop: list[int] = []

    def endless(*_: object) -> Iterator[bytes]:
        while not stop:
            yield b"x" * 100_000

    monkeypatch.setattr(export_stream, "export", endless)
    yield lambda: stop.append(1)
    stop.append(1)


def start_export(port: int) -> socket.socket:
    """An export whose beginning has been read."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /api/v1/export HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
    return client


def status_of(port: int, url: str = "/api/v1/export", method: str = "GET") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, url)
    with connection.getresponse() as response:
        connection.close()
        return response.status


def exports_of(app: SiteApp) -> export_stream.ExportStreams:
    assert app.api
    streams = app.api.exports
    assert isinstance(streams, export_stream.ExportStreams)
    return streams


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.usefixtures("endless_exports")
def test_there_is_room_for_two_exports_and_who_leaves_makes_room(make_api: ApiFactory) -> None:
    app = make_api()
    with thread_server(app) as port:
        first, second = start_export(port), start_export(port)
        assert status_of(port) == 503
        assert status_of(port, "/api/v1/publications") == 200, "other questions are answered"
        assert status_of(port, method="HEAD") == 200
        first.close()
        wait_until(lambda: exports_of(app).count == 1)
        third = start_export(port)
        second.close()
        third.close()
        wait_until(lambda: exports_of(app).count == 0)


@pytest.mark.usefixtures("endless_exports")
def test_who_takes_an_export_too_slowly_is_left(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_stream, "PATIENCE", 0.2)
    app = make_api()
    with thread_server(app) as port:
        slow = start_export(port)
        wait_until(lambda: exports_of(app).count == 0)
        slow.close()


@pytest.mark.usefixtures("endless_exports")
def test_who_takes_a_little_of_an_export_again_and_again_is_left(
    make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_stream, "PATIENCE", 2.0)
    monkeypatch.setattr(export_stream, "MIN_BYTES_A_SECOND", 50_000_000)
    app = make_api()

    def is_left() -> bool:
        slow.recv(50_000)
        return exports_of(app).count == 0

    with thread_server(app) as port:
        slow = start_export(port)
        wait_until(is_left)
        slow.close()


@contextmanager
def serving(app: SiteApp) -> Iterator[tuple[int, uvicorn.Server, threading.Thread]]:
    """The site's server with an API, in a thread; yields its port."""
    web_server = server.server(app)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=web_server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: web_server.started)
        try:
            yield port, web_server, thread
        finally:
            web_server.should_exit = web_server.force_exit = True
            thread.join()


@pytest.mark.usefixtures("endless_exports")
def test_who_takes_an_export_too_slowly_cannot_fill_the_log(
    make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export_stream, "PATIENCE", 0.2)
    app = make_api()
    with serving(app) as (port, _, _), closing(start_export(port)):
        wait_until(lambda: exports_of(app).count == 0)
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("endless_exports")
def test_an_export_does_not_keep_the_server_from_stopping(
    make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "STOPPING", 1)
    app = make_api()
    with serving(app) as (port, web_server, thread), closing(start_export(port)):
        web_server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
    del web_server, thread
    gc.collect()  # in a process of its own, the connection would end with it
    assert capfd.readouterr().err == ""


def test_an_export_that_fails_on_its_way_has_no_end(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_midway(*_: object) -> Iterator[bytes]:
        yield b"one line\n"
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(export_stream, "export", stop_midway)
    with thread_server(make_api()) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/api/v1/export")
        response = connection.getresponse()
        assert response.status == 200
        with pytest.raises(http.client.IncompleteRead) as error:
            response.read()
        assert error.value.partial == b"one line\n"
        connection.close()


def failing_chunks() -> Iterator[bytes]:
    raise RuntimeError("a secret thing")


def test_an_export_that_cannot_begin_is_a_problem(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_at_once(*_: object) -> Iterator[bytes]:
        yield from failing_chunks()

    monkeypatch.setattr(export_stream, "export", fail_at_once)
    app = make_api()
    with thread_server(app) as port:
        assert status_of(port) == 500
    assert exports_of(app).count == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_end_of_an_answer_does_not_wait_for_its_beginning(host: str) -> None:
    """Otherwise each answer of several packets takes 40 ms longer."""
    with server.listening(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        connection, _ = listener.accept()
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        connection.close()


def test_a_reader_who_leaves_takes_the_answer_from_nobody(make_api: ApiFactory) -> None:
    with thread_server(make_api()) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /api/v1/publications/hot-papers/issues/latest/verification HTTP/1.1\r\nHost: a\r\n\r\n")
        client.close()
        assert status_of(port, "/api/v1/publications/hot-papers/issues/latest/verification") == 200
