"""After an older backup is restored or an older store opened, those who left stay away and nothing is sent twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.publish.deliver import delivery_states, queries
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState, IssueEdition, state_of
from hotpapers.record import Record, schema
from hotpapers.wings.mail import subscribers
from hotpapers.wings.mail.queries import message_key
from tests.record import made
from tests.wings.mail.samples import BEFORE, join, mark_failed, mark_sent

KEYS = [message_key("daily", "2026-01-01", mark * 32) for mark in "abc"]


def test_a_backup_brings_nobody_back_and_forgets_no_message(store_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Record(store_url) as record:
        confirmed, ended, bounced = (join(record, f"{name}@moth.example") for name in ("stays", "leaves", "bounces"))
        returned = join(record, "returns@moth.example")
        subscribers.end(record, returned, BEFORE + 1)
        join(record, "returns@moth.example", BEFORE + 2)
        delivery_states.claim_delivery(record, KEYS[0], BEFORE)
        mark_sent(record, KEYS[2], "250 old", BEFORE + 5)
        back_up_store(record, copy)
        subscribers.end(record, ended, BEFORE + 10)
        subscribers.bounce(record, bounced, "5.1.1", BEFORE + 10)
        join(record, "late@moth.example", BEFORE + 10)
        mark_sent(record, KEYS[0], "250 fine", BEFORE + 10)
        delivery_states.claim_delivery(record, KEYS[1], BEFORE + 10)
    restore_backup(copy, store_url, replace=True)
    with Record(store_url) as record:
        states = {
            subscriber.mark: (subscriber.state, subscriber.address)
            for subscriber in subscribers.all_subscribers(record)
        }
        assert states == {
            confirmed: ("confirmed", "stays@moth.example"), ended: ("ended", ""),
            bounced: ("bounced", "bounces@moth.example"), returned: ("confirmed", "returns@moth.example"),
        }  # fmt: skip
        assert [state_of(record.database, key) for key in KEYS] == [
            DeliveryState("sent", "250 fine", BEFORE + 10, 0, 0),
            DeliveryState("sending", "", BEFORE + 10, 0, 0),
            DeliveryState("sent", "250 old", BEFORE + 5, 0, 0),
        ]


@pytest.mark.parametrize("later", ["asked", "expired", "undone"])
@pytest.mark.parametrize("left_by", ["ended", "bounced"])
def test_whoever_asks_again_and_never_confirms_stays_away(
    store_url: str, tmp_path: Path, later: str, left_by: str
) -> None:
    copy = tmp_path / "copy.db"
    with Record(store_url) as record:
        mark = join(record, "some@moth.example")
        back_up_store(record, copy)
        if left_by == "ended":
            subscribers.end(record, mark, BEFORE + 1)
        else:
            subscribers.bounce(record, mark, "5.1.1", BEFORE + 1)
        for at in (BEFORE + 2, BEFORE + 2 + subscribers.ASK_AGAIN):
            request = subscribers.ask(record, "daily", "some@moth.example", at)
        assert request is not None
        if later == "expired":
            subscribers.delete_unconfirmed(record, request.since + subscribers.CONFIRM_WITHIN + 1)
        elif later == "undone":
            subscribers.undo_ask(record, request)
        [kept] = subscribers.all_subscribers(record)
        assert (kept.state, kept.address) == (("asked", request.address) if later == "asked" else ("ended", ""))
    restore_backup(copy, store_url, replace=True)
    with Record(store_url) as record:
        assert subscribers.confirmed_subscribers(record, "daily", request.since * 2) == []


def test_a_newer_copy_is_not_made_older(sqlite_url: str, tmp_path: Path) -> None:
    """A reader came back before the backup was made; the store it replaces still says that they left."""
    old_copy, new_copy = tmp_path / "old.db", tmp_path / "new.db"
    with Record(sqlite_url) as record:
        mark = join(record, "some@moth.example")
        subscribers.end(record, mark, BEFORE + 1)
        mark_sent(record, KEYS[0], "250", BEFORE)
        back_up_store(record, old_copy)
        join(record, "some@moth.example", BEFORE + 2)
        mark_failed(record, KEYS[0], "550", BEFORE + 9)
        back_up_store(record, new_copy)
    restore_backup(old_copy, sqlite_url, replace=True)
    restore_backup(new_copy, sqlite_url, replace=True)
    with Record(sqlite_url) as record:
        subscriber = subscribers.find(record, mark)
        assert subscriber is not None and (subscriber.state, subscriber.address) == ("confirmed", "some@moth.example")
        assert state_of(record.database, KEYS[0]) == DeliveryState("failed", "550", BEFORE + 9, 0, 0)


def states(record: Record) -> list[tuple[str, str, str, int]]:
    """(target, state, receipt, at): an issue's progress at each target."""
    states_by_target = queries.states_of(record.database, IssueEdition("daily", "2026-01-01", 1), "chat")
    return [(target, *state[:3]) for target, state in sorted(states_by_target.items())]


