"""Tampering, in both databases: any single change by raw SQL, in any table and column, is detected and named."""

from __future__ import annotations

import re
from itertools import permutations
from math import inf
from typing import Any

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore
from hotpapers.record import Record
from hotpapers.record.batches import load_manifest
from hotpapers.record.commitments import SALT
from hotpapers.record.database import Database
from hotpapers.record.identities import IdentityRow, identities_between, is_paper, is_pseudonym
from hotpapers.record.item_rows import (
    SPECS,
    KeyedHasher,
    KindSpec,
    read_row,
    select_columns,
)
from hotpapers.record.manifest import CHECK, HASH, Manifest, RowName, build_manifest, pack
from hotpapers.record.verify import check_chain, check_record, name_of
from tests.record import made


@pytest.fixture
def record(varied_record: Record) -> Record:
    """The record; every test must leave it unchanged."""
    return varied_record


def others(value: Any, column: str) -> list[Any]:
    """Other values for a column."""
    if value is None:
        texts: dict[str, list[Any]] = {"salt": [bytes(16)], "redacted": ["{}", '{"text":"ab"}']}
        return texts.get(column, [1])
    if isinstance(value, int):
        return [value + 7, value - 7] if value else [1, -1]
    if isinstance(value, bytes | memoryview):
        return [bytes([bytes(value)[0] ^ 1]) + bytes(value)[1:], None] if column == "salt" else [b"\0" + bytes(value)]
    if value.startswith(("[", "{")):
        return [value[0] + " " + value[1:], "not JSON", value[:-1] + ',"x"' + value[-1] if len(value) > 2 else '["x"]']
    return [value + "x", "~" + value[1:]] if value else ["x"]


def one_row(database: Database, spec: KindSpec) -> tuple[Any, ...]:
    """A row of a kind; for posts a redacted one, because it can be changed in the most ways."""
    order = "CASE WHEN redacted IS NULL THEN 1 ELSE 0 END, id" if spec.type is model.Post else "id DESC"
    rows = database.rows(f"SELECT {select_columns(spec)} FROM {spec.kind} ORDER BY {order} LIMIT 1")
    return rows[0]


def as_stored(database: Database, spec: KindSpec, number: int) -> tuple[Any, ...]:
    """A row's columns, with the numbers of the identities that it names."""
    names = ", ".join(f'"{column}"' for column in spec.columns)
    return database.rows(f"SELECT {names} FROM {spec.kind} WHERE id = ?", (number,))[0]


def named_in(spec: KindSpec) -> frozenset[str]:
    """The columns of a kind that contain an identity's number."""
    return frozenset(spec.identities) | ({"voice"} if spec.type is model.Post else set())


def other_numbers(database: Database, value: int) -> list[int]:
    """The numbers of other identities: one of each sort, and nobody's."""
    like = "arxiv:%", "%:~%", "%/app.bsky.feed.post/%", "bluesky:did:%"
    sql = "SELECT max(id) FROM identity WHERE id <> ? AND key LIKE ?"
    numbers = [int(database.rows(sql, (value, sort))[0][0]) for sort in like]
    return [*numbers, *([0] if value else [])]


