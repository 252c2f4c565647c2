"""The export as a stream, to only a few clients at once.

A running export keeps a snapshot of the store open, so clients that read too slowly are disconnected.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import zlib
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hotpapers.base import network_terms
from hotpapers.base.version import __version__
from hotpapers.publish.query import QuerySession, openapi
from hotpapers.publish.query.session import SessionState
from hotpapers.serve.answer_cache import AnswerCache
from hotpapers.serve.api import read_parameters
from hotpapers.serve.backend import Backend
from hotpapers.serve.http_messages import (
    OPEN,
    Answer,
    Refused,
    Reply,
    StreamAborted,
    build_reply,
    header_of,
    names_tag,
    refused_by,
    takes_gzip,
)
from hotpapers.wings.download.public_lines import TYPES, ExportParams, export_chunks

PATH = "/export"
"""Its address in the API."""
COST = 60
"""In simple queries."""
AT_ONCE = 2
PATIENCE = 30.0
"""Seconds for which clients may keep the stream waiting, besides the time that their bytes take at the least rate."""
MIN_BYTES_A_SECOND = 50_000
"""Bytes per second that a client must accept. One that takes a little of each chunk could keep a snapshot for a day,
and meanwhile no traces of forgotten rows can be erased."""


class ExportStreams:
    """The running exports. Each has its own thread and connection."""

    def __init__(self, replies: AnswerCache) -> None:
        self._replies = replies
        self._backend = replies.backend
        self.count = 0

    async def answer(self, request: Request) -> ASGIApp:
        """Returns an app that sends the requested export, whose first chunk has been made. Raises Refused,
        UsageError."""
        params = read_parameters(ExportParams, request)
        compress = takes_gzip(request.scope)
        head = head_of(params, self._replies.state, self._backend.config.terms, compress=compress)
        if request.method == "HEAD" or names_tag(header_of(request.scope, b"if-none-match"), head.etag):
            return head
        self._replies.spend_rest(request.scope, COST)
        if self.count >= AT_ONCE:
            raise Refused(503, "two exports are already running, which is the limit", 60)
        self.count += 1
        reader = _ExportReader(_chunks(self._backend, params, compress=compress))
        try:
            chunk = await reader.next()
        except BaseException:
            self._end(reader)
            raise

        async def send_all(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await _stream(head, chunk, reader, receive, send)
            except Exception as problem:
                if not isinstance(problem, TimeoutError):  # the client did not read too slowly
                    refused_by(problem, scope)
                raise StreamAborted(str(problem)) from problem
            finally:
                self._end(reader)

        return send_all

    def _end(self, reader: _ExportReader) -> None:
        self.count -= 1
        reader.close()


def answers(replies: AnswerCache) -> tuple[tuple[str, Answer]]:
    """The handler for the export's address."""
    return ((PATH, ExportStreams(replies).answer),)


def operations() -> tuple[tuple[str, openapi.Json]]:
    """The export's entry in the API's document."""
    operation = {
        "operationId": "export",
        "summary": "The whole record: the observations (jsonl), or the issues' entries (csv, bibtex).",
        "description": f"{export_chunks.__doc__} `hotpapers docs exchange` describes the lines of jsonl.",
        "parameters": [*openapi.parameters(ExportParams, PATH)],
        "responses": {
            "200": {
                "description": "A stream",
                "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
                "content": {form.partition(";")[0]: {"schema": {"type": "string"}} for form in TYPES.values()},
            },
            **openapi.other_responses(),
        },
    }
    return ((PATH, operation),)


def head_of(params: ExportParams, state: SessionState, allowed: network_terms.Table, *, compress: bool) -> Reply:
    """The headers of an export. The ETag depends on the record's position, the terms, what the operator never quotes
    and the program's version, which determine its lines."""
    allowed_terms = list(allowed.values())
    rules = msgspec.json.encode([__version__, allowed_terms, state.blocked])
    digest = hashlib.sha256(rules).hexdigest()[:8]
    headers = OPEN | {"content-type": TYPES[params.format], "vary": "Accept-Encoding"}
    headers |= {"content-encoding": "gzip"} if compress else {}
    etag = f'W/"{params.format}-{state.position}-{digest}"'
    head = build_reply(200, headers, etag=etag)
    headers_without_length = tuple(pair for pair in head.headers if pair[0] != b"content-length")
    return msgspec.structs.replace(head, headers=headers_without_length)


async def _stream(head: Reply, chunk: bytes | None, reader: _ExportReader, receive: Receive, send: Send) -> None:
    """Sends chunk after chunk, until the end or until the client disconnects."""
    await send({"type": "http.response.start", "status": 200, "headers": head.headers})
    disconnected = asyncio.ensure_future(_wait_for_disconnect(receive))
    patience = PATIENCE
    try:
        while chunk is not None and not disconnected.done():
            start = time.monotonic()
            await asyncio.wait_for(send({"type": "http.response.body", "body": chunk, "more_body": True}), patience)
            patience = min(patience + len(chunk) / MIN_BYTES_A_SECOND - (time.monotonic() - start), PATIENCE)
            chunk = await reader.next()
        await send({"type": "http.response.body", "body": b""})
    finally:
        disconnected.cancel()


async def _wait_for_disconnect(receive: Receive) -> None:
    """Returns when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _ExportReader:
    """Reads an export in its own thread."""

    def __init__(self, chunks: Generator[bytes, None, None]) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._chunks = chunks

    def next(self) -> asyncio.Future[bytes | None]:
        """The next chunk; None after the last."""
        return asyncio.get_running_loop().run_in_executor(self._thread, next, self._chunks, None)

    def close(self) -> None:
        """Stops the export in its own thread, since it may be running there."""
        self._thread.submit(self._chunks.close)
        self._thread.shutdown(wait=False)


def _chunks(backend: Backend, params: ExportParams, *, compress: bool) -> Generator[bytes, None, None]:
    with (
        backend.open_record() as record,
        closing(export_chunks(QuerySession(record, backend.config.terms, public=True), params)) as chunks,
    ):
        if not compress:
            yield from chunks
            return
        compressor = zlib.compressobj(6, wbits=31)  # a gzip file
        yield from filter(None, map(compressor.compress, chunks))
        yield compressor.flush()
