"""Published observations: lines of the exchange format without words, names and handles.

Marks replace the keys of posts and accounts: `bluesky:*` and 32 hexadecimal digits. Computing a mark requires the
store's secret, so lines do not reveal which post or person they are about, but equal marks mean equal posts or
accounts. Papers' metadata, accounts, aliases, listings, issues, and text by an operator or reader are left out
entirely.

A line can be taken back: it is replaced by its hash, and the file's Merkle root does not change.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

import msgspec
import zstandard

from hotpapers.base import model
from hotpapers.base.model import BEGAN, READ_BACK
from hotpapers.base.model.keys import network_of
from hotpapers.base.untrusted_json import decode_json
from hotpapers.keep.transfer.jsonl.lines import (
    FORMAT,
    VERSION,
    ExchangeEnd,
    ExchangeHeader,
    ExchangeReader,
    NumberedLine,
    PrunedLine,
    RowExtras,
)
from hotpapers.record.item_rows import SPECS, KeyedHasher

MAX_FILE_LINES = 100_000
"""The most lines in one file. More lines go to further files of the same hour."""
MAX_LINE_BYTES = 4_000
MAX_UNPACKED_BYTES = MAX_FILE_LINES * 1_000
MARK = re.compile(r"[a-z]+:\*[0-9a-f]{32}")
_OWN_MARK = re.compile(rb"\*[0-9a-f]{32}")
COUNTS = "counts:"
"""The prefix of the reason of coverage that is only about counts."""
_WORD = re.compile(r"[a-z0-9_-]{1,40}")
_CATEGORY = re.compile(r"[a-z-]{1,10}(?:\.[A-Za-z-]{1,10})?")
_JUDGEMENTS = ("bot", "human", "doubtful", "sound", "author", "independent")
_REASONS = ("", BEGAN, READ_BACK, COUNTS)

encode_line = msgspec.json.Encoder().encode
"""A published item, or another line, as its bytes."""
KeyHasher = Callable[[str], str]
"""A function that returns the mark for the key of a post or account."""


class ObservationLine(NamedTuple):
    """A line of a file: its bytes without the newline. `item`: None if the line was taken back. `hash`: the leaf hash
    of the original line."""

    data: bytes
    hash: bytes
    item: model.Item | None = None


def line_hash(data: bytes) -> bytes:
    """A line's leaf hash according to RFC 6962."""
    return hashlib.sha256(b"\0" + data).digest()


# ---- published items ------------------------------------------------------------------------------------


def mark_of(key: str, hasher: KeyedHasher) -> str:
    """The mark of a key. It is computed from the key's tombstone, so it can still be computed after forgetting."""
    return f"{network_of(key)}:{_published(hasher.tombstone(key), hasher)}"


def withdrawn_marks(tombstones: Iterable[str], hasher: KeyedHasher) -> frozenset[str]:
    """The marks of everything forgotten, without the networks."""
    return frozenset(_published(tombstone, hasher) for tombstone in tombstones)


def _published(tombstone: str, hasher: KeyedHasher) -> str:
    digest = hashlib.blake2b(tombstone.encode(), key=hasher.secret, digest_size=16, person=b"published")
    return f"*{digest.hexdigest()}"


def handed_out(item: model.Item, mark: KeyHasher) -> model.Item | None:
    """The published form of an item; None if it is not published. `mark`: returns the mark for a key."""
    wordless = _without_words(item)
    if wordless is None:
        return None
    persons = SPECS[type(wordless)].persons
    names = {name: mark(key) for name in persons if (key := getattr(wordless, name))}
    return msgspec.structs.replace(wordless, **names) if names else wordless


def _without_words(item: model.Item) -> model.Item | None:
    """An item without anybody's words, but still with its keys; None if it is not published."""
    if isinstance(item, model.Post):
        if network_of(item.post) != item.network:
            return None
        return model.Post(
            post=item.post,
            network=item.network,
            account=item.account,
            created_at=item.created_at,
            gone="gone" if item.gone else "",
            observed_at=item.observed_at,
        )
    if isinstance(item, model.Mention):
        is_plain = _WORD.fullmatch(item.form)
        return msgspec.structs.replace(item, form=item.form if is_plain else "other", found_in="", version=None)
    if isinstance(item, model.Verdict):
        is_ours = item.judgement in _JUDGEMENTS and _WORD.fullmatch(item.rule)
        return msgspec.structs.replace(item, reason="") if is_ours else None
    if isinstance(item, model.Coverage):
        return msgspec.structs.replace(
            item, reason=COUNTS if item.reason.startswith(COUNTS) else item.reason if item.reason in _REASONS else ""
        )
    if isinstance(item, model.Announcement):
        return item if _CATEGORY.fullmatch(item.category) and item.type != model.INFERRED else None
    return item if isinstance(item, model.Reaction | model.Snapshot) else None


