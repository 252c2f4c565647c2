"""Published observations: lines of the exchange format without words, names and handles, in hourly files listed in the
publication's log.

Marks replace the keys of posts and accounts: `bluesky:*` and 32 hexadecimal digits. Computing a mark requires the
store's secret, so lines do not reveal which post or person they are about, but equal marks mean equal posts or
accounts. Papers' metadata, accounts, aliases, listings, issues, and text by an operator or reader are left out
entirely.

A line can be taken back: it is replaced by its hash, and the file's Merkle root does not change.

    PUBLICATION/observations/2026-03-11T06-1.jsonl.zst   the first 100,000 lines of an hour
    PUBLICATION/observations/withdrawn-HEX.txt           what was forgotten since; HEX is this list's SHA-256

A file has the observations of its hour's batches, so late observations go to a later file, and a file never gets more
lines. Its leaf also names the preceding hours without observations, so a withheld file cannot pass for an empty hour,
and a site that was off for a month gets only one more leaf. When something is forgotten, its marks go to a list, which
becomes a leaf of the log, and each line that named it is replaced by the line's hash. Files and lists are deleted once
they are older than what followers read; their leaves stay.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard
from msgspec.structs import replace

from hotpapers.base import file_modes, model
from hotpapers.base.errors import InputError, LogError, NotExchange
from hotpapers.base.keys import network_of
from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.categories import is_category
from hotpapers.base.untrusted_json import decode_json
from hotpapers.keep.privacy.forgotten_file import marks_fingerprint
from hotpapers.keep.transfer.jsonl.lines import (
    FORMAT,
    VERSION,
    ExchangeEnd,
    ExchangeHeader,
    ExchangeReader,
    PrunedLine,
    RowExtras,
)
from hotpapers.record import item_checks, tombstones
from hotpapers.record.database import Database
from hotpapers.record.item_rows import SPECS, KeyedHasher
from hotpapers.record.meta import SECRET, read_meta
from hotpapers.wings.proof import entries, queries
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash

MAX_FILE_LINES = 100_000
"""The most lines in one file. More lines go to further files of the same hour."""
MAX_LINE_BYTES = 4_000
MAX_UNPACKED_BYTES = MAX_FILE_LINES * 1_000
MARK = re.compile(r"[a-z]+:\*[0-9a-f]{32}")
_OWN_MARK = re.compile(rb"\*[0-9a-f]{32}")
COUNTS = "counts:"
"""The prefix of the reason of coverage that is only about counts."""
_WORD = re.compile(r"[a-z0-9_-]{1,40}")
_JUDGEMENTS = ("bot", "human", "doubtful", "sound", "author", "independent")
_REASONS = ("", model.BEGAN, model.READ_BACK, COUNTS)

encode_line = msgspec.json.Encoder().encode
"""A published item, or another line, as its bytes."""
KeyHasher = Callable[[str], str]
"""A function that returns the mark for the key of a post or account."""


class ObservationLine(NamedTuple):
    """A line of a file. `hash`: the leaf hash of the original line, without its newline. `item`: None if the line was
    taken back."""

    hash: bytes
    item: model.Item | None = None


# ---- published items ------------------------------------------------------------------------------------


def mark_of(key: str, hasher: KeyedHasher) -> str:
    """The mark of a key. It is computed from the key's tombstone, so it can still be computed after forgetting."""
    return f"{network_of(key)}:{_published(hasher.tombstone(key), hasher)}"


def _published(tombstone: str, hasher: KeyedHasher) -> str:
    """The mark of what has this tombstone, without the network."""
    digest = hashlib.blake2b(tombstone.encode(), key=hasher.secret, digest_size=16, person=b"published")
    return f"*{digest.hexdigest()}"


def handed_out(item: model.Item, mark: KeyHasher) -> model.Item | None:
    """The published form of an item; None if it is not published. `mark`: returns the mark for a key."""
    wordless = _without_words(item)
    if wordless is None:
        return None
    persons = SPECS[type(wordless)].persons
    names = {name: mark(key) for name in persons if (key := getattr(wordless, name))}
    return replace(wordless, **names) if names else wordless


