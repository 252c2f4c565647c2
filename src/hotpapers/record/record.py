"""`Record`: open a store, write batches, view it at a moment."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from hotpapers.base import errors, model
from hotpapers.base.installed import hooks_of
from hotpapers.base.wings import DatabaseKind, load_object
from hotpapers.record import batches, identities, item_rows, manifest, raw_archive, reparse, schema, sqlite, tombstones
from hotpapers.record.as_of import AsOfView
from hotpapers.record.batches import BatchWriter, WrittenBatch
from hotpapers.record.database import CREATED_BY, Database, first_value, without_password
from hotpapers.record.meta import SECRET, read_meta, write_meta
from hotpapers.record.parsing import ParsedPayload, Parser, parse_payload


def current_time() -> int:
    """The current time, in microseconds UTC. The record reads the clock only here."""
    return time.time_ns() // 1000


def is_server(store: str) -> bool:
    """Whether a store is a database on a server rather than a file."""
    return "://" in store and not store.startswith("sqlite:///")


def store_path(store: str) -> Path:
    """The file of a SQLite store."""
    return Path(store.removeprefix("sqlite:///"))


def open_database(store: str, *, create: bool = True) -> Database:
    """Open the database at `path`, `sqlite:////absolute/path` or an address that a wing knows."""
    if is_server(store):
        kinds = {kind.scheme: kind.place for kind in hooks_of(DatabaseKind)}
        if place := kinds.get(store.partition("://")[0]):
            database: Database = load_object(place)(store, create=create)
            return database
        raise errors.UsageError(
            f"{without_password(store)}: a store is a path, sqlite:////absolute/path or postgresql://…; no wing that "
            "is installed opens this address: `hotpapers wings`"
        )
    path = store_path(store)
    if path.is_dir():
        raise errors.UsageError(f"{path}: is a folder; name a file in it, such as {path / 'hotpapers.db'}")
    if not path.exists() and not create:
        raise errors.NotFound(f"{path}: no such store; {CREATED_BY}")
    if not create and not path.stat().st_size:
        raise errors.NotFound(
            f"{path}: an empty file, not a store; if it was one, restore a backup: hotpapers backup --restore"
        )
    if not path.parent.is_dir():
        raise errors.UsageError(f"{path.parent}: no such folder for the store; create it first")
    return sqlite.SqliteDatabase(path)


class Record:
    """All items of a store and their history. Use as a context manager."""

    def __init__(self, store: str, *, create: bool = True) -> None:
        self.database = open_database(store, create=create)
        try:
            self.database.migrate(schema.MIGRATIONS)
            self.hasher = item_rows.KeyedHasher(self._secret())
            self._recent = identities.IdentityCache(self.database)
            self._tombstones = tombstones.NOTHING_FORGOTTEN
        except BaseException:
            self.database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def _secret(self) -> bytes:
        """The store's secret, made first in a new store. Raises CorruptStore."""
        text = read_meta(self.database, SECRET)
        if text is None:
            with self.database.write():
                # another process may have made it meanwhile, and may even have written items
                text = read_meta(self.database, SECRET)
                if text is None:
                    if self.head.position:
                        raise errors.CorruptStore(f"{self.database.where}: its secret is missing; restore a backup")
                    text = secrets.token_hex(32)
                    write_meta(self.database, SECRET, text)
        try:
            return bytes.fromhex(text)
        except ValueError as problem:
            raise errors.CorruptStore(f"{self.database.where}: its secret is damaged; restore a backup") from problem

    def adopt_secret(self, secret: str) -> None:
        """Set the secret to that of the store being restored here. Only while the record is empty."""
        hasher = item_rows.KeyedHasher(bytes.fromhex(secret))
        with self.database.write():
            if self.head.position:
                raise errors.StoreError(f"{self.database.where}: not empty")
            write_meta(self.database, SECRET, secret)
        self.hasher = hasher

    @property
    def head(self) -> batches.ChainHead:
        """The last batch."""
        return batches.head(self.database)

    def view(self, as_of: int = model.MAX_INTEGER, position: int | None = None) -> AsOfView:
        """The record as observed up to `as_of` and known at `position`; by default everything."""
        return AsOfView(self.database, as_of, self.head.position if position is None else position)

    @contextmanager
    def batch(self) -> Iterator[BatchWriter]:
        """A transaction in which one batch is written, and nothing else at the same time. An exception undoes it."""
        with self.database.write():
            yield BatchWriter(self.database, self.hasher, self.forgotten(), self.head, self._recent)

    def append(
        self,
        items: Iterable[model.Item],
        *,
        source: str,
        at: int | None = None,
        cursor: str | None = None,
        close: Sequence[item_rows.StoredRow] = (),
    ) -> WrittenBatch:
        """Write one batch: `BatchWriter.append`, by default now."""
        with self.batch() as batch:
            return batch.append(items, source=source, at=at or current_time(), cursor=cursor, close=close)

    def ingest(
        self,
        parsed: Sequence[ParsedPayload],
        *,
        source: str,
        job: str = "",
        cursor: str | None = None,
        at: int | None = None,
    ) -> WrittenBatch:
        """Write one batch: `BatchWriter.ingest`, by default now."""
        with self.batch() as batch:
            return batch.ingest(parsed, source=source, at=at or current_time(), job=job, cursor=cursor)

    def plan_reprocess(
        self, source: str, parser: Parser, *, lasting: Collection[item_rows.ItemType]
    ) -> reparse.ReparsePlan:
        """Plans the changes that `reprocess` would make in the current record."""
        with self.database.snapshot():
            return reparse.plan_reparse(self.view(), source, partial(parse_payload, parser), lasting)

    def reprocess(
        self, source: str, parser: Parser, *, at: int | None = None, lasting: Collection[item_rows.ItemType] = ()
    ) -> WrittenBatch:
        """Parse raw payloads and quarantine again with a newer parser, in batches of `reparse.CHUNK`.

        Rows that the parser no longer returns are closed, new ones are added, even if it returns nothing. Rows from
        raw payloads that it cannot parse stay. `lasting`: kinds of which unchanged observations are not added.
        """
        total = WrittenBatch(None, 0)
        upto = 0
        parse_again = partial(parse_payload, parser)
        while True:
            with self.batch() as batch:
                if not upto:
                    raw_archive.release(batch.database, batch.forgotten, source, parse_again)
                payloads = reparse.payloads_after(batch.database, source, upto)
                latest = reparse.LatestItems(batch.view, lasting)
                stale, new, unreadable = reparse.reparse_changes(batch.view, payloads, parse_again, latest)
                written = batch.write(new, manifest.BatchStamp(at or current_time(), source), stale)._replace(
                    quarantined=unreadable
                )
            total = total.followed_by(written)
            if not payloads:
                return total
            upto = payloads[-1][0]

    def forgotten(self) -> tombstones.Tombstones:
        """The current tombstones. They are loaded again when there are more."""
        known = self._tombstones
        if known.hasher is not self.hasher or len(known.known) != tombstones.count(self.database):
            self._tombstones = known = tombstones.load(self.database, self.hasher)
        return known

    def count(self, kind: item_rows.ItemType) -> int:
        """The number of open rows of a kind."""
        return int(first_value(self.database, f"SELECT count(*) FROM {model.kind_of(kind)} WHERE until = 0"))

    def voices_of(self, accounts: Iterable[str]) -> tuple[int, ...]:
        """The voices of a publication's own accounts: their numbers, including forgotten ones."""
        return tombstones.voices_of(self.database, self.hasher, accounts)

    def secret(self) -> str:
        """The store's secret, for a full export."""
        return self.hasher.secret.hex()
