"""Servers that are away, restricted, full or set up otherwise: each gives a clear error, and nothing is lost."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any, cast

import pytest

from hotpapers.base import errors, model
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.record import open_database
from hotpapers.wings.postgres import server_store
from tests.postgres import with_database
from tests.record import made, workers
from tests.record.test_faults import shared_store


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(errors.UnreachableStore, match="check that the server is running") as problem:
        Record(f"postgresql://ada:hunter2@127.0.0.1:{port}/tea?password=hunter2")
    assert "hunter2" not in str(problem.value) and "ada:…@" in str(problem.value)


def test_a_database_that_is_not_there(postgres_url: str) -> None:
    with pytest.raises(errors.UnreachableStore, match="does not exist"):
        Record(f"{postgres_url}_none")


def test_a_client_that_asks_for_another_encoding(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment, the role or the address may ask for one."""
    shared_store(postgres_url).database.close()
    for encoding in ("LATIN1", "SQL_ASCII"):
        monkeypatch.setenv("PGCLIENTENCODING", encoding)
        with Record(f"{postgres_url}?client_encoding={encoding}") as record:
            assert len(made.everything(record)) > 20 and not made.verified(record).findings


@pytest.mark.parametrize("isolation", ["repeatable%5C%20read", "serializable"])
def test_a_server_with_another_default_isolation(postgres_url: str, isolation: str) -> None:
    """The role or the database may set one. A writer must see what the one that it waited for has written."""
    url = f"{postgres_url}?options=-cdefault_transaction_isolation%3D{isolation}"
    with Record(url) as record, Record(url) as other, ThreadPoolExecutor() as threads:
        later_batches = []

        def write_later() -> None:
            later_batches.append(threads.submit(other.append, workers.cover(1, 0), source="other"))
            while not record.database.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                time.sleep(0.01)

        with record.batch() as batch:
            write_later()
            batch.append(workers.cover(0, 0), source="test", at=0)
        later_batches[0].result()
        assert record.head.position == 2 and not made.verified(record).findings


def test_a_server_whose_strings_are_not_standard(postgres_url: str) -> None:
    with Record(f"{postgres_url}?options=-cstandard_conforming_strings%3Doff") as record:
        posts = [
            model.Post(post=f"x:{n}", network="x", account="x:1", created_at=n, text="tea", observed_at=n)
            for n in range(2 * server_store.COPIED_FROM)
        ]
        record.append(posts, source="test")
        assert not made.verified(record).findings


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_all_text_is_refused(bare_postgres_url: str, encoding: str) -> None:
    name = f"{bare_postgres_url.rpartition('/')[2].partition('?')[0]}_{encoding.lower()}"
    database = open_database(bare_postgres_url)
    try:
        database.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
        with pytest.raises(errors.StoreError, match=f"encoding is {encoding}.*ENCODING 'UTF8'"):
            Record(with_database(bare_postgres_url, name))
    finally:
        database.run(f"DROP DATABASE IF EXISTS {name}")
        database.close()


def test_a_role_whose_schemas_are_not_there(postgres_url: str) -> None:
    with pytest.raises(errors.StoreError, match="no schema in this role's search_path"):
        Record(f"{postgres_url}?options=-csearch_path%3Dnowhere")


def test_a_schema_whose_name_needs_quotes(postgres_url: str) -> None:
    with Record(postgres_url) as owner:
        owner.database.run('CREATE SCHEMA "Hot Papers"')
        if owner.database.rows("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'"):
            owner.database.run("CREATE EXTENSION amcheck")
    with shared_store(f"{postgres_url}?options=-csearch_path%3D%22Hot%5C%20Papers%22,public") as record:
        assert not made.verified(record).findings and not record.database.full_integrity().damaged
        assert forget_key(record, made.all_rows(record, model.Post)[0].post).rows  # type: ignore[attr-defined]


def test_a_statement_that_the_server_ends_is_not_taken_for_a_server_that_is_away(postgres_url: str) -> None:
    with Record(postgres_url) as record:
        record.database.run("SET statement_timeout = 20")
        with pytest.raises(errors.StoreError, match=r"statement canceled: .*statement timeout$") as problem:
            record.database.rows("SELECT pg_sleep(5)")
        assert not isinstance(problem.value, errors.UnreachableStore)


def test_a_server_that_goes_away_in_the_middle(postgres_url: str) -> None:
    with shared_store(postgres_url) as record:
        with Record(postgres_url) as other:
            pid = record.database.rows("SELECT pg_backend_pid()")[0][0]
            with pytest.raises(errors.UnreachableStore), record.database.write():
                record.database.run("DELETE FROM coverage")
                other.database.rows("SELECT pg_terminate_backend(?)", (pid,))
                record.database.run("DELETE FROM post")
            assert other.count(model.Coverage) == 1 and not made.verified(other).findings
        with pytest.raises(errors.UnreachableStore):
            record.database.rows("SELECT 1")


