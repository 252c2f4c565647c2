"""A record and its issues as tables: all lines as Parquet, the entries of issues as CSV and BibTeX.

Parquet is written by DuckDB through a temporary file, because its footer comes last.
"""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hotpapers import model
from hotpapers.errors import InputError, NotExchange, UsageError
from hotpapers.ids import arxiv
from hotpapers.ids import bibtex as bibtex_fields
from hotpapers.store.identities import numbers_of
from hotpapers.store.issue_contents import decode_content
from hotpapers.store.record import Record
from hotpapers.transfer import queries
from hotpapers.transfer.jsonl import exporter
from hotpapers.transfer.jsonl.exporter import ExportRequest

COLUMNS = ("n", "kind", "paper", "post", "publication", "day", "observed_at", "line")
"""The columns of a Parquet row: the line's number, some of the line's fields (NULL if it lacks them), and the line."""

ENTRY_COLUMNS = (
    "publication", "day", "edition", "place", "classic_rank", "paper", "score", "voices", "reposts", "likes", "title",
    "authors", "categories", "digest",
)  # fmt: skip

_COPY = (
    "COPY (SELECT {columns} FROM read_json(?, format = 'newline_delimited', columns = {types}))"
    " TO {to} (FORMAT parquet, COMPRESSION zstd)"
)
_GLOB = re.compile(r"[*?[]")
"""The characters that make DuckDB treat a file's name as a pattern."""
_TYPES = {name: "BIGINT" if name in ("n", "observed_at") else "VARCHAR" for name in COLUMNS}


def connect() -> Any:
    """Open an in-memory DuckDB connection. Raises UsageError if DuckDB is not installed."""
    try:
        import duckdb  # an optional dependency
    except ImportError as missing:
        raise UsageError("Parquet needs DuckDB: pip install 'hotpapers[parquet]'") from missing
    return duckdb.connect()


def _quoted(path: Path) -> str:
    """A path as an SQL string literal."""
    return "'" + str(path).replace("'", "''") + "'"


def literal_path(file: str) -> str:
    """A file's name, escaped so that DuckDB does not treat it as a pattern."""
    return _GLOB.sub(r"[\g<0>]", file)


def parquet(record: Record, request: ExportRequest) -> Iterator[bytes]:
    """The export as one Parquet file."""
    with connect() as connection, tempfile.TemporaryDirectory(prefix="hotpapers-") as folder:
        source, target = Path(folder) / "lines.jsonl", Path(folder) / "record.parquet"
        with source.open("wb") as out:
            for n, line in enumerate(exporter.export_lines(record, request), 1):
                out.write(msgspec.json.encode(_row(n, line)) + b"\n")
        _copy(connection, _COPY.format(columns="*", types=_TYPES, to=_quoted(target)), source)
        with target.open("rb") as file:
            while chunk := file.read(2**20):
                yield chunk


def _copy(connection: Any, sql: str, lines: Path) -> None:
    """Convert lines of JSON. Raises OSError if the result cannot be written, and DuckDB's other errors."""
    import duckdb

    try:
        connection.execute(sql, [literal_path(str(lines))])
    except duckdb.IOException as problem:
        reason, full = str(problem).splitlines()[0], os.strerror(errno.ENOSPC)
        raise OSError(errno.EIO, full if full in reason else reason) from problem


def write_typed(lines: Path, target: Path, types: Mapping[str, str]) -> None:
    """Write lines of JSON as a Parquet file with typed columns (DuckDB's types). Times are µs UTC in the lines. Raises
    OSError, and InputError for a value out of range."""
    read = {name: "BIGINT" if type == "TIMESTAMP" else type for name, type in types.items()}
    columns = ", ".join(
        f'make_timestamp("{name}") AS "{name}"' if type == "TIMESTAMP" else f'"{name}"' for name, type in types.items()
    )
    with connect() as connection:
        import duckdb

        try:
            _copy(connection, _COPY.format(columns=columns, types=read, to=_quoted(target)), lines)
        except duckdb.Error as problem:
            reason = str(problem).splitlines()[0].replace(str(lines), lines.name)
            raise InputError(f"a value does not fit its column: {reason}", file=target.name) from problem


