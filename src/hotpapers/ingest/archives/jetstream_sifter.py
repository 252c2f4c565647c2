"""Bluesky's events sifted by their bytes: nearly all are let go without being decoded.

A line that begins and ends as Jetstream writes it is decoded only if there is something in its bytes that may concern
us: a needle of a paper's address, a deletion, an edit, an account, an escape that may hide any of these, or the key of
a post that names a paper. Where titles of papers are known, each post is read. What is not decoded is not seen to be
broken inside. Lines of any other look are decoded one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from hotpapers.ids.arxiv.unescaping import INVISIBLE
from hotpapers.ids.mentions.bulk import Str, needle_places
from hotpapers.ids.mentions.paper_index import PaperIndex
from hotpapers.ingest.archives.format import FIRST, UNREADABLE
from hotpapers.ingest.archives.framing import Unit, frames_of, lines_of
from hotpapers.ingest.archives.sifting import Sifted
from hotpapers.sources.bluesky import schemas
from hotpapers.sources.bluesky.stream_filter import names_paper, post_record

BEGIN, END = b'{"did":"did:', b"}\n"
BOUNDARY = END + BEGIN
MOMENT = b'","time_us":1'
"""Of 2001 to 2033."""
POST_PATH = b"/app.bsky.feed.post/"
MARKS = (b'"delete"', b'"update"', b'"account"', b"\\u", b"\\/")
"""What may make a line concern us, wherever it stands in it; the last two may hide anything."""
POSTS = b'"app.bsky.feed.post"'
KEY = 13
"""Bytes of a record's key by which a post is looked for: all of it where it is a moment, as nearly everywhere."""
REACTIONS = (schemas.LIKE, schemas.REPOST)


def key_in(uri: str) -> bytes:
    """The bytes by which references to a post are looked for, of its address."""
    return (uri.rpartition("/")[2].encode("utf-8", "replace") + b'"')[:KEY]


class JetstreamSifter:
    """Lines of JSON. `known`: keys of the posts that the record has; no event is later than `latest`, µs UTC."""

    def __init__(self, names: PaperIndex, latest: int, known: Iterable[bytes] = ()) -> None:
        self._names, self._latest = names, latest
        self._known, self._short = set[bytes](), False
        self._learn(known)
        self._data = b""
        self._asked: list[tuple[bytes, Unit]] = []
        self._fresh: list[bytes] = []

    def sift(self, data: bytes) -> Sifted:
        """What concerns us by itself."""
        self._data, self._asked, self._fresh = b"", [], []
        if not _is_plain(data):
            count, kept = self._one_by_one(data)
            return Sifted(count, kept, self._fresh)
        self._data, block = data, Str(data)
        places = set(_all_places(block, data, posts=bool(len(self._names))))
        kept = [unit for unit in _lines_at(data, block, places) if self._concerns(unit)]
        return Sifted(block.count(b"\n"), kept, self._fresh)

    def referring(self, keys: Sequence[bytes]) -> list[Unit]:
        """What refers to a post that names a paper."""
        self._learn(keys)
        pointing = [unit for key, unit in self._asked if self._knows(key)]
        return [*pointing, *self._references(self._data)] if self._known and self._data else pointing

    def _learn(self, keys: Iterable[bytes]) -> None:
        self._known.update(keys)
        self._short = self._short or any(len(key) < KEY or key.endswith(b'"') for key in keys)

    def _knows(self, key: bytes) -> bool:
        return key in self._known

    def _references(self, data: bytes) -> Iterator[Unit]:
        """Lines with the address of a known post."""
        pieces = data.split(POST_PATH)
        known, short = self._known, self._short
        keys = [piece[:KEY] for piece in pieces]
        hits = [n for n, key in enumerate(keys) if key in known or (short and _ended(key) in known)]
        if not hits:
            return iter(())
        ends = list(accumulate(map(len, pieces)))
        return _lines_at(data, Str(data), {ends[n - 1] + (n - 1) * len(POST_PATH) for n in hits if n})

    def _one_by_one(self, data: bytes) -> tuple[int, list[Unit]]:
        """Lines of which some are not as Jetstream writes them."""
        count, kept = 0, []
        for unit in lines_of(data):
            count += 1
            line = unit.content
            if _is_plain(line):
                self._asked += [(key, unit) for key in _keys_in(line)]
                if not any(_all_places(Str(line), line, posts=bool(len(self._names)))):
                    continue
            if self._concerns(unit):
                kept.append(unit)
        return count, kept

    # ---- one event ---------------------------------------------------------------------------------------

    def _concerns(self, unit: Unit) -> bool:
        """Whether a line concerns us by itself; which posts it refers to is noted."""
        return self._event_concerns(unit.content, unit)

    def _event_concerns(self, body: bytes, unit: Unit) -> bool:
        try:
            event = schemas.event(body)
            if not FIRST <= event.time_us <= self._latest:
                return True
            commit = event.commit
            if commit is None:
                return event.account is not None
            if commit.collection in REACTIONS:
                return commit.operation == "delete" or self._refers(schemas.pointing(commit.record).subject.uri, unit)
            if commit.collection != schemas.POST:
                return False
            return commit.operation == "delete" or self._post(commit, unit) or commit.operation == "update"
        except UNREADABLE:
            return True

    def _post(self, commit: schemas.CommitEvent, unit: Unit) -> bool:
        record = post_record(commit.record)
        for uri in record.answers().values() if record else ():
            self._refers(uri, unit)
        if not names_paper(commit.record, record, self._names):
            return False
        self._fresh.append(key_in(commit.rkey))
        return True

    def _refers(self, uri: str, unit: Unit) -> bool:
        self._asked.append((key_in(uri), unit))
        return False


