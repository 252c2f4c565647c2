"""Filters Bluesky events by their bytes: nearly all are dropped without being decoded.

A line that begins and ends as Jetstream writes it is decoded only if its bytes contain something that may be relevant.
In the first pass: part of a paper's address, a deletion, an edit, an account event or a replaced repository, or an
escape that may hide any of these. In the second: the key of a post that names a paper. If titles of papers are known,
or papers of other servers than arXiv are looked for, every post is decoded. Errors inside lines that are not decoded go
unnoticed. Lines that look different are decoded one by one.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from stringzilla import Str  # type: ignore[import-not-found]

from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.collect.sources.bluesky.stream_filter import names_paper, post_record
from hotpapers.wings.archives.bulk import needle_places
from hotpapers.wings.archives.event_lines import check_moment, event_of, event_stamp
from hotpapers.wings.archives.format import UNREADABLE
from hotpapers.wings.archives.framing import FilteredBlock, Unit, lines_of

BEGIN = b'{"did":"did:'
END = b"}\n"
BOUNDARY = END + BEGIN
MOMENT = b'","time_us":1'
"""Moments from 2001 to 2033."""
POST_PATH = b"/app.bsky.feed.post/"
HIDING = (b"u", b"/")
"""Escapes that may hide anything: a backslash with one of these."""
MARKS = (b'"delete"', b'"update"', b'"account"', b'"sync"')
"""Strings that may make a line relevant wherever they occur, besides escapes."""
POSTS = b'"app.bsky.feed.post"'
KEY = 13
"""Bytes of a record key used to look for a post: all of it if the key is a moment, as it nearly always is."""
REACTIONS = (schemas.LIKE, schemas.REPOST)


def key_in(uri: str) -> bytes:
    """The bytes used to look for references to a post, from its address."""
    return (uri.rpartition("/")[2].encode("utf-8", "replace") + b'"')[:KEY]


class PostKeys(NamedTuple):
    """Keys of posts to which references are searched. `some_short`: whether some key includes its closing quote or is
    shorter than `KEY`."""

    keys: frozenset[bytes]
    some_short: bool

    @classmethod
    def of(cls, keys: Iterable[bytes]) -> PostKeys:
        """From what `key_in` returns."""
        all_keys = frozenset(keys)
        return cls(all_keys, any(len(key) < KEY or key.endswith(b'"') for key in all_keys))


class JetstreamBlockFilter:
    """Filters blocks of events, in two passes over the archive. No event may be later than `latest`, µs UTC."""

    def __init__(self, names: PaperIndex, latest: int) -> None:
        self._names = names
        self._latest = latest
        self._keys: list[bytes] = []

    def filter(self, data: bytes) -> FilteredBlock:
        """The events that are relevant by themselves."""
        self._keys = []
        all_posts = bool(len(self._names) or self._names.servers)
        if lines := _plain_lines(data):
            block = Str(data)
            units = _lines_at(data, block, set(_all_places(block, data, all_posts=all_posts)))
        else:  # some lines are not as Jetstream writes them
            all_units = list(lines_of(data))
            lines = len(all_units)
            units = (
                unit
                for unit in all_units
                if not _plain_lines(unit.content)
                or any(_all_places(Str(unit.content), unit.content, all_posts=all_posts))
            )
        return FilteredBlock(lines, list(self._kept(units)), self._keys)

    def _kept(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """The relevant ones, and those that are unreadable."""
        for unit in units:
            try:
                event = event_of(unit.content)
                if self._is_relevant(event):
                    yield unit._replace(stamp=event_stamp(event))
            except UNREADABLE as problem:
                yield unit._replace(problem=problem)

    def _is_relevant(self, event: schemas.StreamEvent) -> bool:
        """Whether an event is relevant by itself. Remembers the keys of posts that name papers."""
        check_moment(event.time_us, self._latest)
        commit = event.commit
        if commit is None:
            return event.account is not None or event.kind == "sync"
        if commit.operation == "delete":
            return commit.collection in (schemas.POST, *REACTIONS)
        if commit.collection != schemas.POST:
            return False
        if names_paper(commit.record, post_record(commit.record), self._names):
            self._keys.append(key_in(commit.rkey))
            return True
        return commit.operation == "update"

    # ---- the second pass ---------------------------------------------------------------------------------

    def referring(self, data: bytes, posts: PostKeys) -> Iterator[Unit]:
        """The events that contain the address of a known post, plain or with escapes."""
        block = Str(data)
        escaped = _lines_at(data, block, _escapes(data))
        units = [unit for unit in escaped if _refers(unit.content, posts)]
        for unit in (*units, *_lines_at(data, block, _references(data, block, posts))):
            with suppress(*UNREADABLE):
                event = schemas.read_event(unit.content)
                check_moment(event.time_us, self._latest)
                yield unit._replace(stamp=event_stamp(event))


def _references(data: bytes, block: Str, posts: PostKeys) -> Iterator[int]:
    """Positions of the addresses of known posts."""
    known, short = posts
    find = block.find
    place = find(POST_PATH)
    while place >= 0:
        place += len(POST_PATH)
        key = data[place : place + KEY]
        if key in known or (short and key[: key.find(b'"') + 1] in known):
            yield place
        place = find(POST_PATH, place)


def _refers(body: bytes, posts: PostKeys) -> bool:
    """Whether an event is a reaction to a known post."""
    try:
        commit = schemas.read_event(body).commit
        if commit is None or commit.operation == "delete":
            return False
        if commit.collection in REACTIONS:
            return key_in(schemas.like_or_repost(commit.record).subject.uri) in posts.keys
        record = post_record(commit.record) if commit.collection == schemas.POST else None
        if record is None:
            return False
        uris = record.answers().values()
        return any(key_in(uri) in posts.keys for uri in uris)
    except UNREADABLE:
        return False


# ---- bytes -----------------------------------------------------------------------------------------------


def _plain_lines(data: bytes) -> int:
    """How many lines there are if each begins and ends as Jetstream writes it, and has a moment; otherwise 0."""
    if not (data.startswith(BEGIN) and data.endswith(END)):
        return 0
    block = Str(data)
    lines = int(block.count(b"\n"))
    if block.count(BOUNDARY) + 1 == block.count(MOMENT) == lines:
        return lines
    return 0


def _all_places(block: Str, data: bytes, *, all_posts: bool) -> Iterator[int]:
    """Positions in a block of anything for which a line must be decoded. If that is every post, paper addresses need
    not be searched for: nothing else names papers."""
    if not all_posts:
        yield from (place for place, _ in needle_places(data, len(data)))
    # Positions of words in a block: the first of each word per line
    words = (*MARKS, POSTS) if all_posts else MARKS
    for word in words:
        place = block.find(word)
        while place >= 0:
            yield place
            end = data.find(b"\n", place)
            place = block.find(word, end) if end >= 0 else -1
    yield from _escapes(data)


def _escapes(data: bytes) -> Iterator[int]:
    """Positions in a block of escapes that may hide anything: the first in each line."""
    find = data.find
    place = find(b"\\")
    while place >= 0:
        end = place + 1
        if data.startswith(HIDING, end):
            yield place
            end = find(b"\n", end)
        place = find(b"\\", end) if end >= 0 else -1


def _lines_at(data: bytes, block: Str, places: Iterable[int]) -> Iterator[Unit]:
    """The lines that contain the positions, each once."""
    end = counted = number = 0
    for place in sorted(places):
        if place < end:
            continue
        start = data.rfind(b"\n", 0, place) + 1
        number += block.count(b"\n", counted, start) if start > counted else 0
        counted = start
        end = data.find(b"\n", place) + 1 or len(data)
        content = data[start:end].removeprefix(BOM_UTF8)
        yield Unit(number, start, end, content)
