"""Exports behind a real server: how many at once, and what becomes of those that clients abandon or that fail."""

from __future__ import annotations

import gc
import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from starlette.routing import Route

from hotpapers.serve import server
from hotpapers.serve.app import SiteApp
from hotpapers.wings.download import export_stream
from tests.serve.api_server import running, thread_server
from tests.serve.conftest import ApiFactory
from tests.serve.test_api_live import status_of

EXPORT = "/api/v1/export"


@pytest.fixture
def endless_exports(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Exports that continue until released."""
    stop: list[int] = []

    def endless(*_: object) -> Iterator[bytes]:
        while not stop:
            yield b"x" * 100_000

    monkeypatch.setattr(export_stream, "export_chunks", endless)
    yield lambda: stop.append(1)
    stop.append(1)


def start_export(port: int) -> socket.socket:
    """An export whose beginning has been read."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /api/v1/export HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
    return client


def exports_of(app: SiteApp) -> export_stream.ExportStreams:
    """The running exports of an app."""
    assert app.api
    [route] = [route for route in app.api._router.routes if isinstance(route, Route) and route.path == "/export"]
    streams = vars(route.endpoint)["_answer"].__self__
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
        assert status_of(port, EXPORT) == 503
        assert status_of(port, "/api/v1/publications") == 200, "other questions are answered"
        assert status_of(port, EXPORT, "HEAD") == 200
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


@pytest.mark.usefixtures("endless_exports")
def test_who_takes_an_export_too_slowly_cannot_fill_the_log(
    make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export_stream, "PATIENCE", 0.2)
    app = make_api()
    with thread_server(app) as port, closing(start_export(port)):
        wait_until(lambda: exports_of(app).count == 0)
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("endless_exports")
def test_an_export_does_not_keep_the_server_from_stopping(
    make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "STOPPING", 1)
    web_server, listener = server.build_server(make_api()), socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with running(web_server, listener) as thread, closing(start_export(port)):
        web_server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
    del web_server, thread
    gc.collect()  # a connection that is still open would be reported here
    assert capfd.readouterr().err == ""


def test_an_export_that_fails_on_its_way_has_no_end(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_midway(*_: object) -> Iterator[bytes]:
        yield b"one line\n"
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(export_stream, "export_chunks", stop_midway)
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

    monkeypatch.setattr(export_stream, "export_chunks", fail_at_once)
    app = make_api()
    with thread_server(app) as port:
        assert status_of(port, EXPORT) == 500
    assert exports_of(app).count == 0
