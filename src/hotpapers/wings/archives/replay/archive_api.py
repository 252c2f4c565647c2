"""The requests to an archive of Jetstream 2. What it answers is bounded and checked: it may be anybody's."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from hotpapers.base.errors import NetError
from hotpapers.base.model import HttpClient, Response
from hotpapers.collect.sources.decoding import decode_response

MAX_PAGES = 10_000
"""Most pages of a plan, or of a list."""
EVENTS_PER_BLOCK = 4_096
"""Most events of a block, as servers are set up by default."""
HEADER = struct.Struct("<4sQH3I2Q2q5Q")
HEADER_BYTES = 256
INDEX_ENTRY_BYTES = 52
MAX_BLOCKS = 100_000
"""Most blocks of a segment, which has some hundred."""


class BlockRange(msgspec.Struct):
    """Blocks of a segment, both ends included."""

    first: int
    last: int


class PlannedSegment(msgspec.Struct, rename="camel"):
    """A segment that may have something relevant. `blocks`: which, unless `mode` is segment: then all of them."""

    name: str
    max_seq: int
    mode: str
    blocks: list[BlockRange] = []

    @property
    def numbers(self) -> list[int]:
        """The numbers of its blocks; none if all of them are wanted."""
        return [number for part in self.blocks for number in range(part.first, part.last + 1)]


class _PlanPage(msgspec.Struct, rename="camel"):
    planned_through_seq: int
    sealed_tip_seq: int
    segments: list[PlannedSegment]


class ListedSegment(msgspec.Struct, rename="camel"):
    """A segment's size in bytes, its number of events, and when the archive witnessed the last of them, µs UTC."""

    name: str
    size_bytes: int
    event_count: int
    max_witnessed_at: int


class _ListPage(msgspec.Struct):
    segments: list[ListedSegment]
    cursor: str = ""


class BlockPlace(NamedTuple):
    """Where a block is in its segment's file."""

    offset: int
    size: int


class ArchiveApi:
    """An archive. `key`: sent as a bearer token. Every method raises NetError."""

    def __init__(self, http: HttpClient, host: str, key: str) -> None:
        self._http = http
        self._base = f"{host.rstrip('/')}/xrpc/network.bsky.jetstream."
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    def plan(self, collections: Sequence[str]) -> Iterator[PlannedSegment]:
        """The segments that may have events of these collections, or about whole accounts, as the archive is now."""
        after = 0
        tip: dict[str, int] = {}
        for _ in range(MAX_PAGES):
            body = msgspec.json.encode({"collections": collections, "afterSeq": after, **tip})
            headers = self._headers | {"content-type": "application/json"}
            page = decode_response(self._http.post(f"{self._base}planSnapshot", body=body, headers=headers), _PlanPage)
            yield from page.segments
            if page.planned_through_seq >= page.sealed_tip_seq:
                return
            if page.planned_through_seq <= after:
                raise NetError("the archive's plan does not go on")
            after = page.planned_through_seq
            tip = {"beforeSeq": page.sealed_tip_seq}
        raise NetError("the archive's plan has no end")

    def sizes(self) -> Mapping[str, ListedSegment]:
        """All segments by name, which costs nothing."""
        listed: dict[str, ListedSegment] = {}
        cursor: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            page = decode_response(self._get("listSegments", limit="1000", **cursor), _ListPage)
            listed |= {segment.name: segment for segment in page.segments}
            if not page.cursor or page.cursor == cursor.get("cursor"):
                return listed
            cursor = {"cursor": page.cursor}
        raise NetError("the archive's list has no end")

    def block(self, segment: str, number: int) -> bytes:
        """A block, compressed as it is stored."""
        return self._get("getBlock", segment=segment, blockIndex=str(number)).body

    def places(self, segment: str) -> tuple[str, Sequence[BlockPlace]]:
        """The generation of a segment's file, and where its blocks are."""
        response = self._range(segment, 0, HEADER_BYTES)
        fields = HEADER.unpack_from(response.body)
        blocks = fields[3]
        footer = fields[10]
        if fields[0] != b"jss0" or fields[2] != 1 or not 0 < blocks <= MAX_BLOCKS:
            raise NetError(f"{segment} is not a segment of a known version")
        generation = response.headers.get("etag", "")
        index = self.range(segment, generation, footer, blocks * INDEX_ENTRY_BYTES)
        entries = (struct.unpack_from("<QI", index, number * INDEX_ENTRY_BYTES) for number in range(blocks))
        places = [BlockPlace(offset + 8, size) for offset, size in entries]
        if any(place.offset < HEADER_BYTES or place.offset + place.size > footer for place in places):
            raise NetError(f"{segment} has blocks outside of it")
        return generation, places

    def range(self, segment: str, generation: str, start: int, size: int) -> bytes:
        """Bytes of a segment's file. Raises NetError if it has been rewritten since."""
        response = self._range(segment, start, size)
        if response.headers.get("etag", "") != generation:
            raise NetError(f"{segment} was rewritten while it was read")
        return response.body

    def _range(self, segment: str, start: int, size: int) -> Response:
        response = self._get("getSegment", {"range": f"bytes={start}-{start + size - 1}"}, name=segment)
        if response.status != 206 or len(response.body) != size:
            raise NetError(f"the archive sent other bytes of {segment} than it was asked for")
        return response

    def _get(self, method: str, headers: Mapping[str, str] | None = None, /, **params: str) -> Response:
        return self._http.get(f"{self._base}{method}?{urlencode(params)}", headers={**self._headers, **(headers or {})})


def bytes_of(segment: PlannedSegment, listed: ListedSegment | None, done: int) -> int:
    """About how many bytes of a segment have still to be downloaded. The size of a single block is not told, so that of
    the file is shared out by events. `done`: how many blocks were downloaded before."""
    if listed is None:
        return 0
    all_blocks = max(-(-listed.event_count // EVENTS_PER_BLOCK), 1)
    wanted = len(segment.numbers) or all_blocks
    return listed.size_bytes * max(min(wanted, all_blocks) - done, 0) // all_blocks
