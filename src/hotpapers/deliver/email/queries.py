"""Subscribers and messages in the store: they are not items, and not part of any batch or export."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from hotpapers.model import DAY
from hotpapers.store import Record

_COLUMNS = "mark, publication, address, state, since, skip_empty, reason"

OutboxState = Literal["sending", "deferred", "sent", "failed"]

OUTBOX_RETENTION = 14 * DAY
"""How long a message stays in the outbox once the record has its day's delivery, µs."""


class OutboxKey(NamedTuple):
    """Identifies a message: a publication's day, and the mark of the subscriber."""

    publication: str
    day: str
    mark: str


class OutboxEntry(NamedTuple):
    """The state of a message. `at`: since when, `next_at`: when it may be tried again, µs UTC."""

    state: OutboxState
    receipt: str
    tries: int
    at: int
    next_at: int


SubscriberState = Literal["asked", "confirmed", "ended", "bounced"]

SUBSCRIBER_STATES: tuple[SubscriberState, ...] = ("confirmed", "asked", "bounced", "ended")


class Subscriber(NamedTuple):
    """Somebody who gets, asked for, or once got a publication's issues. `since`: when the state began, µs UTC.
    `skip_empty`: no message on days without papers. `reason`: why nothing can be delivered."""

    mark: str
    publication: str
    address: str
    state: SubscriberState
    since: int
    skip_empty: bool
    reason: str = ""


def outbox_entry(record: Record, key: OutboxKey) -> OutboxEntry | None:
    """The state of a message; None if it was never started."""
    sql = """SELECT state, receipt, tries, at, next_at FROM outbox WHERE publication = ? AND "day" = ? AND mark = ?"""
    rows = record.database.rows(sql, key)
    return OutboxEntry(*rows[0]) if rows else None


def count_failed_messages(record: Record, publication: str, day: str) -> int:
    """How many messages of a day failed or came back."""
    sql = """SELECT count(*) FROM outbox WHERE publication = ? AND "day" = ? AND state = 'failed'"""
    return int(record.database.rows(sql, (publication, day))[0][0])


def count_newly_failed_messages(record: Record, publication: str, day: str) -> int:
    """The same without subscribers whose messages of an earlier day failed: their reports may be forged. Reads all
    messages of the publication."""
    sql = """SELECT count(*) FROM outbox WHERE publication = ? AND "day" = ? AND state = 'failed' AND mark NOT IN (
        SELECT mark FROM outbox WHERE publication = ? AND "day" < ? AND state = 'failed')"""
    return int(record.database.rows(sql, (publication, day, publication, day))[0][0])


def deferred_messages(record: Record, publication: str, day: str) -> dict[str, int]:
    """The marks whose messages of a day were deferred, and until when."""
    sql = """SELECT mark, next_at FROM outbox WHERE publication = ? AND "day" = ? AND state = 'deferred'"""
    return {mark: next_at for mark, next_at in record.database.rows(sql, (publication, day))}


def finished_messages(record: Record, publication: str, day: str) -> dict[str, OutboxState]:
    """The marks whose messages of a day are finished, and the state of each."""
    sql = """SELECT mark, state FROM outbox WHERE publication = ? AND "day" = ? AND state IN ('sent', 'failed')"""
    return dict(record.database.rows(sql, (publication, day)))


def is_delivered(record: Record, channel: str, publication: str, day: str) -> bool:
    """Whether the record has a day's delivery, of any edition: all its messages are finished."""
    sql = """SELECT 1 FROM delivery WHERE publication = ? AND "day" = ? AND channel = ? AND until = 0 LIMIT 1"""
    return bool(record.database.rows(sql, (publication, day, channel)))


def drop_old_messages(record: Record, channel: str, at: int) -> None:
    """Deletes old messages of days whose delivery is in the record: they are never sent again."""
    sql = """DELETE FROM outbox WHERE at < ? AND EXISTS (SELECT 1 FROM delivery AS t WHERE t.channel = ? AND t.until = 0
        AND t.publication = outbox.publication AND t."day" = outbox."day")"""
    with record.database.write():
        record.database.run(sql, (at - OUTBOX_RETENTION, channel))


def put_outbox_entry(record: Record, key: OutboxKey, entry: OutboxEntry) -> None:
    """Stores the state of a message, replacing the previous one. Call inside `write()`."""
    sql = """DELETE FROM outbox WHERE publication = ? AND "day" = ? AND mark = ?"""
    record.database.run(sql, key)
    record.database.run("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*key, *entry))


def select_subscribers(record: Record, condition: str, *values: Any) -> list[Subscriber]:
    """The subscribers that match a condition, by publication and address."""
    sql = f"SELECT {_COLUMNS} FROM subscriber WHERE {condition} ORDER BY publication, address, mark"
    rows = record.database.rows(sql, values)
    return [
        Subscriber(mark, publication, address, state, since, bool(skip_empty), reason)
        for mark, publication, address, state, since, skip_empty, reason in rows
    ]


def count_subscribers(record: Record) -> dict[str, dict[SubscriberState, int]]:
    """The number of subscribers by publication and state."""
    sql = "SELECT publication, state, count(*) FROM subscriber GROUP BY publication, state ORDER BY publication"
    result: dict[str, dict[SubscriberState, int]] = {}
    for publication, state, number in record.database.rows(sql):
        result.setdefault(publication, dict.fromkeys(SUBSCRIBER_STATES, 0))[state] = number
    return result


def put_subscriber(record: Record, subscriber: Subscriber) -> None:
    """Stores a subscriber, replacing the previous entry. Call inside `write()`."""
    drop_subscriber(record, subscriber.mark)
    values = (*subscriber[:5], int(subscriber.skip_empty), subscriber.reason)
    record.database.run(f"INSERT INTO subscriber ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def drop_subscriber(record: Record, mark: str) -> None:
    """Removes the subscriber with a mark. Call inside `write()`."""
    record.database.run("DELETE FROM subscriber WHERE mark = ?", (mark,))


def drop_unconfirmed(record: Record, moment: int) -> None:
    """Removes subscribers who asked before a moment and never confirmed."""
    with record.database.write():
        record.database.run("DELETE FROM subscriber WHERE state = 'asked' AND since < ?", (moment,))
