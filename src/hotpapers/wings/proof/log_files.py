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
from hotpapers.wings.proof.merkle import MerkleTree, bundle_entries, leaf_hash, read_bundle
from hotpapers.wings.proof.notes import Checkpoint, VerifierKey, is_signed, parse_checkpoint, parse_vkey

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
    """One log as stored in its folder, `PUBLICATION/NUMBER`. `checkpoints`: by size, ascending. `key`: None for a new
    log. Raises LogError if its last checkpoint does not match its leaves or is not signed by its key."""

    def __init__(
        self,
        folder: Path,
        entries: LogEntries = NO_ENTRIES,
        checkpoints: Sequence[Checkpoint] = (),
        key: VerifierKey | None = None,
    ) -> None:
        self.folder = folder
        self.publication = folder.parent.name
        self.number = int(folder.name)
        self.entries = entries
        self.checkpoints = tuple(checkpoints)
        self.key = key
        last = self.last
        if last and not (key and is_signed(last, [key]) and last.is_of(self.tree)):
            raise LogError(f"log {self.number}: its leaves do not match its last signed checkpoint")

    @property
    def tree(self) -> MerkleTree:
        """The tree of all leaves, signed or not."""
        return self.entries.tree

    @property
    def last(self) -> Checkpoint | None:
        """The latest checkpoint."""
        return self.checkpoints[-1] if self.checkpoints else None

    def covering(self, leaf: int) -> Sequence[Checkpoint]:
        """The checkpoints that cover a leaf, by its number; ascending."""
        first = bisect_right(self.checkpoints, leaf, key=lambda signed: signed.size)
        return self.checkpoints[first:]


def is_name(publication: str) -> bool:
    """Whether a publication's name can be used as a folder name and in an address."""
    return bool(_PUBLICATION.fullmatch(publication))


def read_logs(folder: Path) -> list[StoredLog]:
    """The logs in a publication's folder, by number. Raises LogError."""
    return [read_log(folder / str(number)) for number in _numbers(folder)]


def verifier_keys(folder: Path) -> frozenset[VerifierKey]:
    """The keys of all logs in a folder. Raises LogError."""
    try:
        files = folder.glob(f"*/*/{_KEY}")
        return frozenset(parse_vkey(file.read_text("utf-8").strip()) for file in files)
    except (NotAProof, UnicodeDecodeError, OSError) as problem:
        raise LogError(f"{folder}: a key cannot be read: {problem}") from problem


def logged_publications(folder: Path) -> list[str]:
    """The publications that have logs here, by name."""
    return sorted(filter(is_name, _names(folder)))


def version(folder: Path) -> object:
    """A value that changes whenever a log of a publication gets a checkpoint or a checkpoint gets a cosignature."""
    names = sorted(_names(folder))
    folders = [folder / name / _CHECKPOINTS for name in names]
    return tuple((str(path), path.stat().st_mtime_ns) for path in folders if path.is_dir())


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _numbers(folder: Path) -> list[int]:
    sizes = (int(name) for name in _names(folder) if _NUMBER.fullmatch(name))
    return sorted(sizes)


def read_log(folder: Path) -> StoredLog:
    """The log in a folder, new if there is none. Raises LogError."""
    checkpoints = [read_checkpoint(folder, size) for size in _numbers(folder / _CHECKPOINTS)]
    try:
        if (folder / _KEY).exists():
            key = parse_vkey((folder / _KEY).read_text("utf-8").strip())
        else:
            key = None
        data = (folder / _ENTRIES).read_bytes() if (folder / _ENTRIES).exists() else b""
    except (NotAProof, UnicodeDecodeError, OSError) as problem:
        raise LogError(f"{folder}: a key or leaf cannot be read: {problem}") from problem
    known, entries = _latest.get(folder, (b"", NO_ENTRIES))
    if known != data:
        entries = LogEntries(read_bundle(data)[0])  # a crash while writing leaves a part of one at the end
        _latest[folder] = (data, entries)
    return StoredLog(folder, entries, checkpoints, key)


_latest: dict[Path, tuple[bytes, LogEntries]] = {}
"""By the folder of a log, what was last read: its file of leaves, and the leaves. A log is read several times in each
round; no earlier state is kept, as each has all leaves."""


def read_checkpoint(folder: Path, size: int) -> Checkpoint:
    """The checkpoint of a size of the log in a folder. Raises LogError."""
    file = f"{folder}/{_CHECKPOINTS}/{size}"
    try:
        state = os.stat(file)
        is_settled = time.time_ns() - state.st_mtime_ns > _SETTLED
        return (_remembered if is_settled else _parse_file)(file, state.st_ino, state.st_mtime_ns, state.st_size)
    except (NotAProof, UnicodeDecodeError, OSError) as problem:
        raise LogError(f"{file}: cannot be read: {problem}") from problem


def _parse_file(file: str, inode: int, changed_at: int, length: int) -> Checkpoint:
    """The checkpoint in a file. The other arguments say which state of the file is meant."""
    with open(file, encoding="utf-8") as stream:
        return _parse(stream.read())


_parse = lru_cache(maxsize=1 << 10)(parse_checkpoint)
"""Remembers texts: a file written a moment ago may have changed again, and is read each time."""
_remembered = lru_cache(maxsize=1 << 12)(_parse_file)
"""Remembers the checkpoints in files: a log has one for each issue, and all of them are read again and again."""


@contextmanager
def lock_logs(folder: Path) -> Iterator[None]:
    """Waits until no other process adds to any log in a folder: all publications share the file with the last signed
    states. Raises LogError if the folder cannot be created."""
    try:
        file_modes.make_published_folders(folder)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as problem:
        raise LogError(f"{folder}: cannot be used as the folder for logs: {problem.strerror}") from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def add_entries(folder: Path, entries: Sequence[bytes], key: VerifierKey) -> None:
    """Appends leaves to the log in a folder after removing a partial leaf, and writes its key if missing. Returns once
    all is on disk. Raises OSError, also where a link is in place of the entries."""
    file_modes.make_published_folders(folder / _CHECKPOINTS)
    if not (folder / _KEY).exists():
        file_modes.write_atomically(folder / _KEY, f"{key}\n".encode())
    file = folder / _ENTRIES
    _, length = read_bundle(file.read_bytes()) if file.exists() else ([], 0)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644), "wb") as out:
        out.truncate(length)
        out.seek(length)
        out.write(bundle_entries(entries))
        out.flush()
        os.fsync(out.fileno())


def save_checkpoint(folder: Path, signed: Checkpoint) -> None:
    """Stores a checkpoint of the log in a folder, or replaces it with one that has more cosignatures. The write is
    atomic."""
    target = folder / _CHECKPOINTS / str(signed.size)
    file_modes.write_atomically(target, str(signed).encode())


def drop_checkpoints(folder: Path, sizes: Iterable[int]) -> None:
    """Deletes checkpoints by size. Must not be given the last one of a log."""
    for size in sizes:
        (folder / _CHECKPOINTS / str(size)).unlink(missing_ok=True)
