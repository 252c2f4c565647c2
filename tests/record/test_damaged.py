"""If a store's file or tables are damaged, `verify` says where and checks the rest."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from hotpapers.base.errors import CorruptStore
from hotpapers.base.model import Account
from hotpapers.record import Record
from tests.cli.run import run
from tests.record import made
from tests.record.made import AT

ACCOUNT = Account(account="x:7", handle="made_up_fern", observed_at=AT)


def test_a_row_whose_text_is_no_text_is_named_and_the_rest_is_checked(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.rich(record)
        record.database.run("UPDATE post SET text = CAST(x'ff' AS TEXT) WHERE id = 2")
        record.database.run("DELETE FROM tally WHERE id = 1")
    ran = run("verify", "--all", "--store", sqlite_url)
    assert ran.status == 1 and not ran.err
    assert "changed: post row 2 (not in the form in which rows are written)" in ran.out and "removed: tally " in ran.out


@pytest.mark.parametrize(
    ("column", "value"), [("key", b"x:1"), ("salt", "sixteen letters."), ("salt", 2**62), ("since", "one")]
)
def test_an_identity_of_other_types_is_named(sqlite_url: str, column: str, value: object) -> None:
    """A flipped bit may change a value's type, whatever the table's definition says."""
    with Record(sqlite_url) as record:
        made.rich(record)
    _write_any(sqlite_url, "identity", column, value, "id = 3")
    ran = run("verify", "--all", "--store", sqlite_url)
    assert ran.status == 1 and "internal error" not in ran.err
    assert "changed: identity 3" in ran.out


def test_another_definition_of_a_table_is_named(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.rich(record)
        record.database.run("PRAGMA writable_schema = ON")
        record.database.run("UPDATE sqlite_schema SET sql = sql || ' WHERE id > 0' WHERE name = 'post_key'")
    ran = run("verify", "--all", "--store", sqlite_url)
    assert ran.status == 1 and "damaged: the tables or indexes differ from those that the program makes" in ran.out


def test_a_damaged_manifest_ends_an_export_with_what_to_do(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.rich(record)
        record.database.run("UPDATE batch SET manifest = x'00' WHERE position = 1")
    ran = run("export", "--store", sqlite_url)
    assert ran.status == 1 and "batch 1 is missing or damaged; restore a backup" in ran.err


def test_postgresql_says_what_it_did_not_check(postgres_url: str) -> None:
    with Record(postgres_url) as record:
        made.rich(record)
        extension = record.database.rows("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'")
        before = record.database.full_integrity()
        assert before.damaged == () and "amcheck" in before.unchecked
        if extension:
            record.database.run("CREATE EXTENSION amcheck")
            assert record.database.full_integrity() == ((), "")
    ran = run("verify", "--all", "--store", postgres_url)
    assert ran.status == 0 and ("not checked" in ran.out) == (not extension)


def test_nothing_is_written_about_an_account_whose_salt_has_another_type(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append([ACCOUNT], source="test")
        assert record.database.rows("SELECT key FROM identity WHERE id = 1") == [(ACCOUNT.account,)]
    _write_any(sqlite_url, "identity", "salt", 2**62, "id = 1")
    with Record(sqlite_url) as record, pytest.raises(CorruptStore, match="salt of an identity is damaged"):
        record.append([msgspec.structs.replace(ACCOUNT, name="Fern", observed_at=AT + 1)], source="test")


@pytest.mark.parametrize("column", ["manifest", "chain"])
def test_a_batch_of_other_types_is_named(sqlite_url: str, column: str) -> None:
    with Record(sqlite_url) as record:
        made.rich(record)
    _write_any(sqlite_url, "batch", column, 2**62, "position = 2")
    ran = run("verify", "--all", "--store", sqlite_url)
    assert ran.status == 1 and not ran.err
    assert "changed: batch 2" in ran.out


@pytest.mark.long
def test_no_value_of_another_type_is_more_than_a_finding(tmp_path: Path) -> None:
    """In any column of any table, whatever reads it."""
    file = tmp_path / "hotpapers.db"
    with Record(str(file)) as record:
        made.rich(record)
        columns = record.database.rows(
            "SELECT m.name, c.name, c.type, (SELECT name FROM pragma_table_info(m.name))"
            " FROM sqlite_schema AS m, pragma_table_info(m.name) AS c"
            " WHERE m.type = 'table' AND m.sql LIKE '% STRICT' AND NOT (c.pk AND c.type = 'INTEGER')"
        )
        filled = [row for row in columns if record.database.rows(f"SELECT 1 FROM {row[0]} LIMIT 1")]
    assert len(filled) > 100
    intact = file.read_bytes()
    for table, column, kind, first in filled:
        file.write_bytes(intact)
        where = f"{first} = (SELECT max({first}) FROM {table})"
        _write_any(str(file), table, column, 0.5 if kind == "BLOB" else b"\xff", where)
        ran = run("verify", "--all", "--store", file)
        assert ran.status == 1, (table, column, ran)
        assert "damaged: " in ran.out or ran.err.endswith("restore a backup\n"), (table, column, ran)


def _write_any(sqlite_url: str, table: str, column: str, value: object, where: str) -> None:
    """Writes a value of any type, which the table's definition would not allow."""
    with closing(apsw.Connection(sqlite_url.removeprefix("sqlite:///"))) as connection:
        define = "UPDATE sqlite_schema SET sql = ? WHERE name = ?"
        sql = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).get
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(define, (sql.removesuffix("STRICT"), table))
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(define, (sql, table))
