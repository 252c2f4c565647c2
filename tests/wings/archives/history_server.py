"""An archive of Bluesky's history, made up, over HTTP on 127.0.0.1, with the habits of Jetstream 2.

Whole blocks come, whatever was asked for; old records have the day on which they were collected; records that are dead
come before their deletion; compaction leaves blocks without rows; a plan has pages; archives need a key, and meter what
they send.
"""

from __future__ import annotations

import json
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import libipld
import zstandard

from tests.collect.sources import bluesky_events as bluesky
from tests.collect.sources.bluesky_events import tid

CREATE, UPDATE, DELETE, IDENTITY, ACCOUNT, SYNC = range(1, 7)
POST, LIKE, FOLLOW = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow"
SENTINELS = {IDENTITY: "$identity", ACCOUNT: "$account", SYNC: "$sync"}
SECOND, DAY = 1_000_000, 86_400_000_000
JUNE_2023 = 1_685_577_600_000_000
"""1 June 2023."""
COLLECTED = 1_785_542_400_000_000
"""1 August 2026, when the archive collected everything that was there."""
KEY = "made-up-key"


class Row(NamedTuple):
    """An event as the archive has it. `record`: encoded as DAG-CBOR; bytes are taken as they are."""

    kind: int
    witnessed_at: int
    did: str
    collection: str = ""
    rkey: str = ""
    record: Any = None
    rev: str = ""

    @property
    def payload(self) -> bytes:
        if self.record is None:
            return b""
        return self.record if isinstance(self.record, bytes) else libipld.encode_dag_cbor(self.record)


def did(number: int) -> str:
    return f"did:plc:madeup{number:018d}".replace("0", "a").replace("1", "b").replace("8", "h").replace("9", "j")


def post(number: int, text: str, at: int, **more: Any) -> Row:
    """A post made at a moment, and collected with everything else."""
    return Row(CREATE, COLLECTED, did(number), POST, tid(at), bluesky.post(text, **more), tid(COLLECTED))


def encoded(rows: Sequence[tuple[int, Row]]) -> bytes:
    """A block: rows with their sequence numbers, in columns, compressed."""
    fields: list[tuple[Any, ...]] = [
        (seq, row.witnessed_at, 0, row.kind, row.collection.encode(), row.did.encode(), row.rkey.encode(),
         row.rev.encode(), row.payload)
        for seq, row in rows
    ]  # fmt: skip
    body = struct.pack("<I", len(rows))
    for column, code in enumerate("QqqB"):
        body += struct.pack(f"<{len(rows)}{code}", *(row[column] for row in fields))
    for column, code in zip(range(4, 9), "BHBBI", strict=True):
        body += struct.pack(f"<{len(rows)}{code}", *(len(row[column]) for row in fields))
    body += b"".join(row[column] for column in range(4, 9) for row in fields)
    return zstandard.ZstdCompressor(write_checksum=True).compress(body)


class Segment:
    """A sealed file of blocks. `rewritten`: how often compaction has written it anew."""

    def __init__(self, number: int, blocks: Sequence[Sequence[tuple[int, Row]]]) -> None:
        self.name = f"seg_{number:010d}.jss"
        self.blocks: list[Sequence[tuple[int, Row]]] = list(blocks)
        self.rewritten = 0
        self.low, self.high = blocks[0][0][0], blocks[-1][-1][0]

    @property
    def checksum(self) -> str:
        return f"{hash((self.name, self.rewritten)) & (2**64 - 1):016x}"

    @property
    def frames(self) -> list[bytes]:
        return [encoded(block) for block in self.blocks]

    def file(self) -> bytes:
        """The whole file: header, blocks, index. No bloom filters, which clients do not need."""
        frames, place, index, body = self.frames, 256, b"", b""
        for frame, block in zip(frames, self.blocks, strict=True):
            index += struct.pack("<Q3I2Q2q", place, len(frame), 0, len(block), self.low, self.high, 0, 0)
            body += struct.pack("<Q", len(frame)) + frame
            place += 8 + len(frame)
        total = sum(map(len, self.blocks))
        header = struct.pack(
            "<4sQH3I2Q2q5Q", b"jss0", int(self.checksum, 16) or 1, 1, len(frames), total, 1, self.low, self.high,
            0, 0, place, 0, 0, 0, place,
        )  # fmt: skip
        return header.ljust(256, b"\0") + body + index


