"""The export as a stream, to only a few clients at once.

A running export keeps a snapshot of the store open, so clients that read too slowly are disconnected.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec
from starlette.types import Receive, Send

from hotpapers import __version__
from hotpapers.base import terms
from hotpapers.publish.query import QuerySession, request_params
from hotpapers.publish.query.export import TYPES, export
from hotpapers.publish.query.session import SessionState
from hotpapers.record import Record
from hotpapers.serve.web.http_messages import ApiReply, ApiRequest, reply, retry_reply
from hotpapers.serve.web.sessions import open_store

AT_ONCE = 2
PATIENCE = 30.0
"""Seconds for which clients may keep the stream waiting, besides the time that their bytes take at the least rate."""
MIN_BYTES_A_SECOND = 50_000
"""Bytes per second that a client must accept. One that takes a little of each chunk could keep a snapshot for a day,
and meanwhile no traces of forgotten rows can be erased."""


class StreamAborted(Exception):
    """A stream failed after it had started, because of a problem. The connection is closed, so the client notices.
    `is_slow`: the client read too slowly."""

    def __init__(self, problem: Exception) -> None:
        super().__init__(str(problem))
        self.problem = problem

    @property
    def is_slow(self) -> bool:
        return isinstance(self.problem, TimeoutError)


class ExportStreams:
    """The running exports. Each has its own thread and connection."""

    def __init__(self, open_record: Callable[[], Record], allowed: terms.Table) -> None:
        self._open_record, self._allowed = open_record, allowed
        self._open = 0

    async def send(
        self, head: ApiReply, params: request_params.ExportParams, request: ApiRequest, receive: Receive, send: Send
    ) -> ApiReply | None:
        """Sends an export and returns None, or returns the reply to send instead. Raises StreamAborted."""
        if self._open >= AT_ONCE:
            return retry_reply(503, "two exports are already running, which is the limit", 60)
        self._open += 1
        try:
            with closing(
                _ExportReader(self._open_record, self._allowed, params, compress=request.takes_gzip)
            ) as reader:
                await _stream(head, reader, receive, send)
        finally:
            self._open -= 1
        return None


def head_of(
    params: request_params.ExportParams, state: SessionState, allowed: terms.Table, request: ApiRequest
) -> ApiReply:
    """The headers of an export. The ETag depends on the record's position, the terms, what the operator never quotes
    and the program's version, which determine its lines."""
    headers = [("content-type", TYPES[params.format])]
    headers += [("content-encoding", "gzip")] if request.takes_gzip else []
    head = reply(200, headers, etag=f'W/"{params.format}-{state.position}-{_rules(state, allowed)}"')
    return head._replace(headers=tuple(pair for pair in head.headers if pair[0] != b"content-length"))


def _rules(state: SessionState, allowed: terms.Table) -> str:
    """A hash of everything besides the record that affects the exported words."""
    rules = msgspec.json.encode([__version__, list(allowed.values()), state.blocked])
    return hashlib.sha256(rules).hexdigest()[:8]


async def _stream(head: ApiReply, reader: _ExportReader, receive: Receive, send: Send) -> None:
    """Sends chunk after chunk, until the end or until the client disconnects."""
    chunk = await reader.next()  # errors in the first chunk still get a proper reply
    await send({"type": "http.response.start", "status": 200, "headers": list(head.headers)})
    disconnected = asyncio.ensure_future(_wait_for_disconnect(receive))
    patience = PATIENCE
    try:
        while chunk is not None and not disconnected.done():
            start = time.monotonic()
            await asyncio.wait_for(send({"type": "http.response.body", "body": chunk, "more_body": True}), patience)
            patience = min(patience + len(chunk) / MIN_BYTES_A_SECOND - (time.monotonic() - start), PATIENCE)
            chunk = await reader.next()
        await send({"type": "http.response.body", "body": b""})
    except Exception as problem:
        raise StreamAborted(problem) from problem
    finally:
        disconnected.cancel()


async def _wait_for_disconnect(receive: Receive) -> None:
    """Returns when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _ExportReader:
    """Reads an export in its own thread."""

    def __init__(
        self,
        open_record: Callable[[], Record],
        allowed: terms.Table,
        params: request_params.ExportParams,
        *,
        compress: bool,
    ) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._chunks = _chunks(open_record, allowed, params, compress=compress)

    def next(self) -> asyncio.Future[bytes | None]:
        """The next chunk; None after the last."""
        return asyncio.get_running_loop().run_in_executor(self._thread, next, self._chunks, None)

    def close(self) -> None:
        """Stops the export in its own thread, since its connection belongs to that thread."""
        self._thread.submit(self._chunks.close)
        self._thread.shutdown(wait=False)


def _chunks(
    open_record: Callable[[], Record], allowed: terms.Table, params: request_params.ExportParams, *, compress: bool
) -> Generator[bytes, None, None]:
    with (
        open_store(open_record) as record,
        closing(export(QuerySession(record, allowed, public=True), params)) as chunks,
    ):
        yield from _compressed(chunks) if compress else chunks


def _compressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Compresses chunks to a gzip file."""
    compressor = zlib.compressobj(6, wbits=31)
    for chunk in chunks:
        if compressed := compressor.compress(chunk):
            yield compressed
    yield compressor.flush()
