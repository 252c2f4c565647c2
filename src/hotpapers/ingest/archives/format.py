"""What a format of archives is, and what the formats share: moments, shapes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.errors import InputError
from hotpapers.ids import arxiv, timestamps
from hotpapers.ids.mentions import spans
from hotpapers.ids.mentions.paper_index import PaperIndex
from hotpapers.ids.timestamps import SECOND
from hotpapers.model import DAY, Item, Mention, Post, RawPayload
from hotpapers.sources.paper_matching import unreadable_key
from hotpapers.store import Record
from hotpapers.store.paper_names import KEPT

UNREADABLE = (InputError, msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""What decoders raise for nonsense."""

BROKEN = "unreadable"
"""The kind of what cannot be read; why, its format says when it is given to `take` again."""

FIRST = 1_104_537_600_000_000
"""The beginning of 2005 in µs UTC: none of the networks is older."""

FIRST_PAPER = 668_000_000_000_000
"""March 1991 in µs UTC, before arXiv's first paper."""

Moment = int | float | str | None


Take = Callable[[bytes], Sequence[RawPayload]]


class ImportTarget(NamedTuple):
    """Where an archive is read into. `names`: of the papers that the record knows. `seen_at`: when a line without a
    moment of its own was seen; `now`: no moment of an archive is later. µs UTC."""

    record: Record
    names: PaperIndex
    seen_at: int
    now: int

    def may_name(self, words: str) -> bool:
        """Whether words name a paper, by a search that finds somewhat more than reading does."""
        return bool(spans(words)) or self.names.may_name(words)


class ArchiveFormat:
    """How lines of one kind of archive become what a source reads.

    `network`: whose source reads it; empty where lines are of several: then each key begins with its network's name.
    `only_known`: kinds that are told of posts alone that the record has.
    """

    network: str
    only_known: frozenset[str] = frozenset()

    def __init__(self, place: ImportTarget) -> None:
        self._place = place

    def begin(self, place: ImportTarget) -> None:
        """What is taken from now on comes from another file."""
        self._place = place

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """What a line says that may concern us. Raises one of UNREADABLE for a line that is none of this format."""
        raise NotImplementedError

    def prepare(self, lines: Sequence[bytes]) -> None:
        """These lines come next: what is asked of the record for each of them may be asked at once."""

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """What the network's source reads in it."""
        raise NotImplementedError

    def learned(self) -> None:
        """All that was taken so far was read: what was remembered from line to line may go."""


def key_of(format: ArchiveFormat, payload: RawPayload) -> str:
    """Our key of the post that a payload is about."""
    return f"{format.network}:{payload.key}" if format.network else payload.key


def is_object(raw: msgspec.Raw) -> bool:
    """Whether a part of a line is there and is a JSON object: some parts are sometimes an empty text or a number."""
    return bytes(raw)[:1] == b"{"


def entries(raws: Iterable[msgspec.Raw], take: Take, at: int) -> Iterator[RawPayload]:
    """What each entry of a line says. One that cannot be read does not keep the others from being read: it comes as
    `unreadable`, to be set apart."""
    for raw in raws:
        body = bytes(raw)
        try:
            yield from take(body)
        except UNREADABLE:
            yield RawPayload(BROKEN, unreadable_key(body), body, at)


def page(raws: Sequence[msgspec.Raw], take: Take, at: int) -> list[RawPayload]:
    """The same of a line that is nothing but its entries. Raises what the first raises where none of them can
    be read."""
    result = list(entries(raws, take, at))
    if raws and sum(payload.kind == BROKEN for payload in result) == len(raws):
        take(bytes(raws[0]))  # raises again
    return result


def moment_of(value: Moment) -> int | None:
    """A moment in any of the ways in which dumps write it, as µs UTC; None where there is none.

    Seconds, also as text and with fractions; thousandths, millionths and billionths of a second; ISO 8601, also with a
    blank instead of the T and without a zone. Raises InputError for anything else.
    """
    if isinstance(value, str):
        value = value.strip()
        return _number(float(value)) if value.replace(".", "", 1).isdigit() else _calendar(value) if value else None
    return None if value is None else _number(value)


def _number(value: float) -> int:
    if 0 <= value < 1e11:
        return round(value * SECOND)
    if 1e11 <= value < 1e14:
        return round(value * 1_000)
    if 1e14 <= value < 1e20:
        return int(value) if value < 1e17 else int(value) // 1_000
    raise InputError(f"{value} is no moment")


def _calendar(value: str) -> int:
    at = timestamps.parse_iso(value.removesuffix(" UTC"))
    if at is None:
        raise InputError(f"{value[:40]!r} is no moment")
    return at


def seen_at(place: ImportTarget, created_at: int, moments: Iterable[Moment]) -> int:
    """When something was seen: the latest of what its line says, else the place's moment; never before it was made,
    never in the future."""
    known = [moment for moment in map(moment_of, moments) if moment is not None and moment <= place.now]
    return max(max(known, default=place.seen_at), created_at)


def made_at(place: ImportTarget, value: Moment) -> int:
    """When something was made. Raises InputError where that is not said or cannot be."""
    moment = moment_of(value)
    if moment is None or not FIRST <= moment <= place.now + DAY:
        raise InputError(f"made at {value!r}, which cannot be")
    return moment


def timely(items: Iterable[Item]) -> list[Item]:
    """Items without the papers of which a post has the title only, and which were not new when it was written: live,
    titles are looked for so long after a paper's announcement, and a title may be used again."""
    result = list(items)
    created = {item.post: item.created_at for item in result if isinstance(item, Post)}
    late = [
        item for item in result if isinstance(item, Mention) and item.form == "title" and not _is_new(item, created)
    ]
    if not late:
        return result
    kept = [item for item in result if item not in late]
    return kept if any(isinstance(item, Mention) for item in kept) else []


def _is_new(mention: Mention, created: dict[str, int]) -> bool:
    """Whether a paper's identifier was given in the months before a post was written."""
    year, month = arxiv.month(arxiv.from_key(mention.paper))
    given = datetime.datetime(year, month, 1, tzinfo=datetime.UTC)
    age = created.get(mention.post, 0) - timestamps.from_datetime(given)
    return 0 <= age <= KEPT + 31 * DAY
