"""The API behind a real server: several processes and threads while the record is written to."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from hotpapers.record import Record
from hotpapers.serve import server
from tests.issues.made import post, write
from tests.publish.query import query_stores
from tests.serve.api_server import process_server, thread_server
from tests.serve.conftest import ApiFactory

POSTS = f"/api/v1/papers/{query_stores.ID}/posts?limit=100"
URLS = (POSTS, "/api/v1/publications/daily/issues/latest", f"/api/v1/papers/{query_stores.ID}", "/api/v1/status",
         f"/api/v1/papers/{query_stores.ID}/snapshots", "/api/v1/search?q=only")  # fmt: skip


def read_repeatedly(port: int, rounds: int) -> tuple[list[int], set[str]]:
    """Requests every URL repeatedly on one connection; returns the number of posts each time, and all digests."""
    counts, digests = [], set()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for url in URLS * rounds:
            connection.request("GET", url)
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, (url, body)
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


def status_of(port: int, url: str, method: str = "GET") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, url)
    with connection.getresponse() as response:
        connection.close()
        return response.status


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_end_of_an_answer_does_not_wait_for_its_beginning(host: str) -> None:
    """Otherwise each answer of several packets takes 40 ms longer."""
    with server.open_listener(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        connection, _ = listener.accept()
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        connection.close()


def test_a_reader_who_leaves_takes_the_answer_from_nobody(make_api: ApiFactory) -> None:
    with thread_server(make_api()) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /api/v1/publications/hot-papers/issues/latest/verification HTTP/1.1\r\nHost: a\r\n\r\n")
        client.close()
        assert status_of(port, "/api/v1/publications/hot-papers/issues/latest/verification") == 200
