"""Store queries of the channels: deliveries, latest editions, members' posts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from hotpapers.record import Database, Record, first_value

Edition = tuple[int, str]
"""The number of a day's latest edition, and its digest."""

TargetState = Literal["sending", "sent", "failed"]


class IssueEdition(NamedTuple):
    """Identifies an edition of an issue."""

    publication: str
    day: str
    edition: int


class DeliveryKey(NamedTuple):
    """Identifies a delivery: an issue by a channel to a target. `edition`: 0 if the target gets one edition only,
    whichever is the first to be sent; such states are in no export."""

    publication: str
    day: str
    edition: int
    channel: str
    target: str

    @property
    def issue(self) -> IssueEdition:
        return IssueEdition(self.publication, self.day, self.edition)


class DeliveryState(NamedTuple):
    """The state of an issue at a target. `at`: since when, `next_at`: when it may be tried again, µs UTC; `tries`: how
    often it was put off."""

    state: TargetState
    receipt: str
    at: int
    tries: int = 0
    next_at: int = 0

    @property
    def is_put_off(self) -> bool:
        """Whether it certainly has not arrived, and may be sent again from `next_at` on."""
        return self.state == "sending" and bool(self.receipt)

    def is_due(self, at: int) -> bool:
        """Whether it was put off until a moment, µs UTC, or the clock was set back since."""
        is_time = self.next_at <= at or at < self.at
        return self.is_put_off and is_time


def latest_editions(record: Record, publication: str) -> dict[str, Edition]:
    """By day, the latest edition of a publication's issue, with its digest."""
    sql = 'SELECT "day", edition, digest FROM issue WHERE publication = ? AND until = 0 ORDER BY edition'
    rows = record.database.rows(sql, (publication,))
    return {day: (edition, digest) for day, edition, digest in rows}


def first_frozen_at(database: Database, publication: str, day: str) -> int:
    """When the first edition of a day's issue was frozen, µs UTC."""
    sql = 'SELECT min(observed_at) FROM issue WHERE publication = ? AND "day" = ? AND until = 0'
    return int(first_value(database, sql, (publication, day)))


# ---- the states of issues at targets -------------------------------------------------------------------

_STATE = "state, receipt, at, tries, next_at"


def put_states(database: Database, states: Iterable[tuple[DeliveryKey, DeliveryState]]) -> None:
    """Stores states, replacing the previous ones. Call inside `write()`."""
    sql = f"""INSERT INTO delivery_state (publication, "day", edition, channel, target, {_STATE})
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (publication, channel, "day", edition, target)
        DO UPDATE SET state = excluded.state, receipt = excluded.receipt, at = excluded.at, tries = excluded.tries,
        next_at = excluded.next_at"""
    rows = [(*key, *state) for key, state in states]
    database.many(sql, rows)


def state_of(database: Database, key: DeliveryKey) -> DeliveryState | None:
    """The state of one delivery; None if it was never started."""
    sql = f"""SELECT {_STATE} FROM delivery_state
        WHERE publication = ? AND "day" = ? AND edition = ? AND channel = ? AND target = ?"""
    rows = database.rows(sql, key)
    return next((DeliveryState(*row) for row in rows), None)


def states_of(database: Database, issue: IssueEdition, channel: str) -> dict[str, DeliveryState]:
    """The states of an issue in a channel, by target."""
    sql = f"""SELECT target, {_STATE} FROM delivery_state
        WHERE publication = ? AND "day" = ? AND edition = ? AND channel = ?"""
    rows = database.rows(sql, (*issue, channel))
    return {target: DeliveryState(*state) for target, *state in rows}


def sent_editions(database: Database, publication: str, channel: str, target: str) -> set[tuple[str, int, str]]:
    """(day, edition, receipt) of all of a publication's issues that a target has."""
    sql = """SELECT "day", edition, receipt FROM delivery_state
        WHERE publication = ? AND channel = ? AND target = ? AND state = 'sent'"""
    return set(database.rows(sql, (publication, channel, target)))


def editions_in_record(database: Database, publication: str, channel: str) -> set[tuple[str, int]]:
    """(day, edition) of the issues whose delivery by a channel is in the record."""
    sql = 'SELECT "day", edition FROM delivery WHERE publication = ? AND channel = ? AND until = 0'
    return set(database.rows(sql, (publication, channel)))


def delivered_editions(database: Database, *, whole: bool) -> list[tuple[str, str, str, str]]:
    """(target, publication, channel, day) of all editions ever delivered, even in part, unless only `whole` ones."""
    sql = 'SELECT DISTINCT target, publication, channel, "day" FROM delivery_state WHERE edition > 0'
    return database.rows(f"{sql} AND state = 'sent'" if whole else sql)


def delete_states(database: Database, publications: Iterable[str], channel: str, target: str) -> None:
    """Deletes the states of all issues of some publications at a target. Call inside `write()`."""
    sql = "DELETE FROM delivery_state WHERE publication = ? AND channel = ? AND target = ?"
    database.many(sql, [(publication, channel, target) for publication in publications])