def label_of(database: Database, spec: KindSpec, number: int) -> str:
    """The row's current name in findings; empty if it cannot be read."""
    rows = database.rows(f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE id = ?", (number,))
    try:
        return name_of(read_row(spec, rows[0]).label)
    except CorruptStore:
        return ""


@pytest.mark.long
def test_every_change_of_every_column_of_every_kind_is_named(record: Record) -> None:
    database = record.database
    for spec in SPECS.values():
        number = int(one_row(database, spec)[0])
        name, row = label_of(database, spec, number), as_stored(database, spec, number)
        for column, value in zip(spec.columns[1:], row[1:], strict=True):
            numbers = other_numbers(database, value) if column in named_in(spec) else []
            for other in [*others(value, column), *numbers]:
                update = f'UPDATE {spec.kind} SET "{column}" = ? WHERE id = ?'
                try:
                    database.run(update, (other, row[0]))
                except Exception as refused:  # the database's own constraints: NOT NULL, column types
                    assert other is None or column in ("redacted", "salt"), refused
                    continue
                findings = check_record(database, record.hasher).findings
                assert findings, (spec.kind, column, value, other)
                assert len(findings) <= 4, findings
                names = (f"{spec.kind} row {number} ", label_of(database, spec, number) or name, name)
                assert any(f.name.startswith(names) for f in findings), findings
                database.run(update, (value, row[0]))
    assert not made.verified(record).findings


@pytest.mark.long
def test_every_kind_of_row_removed_or_added_is_named(record: Record) -> None:
    database = record.database
    for spec in SPECS.values():
        number = int(one_row(database, spec)[0])
        name, row = label_of(database, spec, number), as_stored(database, spec, number)
        database.run(f"DELETE FROM {spec.kind} WHERE id = ?", (number,))
        finding = f"removed: {spec.kind} row {number} of batch {row[-2]}"
        assert [str(f) for f in check_record(database, record.hasher).findings] == [finding]
        names = ", ".join(f'"{column}"' for column in spec.columns)
        insert = f"INSERT INTO {spec.kind} ({names}) VALUES ({', '.join('?' * len(spec.columns))})"
        database.run(insert, row)
        assert not check_record(database, record.hasher).findings
        again = list(row)
        again[0] = database.rows(f"SELECT max(id) + 1 FROM {spec.kind}")[0][0]
        for since in (row[-2], row[-2] + 1, record.head.position, record.head.position + 9):
            again[-2:] = [since, 99]
            database.run(insert, again)
            assert f"added: {name}" in [str(f) for f in check_record(database, record.hasher).findings], spec.kind
            database.run(f"DELETE FROM {spec.kind} WHERE id = ?", (again[0],))
    assert not made.verified(record).findings


def test_a_forgotten_row_cannot_be_filled_again(record: Record) -> None:
    """Its remains are sealed: new words, a new salt and other commitments are all noticed."""
    database = record.database
    spec = SPECS[model.Post]
    rows = database.rows(f"SELECT {select_columns(spec)} FROM post WHERE redacted IS NOT NULL ORDER BY id")
    whole = next(row for row in rows if read_row(spec, row).is_forgotten)
    name = name_of(read_row(spec, whole).label)
    [(account,)] = database.rows("SELECT max(account) FROM post")
    changes = {
        "text": "words", "handle": "ada", "redacted": None, "salt": bytes(16), "voice": account, "account": account,
        "reply_to": account, "quotes": account, "text_fingerprint": 5,
    }  # fmt: skip
    for column, other in changes.items():
        value = database.rows(f"SELECT {column} FROM post WHERE id = ?", (whole[0],))[0][0]
        database.run(f"UPDATE post SET {column} = ? WHERE id = ?", (other, whole[0]))
        assert [str(f) for f in check_record(database, record.hasher).findings] == [f"changed: {name}"], column
        database.run(f"UPDATE post SET {column} = ? WHERE id = ?", (value, whole[0]))


# ---- identities ------------------------------------------------------------------------------------------


def naming(database: Database, number: int) -> set[str]:
    """The current names, in findings, of the rows that name an identity."""
    return {
        label_of(database, spec, row)
        for spec in SPECS.values()
        for column in sorted(named_in(spec))
        for (row,) in database.rows(f'SELECT id FROM {spec.kind} WHERE "{column}" = ?', (number,))
    }


def one_of_each_sort(database: Database) -> dict[str, IdentityRow]:
    """Nobody, a paper, a post, an account, a forgotten post and account, and an identity that is only named."""
    nobody, *rows = identities_between(database, 0, 2**62)
    erased = [row for row in rows if row.commitment is not None]
    whole = [row for row in rows if row.commitment is None and not is_pseudonym(row.key)]
    posts = {number for (number,) in database.rows("SELECT post FROM post")}
    accounts = {number for (number,) in database.rows("SELECT account FROM post")}
    return {
        "nobody": nobody,
        "paper": next(row for row in whole if is_paper(row.key)),
        "post": next(row for row in whole if row.number in posts),
        "account": next(row for row in whole if row.number in accounts),
        "forgotten post": next(row for row in erased if row.number in posts),
        "forgotten account": next(row for row in erased if row.number in accounts),
        "only named": next(row for row in whole if row.number not in posts | accounts and not is_paper(row.key)),
    }


@pytest.mark.long
def test_every_change_of_every_column_of_every_sort_of_identity_is_named(record: Record) -> None:
    """By its number if the change shows in the identity alone, otherwise by the rows that name it."""
    database = record.database
    columns = ("key", "salt", "commitment", "since")
    for sort, row in one_of_each_sort(database).items():
        for column, value in zip(columns, row[1:], strict=True):
            for other in other_secrets(row) if column in ("salt", "commitment") else others(value, column):
                update = f"UPDATE identity SET {column} = ? WHERE id = ?"
                before = naming(database, row.number)
                if other == value:
                    continue
                database.run(update, (other, row.number))
                findings = check_record(database, record.hasher).findings
                names = {f"identity {row.number}", *before, *naming(database, row.number)} - {""}
                assert findings, (sort, column, value, other)
                for finding in findings:
                    is_row = re.match(r"(\w+) row (\d+) ", finding.name)
                    assert is_row or finding.name in names, (sort, column, finding)
                assert any(finding.what == "changed" for finding in findings), (sort, column, findings)
                database.run(update, (value, row.number))
    assert not made.verified(record).findings


def other_secrets(row: IdentityRow) -> list[bytes | None]:
    """Other values for an identity's salt or commitment."""
    secret = row.salt or row.commitment or bytes(SALT)
    return [None, bytes(SALT), bytes(HASH), b"", secret[:-1], bytes([secret[0] ^ 1]) + secret[1:]]


@pytest.mark.long
def test_every_identity_removed_or_added_is_named(record: Record) -> None:
    database = record.database
    insert = "INSERT INTO identity VALUES (?, ?, ?, ?, ?)"
    for row in one_of_each_sort(database).values():
        database.run("DELETE FROM identity WHERE id = ?", (row.number,))
        assert f"removed: identity {row.number}" in found_in(record)
        for other in ((row.key, bytes(SALT), None), ("x:@somebody_else", row.salt, row.commitment)):
            database.run(insert, (row.number, *other, row.since))
            assert found_in(record), "another one does not take its place"
            database.run("DELETE FROM identity WHERE id = ?", (row.number,))
        database.run(insert, row)
        assert not found_in(record)
    number = int(database.rows("SELECT max(id) + 1 FROM identity")[0][0])
    for key, salt, commitment in (
        ("x:@nobody", bytes(SALT), None), ("arxiv:2103.77777", None, None), ("x:~ab", None, bytes(HASH)),
    ):  # fmt: skip
        for since in (0, 1, record.head.position, record.head.position + 9):
            database.run(insert, (number, key, salt, commitment, since))
            assert found_in(record) == [f"added: identity {number}"]
            database.run("DELETE FROM identity WHERE id = ?", (number,))
    assert not made.verified(record).findings


def test_identities_that_are_not_there_are_named_together(record: Record) -> None:
    """However many a manifest claims, and without listing them all."""
    database = record.database
    for (position,) in database.rows("SELECT position FROM batch ORDER BY position DESC"):
        listed = load_manifest(database, position)
        if listed.identities[1]:
            break
    first, count = listed.identities
    for many, names in ((count + 1, f"identity {first + count}"),
                       (5_000_000, f"identities {first + count} to {first + 4_999_999}")):  # fmt: skip
        other = msgspec.structs.replace(listed, identities=(first, many))
        database.run("UPDATE batch SET manifest = ? WHERE position = ?", (pack(other), position))
        assert found_in(record) == [f"removed: {names}"]
    database.run("UPDATE batch SET manifest = ? WHERE position = ?", (pack(listed), position))
    assert not made.verified(record).findings


def found_in(record: Record) -> list[str]:
    return [str(finding) for finding in check_record(record.database, record.hasher).findings]


@pytest.mark.long
def test_two_identities_cannot_change_places(record: Record) -> None:
    """Neither their keys, nor their keys and salts together: every row would name the other one."""
    database, sorts = record.database, one_of_each_sort(record.database)
    update = "UPDATE identity SET key = ?, salt = ?, commitment = ? WHERE id = ?"
    for left, right in permutations(sorts.values(), 2):
        for with_secrets in (False, True):
            first, second = (right, left) if with_secrets else (left, right)
            names = naming(database, left.number) | naming(database, right.number)
            database.run(update, ("x:@in_between", None, None, left.number))
            database.run(update, (left.key, second.salt, second.commitment, right.number))
            database.run(update, (right.key, first.salt, first.commitment, left.number))
            names |= naming(database, left.number) | naming(database, right.number)
            flaws = check_record(database, record.hasher).findings
            assert {finding.name for finding in flaws} & {*names, f"identity {left.number}", f"identity {right.number}"}
            database.run(update, ("x:@in_between", None, None, left.number))
            for row in (right, left):
                database.run(update, (row.key, row.salt, row.commitment, row.number))
    assert not made.verified(record).findings


def test_nobody_cannot_become_somebody(sqlite_url: str) -> None:
    """Not even in a record where no row names nobody, so that no row shows it."""
    with Record(sqlite_url) as record:
        [paper, _] = made.paper_with_announcement(1, made.moment("2021-01-14 12:00"))
        record.append([paper], source="test")
        record.database.run("UPDATE identity SET key = 'x:9', salt = ? WHERE id = 0", (bytes(SALT),))
        assert found_in(record) == ["changed: identity 0"]


def test_a_forgotten_identity_cannot_be_filled_again(record: Record) -> None:
    """It cannot get another's pseudonym or commitment, nor a key and a salt."""
    database, sorts = record.database, one_of_each_sort(record.database)
    update = "UPDATE identity SET key = ?, salt = ?, commitment = ? WHERE id = ?"
    for row in (sorts["forgotten post"], sorts["forgotten account"]):
        assert row.salt is None and row.commitment is not None and is_pseudonym(row.key)
        changed = f"changed: identity {row.number}"
        other = row.key[:-1] + ("0" if row.key[-1] != "0" else "1")
        for key in (other, "x:@made_up_taro", "x:" + row.key):
            database.run(update, (key, None, row.commitment, row.number))
            assert found_in(record) == [changed], "another pseudonym, or a key again"
        for salt, commitment in ((bytes(SALT), None), (bytes(SALT), row.commitment), (None, None)):
            database.run(update, (row.key, salt, commitment, row.number))
            assert changed in found_in(record), "a salt again"
        database.run(update, ("x:@made_up_taro", bytes(SALT), None, row.number))
        assert changed in found_in(record), "a key with a salt"
        database.run(update, (row.key, None, bytes(HASH), row.number))
        rows = {f"changed: {name}" for name in naming(database, row.number)}
        assert set(found_in(record)) == rows != set(), "another commitment"
        database.run(update, (row.key, None, row.commitment, row.number))
    whole = sorts["account"]
    secret = bytes.fromhex(whole.committed)
    database.run(update, (whole.key, None, secret, whole.number))
    assert found_in(record) == [f"changed: identity {whole.number}"], "a commitment where nothing was forgotten"
    database.run(update, (whole.key, whole.salt, None, whole.number))
    assert not made.verified(record).findings


# ---- batches, cursors, tombstones ------------------------------------------------------------------------


def test_every_change_of_every_batch_is_named(record: Record) -> None:
    database = record.database
    for (position,) in database.rows("SELECT position FROM batch ORDER BY 1"):
        row = database.rows(
            "SELECT at, source, cursor, items, manifest, chain FROM batch WHERE position = ?", (position,)
        )[0]
        for column, value in zip(("at", "source", "cursor", "items", "manifest", "chain"), row, strict=True):
            other: Any = {"at": 1, "source": "me", "cursor": "7", "items": 99}.get(column, b"\0" * 40)
            database.run(f"UPDATE batch SET {column} = ? WHERE position = ?", (other, position))
            findings = [str(f) for f in check_chain(database, seconds=inf).findings]
            assert f"changed: batch {position}" in findings, (position, column)
            database.run(f"UPDATE batch SET {column} = ? WHERE position = ?", (value, position))
    assert not made.verified(record).findings


@pytest.mark.long
def test_every_batch_removed_or_added_is_named(record: Record) -> None:
    database = record.database
    names = "position, at, source, cursor, items, manifest, chain"
    insert = f"INSERT INTO batch ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)"
    for row in database.rows(f"SELECT {names} FROM batch ORDER BY 1"):
        database.run("DELETE FROM batch WHERE position = ?", (row[0],))
        findings = [str(f) for f in check_record(database, record.hasher).findings]
        last = row[0] == record.head.position + 1
        assert last or f"removed: batch {row[0]}" in findings
        assert findings, row
        database.run(insert, row)
    position = record.head.position + 1
    database.run(insert, (position, *row[1:]))
    assert f"changed: batch {position}" in [str(f) for f in check_record(database, record.hasher).findings]
    database.run("DELETE FROM batch WHERE position = ?", (position,))
    assert not made.verified(record).findings


def test_a_manifest_whose_chain_still_holds_is_compared_with_the_rows(record: Record) -> None:
    """Numbers, checks, identities and origins are not in the chain, so changes to them show only against the rows."""
    database = record.database
    listed = load_manifest(database, 1)
    rows = list(listed.rows())
    checks = [listed.check(index) for index in range(len(rows))]
    (first, count), (kind, number) = listed.identities, rows[-1]

    def with_rows(rows: list[RowName], checks: list[bytes], **fields: Any) -> Manifest:
        relisted = build_manifest(rows, checks, identities=listed.identities, **fields)
        return msgspec.structs.replace(relisted, root=listed.root, persons=listed.persons)

    assert with_rows(rows, checks) == listed and count > 1
    tampered = {
        "short": with_rows(rows[:-1], checks[:-1]),
        "swapped": with_rows([rows[1], rows[0], *rows[2:]], checks),
        "another number": with_rows([*rows[:-1], (kind, number + 1000)], checks),
        "another kind": with_rows([*rows[:-1], ("tally", number + 1000)], checks),
        "another check": with_rows(rows, [bytes(CHECK), *checks[1:]]),
        "another origin": with_rows(rows, checks, origins=[5] + [0] * (len(rows) - 1)),
        "fewer identities": msgspec.structs.replace(listed, identities=(first, count - 1)),
        "other identities": msgspec.structs.replace(listed, identities=(first + 1, count)),
        "no identities": msgspec.structs.replace(listed, identities=(0, 0)),
        "one more erased": msgspec.structs.replace(listed, erased=[(1, 0, "x:~ab")]),
    }
    for what, other in tampered.items():
        database.run("UPDATE batch SET manifest = ? WHERE position = 1", (pack(other),))
        findings = check_record(database, record.hasher).findings
        assert any(f.what in ("changed", "added", "removed") for f in findings), what
    database.run("UPDATE batch SET manifest = ? WHERE position = 1", (pack(listed),))
    assert not check_record(database, record.hasher).findings


def test_cursors_and_tombstones_are_as_the_batches_say(record: Record) -> None:
    database = record.database

    def findings() -> list[str]:
        return [str(finding) for finding in check_chain(database, seconds=inf).findings]

    database.run("UPDATE cursor SET cursor = '7' WHERE source = 'bluesky'")
    assert findings() == ["changed: cursor of bluesky"]
    database.run("UPDATE cursor SET cursor = '2' WHERE source = 'bluesky'")
    database.run("INSERT INTO cursor VALUES ('me', '1', 1)")
    assert findings() == ["changed: cursor of me"]
    database.run("DELETE FROM cursor WHERE source = 'me'")
    [(mark, at), *_] = database.rows("SELECT mark, at FROM tombstone ORDER BY mark")
    database.run("DELETE FROM tombstone WHERE mark = ?", (mark,))
    assert findings() == [f"removed: tombstone {mark}"]
    database.run("INSERT INTO tombstone VALUES (?, ?)", (mark, at))
    database.run("INSERT INTO tombstone VALUES ('ff', 0)")
    assert findings() == ["added: tombstone ff"]
    database.run("DELETE FROM tombstone WHERE mark = 'ff'")
    assert findings() == []


def test_another_secret_is_noticed(record: Record) -> None:
    """The marks of texts are keyed by the store's secret, and the chain begins with it."""
    findings = check_record(record.database, KeyedHasher(b"ab" * 16)).findings
    assert any(finding.name.startswith("post ") for finding in findings)