def _row(n: int, line: bytes) -> dict[str, Any]:
    body = msgspec.json.decode(line)
    about = {name: body.get(name) for name in COLUMNS[1:-1]}
    return {"n": n, **about, "line": line.rstrip(b"\n").decode()}


def parquet_lines(file: str, name: str = "") -> Iterator[bytes]:
    """The lines in a Parquet export, in order. Raises NotExchange. `name`: the file's name in messages."""
    if not Path(file).is_file():
        raise InputError("no such file", file=name or file)
    with connect() as connection:
        try:
            connection.execute("SELECT line FROM read_parquet(?) ORDER BY n", [literal_path(file)])
            while rows := connection.fetchmany(1000):
                yield from (str(line).encode() for (line,) in rows)
        except Exception as problem:  # DuckDB's errors have no useful common base class
            reason = str(problem).splitlines()[0].replace(file, name or file)
            raise NotExchange(f"not a Parquet export: {reason}", file=name or file) from problem


def _frozen(record: Record) -> Iterator[tuple[str, model.IssueContent]]:
    """(digest, content) of each day's latest edition, ordered by publication and day."""
    for digest, content in queries.last_editions(record.database):
        yield digest, decode_content(content, model.IssueContent)


def _metadata(record: Record, content: model.IssueContent) -> dict[str, model.Paper]:
    view = record.view(content.as_of, content.position)
    keys = [entry.paper for entry in content.entries]
    papers = view.items(model.Paper, f"t.paper IN ({numbers_of(keys)})", keys) if keys else ()
    return {paper.paper: paper for paper in papers}


def csv_entries(record: Record, _: ExportRequest) -> Iterator[bytes]:
    """Every entry of every issue's latest edition, one row each."""
    yield _csv_row(ENTRY_COLUMNS)
    for digest, content in _frozen(record):
        papers = _metadata(record, content)
        for entry in content.entries:
            yield _csv_row(_entry_values(digest, content, entry, papers.get(entry.paper)))


def _entry_values(
    digest: str, content: model.IssueContent, entry: model.Entry, paper: model.Paper | None
) -> tuple[object, ...]:
    counts = entry.counts
    return (
        content.publication.publication, content.day, content.edition, entry.place, entry.classic_rank,
        arxiv.from_key(entry.paper), entry.score, entry.voices, sum(c.reposts for c in counts),
        sum(c.likes for c in counts), _cell(paper.title if paper else ""),
        _cell("; ".join(paper.authors) if paper else ""), _cell(" ".join(paper.categories) if paper else ""), digest,
    )  # fmt: skip


def _cell(text: str) -> str:
    """Text escaped so that spreadsheets do not treat it as a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _csv_row(values: tuple[object, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue().encode()


def bibtex(record: Record, _: ExportRequest) -> Iterator[bytes]:
    """Every paper in an issue, once, as @misc with its e-print fields."""
    keys: set[str] = set()
    for _digest, content in _frozen(record):
        for key, paper in _metadata(record, content).items():
            if key not in keys:
                keys.add(key)
                yield bibtex_entry(paper).encode()


def bibtex_entry(paper: model.Paper) -> str:
    """One paper in BibTeX, with arXiv's own field names."""
    id = arxiv.from_key(paper.paper)
    year, _ = arxiv.month(id)
    fields = {
        "title": "{" + bibtex_fields.words(paper.title) + "}",
        "author": bibtex_fields.names(paper.authors),
        "year": str(year),
        "eprint": id,
        "archivePrefix": "arXiv",
        "primaryClass": bibtex_fields.value(paper.categories[0]) if paper.categories else "",
        "url": arxiv.abs_url(id),
    }
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{id.replace('/', '_')},\n{body}\n}}\n\n"


EXPORTS: dict[str, Callable[[Record, ExportRequest], Iterator[bytes]]] = {
    "jsonl": exporter.export_lines,
    "parquet": parquet,
    "csv": csv_entries,
    "bibtex": bibtex,
}
