"""Every fault a server can have: transient ones are retried, lasting ones reported, all within limits; and stopping."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib

import pytest

from hotpapers.base.errors import NetError, Stopped
from hotpapers.base.http import ClientLimits
from tests.base.http.server import SHORT, FakeTime, Handler, Play, Server, answer, client, raw, request_error, stall

# ---- retries -----------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
COMPRESSED = gzip.compress(bytes(range(256)) * 20)
TRANSIENT_FAULTS: dict[str, Play] = {
    "500": answer(500),
    "502": answer(502),
    "504": answer(504),
    "408": answer(408),
    "hangs up at once": raw(b""),
    "reset at once": raw(b"", rudely=True),
    "reset in the head": raw(b"HTTP/1.1 200 OK\r\nConte", rudely=True),
    "reset in the body": raw(HEAD + b"half", rudely=True),
    "truncated head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "truncated body": raw(HEAD + b"half"),
    "truncated chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"),
    "no last chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
    "truncated gzip": raw(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + COMPRESSED[:-9]),
    "damaged gzip": answer(200, COMPRESSED[:40] + b"????" + COMPRESSED[44:], content_encoding="gzip"),
    "no gzip at all": answer(200, b"plain", content_encoding="gzip"),
    "silent": stall(),
    "silent in the head": stall(b"HTTP/1.1 200 OK\r\n"),
    "silent in the body": stall(HEAD + b"half"),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "no status": raw(b"HTTP/1.1 OK\r\n\r\n"),
    "bad status": raw(b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"),
    "bad length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "bad header": raw(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"),
    "NUL in a header": raw(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"),
    "endless header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000),
    "bad chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
}  # fmt: skip


@pytest.mark.parametrize(
    "fault", ["reset in the body", "truncated body", "truncated gzip", "damaged gzip", "bad chunk"]
)
def test_a_body_that_nobody_needs_is_not_read(server: Server, fault: str) -> None:
    server.on("/", TRANSIENT_FAULTS[fault])
    with client(server) as http:
        assert http.get(server.base + "/", with_body=False).status == 200
        assert http.post(server.base + "/", form={"a": "b"}, with_body=False).status == 200
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", TRANSIENT_FAULTS)
def test_a_fault_that_passes_is_got_over(server: Server, time: FakeTime, fault: str) -> None:
    server.on("/", TRANSIENT_FAULTS[fault], TRANSIENT_FAULTS[fault], answer(200, b"at last"))
    limits = SHORT._replace(read=0.4) if "silent" in fault else SHORT
    with client(server, time, limits=limits) as http:
        assert http.get(server.base + "/").body == b"at last"
    assert len(server.requests) == 3
    first, second = time.naps
    assert 0.5 <= first <= 1.5 and 1.0 <= second <= 3.0


@pytest.mark.parametrize("fault", TRANSIENT_FAULTS)
def test_a_fault_that_stays_is_told_after_three_tries(server: Server, time: FakeTime, fault: str) -> None:
    server.on("/p", TRANSIENT_FAULTS[fault])
    with client(server, time, limits=SHORT._replace(read=0.05)) as http:
        error = request_error(http, server.base + "/p?token=t0ken")
    assert type(error) is NetError and len(server.requests) == 3
    assert str(error).startswith(f"{server.base}/p: ") and "t0ken" not in str(error)


def test_jitter(server: Server) -> None:
    server.on("/", answer(500))
    times = [FakeTime() for _ in range(5)]
    for time in times:
        with client(server, time) as http:
            request_error(http, server.base + "/")
    assert len({nap for time in times for nap in time.naps}) == 10


def test_nobody_listens(time: FakeTime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with client(time=time, base_addresses=[base]) as http:
        error = request_error(http, base + "/")
    assert type(error) is NetError and "refused" in str(error) and "Errno" not in str(error) and len(time.naps) == 2


def test_nobody_takes_the_connection(time: FakeTime) -> None:
    """The queue of connections is full, so the next one gets no answer."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for client_socket in (first, second):
            client_socket.setblocking(False)
            client_socket.connect_ex(listener.getsockname())
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with client(time=time, base_addresses=[base], limits=SHORT._replace(connect=0.05, read=0.05)) as http:
            assert type(request_error(http, base + "/")) is NetError


