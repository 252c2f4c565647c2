"""AT Protocol repositories: what somebody posted, reposted and liked, if it still exists.

A repository is read as a whole, since its tree may be anywhere in it, and becomes one frame per record. From there on
it is handled like any archive of events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import msgspec

from hotpapers.base.model import Item, RawPayload
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.collect.sources.bluesky.parser import key_of
from hotpapers.issues.engagement.queries import is_recorded
from hotpapers.keep.transfer.packed import ChunkStream
from hotpapers.record import reaction_marks
from hotpapers.wings.archives import repository
from hotpapers.wings.archives.event_stamps import COLLECTIONS, EventStamp, event_stamp
from hotpapers.wings.archives.format import FIRST, ImportTarget
from hotpapers.wings.archives.framing import ArchiveBlock, frame_blocks
from hotpapers.wings.archives.jetstream import FirehoseArchive, JetstreamArchive
from hotpapers.wings.archives.jetstream_filter import FirehoseBlockFilter

_entry = msgspec.msgpack.Decoder(repository.RepositoryEntry).decode


class CarArchive(FirehoseArchive):
    """Records, each at its own moment. What the record has already, from any source, stays as it is: a repository does
    not contain what a post said before an edit."""

    def __init__(self, place: ImportTarget) -> None:
        super().__init__(place)
        self._record = place.record
        self._new_keys: set[str] = set()

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """The relevant content of a record."""
        return JetstreamArchive.take(self, record_event(line))

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """The items that the source parses, if they are new."""
        items = super().read(payload)  # also tracks a known post, whenever the record learned of it
        is_known = payload.key in self._new_keys or self._is_recorded(payload)
        self._new_keys.add(payload.key)
        return () if is_known else items

    def _is_recorded(self, payload: RawPayload) -> bool:
        if payload.kind == "post":
            return is_recorded(self._record, key_of(payload.key))
        return reaction_marks.post_of_reaction(self._record, payload.key) is not None

    def learned(self) -> None:
        """Everything parsed is in the record."""
        super().learned()
        self._new_keys.clear()


class CarBlockFilter(FirehoseBlockFilter):
    """Records of repositories."""

    def _bodies(self, content: bytes) -> Sequence[bytes]:
        return [record_event(content)]

    def _moment(self, content: bytes, events: Sequence[schemas.StreamEvent]) -> EventStamp:
        return event_stamp(events[0])


def record_event(frame: bytes) -> bytes:
    """A frame's record, as a Jetstream line. Raises what decoders raise for malformed data."""
    return repository.event(_entry(frame))


def car_blocks(stream: BinaryIO, offset: int = 0) -> Iterator[ArchiveBlock]:
    """A CAR file as frames, one per record. Raises InputError after yielding what could be read."""
    return frame_blocks(ChunkStream.buffered(_frames(stream)), offset)


def _frames(stream: BinaryIO) -> Iterator[bytes]:
    for entry in repository.entries(stream, COLLECTIONS, FIRST):
        frame = msgspec.msgpack.encode(entry)
        yield len(frame).to_bytes(4, "little") + frame