class FirehoseSifter(JetstreamSifter):
    """The relay's frames. `events`: of a frame, as lines; raises what decoders raise for nonsense."""

    def __init__(
        self, names: PaperIndex, latest: int, known: Iterable[bytes], events: Callable[[bytes], Iterable[bytes]]
    ) -> None:
        super().__init__(names, latest, known)
        self._events = events

    def sift(self, data: bytes) -> Sifted:
        """What concerns us by itself."""
        self._asked, self._fresh, units = [], [], list(frames_of(data))
        return Sifted(len(units), [unit for unit in units if self._concerns(unit)], self._fresh)

    def _concerns(self, unit: Unit) -> bool:
        try:
            bodies = list(self._events(unit.content))
        except UNREADABLE:
            return True
        return any([self._event_concerns(body, unit) for body in bodies])


# ---- bytes -----------------------------------------------------------------------------------------------


def _is_plain(data: bytes) -> bool:
    """Whether each line begins and ends as Jetstream writes it, and has a moment."""
    if not (data.startswith(BEGIN) and data.endswith(END)):
        return False
    block = Str(data)
    return bool(block.count(BOUNDARY) + 1 == block.count(MOMENT) == block.count(b"\n"))


def _all_places(block: Str, data: bytes, *, posts: bool) -> Iterator[int]:
    """Where a block has something for which a line must be decoded."""
    yield from (place for place, _ in needle_places(data, 0, len(data), INVISIBLE))
    for word in (*MARKS, POSTS) if posts else MARKS:
        place = block.find(word)
        while place >= 0:
            yield place
            end = data.find(b"\n", place)
            place = block.find(word, end) if end >= 0 else -1


def _lines_at(data: bytes, block: Str, places: Iterable[int]) -> Iterator[Unit]:
    """The lines in which places lie, each once."""
    end = counted = number = 0
    for place in sorted(places):
        if place < end:
            continue
        start = data.rfind(b"\n", 0, place) + 1
        number += block.count(b"\n", counted, start) if start > counted else 0
        counted, end = start, data.find(b"\n", place) + 1
        yield Unit(number, start, end, data[start:end])


def _ended(key: bytes) -> bytes:
    """A key up to where it ends, if it does."""
    return key[: key.find(b'"') + 1]


def _keys_in(line: bytes) -> list[bytes]:
    """Keys of all posts that a line has the addresses of."""
    keys = [piece[:KEY] for piece in line.split(POST_PATH)[1:]]
    return [_ended(key) or key for key in keys]