def _without_words(item: model.Item) -> model.Item | None:
    """An item without anybody's words, but still with its keys; None if it is not published."""
    match item:
        case model.Post() if network_of(item.post) == item.network:
            return model.Post(
                post=item.post,
                network=item.network,
                account=item.account,
                created_at=item.created_at,
                gone="gone" if item.gone else "",
                observed_at=item.observed_at,
            )
        case model.Mention():
            form = item.form if _WORD.fullmatch(item.form) else "other"
            return replace(item, form=form, found_in="", version=None)
        case model.Verdict() if item.judgement in _JUDGEMENTS and _WORD.fullmatch(item.rule):
            return replace(item, reason="")
        case model.Coverage():
            reason = item.reason if item.reason in _REASONS else ""
            return replace(item, reason=COUNTS if item.reason.startswith(COUNTS) else reason)
        case model.Announcement() if is_category(item.category) and item.type != model.INFERRED:
            return item
        case model.Reaction() | model.Snapshot():
            return item
    return None


# ---- files ----------------------------------------------------------------------------------------------


def taken_back(line: bytes) -> bytes:
    """The replacement for a line that names something forgotten."""
    was = decode_json(line, dict)["kind"]
    return encode_line(PrunedLine(was=was, hash=leaf_hash(line).hex()))


def pack_lines(lines: Iterable[bytes]) -> bytes:
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
        if line.kind == "pruned":
            pruned = reader.convert(line, PrunedLine)
            if not re.fullmatch(r"[0-9a-f]{64}", pruned.hash):
                raise reader.error(line.number, "not the hash of a line that was taken back")
            lines.append(ObservationLine(bytes.fromhex(pruned.hash)))
        else:
            item, beside = reader.item(line)
            if handed_out(item, lambda key: key if MARK.fullmatch(key) else "") != item or beside != RowExtras():
                raise reader.error(
                    line.number, f"words, names or handles in this {line.kind}, which must not be published"
                )
            entry = text[line.number - 1].removesuffix(b"\n")
            lines.append(ObservationLine(leaf_hash(entry), item))
    return lines


def remove_marked(name: str, data: bytes, marks: Collection[str]) -> tuple[list[bytes], list[int]]:
    """The lines of a file of our own, with those taken back that contain a mark, and the numbers of these, from 0.
    `marks`: without networks. Raises NotExchange."""
    unpacked = _unpacked(ExchangeReader(name), data)
    _, *lines, _ = (line.removesuffix(b"\n") for line in unpacked)
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


def marks_in(item: model.Item) -> tuple[str, ...]:
    """The marks of the posts and accounts that a published item names."""
    return tuple(key for name in SPECS[type(item)].persons if (key := getattr(item, name)))


# ---- hourly files ------------------------------------------------------------------------------------------

FOLDER = "observations"
REACH = 90 * DAY
"""How far back followers read, and the first files of an existing record reach, µs."""
KEPT = REACH + DAY
"""How long files and lists are published: a day longer, for followers whose clocks are behind."""
KINDS = (
    model.Announcement,
    model.Coverage,
    model.Post,
    model.Mention,
    model.Reaction,
    model.Snapshot,
    model.Verdict,
)
SUFFIX = ".jsonl.zst"
_MARK = re.compile(r"\*[0-9a-f]{32}")
_NAME = r"\d{4}-\d\d-\d\dT\d\d-[1-9]\d{0,4}"
_PUBLISHED = re.compile(rf"{_NAME}\.jsonl\.zst|withdrawn-([0-9a-f]{{64}})\.txt", re.ASCII)
"""The name of a file, or of a list with its digest."""
_LINE = re.compile(rf"line {_NAME} (?:0|[1-9]\d{{0,5}})", re.ASCII)
_STATE, _STORE = "forgotten", "store"
MAX_WITHDRAWN_LINES = 200_000
"""Most lines in a list, so that it stays below the HTTP client's own limit. More lines go to further lists."""

Entry = tuple[int, bytes]
"""A position, which gives the order of leaves, and a leaf."""


def line_row(file: str, number: int) -> str:
    """How a list names a line of a file."""
    return f"line {file} {number}"


