"""Tampering: one change by raw SQL, in any table, any column, is detected and named. In both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotpapers import model
from hotpapers.issues import freeze
from hotpapers.privacy.forget import forget
from hotpapers.privacy.retention import prune
from hotpapers.store import Record
from hotpapers.store.batches import load_manifest
from hotpapers.store.database import Database
from hotpapers.store.item_rows import SPECS, KeyedHasher, KindSpec, StoredRow, read_row, select_columns
from hotpapers.store.manifest import Manifest, genesis, link, pack, unpack
from hotpapers.store.verify import check, check_chain, name_of
from tests.store import made
from tests.store.made import AT, DAY_OF_ISSUE


@pytest.fixture(scope="module")
def record(module_url: str) -> Iterator[Record]:
    """A record of all kinds, with closed, forgotten and pruned rows: sound. Every test leaves it as it was."""
    with Record(module_url) as record:
        made.rich(record)
        old = made.moment("2019-06-03 12:00")
        record.append(
            [model.Snapshot(post="x:1341202937956233217", likes=n, observed_at=old + n) for n in range(2)],
            source="test", at=old,
        )  # fmt: skip
        forget(record, "x:@made_up_taro")  # a whole post
        forget(record, "x:@made_up_bo")  # a name in another's post
        assert prune(record, at=made.moment("2021-03-05 00:00")).snapshots == 1
        checked = made.verified(record)
        assert not checked.findings and checked.forgotten == 5 and checked.pruned == 1
        yield record


def others(value: Any, column: str) -> list[Any]:
    """What else might stand in a column."""
    if value is None:
        texts: dict[str, list[Any]] = {"salt": [bytes(16)], "lost": ["{}", '{"text":"ab"}']}
        return texts.get(column, [1])
    if isinstance(value, int):
        return [value + 7, value - 7] if value else [1, -1]
    if isinstance(value, bytes | memoryview):
        return [bytes([bytes(value)[0] ^ 1]) + bytes(value)[1:], None] if column == "salt" else [b"\0" + bytes(value)]
    if value.startswith(("[", "{")):
        return [value[0] + " " + value[1:], "not JSON", value[:-1] + ',"x"' + value[-1] if len(value) > 2 else '["x"]']
    return [value + "x", "~" + value[1:]] if value else ["x"]


def one_row(database: Database, spec: KindSpec) -> tuple[Any, ...]:
    """A row of a kind; of posts a redacted one, of which there are the most ways to change it."""
    order = "CASE WHEN lost IS NULL THEN 1 ELSE 0 END, id" if spec.type is model.Post else "id DESC"
    rows = database.rows(f"SELECT {select_columns(spec)} FROM {spec.kind} ORDER BY {order} LIMIT 1")
    return rows[0]


def test_every_change_of_every_column_of_every_kind_is_named(record: Record) -> None:
    database = record.database
    for spec in SPECS.values():
        row = one_row(database, spec)
        name = name_of(read_row(spec, row).label)
        for column, value in zip(spec.columns, row[1:], strict=True):
            for other in others(value, column):
                update = f'UPDATE {spec.kind} SET "{column}" = ? WHERE id = ?'
                try:
                    database.run(update, (other, row[0]))
                except Exception as refused:  # the database's own rules: NOT NULL, the types of columns
                    assert other is None or column in ("lost", "salt"), refused
                    continue
                found = check(database, record.marks).findings
                assert found, (spec.kind, column, value, other)
                assert len(found) <= 4, found
                assert any(name in f.name or f.name.startswith(f"{spec.kind} row {row[0]} ") for f in found), found
                database.run(update, (value, row[0]))
    assert not made.verified(record).findings


def test_every_kind_of_row_removed_or_added_is_named(record: Record) -> None:
    database = record.database
    for spec in SPECS.values():
        row = one_row(database, spec)
        name = name_of(read_row(spec, row).label)
        database.run(f"DELETE FROM {spec.kind} WHERE id = ?", (row[0],))
        assert [str(f) for f in check(database, record.marks).findings] == [f"removed: {name}"]
        names = ", ".join(f'"{column}"' for column in ("id", *spec.columns))
        insert = f"INSERT INTO {spec.kind} ({names}) VALUES ({', '.join('?' * (len(spec.columns) + 1))})"
        database.run(insert, row)
        assert not check(database, record.marks).findings
        again = list(row)
        again[0] = database.rows(f"SELECT max(id) + 1 FROM {spec.kind}")[0][0]
        for since in (row[-2], row[-2] + 1, record.head.position, record.head.position + 9):
            again[-2:] = [since, 99]
            database.run(insert, again)
            assert f"added: {name}" in [str(f) for f in check(database, record.marks).findings], spec.kind
            database.run(f"DELETE FROM {spec.kind} WHERE id = ?", (again[0],))
    assert not made.verified(record).findings


def test_a_forgotten_row_cannot_be_filled_again(record: Record) -> None:
    """What is left of it is sealed: neither new words nor a new salt nor other commitments go unseen."""
    database = record.database
    spec = SPECS[model.Post]
    rows = database.rows(f"SELECT {select_columns(spec)} FROM post WHERE lost IS NOT NULL ORDER BY id")
    whole = next(row for row in rows if read_row(spec, row).is_forgotten)
    name = name_of(read_row(spec, whole).label)
    for column, other in (("text", "words"), ("handle", "ada"), ("lost", None), ("salt", bytes(16)), ("voice", 5)):
        value = database.rows(f"SELECT {column} FROM post WHERE id = ?", (whole[0],))[0][0]
        database.run(f"UPDATE post SET {column} = ? WHERE id = ?", (other, whole[0]))
        assert [str(f) for f in check(database, record.marks).findings] == [f"changed: {name}"], column
        database.run(f"UPDATE post SET {column} = ? WHERE id = ?", (value, whole[0]))


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
            found = [str(f) for f in check_chain(database).findings]
            assert f"changed: batch {position}" in found, (position, column)
            database.run(f"UPDATE batch SET {column} = ? WHERE position = ?", (value, position))
    assert not made.verified(record).findings


def test_every_batch_removed_or_added_is_named(record: Record) -> None:
    database = record.database
    names = "position, at, source, cursor, items, manifest, chain"
    insert = f"INSERT INTO batch ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)"
    for row in database.rows(f"SELECT {names} FROM batch ORDER BY 1"):
        database.run("DELETE FROM batch WHERE position = ?", (row[0],))
        found = [str(f) for f in check(database, record.marks).findings]
        last = row[0] == record.head.position + 1
        assert last or f"removed: batch {row[0]}" in found
        assert found, row
        database.run(insert, row)
    position = record.head.position + 1
    database.run(insert, (position, *row[1:]))
    assert f"changed: batch {position}" in [str(f) for f in check(database, record.marks).findings]
    database.run("DELETE FROM batch WHERE position = ?", (position,))
    assert not made.verified(record).findings


def test_a_manifest_whose_chain_still_holds_is_compared_with_the_rows(record: Record) -> None:
    """Labels and origins are outside the chain: a change of them shows against the rows."""
    database = record.database
    listed = load_manifest(database, 1)
    short = Manifest(listed.labels[:-1], listed.hashes)
    swapped = Manifest([listed.labels[1], listed.labels[0], *listed.labels[2:]], listed.hashes)
    other_origin = Manifest(listed.labels, listed.hashes, origins=[5] + [0] * (len(listed.labels) - 1))
    for tampered in (short, swapped, other_origin):
        database.run("UPDATE batch SET manifest = ? WHERE position = 1", (pack(tampered),))
        assert any(f.what in ("changed", "added", "removed") for f in check(database, record.marks).findings)
    database.run("UPDATE batch SET manifest = ? WHERE position = 1", (pack(listed),))
    assert not check(database, record.marks).findings


def test_cursors_and_tombstones_are_as_the_batches_say(record: Record) -> None:
    database = record.database

    def found() -> list[str]:
        return [str(finding) for finding in check_chain(database).findings]

    database.run("UPDATE cursor SET cursor = '7' WHERE source = 'bluesky'")
    assert found() == ["changed: cursor of bluesky"]
    database.run("UPDATE cursor SET cursor = '2' WHERE source = 'bluesky'")
    database.run("INSERT INTO cursor VALUES ('me', '1', 1)")
    assert found() == ["changed: cursor of me"]
    database.run("DELETE FROM cursor WHERE source = 'me'")
    [(mark, at), *_] = database.rows("SELECT mark, at FROM tombstone ORDER BY mark")
    database.run("DELETE FROM tombstone WHERE mark = ?", (mark,))
    assert found() == [f"removed: tombstone {mark}"]
    database.run("INSERT INTO tombstone VALUES (?, ?)", (mark, at))
    database.run("INSERT INTO tombstone VALUES ('ff', 0)")
    assert found() == ["added: tombstone ff"]
    database.run("DELETE FROM tombstone WHERE mark = 'ff'")
    assert found() == []


def test_another_secret_is_noticed(record: Record) -> None:
    """Voices are marks of accounts under the store's secret."""
    found = check(record.database, KeyedHasher(b"ab" * 16)).findings
    assert any(finding.name.startswith("post ") for finding in found)


