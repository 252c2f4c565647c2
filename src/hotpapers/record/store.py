"""A store: opened, written in batches, viewed at a moment."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import zstandard

from hotpapers import errors, model
from hotpapers.record import items, schema, writing
from hotpapers.record.database import Database
from hotpapers.record.sqlite import SqliteDatabase
from hotpapers.record.view import View
from hotpapers.record.writing import Written

Reader = Callable[[model.Seen], Iterable[model.Item]]
"""A source's `read`: what a network said into items."""

FOR_EVER = model.LARGEST


def now() -> int:
    """The moment, in microseconds UTC: the one place where the record looks at the clock."""
    return time.time_ns() // 1000


def connect(store: str, *, create: bool = True) -> Database:
    """The database behind `path`, `sqlite:////absolute/path` or `postgresql://…`."""
    if store.startswith(("postgresql://", "postgres://")):
        from hotpapers.record.postgres import PostgresDatabase  # noqa: PLC0415  an extra, loaded when it is asked for

        return PostgresDatabase(store)
    if "://" in store and not store.startswith("sqlite:///"):
        raise errors.UsageError(f"{store}: a store is a path, sqlite:////absolute/path or postgresql://…")
    path = Path(store.removeprefix("sqlite:///"))
    if path.is_dir():
        raise errors.UsageError(f"{path}: a folder; name a file in it, such as {path / 'hotpapers.db'}")
    if not path.exists() and not create:
        raise errors.NoSuch(f"{path}: no such store; `hotpapers import` or `hotpapers init` makes one.")
    if not path.parent.is_dir():
        raise errors.UsageError(f"{path.parent}: no such folder for the store; make it first.")
    return SqliteDatabase(path)


