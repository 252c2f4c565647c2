"""Rows of any Parquet file as lines of JSON, in parts that can be read by different processes.

DuckDB reads only the row groups that contain the requested rows, and only the requested columns.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hotpapers.base.errors import InputError
from hotpapers.keep.transfer.parquet import MEMORY, columns_of, connect, literal_path

MAGIC = b"PAR1"
ROWS = 50_000
"""Rows per part, some 20 MB of lines."""
FETCHED = 4_096
MOMENTS = ("TIMESTAMP", "DATE")
"""The prefixes of types that are converted to µs UTC."""


class TablePart(NamedTuple):
    """A part of a file's `rows`: from `first` to before `last`, with some `columns` (name, type)."""

    path: str
    first: int
    last: int
    rows: int
    columns: tuple[tuple[str, str], ...]

    def lines(self) -> bytes:
        """Each row as a line of JSON. Raises InputError."""
        fields = ", ".join(f"'{name}': {_value(name, type)}" for name, type in self.columns)
        sql = f"""SELECT to_json({{{fields}}}) FROM read_parquet(?, file_row_number = true, binary_as_string = true)
            WHERE file_row_number >= ? AND file_row_number < ? ORDER BY file_row_number"""
        lines: list[str] = []
        with _reading(self.path) as connection:
            connection.execute(sql, [literal_path(self.path), self.first, self.last])
            while rows := connection.fetchmany(FETCHED):
                lines += [line for (line,) in rows]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def table_parts(path: str, names: Collection[str], first: int) -> Iterator[TablePart]:
    """A file's rows from `first`, in parts that follow row groups where possible: several groups, or a piece of one.
    Raises InputError if it is not a Parquet file or has none of the columns."""
    with _reading(path) as connection:
        described = columns_of(connection, path)
        sql = "SELECT row_group_id, any_value(row_group_num_rows) FROM parquet_metadata(?) GROUP BY 1 ORDER BY 1"
        groups = [int(rows) for _, rows in connection.execute(sql, [literal_path(path)]).fetchall()]
    columns = tuple((name, type) for name, type in described if name in names)
    if not columns:
        raise InputError(f"a Parquet file without any of the columns {', '.join(sorted(names))}")
    for start, end in spans(groups):
        if end > first:
            yield TablePart(os.path.abspath(path), max(start, first), end, sum(groups), columns)


def spans(groups: Collection[int]) -> Iterator[tuple[int, int]]:
    """The (start, end) rows of parts, given the row counts of row groups: small groups are combined, and no part is
    larger than ROWS."""
    start = end = 0
    for rows in groups:
        if end > start and end + rows - start > ROWS:
            yield start, end
            start = end
        end += rows
        while end - start >= ROWS:
            yield start, start + ROWS
            start += ROWS
    if end > start:
        yield start, end


def _value(name: str, type: str) -> str:
    """The SQL expression for a column. Names come from our own list, so quoting is safe."""
    return f'epoch_us("{name}")' if type.startswith(MOMENTS) else f'"{name}"'


@contextmanager
def _reading(path: str) -> Iterator[Any]:
    """A connection to DuckDB that never downloads anything. DuckDB's errors become InputError."""
    with connect() as connection:
        for setting in ("threads = 1", f"memory_limit = '{MEMORY}'", "autoinstall_known_extensions = false"):
            connection.execute(f"SET {setting}")
        try:
            yield connection
        except InputError:
            raise
        except Exception as problem:  # DuckDB's errors have no useful common base class
            reason = str(problem).partition("\n")[0].replace(os.path.abspath(path), "it").replace(path, "it")
            raise InputError(f"cannot be read as Parquet: {reason[:300]}") from problem