class MadeArchive:
    """An archive of rows, in blocks of `per_block`, in segments of `per_segment` blocks.

    `whole_from`: the share of a segment's blocks from which on a plan has the whole segment. `page`: most entries of a
    plan's page. `served`: how often each block was sent. `faults`: statuses for the next requests of blocks and
    ranges; 0 stands for a response that breaks off, -1 for a compaction in between.
    """

    def __init__(
        self, rows: Sequence[Row], *, per_block: int = 8, per_segment: int = 4, whole_from: float = 0.75, page: int = 2
    ) -> None:
        numbered = list(zip(count(1), rows))
        blocks = [numbered[n : n + per_block] for n in range(0, len(numbered), per_block)]
        self.segments = [
            Segment(n, blocks[start : start + per_segment])
            for n, start in enumerate(range(0, len(blocks), per_segment))
        ]
        self.whole_from, self.page = whole_from, page
        self.served: Counter[tuple[str, int]] = Counter()
        self.requests: Counter[str] = Counter()
        self.faults: list[int] = []
        self.sent = 0

    @property
    def tip(self) -> int:
        return self.segments[-1].high

    def compact(self, dead: Sequence[Row]) -> None:
        """Removes rows, and writes their segments anew; blocks keep their numbers."""
        for segment in self.segments:
            blocks: list[Sequence[tuple[int, Row]]] = [
                [(seq, row) for seq, row in block if row not in dead] for block in segment.blocks
            ]
            if blocks != segment.blocks:
                segment.blocks, segment.rewritten = blocks, segment.rewritten + 1

    def plan(self, query: dict[str, Any]) -> dict[str, Any]:
        after, before = query.get("afterSeq", 0), min(query.get("beforeSeq", self.tip), self.tip)
        wanted = {*query.get("collections", ()), *SENTINELS.values()}
        entries: list[dict[str, Any]] = []
        for segment in self.segments:
            if segment.high <= after or segment.low > before:
                continue
            numbers = [n for n, block in enumerate(segment.blocks) if not wanted.isdisjoint(map(_collection, block))]
            if not numbers:
                continue
            entry: dict[str, Any] = {
                "name": segment.name, "index": 0, "checksum": segment.checksum, "minSeq": segment.low,
                "maxSeq": segment.high, "mode": "segment",
            }  # fmt: skip
            if len(numbers) / len(segment.blocks) < self.whole_from:
                entry |= {"mode": "blocks", "blocks": list(_ranges(numbers))}
            if len(entries) == self.page:
                return self._planned(entries, entries[-1]["maxSeq"], before)
            entries.append(entry)
        return self._planned(entries, before, before)

    def _planned(self, entries: list[dict[str, Any]], through: int, tip: int) -> dict[str, Any]:
        stats = {"segmentsExamined": 1, "segmentsMatched": 1, "blocksMatched": 1, "entries": len(entries)}
        return {"plannedThroughSeq": through, "sealedTipSeq": tip, "segments": entries, "stats": stats}

    def listed(self, cursor: str) -> dict[str, Any]:
        start = int(cursor or 0)
        segments = [
            {
                "name": segment.name, "index": n, "sizeBytes": len(segment.file()), "checksum": segment.checksum,
                "eventCount": sum(map(len, segment.blocks)), "minSeq": segment.low, "maxSeq": segment.high,
                "minWitnessedAt": COLLECTED,
                "maxWitnessedAt": max((row.witnessed_at for b in segment.blocks for _, row in b), default=COLLECTED),
            }
            for n, segment in enumerate(self.segments)
        ]  # fmt: skip
        more = {"cursor": str(start + 3)} if start + 3 < len(segments) else {}
        return {"segments": segments[start : start + 3], **more}


def _collection(row: tuple[int, Row]) -> str:
    return SENTINELS.get(row[1].kind, row[1].collection)


def _ranges(numbers: Sequence[int]) -> Iterator[dict[str, int]]:
    start = before = numbers[0]
    for number in [*numbers[1:], -1]:
        if number != before + 1:
            yield {"first": start, "last": before}
            start = number
        before = number


class _Handler(BaseHTTPRequestHandler):
    """Answers for the archive of its server."""

    protocol_version = "HTTP/1.1"
    archive: MadeArchive

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        self.archive.requests["planSnapshot"] += 1
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self._is_allowed():
            self._json(200, self.archive.plan(query))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        method = parts.path.rpartition(".")[2]
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.archive.requests[method] += 1
        if not self._is_allowed():
            return
        if method == "listSegments":
            self._json(200, self.archive.listed(params.get("cursor", "")))
            return
        name = params.get("segment") or params.get("name")
        segment = next((segment for segment in self.archive.segments if segment.name == name), None)
        fault = self.archive.faults.pop(0) if self.archive.faults else 200
        if segment is None:
            self._json(404, {"error": "SegmentNotFound"})
        elif fault >= 400:
            self._json(fault, {"error": "RateLimitExceeded"}, retry_after="1")
        else:
            if fault == -1:
                segment.rewritten += 1
            self._send_part(segment, params.get("blockIndex"), breaks_off=fault == 0)

    def _send_part(self, segment: Segment, number: str | None, *, breaks_off: bool) -> None:
        etag = f'"{segment.checksum}"'
        if number is not None:
            if int(number) >= len(segment.blocks):
                self._json(404, {"error": "BlockNotFound"})
                return
            self.archive.served[segment.name, int(number)] += 1
            self._bytes(200, segment.frames[int(number)], etag, breaks_off=breaks_off)
            return
        content = segment.file()
        first, last = map(int, self.headers["range"].removeprefix("bytes=").split("-"))
        place = 256
        for n, frame in enumerate(segment.frames):
            place += 8
            if first <= place < last:
                self.archive.served[segment.name, n] += 1
            place += len(frame)
        self._bytes(206, content[first : last + 1], etag, breaks_off=breaks_off)

    def _is_allowed(self) -> bool:
        if self.headers.get("authorization") == f"Bearer {KEY}":
            return True
        self._json(401, {"error": "AuthRequired"})
        return False

    def _json(self, status: int, content: Any, *, retry_after: str = "") -> None:
        self._bytes(status, json.dumps(content).encode(), "", retry_after=retry_after)

    def _bytes(self, status: int, body: bytes, etag: str, *, breaks_off: bool = False, retry_after: str = "") -> None:
        self.archive.sent += len(body)
        self.send_response(status)
        for name, value in {"ETag": etag, "Retry-After": retry_after, "Content-Length": str(len(body))}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if breaks_off else body)
        self.close_connection |= breaks_off


@contextmanager
def serving(archive: MadeArchive) -> Iterator[str]:
    """The address of a server with an archive."""
    handler = type("Handler", (_Handler,), {"archive": archive})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