class Record:
    """All items of a store, and how they got there. Use as a context manager."""

    def __init__(self, store: str, *, create: bool = True) -> None:
        self.database = connect(store, create=create)
        self.database.migrate(schema.MIGRATIONS)
        self.marks = items.Marks(bytes.fromhex(self._secret()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()

    def _secret(self) -> str:
        sql = "SELECT value FROM meta WHERE name = 'secret'"
        if not self.database.rows(sql):
            with self.database.write():
                if not self.database.rows(sql):
                    self.database.run("INSERT INTO meta VALUES ('secret', ?)", (secrets.token_hex(32),))
        return str(self.database.rows(sql)[0][0])

    def adopt_secret(self, secret: str) -> None:
        """Takes over the secret of the store that is restored here. Only while the record is empty."""
        if self.head.position:
            raise errors.StoreError(f"{self.database.where}: holds a record already")
        self.database.run("UPDATE meta SET value = ? WHERE name = 'secret'", (secret,))
        self.marks = items.Marks(bytes.fromhex(secret))

    @property
    def head(self) -> writing.Head:
        """The last batch."""
        return writing.head(self.database)

    def view(self, cut: int = model.LARGEST, position: int | None = None) -> View:
        """The record as observed up to `cut`, as known at `position` (by default: everything)."""
        return View(self.database, cut, self.head.position if position is None else position)

    def write(
        self, offered: Iterable[model.Item], *, source: str, at: int | None = None, cursor: str | None = None
    ) -> Written:
        """One batch of items that come from no raw rows."""
        offers: list[writing.Offer] = [(item, 0, None) for item in offered]
        with self.database.write():
            return writing.write_batch(
                self.database, offers, self.marks, at=at or now(), source=source, cursor=cursor
            )  # fmt: skip

    def read(
        self,
        seen: Iterable[model.Seen],
        reader: Reader,
        *,
        source: str,
        keep_for: int = 30 * model.DAY,
        cursor: str | None = None,
        at: int | None = None,
    ) -> Written:
        """One batch of what a network said: kept raw for `keep_for` microseconds, read into items.

        What the reader cannot read goes to quarantine with its reason and stops nothing else.
        """
        at = at or now()
        with self.database.write():
            offers: list[writing.Offer] = []
            for one in seen:
                offers += self._read_one(one, reader, source, keep_for)
            return writing.write_batch(self.database, offers, self.marks, at=at, source=source, cursor=cursor)

    def _read_one(self, one: model.Seen, reader: Reader, source: str, keep_for: int) -> list[writing.Offer]:
        try:
            found = list(reader(one))
        except (errors.InputError, ValueError, KeyError, TypeError) as problem:
            self.quarantine(source, one, f"{type(problem).__name__}: {problem}")
            return []
        if not found:
            return []
        origin = self._keep_raw(source, one, min(one.at + keep_for, FOR_EVER))
        return [(item, origin, None) for item in found]

    def _keep_raw(self, source: str, one: model.Seen, keep_until: int) -> int:
        content = hashlib.sha256(one.body).digest()
        body = zstandard.ZstdCompressor(level=3).compress(one.body)
        self.database.run(
            "INSERT INTO raw (source, kind, key, content, body, seen_at, keep_until) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (source, one.kind, one.key, content, body, one.at, keep_until),
        )
        found = self.database.rows("SELECT id FROM raw WHERE source = ? AND content = ?", (source, content))
        return int(found[0][0])

    def quarantine(self, source: str, one: model.Seen, reason: str) -> None:
        """Keeps what could not be read, with its reason, once by content."""
        content = hashlib.sha256(one.body).digest()
        self.database.run(
            "INSERT INTO quarantine (source, kind, key, reason, content, body, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (source, one.kind, one.key, reason[:500], content, zstandard.compress(one.body), one.at),
        )

    def read_again(self, source: str, reader: Reader, *, at: int | None = None) -> Written:
        """Reads what is kept raw with a better reader: old rows that it no longer gives are closed, new ones added."""
        with self.database.write():
            offers: list[writing.Offer] = []
            stale: list[items.Row] = []
            for raw_id, one in self._raw_of(source):
                found = self._read_again_one(one, reader, source)
                fresh = {items.label_of(items.SPECS[type(i)], msgspec.structs.astuple(i)): i for i in found}
                old = {row.label: row for row in self._open_rows_from(raw_id)}
                stale += [row for label, row in old.items() if fresh.get(label) != row.item]
                offers += [(item, raw_id, None) for item in found]
            return writing.write_batch(
                self.database, offers, self.marks, at=at or now(), source=source, close=stale
            )  # fmt: skip

    def _read_again_one(self, one: model.Seen, reader: Reader, source: str) -> list[model.Item]:
        try:
            return list(reader(one))
        except (errors.InputError, ValueError, KeyError, TypeError) as problem:
            self.quarantine(source, one, f"{type(problem).__name__}: {problem}")
            return []

    def _raw_of(self, source: str) -> list[tuple[int, model.Seen]]:
        sql = "SELECT id, kind, key, body, seen_at FROM raw WHERE source = ? ORDER BY id"
        return [
            (row[0], model.Seen(row[1], row[2], zstandard.decompress(bytes(row[3])), row[4]))
            for row in self.database.rows(sql, (source,))
        ]

    def _open_rows_from(self, raw_id: int) -> list[items.Row]:
        rows = []
        for spec in items.SPECS.values():
            sql = f"SELECT {items.select_columns(spec)} FROM {spec.kind} WHERE origin = ? AND until = 0"
            rows += [items.read_row(spec, row) for row in self.database.rows(sql, (raw_id,))]
        return rows

    def count(self, kind: type[model.Item]) -> int:
        """How many open rows of a kind there are."""
        return int(self.database.rows(f"SELECT count(*) FROM {model.kind_of(kind)} WHERE until = 0")[0][0])

    def secret(self) -> str:
        """The store's secret, for a full export."""
        return self.marks.secret.hex()


def each_kind() -> Sequence[items.Spec]:
    """Every kind's spec, in the order of KINDS."""
    return tuple(items.SPECS.values())
