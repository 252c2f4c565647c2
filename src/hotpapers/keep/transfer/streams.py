"""Reading and writing files, by name or `-`, plain or compressed (Zstandard; gzip only to read), in bounded memory."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import zstandard

from hotpapers.base.errors import InputError, UsageError, unwritable_path
from hotpapers.base.file_modes import TemporaryFile, real_path
from hotpapers.keep.transfer import packed
from hotpapers.record.leftovers import check_part_exists, unfinished_copy

STDIN = "-"
STDOUT = Path(STDIN)
BLOCK = 2**20
Reader: TypeAlias = packed.Reader
ProgressCallback = packed.ProgressCallback


def name_of(file: str) -> str:
    """A file's name in messages."""
    return "standard input" if file == STDIN else file


def is_pipe(file: str) -> bool:
    """Whether it can be read only once: standard input, or a pipe with a name."""
    if file == STDIN:
        return True
    return os.path.exists(file) and Path(file).is_fifo()


def size_of(files: Iterable[str]) -> int:
    """Bytes of all files together, 0 if unknown."""
    try:
        return sum(os.stat(file).st_size for file in files)
    except OSError:
        return 0


@contextmanager
def open_input(
    file: str,
    on_progress: ProgressCallback | None = None,
    window: int = packed.MAX_WINDOW_BYTES,
) -> Iterator[Reader]:
    """Opens a file or standard input (`-`), decompressed if it is Zstandard or gzip. `on_progress` gets the bytes read
    so far; `window`: the largest decompression window in bytes.

    Raises InputError if it cannot be read, at the start or later.
    """
    with _raw(file) as raw, packed.open_unpacked(raw, name_of(file), on_progress, window) as stream:
        yield stream


@contextmanager
def _raw(file: str) -> Iterator[io.RawIOBase]:
    if file == STDIN:
        yield cast("io.RawIOBase", standard_input())  # not ours to close
        return
    with packed.open_file(file) as raw:
        yield raw


def standard_input() -> BinaryIO:
    """Standard input. Raises InputError if it is closed."""
    if sys.stdin is None:
        raise InputError("is closed", file=name_of(STDIN))
    return sys.stdin.buffer


def standard_output() -> BinaryIO:
    """Standard output. Raises UsageError if it is closed."""
    if sys.stdout is None:
        raise UsageError("standard output is closed")
    return sys.stdout.buffer


def target_of(output: Path) -> str:
    """Where a copy is kept, as `forget` names it."""
    return "to standard output" if output == STDOUT else str(real_path(output))


HEAD = 4096
PARQUET = b"PAR1"


def check_owner(output: Path, own: re.Pattern[bytes], *, force: bool) -> None:
    """Raises UsageError if a file exists that does not begin like this program's own, unless `force`."""
    if force or output == STDOUT or not (output.is_file() and output.stat().st_size):
        return
    try:
        is_own = own.match(_ends_of(output)) is not None
    except InputError:
        is_own = False
    if not is_own:
        raise UsageError(
            f"{output}: already exists, and this command did not write it; name another file, or add --force to "
            "replace it"
        )


def _ends_of(file: Path) -> bytes:
    """The beginning of a file, unpacked; of a Parquet table also the end, which names its columns."""
    with open_input(str(file)) as stream:
        head = end = stream.read(HEAD)
        if stream.seekable():
            stream.seek(max(file.stat().st_size - HEAD, 0))
        while head.startswith(PARQUET) and (block := stream.read(BLOCK)):
            end = (end + block)[-HEAD:]
        return head + end


def require_writable(*outputs: Path | None, own: re.Pattern[bytes], force: bool) -> None:
    """Raises UsageError if `write_file` could not write these files, or would replace somebody's own. Call it before
    the work that produces them."""
    for output in filter(None, outputs):
        check_owner(output, own, force=force)
        if not _is_device(output):
            with _unfinished(output):
                pass


def write_file(output: Path, chunks: Iterator[bytes]) -> None:
    """Writes chunks to a file, atomically and readable only by the owner; compressed if its name ends in .zst. A device
    or pipe, such as /dev/null, is written to and never replaced; `-` is standard output.

    Raises UsageError, and StoreError if `forget` removed the file before it was complete."""
    if output == STDOUT:
        stream = standard_output()
        stream.writelines(chunks)
        stream.flush()
        return
    if _is_device(output):
        with explain_errors(output), output.open("wb") as raw:
            _pour(raw, chunks, packed=output.suffix == ".zst")
        return
    with _unfinished(output) as part:
        _pour(part.out, chunks, packed=output.suffix == ".zst")
        part.out.close()
        check_part_exists(part.path, output)
        os.replace(part.path, output)


def _is_device(path: Path) -> bool:
    """Whether a path is standard output, a device, pipe or socket, which no file may replace."""
    if path == STDOUT:
        return True
    return path.exists() and not (path.is_file() or path.is_dir())


@contextmanager
def _unfinished(output: Path) -> Iterator[TemporaryFile]:
    """A temporary file next to a file, removed at the end. Raises UsageError if it cannot be written."""
    with explain_errors(output), unfinished_copy(output) as part:
        yield part


@contextmanager
def explain_errors(output: Path) -> Iterator[None]:
    """Raises UsageError if a file cannot be written, HotPapersError if there is no room."""
    try:
        yield
    except OSError as problem:
        raise unwritable_path(output, problem) from problem


def _pour(raw: BinaryIO, chunks: Iterator[bytes], *, packed: bool) -> None:
    if not packed:
        raw.writelines(chunks)
        return
    with zstandard.ZstdCompressor(level=10).stream_writer(raw, closefd=False) as out:
        for chunk in chunks:
            out.write(chunk)