def parse_withdrawn(text: str) -> frozenset[str]:
    """The lines of a list: marks of what was forgotten, without networks, which begin with `*`, and lines as in
    `line_row`. Raises NotExchange."""
    *rows, rest = text.split("\n")
    if rest or len(rows) > MAX_WITHDRAWN_LINES:
        raise NotExchange(f"a withdrawal list must have at most {MAX_WITHDRAWN_LINES:,} complete lines")
    if len(set(rows)) < len(rows) or not all(_MARK.fullmatch(row) or _LINE.fullmatch(row) for row in rows):
        raise NotExchange("a withdrawal list must have marks, and lines like `line 2026-03-11T06-1 17`, each once")
    return frozenset(rows)


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The Merkle root of the hashes of a file's lines."""
    tree = MerkleTree(hashes)
    return tree.root(tree.size)


def names_in(folder: Path) -> list[str]:
    """The files in a folder of observations that are published."""
    names = os.listdir(folder) if folder.is_dir() else ()
    return sorted(filter(is_name, names))


def is_name(name: str) -> bool:
    """Whether a file with this name in such a folder is published."""
    return bool(_PUBLISHED.fullmatch(name))


def names_listed(held: Collection[bytes]) -> dict[str, int]:
    """All files and lists that a log's leaves name, and the hour of each."""
    files = {f"{file.name}{SUFFIX}": file.hour for file in entries.described_by(held, entries.ObservedFile)}
    leaves = entries.described_by(held, entries.ListLeaf)
    return files | {leaf.name: leaf.hour for leaf in leaves}


