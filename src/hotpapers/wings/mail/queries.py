"""Subscribers and messages in the store: they are not items, and not part of any batch or export."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from hotpapers.base.model import DAY
from hotpapers.publish.deliver.queries import DeliveryKey, TargetState
from hotpapers.record import Record
from hotpapers.record.database import first_value

_COLUMNS = "mark, publication, address, state, since, skip_empty, reason"

CHANNEL = "mailing"
_MESSAGE = f"channel = '{CHANNEL}' AND edition = 0"
"""Selects messages among deliveries."""

PACE = "mail:"
"""Prefix of a mail domain's pace, to distinguish it from the paces of HTTP hosts."""
OUTBOX_RETENTION = 14 * DAY
"""How long the state of a message is kept once the record has its day's delivery, µs."""
FAILURE_RETENTION = 60 * DAY
"""How long one that failed stays: addresses that fail at several issues in a row get no more mail."""


SubscriberState = Literal["asked", "confirmed", "ended", "bounced"]

HAD_LEFT = "had left"
SUBSCRIBER_STATES: tuple[SubscriberState, ...] = ("confirmed", "asked", "bounced", "ended")


class Subscriber(NamedTuple):
    """Somebody who gets, asked for, or once got a publication's issues. `since`: when the state began, µs UTC.
    `skip_empty`: no message on days without papers. `reason`: why nothing can be delivered, or could be when somebody
    asked again, such as HAD_LEFT."""

    mark: str
    publication: str
    address: str
    state: SubscriberState
    since: int
    skip_empty: bool
    reason: str = ""


def message_key(publication: str, day: str, mark: str) -> DeliveryKey:
    """Identifies a message: a publication's day, whatever the edition, and the mark of the subscriber."""
    return DeliveryKey(publication, day, 0, CHANNEL, mark)


def count_failed_messages(record: Record, publication: str, day: str, *, is_new: bool = False) -> int:
    """How many messages of a day failed or came back. `is_new`: without subscribers whose messages of an earlier day
    failed, for which all messages of the publication are read."""
    failed = f"FROM delivery_state WHERE {_MESSAGE} AND state = 'failed' AND publication = ?"
    sql = f'SELECT count(*) {failed} AND "day" = ?'
    parameters: tuple[str, ...] = (publication, day)
    if is_new:
        parameters *= 2
        sql += f' AND target NOT IN (SELECT target {failed} AND "day" < ?)'
    return int(first_value(record.database, sql, parameters))


def is_delivered(record: Record, publication: str, day: str) -> bool:
    """Whether the record has a day's delivery, of any edition: all its messages are finished."""
    sql = """SELECT 1 FROM delivery WHERE publication = ? AND "day" = ? AND channel = ? AND until = 0 LIMIT 1"""
    return bool(record.database.rows(sql, (publication, day, CHANNEL)))


def drop_old_messages(record: Record, at: int) -> None:
    """Deletes old messages of days whose delivery is in the record: they are never sent again."""
    sql = f"""DELETE FROM delivery_state WHERE {_MESSAGE} AND at < CASE state WHEN 'failed' THEN ? ELSE ? END
        AND EXISTS (SELECT 1 FROM delivery AS t WHERE t.channel = ? AND t.until = 0
        AND t.publication = delivery_state.publication AND t."day" = delivery_state."day")"""
    with record.database.write():
        params = (at - FAILURE_RETENTION, at - OUTBOX_RETENTION, CHANNEL)
        record.database.run(sql, params)


def outcomes_until(record: Record, key: DeliveryKey, since: int) -> list[tuple[TargetState, str]]:
    """The state and reason of a subscriber's messages since a moment, up to the message's day, the latest first."""
    sql = f"""SELECT state, receipt FROM delivery_state WHERE {_MESSAGE} AND publication = ? AND "day" <= ?
        AND target = ? AND at >= ? ORDER BY "day" DESC"""
    params = (key.publication, key.day, key.target, since)
    return record.database.rows(sql, params)


def select_subscribers(record: Record, condition: str, *values: Any) -> list[Subscriber]:
    """The subscribers that match a condition, by publication and address."""
    sql = f"SELECT {_COLUMNS} FROM subscriber WHERE {condition} ORDER BY publication, address, mark"
    rows = record.database.rows(sql, values)
    subscribers = (Subscriber(*row) for row in rows)
    return [subscriber._replace(skip_empty=bool(subscriber.skip_empty)) for subscriber in subscribers]


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


def drop_unconfirmed(record: Record, condition: str, value: str | int) -> None:
    """Removes subscribers who asked and match a condition; of those who had left before, the mark stays, so that no
    older backup brings them back. Call inside `write()`."""
    unconfirmed = f"state = 'asked' AND {condition}"
    ended = "state = 'ended', address = '', reason = ''"
    record.database.run(f"UPDATE subscriber SET {ended} WHERE {unconfirmed} AND reason <> ''", (value,))
    record.database.run(f"DELETE FROM subscriber WHERE {unconfirmed}", (value,))


def drop_old_paces(record: Record, prefix: str, before: int) -> None:
    """Deletes reservations before a moment for hosts whose names start with `prefix`."""
    with record.database.write():
        sql = "DELETE FROM pace WHERE host >= ? AND host < ? AND next_at < ?"
        record.database.run(sql, (prefix, prefix + "~", before))
