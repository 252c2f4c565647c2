"""What a publication hands out of what it observed: lines of the exchange format without words, names and handles.

Posts and accounts stand there as marks, `bluesky:*` and 32 hexadecimal digits, which nobody can make who has not the
store's secret: so a line tells of no post or person that one does not know from it, and equal marks are equal posts and
accounts. What is left out altogether: papers' metadata, accounts, aliases, listings, issues, and what an operator or a
reader wrote.

A line can be taken back: its hash takes its place, and the file's Merkle root stays what it was.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec
import zstandard

from hotpapers import model
from hotpapers.model import BEGAN, READ_BACK
from hotpapers.model.keys import network_of
from hotpapers.store.item_rows import SPECS, KeyedHasher
from hotpapers.transfer.jsonl import FORMAT, VERSION
from hotpapers.transfer.jsonl.lines import ExchangeEnd, ExchangeHeader, NumberedLine, PrunedLine, RowExtras
from hotpapers.transfer.jsonl.reader import ExchangeReader

MOST_LINES = 100_000
"""Lines of one file; what is more goes into another one of the same hour."""
LONGEST_LINE = 4_000
LARGEST = 9_000_000
"""Bytes of a packed file, which the HTTP client's own bound lets through."""
LARGEST_UNPACKED = MOST_LINES * 1_000
MARK = re.compile(r"[a-z]+:\*[0-9a-f]{32}")
_OWN_MARK = re.compile(rb"\*[0-9a-f]{32}")
COUNTS = "counts:"
"""How the reason of coverage begins that is about counts alone."""
_WORD = re.compile(r"[a-z0-9_-]{1,40}")
_CATEGORY = re.compile(r"[a-z-]{1,10}(?:\.[A-Za-z-]{1,10})?")
_JUDGEMENTS = ("bot", "human", "doubtful", "sound", "author", "independent")
_REASONS = ("", BEGAN, READ_BACK, COUNTS)

_encode = msgspec.json.Encoder().encode
KeyHasher = Callable[[str], str]
"""What stands for the key of a post or an account."""


class ObservationLine(NamedTuple):
    """A line of a file: its bytes, without the newline. `item`: None for one that was taken back; `hash`: the leaf hash
    of the line, as it was when the file was made."""

    data: bytes
    hash: bytes
    item: model.Item | None = None


def line_hash(data: bytes) -> bytes:
    """A line's leaf hash, as RFC 6962 has it."""
    return hashlib.sha256(b"\0" + data).digest()


# ---- what may be handed out -----------------------------------------------------------------------------


def mark_of(key: str, hasher: KeyedHasher) -> str:
    """The mark of a key. It follows from the key's tombstone, so that it is known also once the key is not."""
    return f"{network_of(key)}:{_published(hasher.tombstone(key), hasher)}"


def withdrawn_marks(tombstones: Iterable[str], hasher: KeyedHasher) -> frozenset[str]:
    """What followed the network in the marks of all that was forgotten."""
    return frozenset(_published(tombstone, hasher) for tombstone in tombstones)


def _published(tombstone: str, hasher: KeyedHasher) -> str:
    digest = hashlib.blake2b(tombstone.encode(), key=hasher.secret, digest_size=16, person=b"published")
    return f"*{digest.hexdigest()}"


def handed_out(item: model.Item, mark: KeyHasher) -> model.Item | None:
    """What of an item is handed out; None for nothing of it. `mark`: what stands for a key."""
    bare = _bare(item)
    if bare is None:
        return None
    spec = SPECS[type(bare)]
    names = {spec.fields[i]: mark(key) for i in spec.persons if (key := getattr(bare, spec.fields[i]))}
    return msgspec.structs.replace(bare, **names) if names else bare


def _bare(item: model.Item) -> model.Item | None:
    """An item without what somebody wrote, but with the keys that it names."""
    if isinstance(item, model.Post):
        if network_of(item.post) != item.network:
            return None
        return model.Post(
            post=item.post, network=item.network, account=item.account, created_at=item.created_at,
            gone="gone" if item.gone else "", observed_at=item.observed_at,
        )  # fmt: skip
    if isinstance(item, model.Mention):
        is_plain = _WORD.fullmatch(item.form)
        return msgspec.structs.replace(item, form=item.form if is_plain else "other", found_in="", version=None)
    if isinstance(item, model.Verdict):
        is_ours = item.judgement in _JUDGEMENTS and _WORD.fullmatch(item.rule)
        return msgspec.structs.replace(item, reason="") if is_ours else None
    if isinstance(item, model.Coverage):
        return msgspec.structs.replace(item, reason=_reason(item.reason))
    if isinstance(item, model.Announcement):
        return item if _CATEGORY.fullmatch(item.category) and item.type != model.INFERRED else None
    return item if isinstance(item, model.Reaction | model.Snapshot) else None


