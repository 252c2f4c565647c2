"""`import classic` of the archive, against `executemany` of the resulting rows.

Ours reads, decodes, checks and parses each file and writes its items, in one durable batch per eight files. The peer
inserts the finished rows, including batches and manifests, into the same tables with the same indexes and settings, in
one transaction. Best of fifteen.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from bench import measure
from hotpapers.record import Record
from hotpapers.record.record import open_database
from hotpapers.record.sqlite import SqliteDatabase
from hotpapers.wings.classic import format as classic
from hotpapers.wings.classic.importing import GROUP, import_parsed, read_classic

FILES = 229
WORDS = "kettle umbrella sparse teapot gradient lantern of under with"
SKIPPED = ("meta",)
"""Tables that a new store fills itself."""


class Table(NamedTuple):
    """A table's finished rows."""

    insert: str
    rows: list[tuple[Any, ...]]


def files(folder: Path, scale: float) -> tuple[list[Path], str]:
    """The files to import, and a note on where they come from."""
    number = max(int(FILES * scale), 1)
    archive = sorted((measure.SHARED / "archive" / "posts").glob("*.md"))
    if archive:
        return archive[:number], f"{len(archive[:number])} files of the archive"
    return [_made_up(folder, n) for n in range(number)], f"{number} made-up files: the archive is absent"


def _made_up(folder: Path, n: int) -> Path:
    """A file of the archive's size: 15 papers with ten posts each."""
    chance = random.Random(n)
    day = f"{2020 + n // 336}-{1 + n // 28 % 12:02}-{1 + n % 28:02}"
    items = tuple(_made_up_item(chance, day, n, number) for number in range(1, 16))
    issue = classic.ClassicIssue(date=day, made=f"{day}T21:00:00", lead=0, items=items)
    file = folder / f"{day}---Hot-Papers.md"
    file.write_text(classic.render_classic(issue, escape=True), "utf-8")
    return file


def _made_up_item(chance: random.Random, day: str, n: int, number: int) -> classic.ClassicItem:
    likes = 4000 - 250 * number
    posts = tuple(_made_up_post(chance) for _ in range(10))
    return classic.ClassicItem(
        number=number, title=_sentence(chance, 9), authors=tuple(_sentence(chance, 2) for _ in range(5)),
        reposts=likes // 4, likes=likes, tallied=f"{day[5:7]}/{day[8:]}/{day[:4]} 20:{number:02}:00",
        paper=f"2001.{n * 20 + number:05}",
        categories=("cs.LG", "stat.ML"), abstract=_sentence(chance, 150), posts=posts,
    )  # fmt: skip


def _made_up_post(chance: random.Random) -> classic.ClassicPost:
    return classic.ClassicPost(
        id=str(chance.randrange(12 * 10**17, 14 * 10**17)), handle=f"teapot{chance.randrange(900)}",
        name=_sentence(chance, 2), lang="en", rtl=False, text=_sentence(chance, 30), links=(),
    )  # fmt: skip


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS.split(), k=words))


# ---- both sides ------------------------------------------------------------------------------------------


def import_seconds(store: str, paths: Sequence[Path]) -> float:
    """Seconds to import all files into a new store."""
    with Record(store) as record:
        return measure.seconds(lambda: _import_all(record, paths))


def _import_all(record: Record, paths: Sequence[Path]) -> None:
    """Import as `hotpapers import classic` does: several files per batch."""
    for start in range(0, len(paths), GROUP):
        group = paths[start : start + GROUP]
        import_parsed(record, [read_classic(file.name, file.read_bytes()) for file in group])


def finished(store: str) -> list[Table]:
    """All rows left by an import. Identity 0, which stands for nobody, is already in a new store."""
    connection = apsw.Connection(store)
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    tables = []
    for (name,) in list(names):
        rows = list(connection.execute(f'SELECT * FROM "{name}" WHERE rowid <> 0 ORDER BY rowid'))
        if rows and name not in SKIPPED:
            tables.append(Table(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(rows[0]))})', rows))
    return tables


def peer(store: str, tables: Sequence[Table]) -> float:
    """Seconds to insert the same rows into a new store."""
    Record(store).database.close()
    database = open_database(store)
    assert isinstance(database, SqliteDatabase)  # the address is a path

    def write() -> None:
        with database.write():
            for table in tables:
                database.many(table.insert, table.rows)

    duration = measure.seconds(write)
    database.close()
    return duration


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths, note = files(folder, scale)
        first = str(folder / "first.db")
        import_seconds(first, paths)
        tables = finished(first)
        stores: Callable[[], str] = map(str, (folder / f"{n}.db" for n in itertools.count())).__next__
        own, plain = measure.by_turns(15, lambda: import_seconds(stores(), paths), lambda: peer(stores(), tables))
    count = sum(len(table.rows) for table in tables)
    notes = [f"{note}, {count:,} rows; {len(paths) / own:,.0f} files a second"]
    line = measure.at_least("import classic of the archive", count / own, count / plain, "rows", 0.15)
    return {"lines": [line], "method": __doc__, "notes": notes}
