"""Tampering and issues, in both databases: changed rows never rebuild an issue; a changed issue never verifies."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.issues import freeze
from hotpapers.record import Record
from hotpapers.record.batches import load_manifest
from hotpapers.record.identities import NUMBER, key_of
from hotpapers.record.item_rows import (
    BY_KIND,
    StoredRow,
    columns_with_commitments,
    read_with_commitments,
)
from hotpapers.record.manifest import BatchStamp, RowName, build_manifest, chain_value, genesis_value, pack, unpack
from hotpapers.record.verify import check_record
from tests.record import made
from tests.record.made import AT, DAY_OF_ISSUE


@pytest.fixture
def record(varied_record: Record) -> Record:
    """The record; every test must leave it unchanged."""
    return varied_record


def issue_of(record: Record, publication: str, day: str, edition: int = 1) -> model.Issue:
    row = record.view().latest_row(model.Issue, publication, day, edition)
    assert row is not None and isinstance(row.item, model.Issue)
    return row.item


PAPER, OTHER_PAPER = (
    f"paper IN (SELECT id FROM identity WHERE key = 'arxiv:{number}')" for number in ("2103.99902", "2103.00004")
)
CHANGES = (
    (f"UPDATE tally SET likes = likes + 1 WHERE {PAPER}", "hot-papers", "2021-03-02", "likes"),
    (f"DELETE FROM tally WHERE {PAPER}", "hot-papers", "2021-03-02", "has no counts"),
    (f"UPDATE place SET title = 'x' WHERE {PAPER}", "hot-papers", "2021-03-02", "metadata"),
    ("DELETE FROM shown WHERE day = '2021-03-02' AND n = 2", "hot-papers", "2021-03-02", "posts"),
    ("UPDATE listing SET places = 1 WHERE day = '2021-03-02'", "hot-papers", "2021-03-02", "entries"),
    ("DELETE FROM listing WHERE day = '2021-03-02'", "hot-papers", "2021-03-02", "no listing for that day"),
    ("UPDATE snapshot SET likes = 90 WHERE likes = 3", "daily", DAY_OF_ISSUE, "entries"),
    (f"UPDATE paper SET title = 'x' WHERE {OTHER_PAPER}", "daily", DAY_OF_ISSUE, "metadata"),
    (f"UPDATE announcement SET announced_at = 1 WHERE {OTHER_PAPER}", "daily", DAY_OF_ISSUE, "entries"),
    ("UPDATE verdict SET judgement = 'human'", "daily", DAY_OF_ISSUE, "bots"),
    ("UPDATE coverage SET state = 'refused'", "daily", DAY_OF_ISSUE, "readings"),
)


class Undo(Exception):
    """Rolls a transaction back."""


def test_an_issue_is_not_rebuilt_from_changed_rows(record: Record) -> None:
    for change, publication, day, reason in CHANGES:
        item = issue_of(record, publication, day)
        with pytest.raises(Undo), record.database.write():
            assert record.database.run(change) > 0, change
            texts = [str(finding) for finding in freeze.check_issue(record, item)]
            raise Undo
        assert any(reason in text for text in texts), (change, texts)
        assert all(text.startswith(f"issue: {publication} {day} edition 1: ") for text in texts)
    assert not made.verified(record).findings


def rewrite(record: Record, post: str, text: str) -> None:
    """Change a post's text and recompute its hash and the whole chain, as anyone with the file can."""
    database = record.database
    before = _post(record, post)
    database.run(
        f"UPDATE post SET text = ?, text_fingerprint = ? WHERE post = {NUMBER}",
        (text, record.hasher.text_fingerprint(text), post),
    )
    listed = load_manifest(database, before.since)
    hashes = [stored(record, row).hash for row in listed.rows()]
    relisted = build_manifest(list(listed.rows()), hashes)
    forged = msgspec.structs.replace(listed, checks=relisted.checks, root=relisted.root)
    database.run("UPDATE batch SET manifest = ? WHERE position = ?", (pack(forged), before.since))
    chain = genesis_value(record.hasher.secret)
    batches = database.rows("SELECT position, at, source, cursor, manifest FROM batch ORDER BY position")
    for position, at, source, cursor, blob in batches:
        chain = chain_value(chain, position, BatchStamp(at, source, cursor), unpack(bytes(blob)))
        database.run("UPDATE batch SET chain = ? WHERE position = ?", (chain, position))


def stored(record: Record, name: RowName) -> StoredRow:
    """A row by its name, with the commitments to the identities that it names."""
    spec, number = BY_KIND[name[0]], name[1]
    [values] = record.database.rows(f"SELECT {columns_with_commitments(spec)} FROM {spec.kind} WHERE id = ?", (number,))
    return read_with_commitments(spec, values)


def _post(record: Record, post: str) -> StoredRow:
    [(number,)] = record.database.rows(f"SELECT id FROM post WHERE post = {NUMBER}", (post,))
    return stored(record, ("post", number))


def test_a_digest_binds_what_its_issue_does_not_show(tmp_path: Path) -> None:
    """If a post that nobody quotes is rewritten and the chain recomputed, the chain still verifies; issues must not."""
    with Record(str(tmp_path / "hotpapers.db")) as record:
        made.rich(record)
        issues = [row.item for row in record.view().latest(model.Issue)]

        def findings() -> list[str]:
            return [str(finding) for issue in issues for finding in freeze.check_issue(record, issue)]

        assert issues and not findings()
        quoted = {post for (post,) in record.database.rows(f"SELECT {key_of('shown.post')} FROM shown")}
        sql = "SELECT post FROM post WHERE redacted IS NULL AND text <> '' GROUP BY post HAVING count(*) = 1"
        sql = f"SELECT {key_of('t.post')} FROM ({sql}) AS t"
        unquoted = {post for (post,) in record.database.rows(sql)} - quoted
        rewrite(record, min(unquoted), "Words that were never said.")
        assert not check_record(record.database, record.hasher).findings
        assert sum("was built from another record" in text for text in findings()) == len(issues)


def test_an_issues_own_content_and_digest_are_checked(record: Record) -> None:
    good = issue_of(record, "hot-papers", "2021-03-02")
    content = good.content.replace('"likes":1204', '"likes":1205')
    assert content != good.content

    def findings(content: str, digest: str) -> list[str]:
        item = model.Issue(
            publication=good.publication, day=good.day, edition=1, digest=digest, content=content, observed_at=AT
        )
        return [str(finding) for finding in freeze.check_issue(record, item)]

    def resigned(content: str) -> tuple[str, str]:
        return content, hashlib.sha256(content.encode()).hexdigest()

    assert findings(good.content, good.digest) == []
    assert "its digest does not match its content" in findings(good.content, "ab" * 32)[0]
    assert any("likes is 1205, rebuilt 1204" in text for text in findings(content, good.digest))
    assert "its content cannot be read" in findings("{", good.digest)[-1]
    assert "which is missing" in findings(*resigned(good.content.replace('"position":', '"position":9')))[-1]