def test_a_server_that_drips_meets_the_deadline(server: Server) -> None:
    def drip(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nX: ")
        while not handler.server.over.wait(0.02):
            handler.raw(b"a")

    server.on("/", drip)
    with client(server, limits=SHORT._replace(whole=0.2, tries=1)) as http:
        assert "the whole response took too long" in str(request_error(http, server.base + "/"))


def test_endless_news_that_an_answer_will_come_meet_the_deadline(server: Server) -> None:
    def send_interim_responses(handler: Handler) -> None:
        while not handler.server.over.wait(0.02):
            handler.raw(b"HTTP/1.1 102 Processing\r\n\r\n")

    server.on("/", send_interim_responses)
    with client(server, limits=SHORT._replace(whole=0.2, tries=1)) as http:
        assert "took too long" in str(request_error(http, server.base + "/"))


# ---- too large ---------------------------------------------------------------------------------------


def send_endlessly(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.server.over.is_set():
        handler.raw(b"x" * 10_000)


def bomb() -> bytes:
    """About a kilobyte that unpacks to a megabyte."""
    return gzip.compress(b"\0" * 1_000_000)


LARGE_RESPONSES: dict[str, Play] = {
    "promised": stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"),
    "sent": answer(200, b"x" * 100_001),
    "endless": send_endlessly,
    "bomb": answer(200, bomb(), content_encoding="gzip"),
    "endless nothing": raw(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"") * 10_000),
}


@pytest.mark.parametrize("case", LARGE_RESPONSES)
def test_too_much_is_refused_while_it_comes_and_not_tried_again(server: Server, case: str) -> None:
    server.on("/", LARGE_RESPONSES[case])
    with client(server, limits=SHORT._replace(size=100_000, whole=10.0)) as http:
        assert "more than 100,000 bytes" in str(request_error(http, server.base + "/"))
    assert len(server.requests) == 1


def test_as_much_as_is_allowed(server: Server) -> None:
    server.on("/", answer(200, gzip.compress(b"x" * 100_000), content_encoding="gzip"))
    with client(server, limits=SHORT._replace(size=100_000)) as http:
        assert len(http.get(server.base + "/").body) == 100_000


def test_a_bomb_is_never_unpacked_whole(server: Server) -> None:
    """About 100 kB that unpacks to 100 MB, with 1 MB allowed; the default is 10 MB."""
    import tracemalloc

    compressor = zlib.compressobj(9, wbits=31)
    body = b"".join([*(compressor.compress(b"\0" * 1_000_000) for _ in range(100)), compressor.flush()])
    server.on("/", answer(200, body, content_encoding="gzip"))
    tracemalloc.start()
    try:
        with client(server, limits=SHORT._replace(size=1_000_000, whole=30.0)) as http:
            request_error(http, server.base + "/")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert ClientLimits().size == 10_000_000


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip", "compress"])
def test_a_packing_that_was_not_asked_for(server: Server, coding: str) -> None:
    server.on("/", answer(200, b"x", content_encoding=coding))
    with client(server) as http:
        assert f"compressed as {coding}" in str(request_error(http, server.base + "/"))


@pytest.mark.parametrize("coding", ["", "identity", "Identity", "GZIP", "x-gzip"])
def test_nothing_is_packed_as_anything(server: Server, coding: str) -> None:
    server.on("/", answer(200, b"", content_encoding=coding))
    with client(server) as http:
        assert http.get(server.base + "/").body == b""


# ---- stopping ----------------------------------------------------------------------------------------


def test_sleep_ends_when_the_program_is_told_to_stop() -> None:
    stop = threading.Event()
    with client(sleep=None, stop=stop) as http:
        http.sleep(0.001)
        threading.Timer(0.05, stop.set).start()
        with pytest.raises(Stopped):
            http.sleep(3600)
        with pytest.raises(Stopped):
            http.sleep(0)


def test_a_wait_for_the_pace_ends_too(server: Server) -> None:
    stop = threading.Event()
    server.on("/", answer(200))
    with client(server, sleep=None, stop=stop, reserve=lambda host, pace: 3600.0) as http:
        threading.Timer(0.05, stop.set).start()
        with pytest.raises(Stopped):
            http.get(server.base + "/")
    assert not server.requests


def test_a_wait_for_an_answer_ends_too(server: Server) -> None:
    stop = threading.Event()
    server.on("/", stall())
    with client(server, stop=stop, limits=ClientLimits()) as http:
        threading.Timer(0.05, stop.set).start()
        with pytest.raises(Stopped):
            http.get(server.base + "/")


def test_a_wait_in_the_body_ends_too(server: Server) -> None:
    stop = threading.Event()
    server.on("/", stall(HEAD + b"half"))
    with client(server, stop=stop, limits=ClientLimits()) as http:
        threading.Timer(0.05, stop.set).start()
        with pytest.raises(Stopped):
            http.get(server.base + "/")
