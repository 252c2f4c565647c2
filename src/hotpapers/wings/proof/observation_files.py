"""A publication's observations, in hourly files listed in its log: writing them, and withdrawing what is forgotten.

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
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from hotpapers.base import file_modes, model
from hotpapers.base.errors import InputError, LogError, NotExchange
from hotpapers.base.file_modes import make_published_folders, remove_temporary_files
from hotpapers.base.model import DAY, HOUR
from hotpapers.keep.privacy.forgotten_file import fingerprint
from hotpapers.record import item_checks, tombstones
from hotpapers.record.database import Database
from hotpapers.record.item_rows import KeyedHasher
from hotpapers.record.meta import SECRET, read_meta
from hotpapers.wings.proof import entries, log_files, observations, queries
from hotpapers.wings.proof.entries import ObservedFile
from hotpapers.wings.proof.merkle import MerkleTree
from hotpapers.wings.proof.observations import ObservationLine

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
_LIST = re.compile(r"withdrawn-([0-9a-f]{64})\.txt")
_MARK = re.compile(r"\*[0-9a-f]{32}")
_NAME = r"\d{4}-\d\d-\d\dT\d\d-[1-9]\d{0,4}"
_FILE = re.compile(rf"{_NAME}\.jsonl\.zst", re.ASCII)
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


def root_of(lines: Iterable[ObservationLine]) -> bytes:
    """The Merkle root of a file's lines."""
    tree = MerkleTree(line.hash for line in lines)
    return tree.root(tree.size)


def names_in(folder: Path) -> list[str]:
    """The files in a folder of observations that are published."""
    names = os.listdir(folder) if folder.is_dir() else ()
    return sorted(filter(is_name, names))


def is_name(name: str) -> bool:
    """Whether a file with this name in such a folder is published."""
    return bool(_FILE.fullmatch(name) or _LIST.fullmatch(name))


def names_listed(held: Iterable[bytes]) -> dict[str, int]:
    """All files and lists that a log's leaves name, and the hour of each."""
    files = {f"{file.name}{SUFFIX}": file.hour for entry in held if (file := entries.observed_file_of(entry))}
    return files | {leaf.name: leaf.hour for entry in held if (leaf := entries.withdrawn_list_of(entry))}