def _reason(text: str) -> str:
    return COUNTS if text.startswith(COUNTS) else text if text in _REASONS else ""


# ---- files ----------------------------------------------------------------------------------------------


def line_of(item: model.Item) -> bytes:
    """An item that is handed out, as a line."""
    return _encode(item)


def taken_back(line: ObservationLine) -> ObservationLine:
    """What takes the place of a line that names what was forgotten."""
    if line.item is None:
        return line
    was = model.kind_of(line.item)
    return ObservationLine(_encode(PrunedLine(was=was, hash=line.hash.hex())), line.hash)


def pack(lines: Iterable[bytes]) -> bytes:
    """The file of some lines: header, lines, end; the same bytes for the same lines."""
    header = ExchangeHeader(format=FORMAT, version=VERSION, full=False, end=True)
    text = b"".join(line + b"\n" for line in (_encode(header), *lines, _encode(ExchangeEnd())))
    return zstandard.ZstdCompressor(level=10).compress(text)


def read_packed(name: str, data: bytes) -> list[ObservationLine]:
    """The lines of a file. Raises NotExchange, with the line, for what is none, and for what must not stand there."""
    reader = ExchangeReader(name)
    text = _unpacked(reader, data)
    stream = reader.read(text)
    if reader.header(next(stream, None)).full:
        raise reader.error(1, "a full export is nothing to be published")
    lines: list[ObservationLine] = []
    for line in stream:
        if len(lines) == MOST_LINES:
            raise reader.error(line.number, f"more than {MOST_LINES:,} lines")
        raw = text[line.number - 1].removesuffix(b"\n")
        lines.append(_taken_back(reader, line, raw) if line.kind == "pruned" else _read(reader, line, raw))
    return lines


def may_name(name: str, data: bytes, marks: Collection[str]) -> bool:
    """Whether a file has one of some marks in it: a quick look at a large one. Raises NotExchange."""
    text = b"".join(_unpacked(ExchangeReader(name), data))
    return not frozenset(marks).isdisjoint(mark.decode() for mark in _OWN_MARK.findall(text))


def _unpacked(reader: ExchangeReader, data: bytes) -> list[bytes]:
    """The lines of a packed file, with their ends."""
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(io.BytesIO(data)) as stream:
            text = stream.read(LARGEST_UNPACKED + 1)
    except zstandard.ZstdError as problem:
        raise reader.error(1, f"cannot be unpacked: {problem}") from problem
    if len(text) > LARGEST_UNPACKED:
        raise reader.error(1, f"more than {LARGEST_UNPACKED:,} bytes, unpacked")
    lines = io.BytesIO(text).readlines()
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise reader.error(number, f"a line longer than {LONGEST_LINE:,} bytes")
    return lines


def _taken_back(reader: ExchangeReader, line: NumberedLine, raw: bytes) -> ObservationLine:
    pruned = reader.convert(line, PrunedLine)
    if not re.fullmatch(r"[0-9a-f]{64}", pruned.hash):
        raise reader.error(line.number, "no hash of a line that was taken back")
    return ObservationLine(raw, bytes.fromhex(pruned.hash))


def _read(reader: ExchangeReader, line: NumberedLine, raw: bytes) -> ObservationLine:
    item, beside = reader.item(line)
    if handed_out(item, _same_mark) != item or beside != RowExtras():
        raise reader.error(line.number, f"a {line.kind} with words, names or handles, which must not be handed out")
    return ObservationLine(raw, line_hash(raw), item)


def _same_mark(key: str) -> str:
    """A key that is a mark; another one for what is none."""
    return key if MARK.fullmatch(key) else ""


def without(lines: Iterable[ObservationLine], marks: Collection[str]) -> Iterator[tuple[ObservationLine, bool]]:
    """Lines, where those that name a mark are taken back; whether each was. `marks`: without their networks."""
    for line in lines:
        names_it = line.item is not None and any(key.partition(":")[2] in marks for key in marks_in(line.item))
        yield (taken_back(line) if names_it else line), names_it


def marks_in(item: model.Item) -> tuple[str, ...]:
    """The posts and accounts that an item names."""
    spec = SPECS[type(item)]
    return tuple(key for i in spec.persons if (key := getattr(item, spec.fields[i])))
