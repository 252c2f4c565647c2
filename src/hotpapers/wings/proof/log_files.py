"""A publication's logs on disk: one folder per log, numbered from 1. Leaves are only ever appended.

    PUBLICATION/1/key              the public key of its signatures
    PUBLICATION/1/entries          all leaves, each preceded by its length in two bytes
    PUBLICATION/1/checkpoints/7    the signed checkpoint of size 7 with its cosignatures, as long as it may be needed

Logs are kept outside the store, so restoring the store from a backup does not remove leaves. They contain only digests
and are published completely.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path

from hotpapers.base import file_modes
from hotpapers.base.errors import LogError, NotAProof
from hotpapers.base.file_modes import PUBLISHED_FILE, make_published_folders
from hotpapers.wings.proof import tiles
from hotpapers.wings.proof.checkpoints import SignedCheckpoint, parse_checkpoint
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import VerifierKey, is_signed, parse_vkey

_PUBLICATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_SETTLED = 2_000_000_000
"""Nanoseconds after which a changed file has another time, whatever the file system's resolution."""
_KEY, _ENTRIES, _CHECKPOINTS = "key", "entries", "checkpoints"


class LogEntries(tuple[bytes, ...]):
    """The leaves of a log."""

    @cached_property
    def tree(self) -> MerkleTree:
        """The tree of all leaves, signed or not."""
        return MerkleTree(map(leaf_hash, self))


NO_ENTRIES = LogEntries()


class StoredLog:
    """One log as stored on disk. `checkpoints`: by size, ascending. `key`: None for a new log. Raises LogError if its
    last checkpoint does not match its leaves or is not signed by its key."""

    def __init__(
        self,
        number: int,
        entries: LogEntries = NO_ENTRIES,
        checkpoints: Sequence[SignedCheckpoint] = (),
        key: VerifierKey | None = None,
    ) -> None:
        self.number, self.entries, self.checkpoints, self.key = number, entries, tuple(checkpoints), key
        last = self.last
        if last and not (key and is_signed(last.note, [key]) and last.checkpoint.is_of(self.tree)):
            raise LogError(f"log {number}: its leaves do not match its last signed checkpoint")

    @property
    def tree(self) -> MerkleTree:
        """The tree of all leaves, signed or not."""
        return self.entries.tree

    @property
    def last(self) -> SignedCheckpoint | None:
        """The latest checkpoint."""
        return self.checkpoints[-1] if self.checkpoints else None

    def covering(self, leaf: int) -> Sequence[SignedCheckpoint]:
        """The checkpoints that cover a leaf, by its number; ascending."""
        return self.checkpoints[bisect_right(self.checkpoints, leaf, key=lambda signed: signed.checkpoint.size) :]


def is_name(publication: str) -> bool:
    """Whether a publication's name can be used as a folder name and in an address."""
    return bool(_PUBLICATION.fullmatch(publication))


def read_logs(folder: Path, publication: str) -> list[StoredLog]:
    """The logs of a publication, by number. Raises LogError."""
    numbers = sorted(int(name) for name in _names(folder / publication) if _NUMBER.fullmatch(name))
    return [_read_log(folder / publication / str(number), number) for number in numbers]


def verifier_keys(folder: Path) -> frozenset[VerifierKey]:
    """The keys of all logs in a folder. Raises LogError."""
    try:
        return frozenset(parse_vkey(file.read_text("utf-8").strip()) for file in folder.glob(f"*/*/{_KEY}"))
    except (NotAProof, UnicodeDecodeError, OSError) as problem:
        raise LogError(f"{folder}: a key cannot be read: {problem}") from problem


def publications(folder: Path) -> list[str]:
    """The publications that have logs here, by name."""
    return [name for name in sorted(_names(folder)) if is_name(name)]