def test_a_backup_forgets_nothing_that_was_sent_since(store_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    rooms = [DeliveryKey("daily", "2026-01-01", 1, "chat", target) for target in "abcd"]
    with Record(store_url) as record:
        for room in rooms[:3]:
            delivery_states.claim_delivery(record, room, BEFORE)
        delivery_states.settle_delivery(record, rooms[2], DeliveryState("sent", "old", BEFORE + 1))
        back_up_store(record, copy)
        delivery_states.settle_delivery(record, rooms[0], DeliveryState("sent", "new", BEFORE + 2))
        delivery_states.settle_delivery(record, rooms[1], DeliveryState("sending", "not arrived: busy", BEFORE + 2))
        delivery_states.claim_delivery(record, rooms[3], BEFORE + 2)
        states_before = states(record)
    restore_backup(copy, store_url, replace=True)
    with Record(store_url) as record:
        assert states(record) == states_before == [
            ("a", "sent", "new", BEFORE + 2), ("b", "sending", "not arrived: busy", BEFORE + 2),
            ("c", "sent", "old", BEFORE + 1), ("d", "sending", "", BEFORE + 2),
        ]  # fmt: skip


def test_a_newer_copy_overrides_what_was_sent(sqlite_url: str, tmp_path: Path) -> None:
    old_copy, new_copy = tmp_path / "old.db", tmp_path / "new.db"
    room = DeliveryKey("daily", "2026-01-01", 1, "chat", "lab")
    with Record(sqlite_url) as record:
        delivery_states.claim_delivery(record, room, BEFORE)
        back_up_store(record, old_copy)
        delivery_states.settle_delivery(record, room, DeliveryState("sent", "fine", BEFORE + 1))
        back_up_store(record, new_copy)
    for copy in (old_copy, new_copy, old_copy):
        restore_backup(copy, sqlite_url, replace=True)
        with Record(sqlite_url) as record:
            assert states(record) == [("lab", "sent", "fine", BEFORE + 1)]


def test_the_store_of_another_record_adds_no_deliveries(sqlite_url: str, tmp_path: Path) -> None:
    with Record(str(tmp_path / "other.db")) as other_record:
        back_up_store(other_record, tmp_path / "copy.db")
    with Record(sqlite_url) as record:
        delivery_states.claim_delivery(record, DeliveryKey("daily", "2026-01-01", 1, "chat", "lab"), BEFORE)
    restore_backup(tmp_path / "copy.db", sqlite_url, replace=True, as_backed_up=True)
    with Record(sqlite_url) as record:
        assert not states(record)


def test_the_outbox_of_a_store_of_1_0_is_kept(bare_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table and states had other names."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        with Record(bare_store_url) as record, record.database.write():
            for mark, state in zip("abcd", ("handing", "handed", "later", "failed"), strict=True):
                row = ("daily", "2026-01-01", mark * 32, state, "250", 2, BEFORE, 7)
                record.database.run("INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    with Record(bare_store_url) as record:
        entries = [state_of(record.database, message_key("daily", "2026-01-01", mark * 32)) for mark in "abcd"]
        assert entries == [
            DeliveryState("sending", "", BEFORE, 2, 7),
            DeliveryState("sent", "250", BEFORE, 2, 7),
            DeliveryState("sending", "250", BEFORE, 2, 7),
            DeliveryState("failed", "250", BEFORE, 2, 7),
        ]
        assert [entry.is_put_off for entry in entries if entry] == [False, False, True, False]
        assert (
            delivery_states.claim_delivery(record, message_key("daily", "2026-01-01", "a" * 32), BEFORE) == entries[0]
        )
        assert not made.verified(record).findings
