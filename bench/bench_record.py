"""Items in memory into the record, against `executemany` of the same rows.

Ours is `Record.append`: checks, tombstones, identities with salts, derived columns, a SHA-256 for each item, personal
text and new key, manifest, chain; in durable batches of 10,000, and all in one. The peer inserts the finished rows into
the same tables with the same indexes and settings (WAL, synchronous FULL, secure_delete), kind by kind, in one
transaction. Both start with an empty store; best of three.

The gap is due to the processor, not the disk: 7.4 µs per item in batches of 10,000 against 2.4 (2026-11-22, 100,000
items). Version 0.1.0 wrote 48,202 of the same items per second to SQLite where this one wrote 105,519, and 34,972 to
PostgreSQL where this one wrote 68,692 (2026-11-25, Intel Xeon, in turns).
"""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from bench import measure
from bench.made_up import BATCH, MadeUp
from hotpapers.base.errors import HotPapersError
from hotpapers.base.model import Item, kind_of
from hotpapers.record import Record, identities, item_rows, schema
from hotpapers.record.commitments import SALT
from hotpapers.record.database import insert_sql
from hotpapers.record.identities import Identity, IdentityRow
from hotpapers.record.item_rows import RowSecrets
from hotpapers.record.sqlite import PAGE

ITEMS = 500_000


class Rows(NamedTuple):
    """Finished rows, by kind."""

    identities: list[IdentityRow]
    items: dict[str, list[tuple[Any, ...]]]

    def statements(self) -> Iterator[tuple[str, Sequence[tuple[Any, ...]]]]:
        """Each table's insert statement with its rows."""
        yield insert_sql("identity", identities.COLUMNS), self.identities
        for kind, group in self.items.items():
            yield insert_sql(kind, item_rows.BY_KIND[kind].columns), group


def mixed(scale: float) -> list[list[Item]]:
    """Batches as they come in after two weeks, when most items are snapshots."""
    number = max(int(ITEMS * scale) // BATCH, 1)
    stream = itertools.chain.from_iterable(MadeUp(max(scale, 0.05)).batches())
    later_items = itertools.islice(stream, number * BATCH // 4, None)
    return [list(itertools.islice(later_items, BATCH)) for _ in range(number)]


def finished_rows(batches: Sequence[list[Item]]) -> Rows:
    """The rows that ours writes, by kind, in the order of the items."""
    rows = Rows([], {})
    identity_of = {"": identities.NO_IDENTITY}
    hasher = item_rows.KeyedHasher(b"s" * 32)
    for item in itertools.chain.from_iterable(batches):
        for key in sorted(key for key in item_rows.keys_in([item]) if key not in identity_of):
            salt = None if identities.is_paper(key) else os.urandom(SALT)
            rows.identities.append(IdentityRow(len(identity_of), key, salt, None, 1))
            identity_of[key] = Identity(len(identity_of), rows.identities[-1].committed)
        group = rows.items.setdefault(kind_of(item), [])
        group.append(
            (len(group) + 1, *item_rows.prepare_row(item, hasher, identity_of, RowSecrets(os.urandom(SALT))).row, 1, 0)
        )
    return rows


def write_seconds(store: str, batches: Sequence[list[Item]]) -> float:
    """Seconds to write all batches."""
    with Record(store) as record:
        return measure.seconds(lambda: [record.append(batch, source="bench") for batch in batches])


def peer(path: Path, rows: Rows) -> float:
    """Seconds for the same rows in one transaction of plain `executemany`."""
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA page_size = {PAGE}; PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
    for migration in schema.MIGRATIONS:
        connection.execute(migration)

    def write() -> None:
        with connection:
            for sql, group in rows.statements():
                connection.executemany(sql, group)

    duration = measure.seconds(write)
    connection.close()
    return duration


def in_sqlite(batches: Sequence[list[Item]], rows: Rows) -> list[float]:
    """[ours in batches, ours in one, peer] in seconds."""
    everything = [list(itertools.chain.from_iterable(batches))]
    with tempfile.TemporaryDirectory() as folder:
        names = (f"{n}.db" for n in itertools.count())
        return measure.by_turns(
            3,
            lambda: write_seconds(str(Path(folder) / next(names)), batches),
            lambda: write_seconds(str(Path(folder) / next(names)), everything),
            lambda: peer(Path(folder) / next(names), rows),
        )


# ---- PostgreSQL, where one is reachable ------------------------------------------------------------------


def in_postgres(batches: Sequence[list[Item]], rows: Rows) -> list[float] | str:
    """[ours, peer] in seconds, best of three; or why there are none."""
    try:
        from hotpapers.wings.postgres.server_store import translate_schema
    except HotPapersError as missing:
        return str(missing)
    import psycopg

    def peer() -> float:
        with fresh_schema() as url, psycopg.connect(url) as connection:
            connection.execute("".join(map(translate_schema, schema.MIGRATIONS)).encode())
            connection.commit()
            return measure.seconds(lambda: write(connection))

    def write(connection: psycopg.Connection[Any]) -> None:
        with connection.cursor() as cursor:
            for sql, group in rows.statements():
                cursor.executemany(sql.replace("?", "%s").encode(), group)
        connection.commit()

    def own() -> float:
        with fresh_schema() as url:
            return write_seconds(url, batches)

    try:
        return measure.by_turns(3, own, peer)
    except (HotPapersError, psycopg.Error) as problem:
        return str(problem).splitlines()[0]


class fresh_schema:  # noqa: N801  used as a context manager, like a function
    """The address of an empty schema in the test database, dropped afterwards."""

    def __init__(self) -> None:
        self._base = os.environ.get("HOTPAPERS_TEST_POSTGRES", "postgresql:///test")
        self._name = f"bench_{os.getpid()}_{next(_numbers)}"

    def __enter__(self) -> str:
        self._run(f'CREATE SCHEMA "{self._name}"')
        separator = "&" if "?" in self._base else "?"
        return f"{self._base}{separator}options=-csearch_path%3D{self._name}"

    def __exit__(self, *_: object) -> None:
        self._run(f'DROP SCHEMA "{self._name}" CASCADE')

    def _run(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self._base, autocommit=True, connect_timeout=3) as connection:
            connection.execute(sql.encode())


_numbers: Iterator[int] = itertools.count()


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    batches = mixed(scale)
    rows = finished_rows(batches)
    gc.freeze()  # prepared data concerns neither side: keep the garbage collector from scanning it
    count = sum(map(len, batches))
    kinds = ", ".join(f"{len(group):,} {kind}" for kind, group in rows.items.items())
    own, at_once, plain = in_sqlite(batches, rows)
    lines = [
        measure.at_least("items into the record, batches of 10,000", count / own, count / plain, "items", 0.5),
        measure.at_least("items into the record, one batch", count / at_once, count / plain, "items", 0.5),
    ]
    part = batches[: max(len(batches) // 10, 1)]
    times = in_postgres(part, finished_rows(part))
    notes = [f"{count:,} items: {kinds}; {len(rows.identities):,} identities"]
    if isinstance(times, str):
        notes.append(f"PostgreSQL was left out: {times}")
    else:
        number = sum(map(len, part))
        own, plain = times
        lines.append(
            measure.at_least("the same on PostgreSQL, batches of 10,000", number / own, number / plain, "items", None)
        )
    return {"lines": lines, "method": __doc__, "notes": notes}