def test_an_empty_database_stays_empty_unless_a_store_may_be_created(bare_postgres_url: str) -> None:
    with pytest.raises(errors.NotFound, match="no store in this database; `hotpapers init`"):
        Record(bare_postgres_url, create=False)
    database = open_database(bare_postgres_url)
    assert database.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    database.close()
    Record(bare_postgres_url).database.close()
    Record(bare_postgres_url, create=False).database.close()


def test_another_programs_database_on_a_server(bare_postgres_url: str) -> None:
    database = open_database(bare_postgres_url)
    database.run("CREATE TABLE theirs (name text)")
    with pytest.raises(errors.NotAStore, match="belongs to another program; choose another"):
        Record(bare_postgres_url)
    for table in ("meta", "batch", "snapshot"):
        database.run(f"CREATE TABLE {table} (name text, value text)")
    with pytest.raises(errors.NotAStore):
        Record(bare_postgres_url)
    assert database.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(4,)]
    database.close()


def test_a_server_whose_disk_is_full_or_damaged(postgres_url: str) -> None:
    """The server's own errors, raised by the server."""
    with Record(postgres_url) as record:
        for code, problem in (
            ("disk_full", errors.FullStore), ("data_corrupted", errors.CorruptStore),
            ("deadlock_detected", errors.BusyStore), ("insufficient_privilege", errors.ReadOnlyStore),
        ):  # fmt: skip
            raising = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"
            with pytest.raises(problem), record.database.write():
                record.database.run("DELETE FROM meta")
                record.database.run(raising)
            assert record.database.rows("SELECT count(*) FROM meta") == [(2,)]


def test_a_server_that_cannot_write_its_tables_anew_says_what_is_done(postgres_url: str) -> None:
    with shared_store(postgres_url) as record, Record(postgres_url) as other:
        record.database.run("SET lock_timeout = 200")
        key = made.all_rows(record, model.Post)[0].post  # type: ignore[attr-defined]
        with other.database.snapshot():
            other.database.rows("SELECT count(*) FROM post")
            with pytest.raises(errors.BusyStore, match=r"forgotten, but the tables .* run the same command again"):
                forget_key(record, key)
        record.database.run("SET lock_timeout = 30000")  # other tests write on this server now and then
        assert forget_key(record, key).rows == 0


def test_a_role_that_may_not_write_the_tables_anew_says_what_is_done(postgres_url: str) -> None:
    """The server only warns that it skips the tables of others."""
    role = f"hotpapers_test_{os.getpid()}"
    with shared_store(postgres_url) as record:
        key = made.all_rows(record, model.Post)[0].post  # type: ignore[attr-defined]
        record.database.run(f"CREATE ROLE {role}")
        try:
            record.database.run(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
            record.database.run(f"SET ROLE {role}")
            with pytest.raises(
                errors.ReadOnlyStore, match=r"forgotten, but the tables .*skipping.* run the same command"
            ):
                forget_key(record, key)
        finally:
            record.database.run("RESET ROLE")
            record.database.run(f"DROP OWNED BY {role}")
            record.database.run(f"DROP ROLE {role}")
        assert forget_key(record, key).rows == 0


def test_a_server_that_only_lets_read(postgres_url: str) -> None:
    shared_store(postgres_url).database.close()
    with Record(f"{postgres_url}?options=-cdefault_transaction_read_only%3Don") as record:
        assert len(made.everything(record)) > 20
        with pytest.raises(errors.ReadOnlyStore, match="cannot be written"):
            record.append(workers.cover(0, 0), source="test")


class CollectingParams(list[object]):
    """Parameters of a statement, while whose conversion the garbage collector runs."""

    def __len__(self) -> int:
        gc.collect()
        return super().__len__()


class Holder:
    """Holds a generator in a cycle, so only the garbage collector closes it."""

    def __init__(self, generator: Iterator[object]) -> None:
        self.generator, self.myself = generator, self


def in_a_snapshot(record: Record) -> Iterator[object]:
    with record.database.snapshot():
        yield from ({} for _ in range(3))


def rows_one_by_one(record: Record) -> Iterator[object]:
    return record.database.iterate("SELECT * FROM generate_series(1, 5000)")


@pytest.mark.parametrize("abandoned", [rows_one_by_one, in_a_snapshot])
def test_a_generator_that_is_collected_while_a_statement_runs(
    postgres_url: str, abandoned: Callable[[Record], Iterator[object]]
) -> None:
    with shared_store(postgres_url) as record:
        answers = list[object]()

        def work() -> None:
            generator = abandoned(record)
            next(generator)
            Holder(generator)
            del generator
            answers.extend(record.database.rows("SELECT ?::int", cast(Any, CollectingParams([7]))))
            answers.extend(record.database.rows("SELECT count(*) FROM pg_cursors"))

        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(30)
        assert answers == [(7,), (0,)]
        with record.database.write():  # no transaction is left open
            assert record.database.rows("SELECT 1") == [(1,)]
