"""The interface of archive formats, and their shared parts: moments, pages."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import DAY, Item, Mention, Post, RawPayload, Source
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.papers.paper_servers import month_of
from hotpapers.base.text import timestamps
from hotpapers.base.text.timestamps import SECOND
from hotpapers.collect.sources.decoding import unreadable_key
from hotpapers.record import Record
from hotpapers.record.paper_names import KEPT
from hotpapers.wings.archives.framing import ArchiveBlock, FilteredBlock, lines_of

UNREADABLE = (InputError, msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""The errors that decoders raise for malformed data."""

BROKEN = "unreadable"
"""The kind of unreadable payloads. Passing one to its format's `take` again raises the reason."""

FIRST = 1_104_537_600_000_000
"""The beginning of 2005 in µs UTC: none of the networks is older."""

FIRST_PAPER = 668_000_000_000_000
"""March 1991 in µs UTC, before arXiv's first paper."""

Moment = int | float | str | None
decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


Take = Callable[[bytes], Sequence[RawPayload]]


class ImportTarget(NamedTuple):
    """The target of an archive's import. `names`: names of the papers in the record. `seen_at`: when a line without its
    own moment was seen; `now`: no moment in an archive is later. µs UTC."""

    record: Record
    names: PaperIndex
    seen_at: int
    now: int

    def may_name(self, words: str) -> bool:
        """Whether words may name a paper, by a search that finds somewhat more than parsing does."""
        return bool(self.names.named_by_ids(words)) or self.names.may_name(words)

    def when_seen(self, created_at: int, moments: Iterable[Moment]) -> int:
        """When something was seen: the latest readable moment on its line, or else the target's; never before it was
        made, never in the future."""
        known = []
        for value in moments:
            with suppress(InputError):
                moment = moment_of(value)
                if moment is not None and moment <= self.now:
                    known.append(moment)
        return max(max(known, default=self.seen_at), created_at)

    def when_made(self, value: Moment) -> int:
        """When something was made. Raises InputError if that is missing or impossible."""
        moment = moment_of(value)
        if moment is None or not FIRST <= moment <= self.now + DAY:
            raise InputError(f"impossible creation time {value!r}")
        return moment


class ArchiveFormat:
    """How lines of one kind of archive become payloads for a source.

    `network`: the network whose source reads them. `only_known`: kinds that count only for posts in the record.
    `takes_all`: whether every line is relevant, so that none need be read to filter them.
    """

    network: str
    only_known: frozenset[str] = frozenset()
    takes_all = False

    def __init__(self, target: ImportTarget) -> None:
        self._target = target

    def begin(self, target: ImportTarget) -> None:
        """Starts another file."""
        self._target = target

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """Extracts the possibly relevant payloads of a line. Raises one of UNREADABLE if the line is not in this
        format."""
        raise NotImplementedError

    def filter(self, block: ArchiveBlock) -> FilteredBlock:
        """The lines of a block from which something is taken, unreadable ones, and a last one without a line end. Where
        the moment of the file or the record decides, these are examined again."""
        units = list(lines_of(block.data))
        if self.takes_all or not block.ended:
            return FilteredBlock(len(units), units)
        relevant = [unit for unit in units if self._may_be_relevant(unit.content)]
        return FilteredBlock(len(units), relevant)

    def _may_be_relevant(self, line: bytes) -> bool:
        try:
            return bool(self.take(line))
        except UNREADABLE:
            return True

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """The items that the network's source reads from a payload."""
        raise NotImplementedError

    def learned(self) -> None:
        """Called when everything taken so far was parsed: state kept from line to line may be dropped."""


class SourceArchive(ArchiveFormat):
    """Lines of entries, in any mix of shapes, that a source reads as if live."""

    source: Callable[[PaperIndex], Source]

    def __init__(self, target: ImportTarget) -> None:
        super().__init__(target)
        self._source = type(self).source(target.names)

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """Extracts the payloads of an entry, or of a list of them, about papers and about posts that are gone."""
        if line.startswith(b"["):
            return self.page(decode_list(line), self.take)
        return self.entry(line)

    def entry(self, line: bytes) -> Sequence[RawPayload]:
        """Extracts the payloads of an entry. Raises one of UNREADABLE if it is not in this format."""
        raise NotImplementedError

    def entries(
        self, raws: Iterable[msgspec.Raw], take: Take, problems: list[Exception] | None = None
    ) -> Iterator[RawPayload]:
        """The payloads of each entry on a line. An unreadable entry does not affect the others: it becomes an
        `unreadable` payload, to be quarantined; `problems` gets its error."""
        for raw in raws:
            body = bytes(raw)
            try:
                yield from take(body)
            except UNREADABLE as problem:
                if problems is not None:
                    problems.append(problem)
                yield RawPayload(BROKEN, unreadable_key(body), body, self._target.now)

    def page(self, raws: Sequence[msgspec.Raw], take: Take) -> list[RawPayload]:
        """The payloads of a line that contains only entries. If none is readable, raises the first one's error."""
        problems: list[Exception] = []
        result = list(self.entries(raws, take, problems))
        if raws and len(problems) == len(raws):
            raise problems[0]  # taking an entry again would double the work at every level of nested lists
        return result

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """As the source reads it."""
        return timely_items(self._source.read(payload))


def key_of(format: ArchiveFormat, payload: RawPayload) -> str:
    """Our key of the post that a payload is about."""
    return f"{format.network}:{payload.key}"


def is_object(raw: msgspec.Raw) -> bool:
    """Whether a part of a line is present and a JSON object: some parts are sometimes an empty string or a number."""
    return bytes(raw)[:1] == b"{"


def moment_of(value: Moment) -> int | None:
    """A moment in any form that dumps use, as µs UTC; None if there is none.

    Accepts seconds, also as text and with fractions; milli-, micro- and nanoseconds; ISO 8601, also with a space
    instead of the T and without a time zone. Raises InputError for anything else.
    """
    if isinstance(value, str):
        value = value.strip()
        if value and not value.replace(".", "", 1).isdigit():
            at = timestamps.parse_iso(value.removesuffix(" UTC"))
            if at is None:
                raise InputError(f"not a time: {value[:40]!r}")
            return at
        value = float(value) if value else None
    if value is None:
        return None
    if 0 <= value < 1e11:
        return round(value * SECOND)
    if 1e11 <= value < 1e14:
        return round(value * 1_000)
    if 1e14 <= value < 1e20:
        return int(value) if value < 1e17 else int(value) // 1_000
    raise InputError(f"not a time: {value}")


def timely_items(items: Iterable[Item]) -> list[Item]:
    """Items without mentions by title of papers that were not new when the post was written; none if no mention is
    left. Live reading searches for a title only that long after the paper's announcement, as titles may be reused."""
    result = list(items)
    created_at = {item.post: item.created_at for item in result if isinstance(item, Post)}
    late_mentions = [
        item for item in result if isinstance(item, Mention) and item.form == "title" and not _is_new(item, created_at)
    ]
    if not late_mentions:
        return result
    remaining_items = [item for item in result if item not in late_mentions]
    return remaining_items if any(isinstance(item, Mention) for item in remaining_items) else []


def _is_new(mention: Mention, created_at: dict[str, int]) -> bool:
    """Whether a paper's identifier was assigned in the months before a post was written; no if it tells no month."""
    month = month_of(mention.paper)
    if month is None:
        return False
    assigned_on = datetime.datetime(*month, 1, tzinfo=datetime.UTC)
    age = created_at.get(mention.post, 0) - timestamps.from_datetime(assigned_on)
    return 0 <= age <= KEPT + 31 * DAY
