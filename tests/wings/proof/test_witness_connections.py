"""A witness whose connections strangers keep open still answers honest logs."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.serve.web.connection_table import ConnectionLimits
from hotpapers.serve.web.connections import MAX_HEAD_BYTES
from hotpapers.wings.proof.witness import LogWitness
from hotpapers.wings.proof.witness_protocol import MAX_REQUEST_BYTES
from hotpapers.wings.proof.witness_server import witness_server
from tests.web.test_connections import HEAD, connect, is_closed
from tests.wings.proof.test_witness import KEYS, LOG, POLICY, TREE, client, process, request

SLOW = 300
BODY = b"POST /add-checkpoint HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nold 0\n"


@contextmanager
def serving(folder: Path, limits: ConnectionLimits) -> Iterator[int]:
    with witness_server(LogWitness(POLICY, KEYS, folder / "w"), "127.0.0.1:0", limits) as port:
        yield port


def status_for(port: int, old: int, size: int) -> int:
    """The status of the answer to an honest log."""
    with client(port) as http:
        return http.post(f"http://127.0.0.1:{port}/add-checkpoint", body=request(TREE, old, size)).status


@pytest.mark.long
@pytest.mark.parametrize("request_start", [b"", HEAD, BODY], ids=["nothing", "half a head", "half a body"])
def test_open_connections_lock_out_no_log(tmp_path: Path, request_start: bytes) -> None:
    """300 connections where 100 are allowed, without time limits."""
    with serving(tmp_path, ConnectionLimits(total=100, per_client=0, head=600, body=600)) as port, ExitStack() as stack:
        slow = [stack.enter_context(connect(port, request_start)) for _ in range(SLOW)]
        assert [status_for(port, size, size + 1) for size in range(5)] == [200] * 5
        assert all(map(is_closed, slow[: SLOW - 100]))  # the oldest made room


@pytest.mark.long
def test_a_witness_in_a_process_of_its_own_answers_beside_300(tmp_path: Path) -> None:
    with process(tmp_path, LOG.verifier) as (port, _), ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(connect(port, BODY))
        assert status_for(port, 0, 7) == 200


@pytest.mark.parametrize("request_start", [b"", HEAD, BODY], ids=["nothing", "half a head", "half a body"])
def test_an_unfinished_request_is_ended(tmp_path: Path, request_start: bytes) -> None:
    """Even if bytes keep arriving."""
    with serving(tmp_path, ConnectionLimits(head=0.3, body=0.3)) as port, connect(port, request_start) as connection:
        start = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - start < 8:
                connection.sendall(b"x")
                time.sleep(0.02)
        assert status_for(port, 0, 7) == 200


def test_a_client_has_its_share(tmp_path: Path) -> None:
    with serving(tmp_path, ConnectionLimits(per_client=20, head=600)) as port, ExitStack() as stack:
        connections = [stack.enter_context(connect(port, HEAD, "127.0.0.2")) for _ in range(40)]
        assert all(map(is_closed, connections[20:])) and status_for(port, 0, 7) == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /add-checkpoint HTTP/1.1\r\nX: " + b"x" * (MAX_HEAD_BYTES + MAX_REQUEST_BYTES),
        b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_REQUEST_BYTES + 1),
        b"".join([b"POST /add-checkpoint HTTP/1.1\r\n", b"X: y\r\n" * 101, b"\r\n"]),
    ],
    ids=["head", "body", "lines"],
)
def test_requests_that_are_too_large_are_not_read(tmp_path: Path, request_bytes: bytes) -> None:
    with serving(tmp_path, ConnectionLimits()) as port, socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(request_bytes)
        with suppress(ConnectionError):  # unread input may discard the answer
            assert connection.recv(1000).startswith(b"HTTP/1.1 4")
        assert status_for(port, 0, 7) == 200
