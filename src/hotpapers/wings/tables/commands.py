"""The part of `export` that writes a folder with the tables and their descriptions, and `import parquet`."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from hotpapers.base.errors import InputError, UsageError, unwritable_path
from hotpapers.base.model import Publication, is_retrospective
from hotpapers.base.text import timestamps
from hotpapers.base.text.words import count_noun
from hotpapers.base.version import __version__
from hotpapers.cli import common
from hotpapers.cli.import_files import by_file, import_options, import_result_lines, run_import
from hotpapers.keep.transfer import streams
from hotpapers.keep.transfer.jsonl.importer import ImportResult, import_lines
from hotpapers.record import Record, current_time
from hotpapers.record.as_of import AsOfView
from hotpapers.site.importing import file_by_file
from hotpapers.wings.tables.describe import DESCRIPTIONS, ExportFacts, TableFile
from hotpapers.wings.tables.parquet import COPY, as_path, connect_duckdb, copy_lines, parquet_lines, quote_path
from hotpapers.wings.tables.rows import ROWS
from hotpapers.wings.tables.schema import TABLES, ResearchTable


def export(record: Record, folder: Path, force: bool) -> Iterable[str]:
    """Writes the tables; returns the number of rows in each. `force`: also into a folder with other files. Raises
    UsageError."""
    if not force and not is_own_folder(folder):
        raise UsageError(
            f"{folder}: contains files that this command did not write; name another folder, or add --force to write "
            "into this one"
        )
    facts = write_tables(record, folder, current_time())
    rows = [f"{file.table.name}: {count_noun(file.rows, 'row')}" for file in facts.files]
    return [*rows, f"position {facts.position:,}, digest {facts.digest}"]


UNTITLED = "Hot Papers: attention to papers"


def is_own_folder(folder: Path) -> bool:
    """Whether a folder may be written to: it is missing, empty, or has tables and descriptions of an earlier export."""
    if not folder.is_dir():
        return True
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if not names:
        return True
    return {*DESCRIPTIONS, f"{TABLES[0].name}.parquet"} <= names


def write_tables(record: Record, folder: Path, at: int) -> ExportFacts:
    """Write all tables of the current record into a folder. Earlier tables there are replaced only after all are
    written. `at`: now, µs UTC. Raises UsageError."""
    head = record.head
    view = record.view(at, head.position)
    # The titles of all publications that are not retrospective; a default title if there are none
    items = view.items(Publication)
    own = (item for item in items if not is_retrospective(item.publication))
    title = ", ".join(item.title for item in own) or UNTITLED
    moment = timestamps.format_rfc3339(at)
    with connect_duckdb() as connection:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".hotpapers-", dir=folder) as name:
                beside = Path(name)
                files = [_write(connection, view, table, beside) for table in TABLES]
                digest = hashlib.sha256("".join(f"{file.sha256}  {file.name}\n" for file in files).encode()).hexdigest()
                chain = head.chain.hex()
                facts = ExportFacts(title, __version__, moment, head.position, chain, digest, files)
                for file, describe in DESCRIPTIONS.items():
                    text = msgspec.json.format(msgspec.json.encode(describe(facts)), indent=2)
                    (beside / file).write_bytes(text + b"\n")
                for path in beside.iterdir():
                    path.replace(folder / path.name)
        except OSError as problem:
            raise unwritable_path(folder, problem) from problem
    return facts


def _write(connection: Any, view: AsOfView, table: ResearchTable, folder: Path) -> TableFile:
    """Write one table, by way of a temporary file with lines of JSON."""
    target = folder / f"{table.name}.parquet"
    lines = folder / "rows.jsonl"
    names = [column.name for column in table.columns]
    rows = 0
    with lines.open("wb") as out:
        for row in ROWS[table.name](view):
            out.write(msgspec.json.encode(dict(zip(names, row, strict=True))) + b"\n")
            rows += 1
    types = {column.name: column.type for column in table.columns}
    write_typed(connection, lines, target, types)
    lines.unlink()
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TableFile(table, target.name, digest, target.stat().st_size, rows)


def write_typed(connection: Any, lines: Path, target: Path, types: Mapping[str, str]) -> None:
    """Write lines of JSON as a Parquet file with typed columns (DuckDB's types), over a connection of `connect_duckdb`.
    Times are µs UTC in the lines. Raises OSError, and InputError for a value out of range."""
    import duckdb

    read = {name: "BIGINT" if type == "TIMESTAMP" else type for name, type in types.items()}
    columns = ", ".join(
        f'make_timestamp("{name}") AS "{name}"' if type == "TIMESTAMP" else f'"{name}"' for name, type in types.items()
    )
    try:
        sql = COPY.format(columns=columns, types=read, to=quote_path(target))
        copy_lines(connection, sql, lines)
    except duckdb.Error as problem:
        reason = str(problem).splitlines()[0].replace(str(lines), lines.name)
        raise InputError(f"a value does not fit its column: {reason}", file=target.name) from problem


@common.add_examples("""
  hotpapers import parquet record.parquet""")
@click.command("parquet")
@import_options
def import_parquet(files: tuple[str, ...], as_json: bool, site: common.Site) -> None:
    """Import the Parquet file of an export.

    It comes from `hotpapers export --format parquet`.
    """
    run_import(files, site, file_by_file(_take_parquet), by_file(import_result_lines), as_json)


def _take_parquet(record: Record, file: str, progress: streams.ProgressCallback) -> ImportResult:
    name = streams.name_of(file)
    with as_path(file, name) as path:
        result = import_lines(record, name, parquet_lines(path, name))
        progress(streams.size_of([path]))
        return result