# ---- issues ----------------------------------------------------------------------------------------------


def issue_of(record: Record, publication: str, day: str, edition: int = 1) -> model.Issue:
    row = record.view().one(model.Issue, publication, day, edition)
    assert row is not None and isinstance(row.item, model.Issue)
    return row.item


CHANGES = (
    ("UPDATE tally SET likes = likes + 1 WHERE paper = 'arxiv:2103.99902'", "hot-papers", "2021-03-02", "likes"),
    ("DELETE FROM tally WHERE paper = 'arxiv:2103.99902'", "hot-papers", "2021-03-02", "holds no counts"),
    ("UPDATE place SET title = 'x' WHERE paper = 'arxiv:2103.99902'", "hot-papers", "2021-03-02", "metadata"),
    ("DELETE FROM shown WHERE day = '2021-03-02' AND n = 2", "hot-papers", "2021-03-02", "posts"),
    ("UPDATE listing SET places = 1 WHERE day = '2021-03-02'", "hot-papers", "2021-03-02", "entries"),
    ("DELETE FROM listing WHERE day = '2021-03-02'", "hot-papers", "2021-03-02", "no listing of that day"),
    ("UPDATE snapshot SET likes = 90 WHERE likes = 3", "daily", DAY_OF_ISSUE, "entries"),
    ("UPDATE paper SET title = 'x' WHERE paper = 'arxiv:2103.00004'", "daily", DAY_OF_ISSUE, "metadata"),
    ("UPDATE announcement SET announced_at = 1 WHERE paper = 'arxiv:2103.00004'", "daily", DAY_OF_ISSUE, "entries"),
    ("UPDATE verdict SET judgement = 'human'", "daily", DAY_OF_ISSUE, "bots"),
    ("UPDATE coverage SET state = 'refused'", "daily", DAY_OF_ISSUE, "readings"),
)


