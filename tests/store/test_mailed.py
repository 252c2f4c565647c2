"""An older backup is put back: who has left since stays away, and no letter is sent again."""

from __future__ import annotations

from pathlib import Path

from hotpapers.deliver.email import outbox, subscribers
from hotpapers.deliver.email import queries as email_queries
from hotpapers.deliver.email.queries import OutboxEntry, OutboxKey
from hotpapers.store import Record
from hotpapers.transfer.backup import backup, restore
from tests.email.made import BEFORE, join

LETTERS = [OutboxKey("daily", "2026-01-01", mark * 32) for mark in "abc"]


def test_a_backup_brings_nobody_back_and_forgets_no_letter(store_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Record(store_url) as record:
        stays, leaves, bounces = (join(record, f"{name}@moth.example") for name in ("stays", "leaves", "bounces"))
        returns = join(record, "returns@moth.example")
        subscribers.end(record, returns, BEFORE + 1)
        join(record, "returns@moth.example", BEFORE + 2)
        outbox.claim(record, LETTERS[0], BEFORE)
        outbox.mark_sent(record, LETTERS[2], "250 old", BEFORE + 5)
        backup(record, copy)
        subscribers.end(record, leaves, BEFORE + 10)
        subscribers.bounce(record, bounces, "5.1.1", BEFORE + 10)
        join(record, "late@moth.example", BEFORE + 10)
        outbox.mark_sent(record, LETTERS[0], "250 fine", BEFORE + 10)
        outbox.claim(record, LETTERS[1], BEFORE + 10)
    restore(copy, store_url, replace=True)
    with Record(store_url) as record:
        found = {one.mark: (one.state, one.address) for one in subscribers.everyone(record)}
        assert found == {
            stays: ("confirmed", "stays@moth.example"), leaves: ("ended", ""),
            bounces: ("bounced", "bounces@moth.example"), returns: ("confirmed", "returns@moth.example"),
        }  # fmt: skip
        assert [email_queries.letter_of(record, one) for one in LETTERS] == [
            OutboxEntry("handed", "250 fine", 0, BEFORE + 10, 0),
            OutboxEntry("handing", "", 0, BEFORE + 10, 0),
            OutboxEntry("handed", "250 old", 0, BEFORE + 5, 0),
        ]


def test_a_newer_copy_is_not_made_older(sqlite_url: str, tmp_path: Path) -> None:
    """Somebody came back before the copy was made; the store that it replaces still says that they had left."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    with Record(sqlite_url) as record:
        mark = join(record, "some@moth.example")
        subscribers.end(record, mark, BEFORE + 1)
        outbox.mark_sent(record, LETTERS[0], "250", BEFORE)
        backup(record, old)
        join(record, "some@moth.example", BEFORE + 2)
        outbox.mark_failed(record, LETTERS[0], "550", BEFORE + 9)
        backup(record, new)
    restore(old, sqlite_url, replace=True)
    restore(new, sqlite_url, replace=True)
    with Record(sqlite_url) as record:
        found = subscribers.find(record, mark)
        assert found is not None and (found.state, found.address) == ("confirmed", "some@moth.example")
        assert email_queries.letter_of(record, LETTERS[0]) == OutboxEntry("failed", "550", 0, BEFORE + 9, 0)