def version(folder: Path, publication: str) -> object:
    """A value that changes whenever a log gets a checkpoint or a checkpoint gets a cosignature."""
    folders = [folder / publication / name / _CHECKPOINTS for name in sorted(_names(folder / publication))]
    return tuple((str(path), path.stat().st_mtime_ns) for path in folders if path.is_dir())


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read_log(folder: Path, number: int) -> StoredLog:
    sizes = sorted(int(name) for name in _names(folder / _CHECKPOINTS) if _NUMBER.fullmatch(name))
    checkpoints = [_read_checkpoint(f"{folder}/{_CHECKPOINTS}/{size}") for size in sizes]
    try:
        key = parse_vkey((folder / _KEY).read_text("utf-8").strip()) if (folder / _KEY).exists() else None
        data = (folder / _ENTRIES).read_bytes() if (folder / _ENTRIES).exists() else b""
    except (NotAProof, UnicodeDecodeError, OSError) as problem:
        raise LogError(f"{folder}: a key or leaf cannot be read: {problem}") from problem
    known, entries = _latest.get(folder, (b"", NO_ENTRIES))
    if known != data:
        entries = LogEntries(tiles.read_bundle(data)[0])  # a crash while writing leaves a part of one at the end
        _latest[folder] = (data, entries)
    return StoredLog(number, entries, checkpoints, key)


_latest: dict[Path, tuple[bytes, LogEntries]] = {}
"""By the folder of a log, what was last read: its file of leaves, and the leaves. A log is read several times in each
round; no earlier state is kept, as each has all leaves."""


def read_checkpoint(folder: Path, publication: str, number: int, size: int) -> SignedCheckpoint:
    """A log's checkpoint of a size. Raises LogError."""
    return _read_checkpoint(f"{folder}/{publication}/{number}/{_CHECKPOINTS}/{size}")


def _read_checkpoint(file: str) -> SignedCheckpoint:
    try:
        state = os.stat(file)
        is_settled = time.time_ns() - state.st_mtime_ns > _SETTLED
        return (_remembered if is_settled else _parse_file)(file, state.st_ino, state.st_mtime_ns, state.st_size)
    except (NotAProof, UnicodeDecodeError, OSError) as problem:
        raise LogError(f"{file}: cannot be read: {problem}") from problem


def _parse_file(file: str, inode: int, changed_at: int, length: int) -> SignedCheckpoint:
    """The checkpoint in a file. The other arguments say which state of the file is meant."""
    with open(file, encoding="utf-8") as stream:
        return _parse(stream.read())


_parse = lru_cache(maxsize=1 << 10)(parse_checkpoint)
"""Remembers texts: a file written a moment ago may have changed again, and is read each time."""
_remembered = lru_cache(maxsize=1 << 12)(_parse_file)
"""Remembers the checkpoints in files: a log has one for each issue, and all of them are read again and again."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Waits until no other process adds to any log in a folder: all publications share the file with the last signed
    states. Raises LogError if the folder cannot be created."""
    try:
        make_published_folders(folder)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as problem:
        raise LogError(f"{folder}: cannot be used as the folder for logs: {problem.strerror}") from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def add_entries(folder: Path, publication: str, number: int, entries: Sequence[bytes], key: VerifierKey) -> None:
    """Appends leaves to a log after removing a partial leaf, and writes its key if missing. Returns once all is on
    disk. Raises OSError, also where a link stands in place of the entries."""
    make_published_folders(folder / publication / str(number) / _CHECKPOINTS)
    if not (folder / publication / str(number) / _KEY).exists():
        write_text_file(folder / publication / str(number) / _KEY, f"{key}\n")
    file = folder / publication / str(number) / _ENTRIES
    _, length = tiles.read_bundle(file.read_bytes()) if file.exists() else ([], 0)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644), "wb") as out:
        out.truncate(length)
        out.seek(length)
        out.write(tiles.bundle(entries))
        out.flush()
        os.fsync(out.fileno())


def save_checkpoint(folder: Path, publication: str, number: int, signed: SignedCheckpoint) -> None:
    """Stores a checkpoint, or replaces it with one that has more cosignatures. The write is atomic."""
    size = str(signed.checkpoint.size)
    write_text_file(folder / publication / str(number) / _CHECKPOINTS / size, str(signed.note))


def drop_checkpoints(folder: Path, publication: str, number: int, sizes: Iterable[int]) -> None:
    """Deletes checkpoints by size. Must not be given the last one of a log."""
    for size in sizes:
        (folder / publication / str(number) / _CHECKPOINTS / str(size)).unlink(missing_ok=True)


def write_text_file(file: Path, text: str, mode: int = PUBLISHED_FILE) -> None:
    """Writes a text file atomically. Everyone may read it, unless `mode` says otherwise."""
    file_modes.write_atomically(file, text.encode(), mode)
