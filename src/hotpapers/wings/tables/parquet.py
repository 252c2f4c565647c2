"""An export as one Parquet file, and Parquet files of typed columns. DuckDB writes them.

It writes through a temporary file, because the footer comes last.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hotpapers.base.errors import InputError, NotExchange, UsageError
from hotpapers.keep.transfer import streams
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.keep.transfer.jsonl.lines import MAX_LINE_BYTES
from hotpapers.keep.transfer.packed import ChunkStream
from hotpapers.record.record import Record

COLUMNS = ("n", "kind", "paper", "post", "publication", "day", "observed_at", "line")
"""The columns of a Parquet row: the line's number, some of the line's fields (NULL if it lacks them), and the line."""

COPY = (
    "COPY (SELECT {columns} FROM read_json(?, format = 'newline_delimited', columns = {types}))"
    " TO {to} (FORMAT parquet, COMPRESSION zstd)"
)
_GLOB = re.compile(r"[*?[]")
"""The characters that make DuckDB treat a file's name as a pattern."""
_TYPES = {name: "BIGINT" if name in ("n", "observed_at") else "VARCHAR" for name in COLUMNS}


MEMORY = "400MB"
"""DuckDB's memory limit, in addition to its fixed needs."""
ALLOWED, MAX_SORT_RATIO = 2**30, 100
"""How much DuckDB may write to disk to sort the lines of an export: bytes, and times the size of the file."""


ALLOWED_COPY, MAX_COPY_RATIO = 2**26, 20
"""How large the copy of a packed file may be: bytes, and times its packed bytes."""
MAX_GROUPS, MAX_TYPE_CHARS = 10_000, 200
"""Most row groups of a table, and longest name of a column's type: DuckDB's time grows with the square of groups and
the cube of nesting, to minutes for a small file."""


def connect_duckdb() -> Any:
    """Open an in-memory DuckDB connection. Raises UsageError if DuckDB is not installed."""
    try:
        import duckdb  # an optional dependency
    except ImportError as missing:
        raise UsageError("Parquet needs DuckDB: pip install 'hotpapers[parquet]'") from missing
    return duckdb.connect()


def quote_path(path: Path) -> str:
    """A path as an SQL string literal."""
    return "'" + str(path).replace("'", "''") + "'"


def literal_path(file: str) -> str:
    """A file's name, escaped so that DuckDB does not treat it as a pattern."""
    return _GLOB.sub(r"[\g<0>]", file)


def columns_of(connection: Any, file: str) -> list[tuple[str, str]]:
    """The columns (name, type) of a table. Raises InputError if it would take DuckDB minutes to read any of it."""
    path = [literal_path(file)]
    [(groups,)] = connection.execute("SELECT num_row_groups FROM parquet_file_metadata(?)", path).fetchall()
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", path).fetchall()
    if groups > MAX_GROUPS or any(len(row[1]) > MAX_TYPE_CHARS for row in described):
        raise InputError(f"a table of more than {MAX_GROUPS:,} row groups, or of deeply nested columns")
    return [(str(row[0]), str(row[1])) for row in described]


def parquet(record: Record, **options: Any) -> Iterator[bytes]:
    """The export as one Parquet file. `options`: those of `exporter.record_lines`."""
    with connect_duckdb() as connection, tempfile.TemporaryDirectory(prefix="hotpapers-") as folder:
        source = Path(folder) / "lines.jsonl"
        target = Path(folder) / "record.parquet"
        with source.open("wb") as out:
            for n, line in enumerate(exporter.record_lines(record, **options), 1):
                out.write(msgspec.json.encode(_row(n, line)) + b"\n")
        copy_lines(connection, COPY.format(columns="*", types=_TYPES, to=quote_path(target)), source)
        with target.open("rb") as file:
            while chunk := file.read(2**20):
                yield chunk


def copy_lines(connection: Any, sql: str, lines: Path) -> None:
    """Convert lines of JSON. Raises OSError if the result cannot be written, and DuckDB's other errors."""
    import duckdb

    try:
        connection.execute(sql, [literal_path(str(lines))])
    except duckdb.IOException as problem:
        reason = str(problem).splitlines()[0]
        full = os.strerror(errno.ENOSPC)
        raise OSError(errno.EIO, full if full in reason else reason) from problem


def _row(n: int, line: bytes) -> dict[str, Any]:
    body = msgspec.json.decode(line)
    names = COLUMNS[1:-1]
    about = {name: body.get(name) for name in names}
    return {"n": n, **about, "line": line.rstrip(b"\n").decode()}


def parquet_lines(file: str, name: str) -> Iterator[bytes]:
    """The lines in a Parquet export, in order. Raises NotExchange. `name`: the file's name in messages."""
    if not Path(file).is_file():
        raise InputError("no such file", file=name or file)
    spill = ALLOWED + MAX_SORT_RATIO * os.path.getsize(file)
    with connect_duckdb() as connection, tempfile.TemporaryDirectory(prefix="hotpapers-") as folder:
        limits = (
            f"memory_limit = '{MEMORY}'",
            f"temp_directory = {quote_path(Path(folder))}",
            f"max_temp_directory_size = '{spill}B'",
            "autoinstall_known_extensions = false",
        )
        for limit in limits:
            connection.execute(f"SET {limit}")
        sql = (
            f"SELECT left(line, {MAX_LINE_BYTES + 1}) FROM read_parquet(?) ORDER BY n"  # the reader refuses longer ones
        )
        try:
            columns_of(connection, file)
            connection.execute(sql, [literal_path(file)])
            while rows := connection.fetchmany(1000):
                yield from (str(line).encode() for (line,) in rows)
        except Exception as problem:  # DuckDB's errors have no useful common base class
            lines = str(problem).splitlines()
            reason = lines[0].replace(file, name or file)
            raise NotExchange(f"not a Parquet export: {reason}", file=name or file) from problem


@contextmanager
def as_path(file: str, name: str) -> Iterator[str]:
    """A file's path; pipes and compressed files are copied to a temporary file first.

    Raises InputError if a packed one grows beyond all measure: a few bytes can be packed to fill every disk, and tables
    are packed already. `name`: the file's name in messages.
    """
    packed_bytes = unpacked_bytes = 0

    def count(number: int) -> None:
        nonlocal packed_bytes
        packed_bytes += number

    with streams.open_input(file, count) as stream, tempfile.NamedTemporaryFile(prefix="hotpapers-") as copy:
        if not streams.is_pipe(file) and not isinstance(stream.raw, ChunkStream):
            yield file
            return
        while block := stream.read(streams.BLOCK):
            unpacked_bytes += len(block)
            if unpacked_bytes > ALLOWED_COPY + MAX_COPY_RATIO * packed_bytes:
                raise InputError(
                    f"is more than {MAX_COPY_RATIO} times larger when unpacked, as no table is; unpack it yourself if "
                    "it is what you want",
                    file=name,
                )
            copy.write(block)
        copy.flush()
        yield copy.name
