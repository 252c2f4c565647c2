"""Repositories of the AT Protocol: what somebody posted, reposted and liked, as far as it is still there.

A repository is read as a whole, since its tree may stand anywhere in it, and becomes frames, one a record, in the order
of their moments: what follows is as with any archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

import msgspec

from hotpapers.ingest.archives.format import FIRST
from hotpapers.ingest.archives.framing import ChunkStream, StreamContent, frame_blocks
from hotpapers.ingest.archives.jetstream import COLLECTIONS, FirehoseArchive, JetstreamArchive
from hotpapers.model import Item, RawPayload
from hotpapers.sources.bluesky import repository
from hotpapers.sources.bluesky.parser import key_of

_entry = msgspec.msgpack.Decoder(repository.RepositoryEntry).decode


class CarArchive(FirehoseArchive):
    """Records, each at its own moment. What the record has already, by whatever way, stays as it is: a repository does
    not say what a post said before it was edited."""

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """What a record says that concerns us."""
        return [payload for body in record_events(line) for payload in JetstreamArchive.take(self, body)]

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """As the source reads it, if it is new."""
        is_known = (
            self._known.holds(key_of(payload.key)) if payload.kind == "post" else self._known.post_of(payload.key)
        )
        return () if is_known else super().read(payload)


def record_events(frame: bytes) -> Sequence[bytes]:
    """A frame's record, as a line of Jetstream's. Raises what decoders raise for nonsense."""
    return [repository.event(_entry(frame))]


def car_content(stream: BinaryIO) -> AbstractContextManager[StreamContent]:
    """A CAR file as frames, one a record."""
    return nullcontext(StreamContent(ChunkStream.buffered(_frames(stream)), frame_blocks))


def _frames(stream: BinaryIO) -> Iterator[bytes]:
    for entry in repository.entries(stream, COLLECTIONS, FIRST):
        frame = msgspec.msgpack.encode(entry)
        yield len(frame).to_bytes(4, "little") + frame