class Undo(Exception):
    """Ends a transaction without a trace."""


def test_an_issue_is_not_rebuilt_from_changed_rows(record: Record) -> None:
    for change, publication, day, said in CHANGES:
        item = issue_of(record, publication, day)
        with pytest.raises(Undo), record.database.write():
            assert record.database.run(change) > 0, change
            found = [str(finding) for finding in freeze.check_issue(record, item)]
            raise Undo
        assert any(said in text for text in found), (change, found)
        assert all(text.startswith(f"issue: {publication} {day} edition 1: ") for text in found)
    assert not made.verified(record).findings


def rewrite(record: Record, post: str, text: str) -> None:
    """Puts other words into a post and recomputes its hash and the whole chain, as whoever holds the file can."""
    database = record.database
    before = _post(record, post)
    database.run("UPDATE post SET text = ?, same = ? WHERE post = ?", (text, record.marks.same(text), post))
    listed = load_manifest(database, before.since)
    forged = Manifest(listed.labels, listed.hashes.replace(before.hash, _post(record, post).hash), listed.closed)
    database.run("UPDATE batch SET manifest = ? WHERE position = ?", (pack(forged), before.since))
    chain = genesis(record.marks.secret)
    batches = database.rows("SELECT position, at, source, cursor, manifest FROM batch ORDER BY position")
    for position, at, source, cursor, blob in batches:
        chain = link(chain, position, at, source, cursor, unpack(bytes(blob)))
        database.run("UPDATE batch SET chain = ? WHERE position = ?", (chain, position))


def _post(record: Record, post: str) -> StoredRow:
    spec = SPECS[model.Post]
    [found] = record.database.rows(f"SELECT {select_columns(spec)} FROM post WHERE post = ?", (post,))
    return read_row(spec, found)


def test_a_digest_binds_what_its_issue_does_not_show(tmp_path: Path) -> None:
    """A post that nobody quotes was rewritten with the chain recomputed, and everything verified."""
    with Record(str(tmp_path / "hotpapers.db")) as record:
        made.rich(record)
        issues = [row.item for row in record.view().latest(model.Issue) if isinstance(row.item, model.Issue)]

        def found() -> list[str]:
            return [str(finding) for issue in issues for finding in freeze.check_issue(record, issue)]

        assert issues and not found()
        quoted = {post for (post,) in record.database.rows("SELECT post FROM shown")}
        sql = "SELECT post FROM post WHERE lost IS NULL AND text <> '' GROUP BY post HAVING count(*) = 1"
        unquoted = {post for (post,) in record.database.rows(sql)} - quoted
        rewrite(record, min(unquoted), "Words that were never said.")
        assert not check(record.database, record.marks).findings
        assert sum("rests on another record" in text for text in found()) == len(issues)


def test_an_issues_own_content_and_digest_are_checked(record: Record) -> None:
    good = issue_of(record, "hot-papers", "2021-03-02")
    content = good.content.replace('"likes":1204', '"likes":1205')
    assert content != good.content

    def found(content: str, digest: str) -> list[str]:
        item = model.Issue(
            publication=good.publication, day=good.day, edition=1, digest=digest, content=content, observed_at=AT
        )
        return [str(finding) for finding in freeze.check_issue(record, item)]

    def resigned(content: str) -> tuple[str, str]:
        return content, hashlib.sha256(content.encode()).hexdigest()

    assert found(good.content, good.digest) == []
    assert "its content does not have its digest" in found(good.content, "ab" * 32)[0]
    assert any("likes is 1205, rebuilt 1204" in text for text in found(content, good.digest))
    assert "its content cannot be read" in found("{", good.digest)[-1]
    assert "which is gone" in found(*resigned(good.content.replace('"position":', '"position":9')))[-1]
