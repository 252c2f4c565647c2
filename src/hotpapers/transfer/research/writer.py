"""Write a folder with the tables and their descriptions."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hotpapers import __version__
from hotpapers.errors import UsageError
from hotpapers.ids import timestamps
from hotpapers.model import Publication, is_retrospective
from hotpapers.store.as_of import AsOfView
from hotpapers.store.record import Record
from hotpapers.transfer.parquet import connect, write_typed
from hotpapers.transfer.research import queries
from hotpapers.transfer.research.describe import DESCRIPTIONS, ExportFacts, NetworkSpan, TableFile
from hotpapers.transfer.research.rows import ROWS
from hotpapers.transfer.research.schema import TABLES, ResearchTable

UNTITLED = "Hot Papers: attention to arXiv papers"


class WrittenTables(NamedTuple):
    """The result: number of rows by table, the position up to which the record was read, and the tables' digest."""

    rows: dict[str, int]
    position: int
    digest: str


def write_tables(record: Record, folder: Path, at: int) -> WrittenTables:
    """Write all tables of the current record into a folder. Earlier tables there are replaced only after all are
    written. `at`: now, µs UTC. Raises UsageError."""
    with connect() as connection:
        return _write_all(connection, record, folder, at)


def _write_all(connection: Any, record: Record, folder: Path, at: int) -> WrittenTables:
    head = record.head
    view = record.view(at, head.position)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".hotpapers-", dir=folder) as beside:
            files = [_write(connection, view, table, Path(beside)) for table in TABLES]
            digest = hashlib.sha256("".join(f"{file.sha256}  {file.name}\n" for file in files).encode()).hexdigest()
            moment = timestamps.rfc3339(at)
            networks = tuple(NetworkSpan(name, int(count), *read) for name, count, *read in queries.network_spans(view))
            title, chain = _title(view), head.chain.hex()
            _describe(
                ExportFacts(title, __version__, moment, head.position, chain, digest, files, networks), Path(beside)
            )
            for file in Path(beside).iterdir():
                file.replace(folder / file.name)
    except OSError as problem:
        raise UsageError(f"{folder}: cannot be written: {problem.strerror}") from problem
    return WrittenTables({file.table.name: file.rows for file in files}, head.position, digest)


def _describe(facts: ExportFacts, folder: Path) -> None:
    for name, describe in DESCRIPTIONS.items():
        text = msgspec.json.format(msgspec.json.encode(describe(facts)), indent=2)
        (folder / name).write_bytes(text + b"\n")


def _title(view: AsOfView) -> str:
    """The titles of all publications that are not retrospective; a default title if there are none."""
    own = (item for item in view.items(Publication) if not is_retrospective(item.publication))
    return ", ".join(item.title for item in own) or UNTITLED


def _write(connection: Any, view: AsOfView, table: ResearchTable, folder: Path) -> TableFile:
    """Write one table, by way of a temporary file with lines of JSON."""
    target, lines = folder / f"{table.name}.parquet", folder / "rows.jsonl"
    names, rows = [column.name for column in table.columns], 0
    with lines.open("wb") as out:
        for row in ROWS[table.name](view):
            out.write(msgspec.json.encode(dict(zip(names, row, strict=True))) + b"\n")
            rows += 1
    write_typed(connection, lines, target, {column.name: column.type for column in table.columns})
    lines.unlink()
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TableFile(table, target.name, digest, target.stat().st_size, rows)