# ---- files ----------------------------------------------------------------------------------------------


def taken_back(line: bytes) -> bytes:
    """The replacement for a line that names something forgotten."""
    was = decode_json(line, dict)["kind"]
    return encode_line(PrunedLine(was=was, hash=line_hash(line).hex()))


def pack(lines: Iterable[bytes]) -> bytes:
    """A file with some lines: header, lines, end. The same lines give the same bytes."""
    header = ExchangeHeader(format=FORMAT, version=VERSION, full=False, end=True)
    text = b"".join(line + b"\n" for line in (encode_line(header), *lines, encode_line(ExchangeEnd())))
    return zstandard.ZstdCompressor(level=10).compress(text)


def read_packed(name: str, data: bytes) -> list[ObservationLine]:
    """The lines of a file. Raises NotExchange with the line if it is not a valid file or has something forbidden."""
    reader = ExchangeReader(name)
    text = _unpacked(reader, data)
    stream = reader.read(text)
    if reader.header(next(stream, None)).full:
        raise reader.error(1, "a full export, which must not be published")
    lines: list[ObservationLine] = []
    for line in stream:
        if len(lines) == MAX_FILE_LINES:
            raise reader.error(line.number, f"more than {MAX_FILE_LINES:,} lines")
        raw = text[line.number - 1].removesuffix(b"\n")
        lines.append(_taken_back(reader, line, raw) if line.kind == "pruned" else _read(reader, line, raw))
    return lines


def without(name: str, data: bytes, marks: Collection[str]) -> tuple[list[bytes], list[int]]:
    """The lines of a file of our own, with those taken back that contain a mark, and the numbers of these, from 0.
    `marks`: without networks. Raises NotExchange."""
    _, *lines, _ = (line.removesuffix(b"\n") for line in _unpacked(ExchangeReader(name), data))
    unwanted = frozenset(mark.encode() for mark in marks)
    numbers = [number for number, line in enumerate(lines) if not unwanted.isdisjoint(_OWN_MARK.findall(line))]
    for number in numbers:
        lines[number] = taken_back(lines[number])
    return lines, numbers


def _unpacked(reader: ExchangeReader, data: bytes) -> list[bytes]:
    """The lines of a compressed file, with their line breaks."""
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(io.BytesIO(data)) as stream:
            text = stream.read(MAX_UNPACKED_BYTES + 1)
    except zstandard.ZstdError as problem:
        raise reader.error(1, f"cannot be unpacked: {problem}") from problem
    if len(text) > MAX_UNPACKED_BYTES:
        raise reader.error(1, f"more than {MAX_UNPACKED_BYTES:,} bytes, unpacked")
    lines = io.BytesIO(text).readlines()
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_BYTES:
            raise reader.error(number, f"a line longer than {MAX_LINE_BYTES:,} bytes")
    return lines


def _taken_back(reader: ExchangeReader, line: NumberedLine, raw: bytes) -> ObservationLine:
    pruned = reader.convert(line, PrunedLine)
    if not re.fullmatch(r"[0-9a-f]{64}", pruned.hash):
        raise reader.error(line.number, "not the hash of a line that was taken back")
    return ObservationLine(raw, bytes.fromhex(pruned.hash))


def _read(reader: ExchangeReader, line: NumberedLine, raw: bytes) -> ObservationLine:
    item, beside = reader.item(line)
    if handed_out(item, lambda key: key if MARK.fullmatch(key) else "") != item or beside != RowExtras():
        raise reader.error(line.number, f"words, names or handles in this {line.kind}, which must not be published")
    return ObservationLine(raw, line_hash(raw), item)


def marks_in(item: model.Item) -> tuple[str, ...]:
    """The marks of the posts and accounts that a published item names."""
    return tuple(key for name in SPECS[type(item)].persons if (key := getattr(item, name)))