def fresh_entries(
    database: Database, folder: Path, held: Collection[bytes], own: Sequence[str], at: int, *, adding: bool
) -> list[Entry]:
    """Writes the new files of complete hours, if `adding`, and of withdrawals, and returns their leaves; deletes those
    that are too old. `held`: the leaves already in the log. `own`: the publication's own accounts, whose observations
    are left out. Raises LogError."""
    make_published_folders(folder)
    hasher = KeyedHasher(bytes.fromhex(read_meta(database, SECRET) or ""))
    known = [file for entry in held if (file := entries.observed_file_of(entry))]
    listed = names_listed(held)
    try:
        remove_temporary_files(folder)
        _check_store(folder, hasher)
        for name in names_in(folder):
            if name in listed and _is_old(listed[name], at):
                (folder / name).unlink()
        current = [file.name for file in known if not _is_old(file.hour, at)]
        was_published = bool(known) or any(entry[:1] == entries.EARLIER for entry in held)  # maybe by a lost log
        _withdraw(database, folder, current, hasher, was_published=was_published)
        files = list(_new_files(database, folder, known, at, partial(_lines, hasher=hasher, own=own))) if adding else []
    except (InputError, OSError) as problem:
        raise LogError(f"{folder}: a file of observations cannot be read or written: {problem}") from problem
    new_lists = [match[1] for name in names_in(folder) if (match := _LIST.fullmatch(name)) and name not in listed]
    leaves = (entries.ListLeaf(at // HOUR, bytes.fromhex(digest)) for digest in new_lists)
    return [*files, *((model.MAX_INTEGER, entries.withdrawn_entry(leaf)) for leaf in leaves)]


def _is_old(hour: int, at: int) -> bool:
    return hour < (at - KEPT) // HOUR


def _check_store(folder: Path, hasher: KeyedHasher) -> None:
    """Raises LogError if the files in a folder are of a store with another secret."""
    file, own = folder / _STORE, fingerprint(hasher)
    if not file.exists():
        log_files.write_text_file(file, f"{own}\n")
    elif file.read_text("ascii").strip() != own:
        raise LogError(
            f"{folder}: its files are of a store with another secret: with other marks, followers would count "
            "everybody twice. Use that store, or a backup or full export of it; or set observations = false and delete "
            "this folder."
        )


def _lines(items: Iterable[model.Item], hasher: KeyedHasher, own: Sequence[str]) -> Iterator[bytes]:
    """The lines of the items that may be published, with a store's marks."""
    own_marks = {observations.mark_of(account, hasher) for account in own}
    for item in items:
        outgoing = observations.handed_out(item, lambda key: observations.mark_of(key, hasher))
        if outgoing is not None and getattr(outgoing, "account", "") not in own_marks and _is_sound(outgoing):
            yield observations.encode_line(outgoing)


def _is_sound(item: model.Item) -> bool:
    """Whether readers will accept an item: items stored by older versions may violate today's checks."""
    try:
        item_checks.check(item)
    except (ValueError, InputError):
        return False
    return True


def _new_files(
    database: Database,
    folder: Path,
    known: Sequence[ObservedFile],
    at: int,
    lines_of: Callable[[Iterable[model.Item]], Iterator[bytes]],
) -> Iterator[Entry]:
    """Writes the files of each hour with batches after the last known one; yields their leaves."""
    position = _published_until(database, known, at)
    last = max((file.hour for file in known), default=None)
    for hour, latest in queries.ends_of_hours(database, position, at):
        if last is not None and hour <= last:  # the clock was ahead: these batches go to the next hour
            continue
        end = max(latest, position)  # `latest` is smaller if the clock was set back
        lines = lines_of(queries.items_between(database, KINDS, position, end))
        first = hour if last is None else last + 1
        for part, part_lines in enumerate(_parts(lines), 1):
            root = root_of(ObservationLine(data, observations.line_hash(data)) for data in part_lines)
            file = ObservedFile(end, first, hour, part, root)
            file_modes.write_atomically(folder / (file.name + SUFFIX), observations.pack(part_lines))
            yield end, entries.observed_entry(file)
        position, last = end, hour


def _parts(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines of an hour's files, a file at a time: an imported archive may have millions. Without lines, one empty
    file."""
    yield list(islice(lines, observations.MAX_FILE_LINES))
    while part := list(islice(lines, observations.MAX_FILE_LINES)):
        yield part


def _published_until(database: Database, known: Sequence[ObservedFile], at: int) -> int:
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
    forgotten = observations.withdrawn_marks((mark for mark, _ in tombstones.all_tombstones(database)), hasher)
    state = folder / _STATE
    known = frozenset(state.read_text("ascii").split()) if state.exists() else frozenset()
    if forgotten == known:
        return
    if was_published and forgotten - known:
        _take_out(folder, names, forgotten - known)
    log_files.write_text_file(state, "\n".join(sorted(forgotten)))


def _take_out(folder: Path, names: Sequence[str], gone: frozenset[str]) -> None:
    """Writes lists of what is withdrawn, then the changed files."""
    rows, changed = sorted(gone), list[Path]()
    for name in names:
        file = folder / (name + SUFFIX)
        _, numbers = observations.without(file.name, file.read_bytes(), gone)
        if numbers:
            changed.append(file)
            rows += [line_row(name, number) for number in numbers]
    for start in range(0, len(rows), MAX_WITHDRAWN_LINES):
        text = "".join(f"{row}\n" for row in rows[start : start + MAX_WITHDRAWN_LINES])
        log_files.write_text_file(folder / f"withdrawn-{hashlib.sha256(text.encode()).hexdigest()}.txt", text)
    for file in changed:  # read again, as all of them may not fit into memory
        lines, _ = observations.without(file.name, file.read_bytes(), gone)
        file_modes.write_atomically(file, observations.pack(lines))