def fresh_entries(
    database: Database, folder: Path, held: Collection[bytes], own: Sequence[str], at: int, *, adding: bool
) -> list[Entry]:
    """Writes the new files of complete hours, if `adding`, and of withdrawals, and returns their leaves; deletes those
    that are too old. `held`: the leaves already in the log. `own`: the publication's own accounts, whose observations
    are left out. Raises LogError."""
    file_modes.make_published_folders(folder)
    hasher = KeyedHasher(bytes.fromhex(read_meta(database, SECRET) or ""))
    known = entries.described_by(held, entries.ObservedFile)
    listed = names_listed(held)
    try:
        file_modes.remove_temporary_files(folder)
        _check_store(folder, hasher)
        for name in names_in(folder):
            if name in listed and _is_old(listed[name], at):
                (folder / name).unlink()
        current = [file.name for file in known if not _is_old(file.hour, at)]
        was_published = bool(known) or any(entry[:1] == entries.EARLIER for entry in held)  # maybe by a lost log
        _withdraw(database, folder, current, hasher, was_published=was_published)
        if adding:
            files = list(_new_files(database, folder, known, at, hasher, own))
        else:
            files = []
    except (InputError, OSError) as problem:
        raise LogError(f"{folder}: a file of observations cannot be read or written: {problem}") from problem
    matches = (_PUBLISHED.fullmatch(name) for name in names_in(folder) if name not in listed)
    digests = [match[1] for match in matches if match and match[1]]
    leaves = (entries.ListLeaf(at // HOUR, bytes.fromhex(digest)) for digest in digests)
    own_entries = ((model.MAX_INTEGER, entries.observation_entry(leaf)) for leaf in leaves)
    return [*files, *own_entries]


def _is_old(hour: int, at: int) -> bool:
    return hour < (at - KEPT) // HOUR


def _check_store(folder: Path, hasher: KeyedHasher) -> None:
    """Raises LogError if the files in a folder are of a store with another secret."""
    file = folder / _STORE
    own = marks_fingerprint(hasher)
    if not file.exists():
        file_modes.write_atomically(file, f"{own}\n".encode())
    elif file.read_text("ascii").strip() != own:
        raise LogError(
            f"{folder}: its files are of a store with another secret: with other marks, followers would count "
            "everybody twice. Use that store, or a backup or full export of it; or set observations = false and delete "
            "this folder."
        )


def _lines(database: Database, items: Iterable[model.Item], hasher: KeyedHasher, own: Sequence[str]) -> Iterator[bytes]:
    """The lines of the items that may be published, with a store's marks."""
    own_marks = {mark_of(account, hasher) for account in own}
    own_posts = queries.posts_of(database, tombstones.voices_of(database, hasher, own))
    for item in items:
        outgoing = handed_out(item, lambda key: mark_of(key, hasher))
        if outgoing is None or getattr(outgoing, "account", "") in own_marks:
            continue
        if getattr(item, "post", "") in own_posts:  # readers would count what it mentions as an unknown person's
            continue
        try:
            item_checks.check_item(outgoing)
        except (ValueError, InputError):  # readers will not accept it: it was stored by an older version
            continue
        yield encode_line(outgoing)


def _new_files(
    database: Database,
    folder: Path,
    known: Sequence[entries.ObservedFile],
    at: int,
    hasher: KeyedHasher,
    own: Sequence[str],
) -> Iterator[Entry]:
    """Writes the files of each hour with batches after the last known one; yields their leaves."""
    position = _published_until(database, known, at)
    last = max((file.hour for file in known), default=None)
    for hour, latest, _ in queries.ends_of(database, HOUR, position, at):
        if last is not None and hour <= last:  # the clock was ahead: these batches go to the next hour
            continue
        end = max(latest, position)  # `latest` is smaller if the clock was set back
        lines = _lines(database, queries.items_between(database, KINDS, position, end), hasher, own)
        first = hour if last is None else last + 1
        for part, part_lines in enumerate(_parts(lines), 1):
            root = root_of(map(leaf_hash, part_lines))
            file = entries.ObservedFile(end, first, hour, part, root)
            file_modes.write_atomically(folder / (file.name + SUFFIX), pack_lines(part_lines))
            yield end, entries.observation_entry(file)
        position = end
        last = hour


def _parts(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines of an hour's files, a file at a time: an imported archive may have millions. Without lines, one empty
    file."""
    yield list(islice(lines, MAX_FILE_LINES))
    while part := list(islice(lines, MAX_FILE_LINES)):
        yield part


def _published_until(database: Database, known: Sequence[entries.ObservedFile], at: int) -> int:
    """The last position whose observations are in a known file. If its batch is later than the file, a backup without
    the file's batches was restored, and their positions were used again."""
    for file in sorted(known, key=lambda file: file.hour, reverse=True):
        hour = queries.hour_of(database, file.position)
        if hour is not None and hour <= file.hour:  # earlier if the clock was ahead
            return file.position
    return queries.last_position_before(database, at - REACH)


# ---- withdrawing ----------------------------------------------------------------------------------------


def _withdraw(
    database: Database, folder: Path, names: Sequence[str], hasher: KeyedHasher, *, was_published: bool
) -> None:
    """Lists what was forgotten since the last time, and removes it from the files. Lists are written first, so an
    interrupted run writes the same again. Whatever is forgotten is listed, as followers may have it from files that are
    deleted by now; nothing, if no file `was_published` yet."""
    all_tombstones = tombstones.all_tombstones(database)
    forgotten = frozenset(_published(tombstone, hasher) for tombstone, _ in all_tombstones)
    state = folder / _STATE
    known = frozenset(state.read_text("ascii").split()) if state.exists() else frozenset()
    if forgotten == known:
        return
    if was_published and forgotten - known:
        _take_out(folder, names, forgotten - known)
    file_modes.write_atomically(state, "\n".join(sorted(forgotten)).encode())


def _take_out(folder: Path, names: Sequence[str], gone: frozenset[str]) -> None:
    """Writes lists of what is withdrawn, then the changed files."""
    rows = sorted(gone)
    changed = list[Path]()
    for name in names:
        file = folder / (name + SUFFIX)
        _, numbers = remove_marked(file.name, file.read_bytes(), gone)
        if numbers:
            changed.append(file)
            rows += [line_row(name, number) for number in numbers]
    for start in range(0, len(rows), MAX_WITHDRAWN_LINES):
        text = "".join(f"{row}\n" for row in rows[start : start + MAX_WITHDRAWN_LINES]).encode()
        hasher = hashlib.sha256(text)
        file_modes.write_atomically(folder / f"withdrawn-{hasher.hexdigest()}.txt", text)
    for file in changed:  # read again, as all of them may not fit into memory
        lines, _ = remove_marked(file.name, file.read_bytes(), gone)
        file_modes.write_atomically(file, pack_lines(lines))
