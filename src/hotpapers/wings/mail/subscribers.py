"""Subscribers: who asked for a publication's issues, confirmed, left, or cannot be reached.

A subscriber is identified by a mark, the keyed hash of publication and address. When somebody leaves, the address is
deleted and the mark stays, in state *ended*: nothing is sent there until the address is confirmed again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hotpapers.base.errors import NotFound
from hotpapers.base.model import DAY
from hotpapers.base.text.timestamps import is_over
from hotpapers.keep.privacy import forgotten_file
from hotpapers.publish.deliver.queries import DeliveryKey
from hotpapers.record import Record, current_time
from hotpapers.wings.mail.addresses import MAX_REASON_CHARS
from hotpapers.wings.mail.queries import (
    HAD_LEFT,
    PACE,
    Subscriber,
    count_subscribers,
    drop_old_messages,
    drop_old_paces,
    drop_unconfirmed,
    outcomes_until,
    put_subscriber,
    select_subscribers,
)
from hotpapers.wings.mail.smtp_replies import may_be_address
from hotpapers.wings.mail.tokens import MailToken

CONFIRM_WITHIN = 7 * DAY
"""How long to wait for a confirmation; then the address is deleted."""
IN_A_ROW = 4
"""Issues in a row whose messages failed for good, not for a policy, after which an address counts as unreachable."""
ASK_AGAIN = DAY
"""Shortest time between two confirmation requests to the same address."""


def mark_of(record: Record, publication: str, address: str) -> str:
    """The keyed hash that identifies a subscriber. Addresses that differ only in case have the same mark."""
    return record.hasher.tombstone(f"mail:{publication}:{address.lower()}")


def find(record: Record, mark: str) -> Subscriber | None:
    """The subscriber with a mark, or None."""
    subscribers = select_subscribers(record, "mark = ?", mark)
    return subscribers[0] if subscribers else None


def all_subscribers(record: Record) -> list[Subscriber]:
    """All subscribers, by publication and address; of those who left, only the marks."""
    return select_subscribers(record, "1 = 1")


def with_address(record: Record, address: str) -> list[Subscriber]:
    """The subscribers with an address, whatever its case."""
    return select_subscribers(record, "lower(address) = ?", address.lower())


def confirmed_subscribers(record: Record, publication: str, until: int) -> list[Subscriber]:
    """The subscribers who had confirmed a publication by a moment."""
    return select_subscribers(record, "publication = ? AND state = 'confirmed' AND since <= ?", publication, until)


def ask(record: Record, publication: str, address: str, at: int, *, skip_empty: bool = False) -> Subscriber | None:
    """Stores a request for a publication; None if no message is needed: the address is already confirmed, or was asked
    less than a day ago. For a confirmed subscriber, only `skip_empty` is updated."""
    mark = mark_of(record, publication, address)
    with record.database.write():
        current = find(record, mark)
        if current and current.state == "confirmed":
            put_subscriber(record, current._replace(skip_empty=skip_empty))
            return None
        if current and current.state == "asked" and not is_over(current.since, ASK_AGAIN, at):
            return None
        subscriber = Subscriber(mark, publication, address, "asked", at, skip_empty, _reason_before(current))
        put_subscriber(record, subscriber)
    return subscriber


def _reason_before(current: Subscriber | None) -> str:
    """Why somebody who asks again got no mail; empty for a first request."""
    if current is None:
        return ""
    if current.state == "bounced":
        return f"had bounced: {current.reason}"
    return HAD_LEFT if current.state == "ended" else current.reason


def undo_ask(record: Record, subscriber: Subscriber) -> None:
    """Undoes `ask` after its message could not be sent."""
    with record.database.write():
        current = find(record, subscriber.mark)
        if current and current.state == "asked" and current.since == subscriber.since:
            drop_unconfirmed(record, "mark = ?", subscriber.mark)


def confirm(record: Record, token: MailToken, at: int) -> Subscriber:
    """Confirms the request with this token. Confirming again changes nothing. Raises NotFound for a token that is too
    old or no longer valid."""
    with record.database.write():
        current = find(record, token.mark)
        if token.purpose != "confirm" or current is None or current.state in ("ended", "bounced"):
            raise NotFound("there is no request for this confirmation; subscribe again")
        if current.state == "confirmed":
            return current
        if not can_confirm(current, token, at):
            raise NotFound("this confirmation has expired; subscribe again")
        subscriber = current._replace(state="confirmed", since=at, reason="")
        put_subscriber(record, subscriber)
    return subscriber


def can_confirm(current: Subscriber, token: MailToken, at: int) -> bool:
    """Whether a token confirms a request: that of the newest message does, for a week."""
    is_newest = current.since // 1_000_000 == token.moment
    return is_newest and at - current.since <= CONFIRM_WITHIN


def end(record: Record, mark: str, at: int) -> Subscriber | None:
    """Unsubscribes: the address is deleted, the mark stays. Returns the subscriber as it was before; None if it had
    left or is unknown."""
    return _change(record, mark, ("asked", "confirmed", "bounced"), state="ended", since=at, address="", reason="")


def forget_address(record: Record, address: str) -> int:
    """Unsubscribes an address from everything; how many publications know it by its hash, including those it has left.
    Raises NotFound."""
    for subscriber in with_address(record, address):
        end(record, subscriber.mark, current_time())
    publications = count_subscribers(record)
    known = sum(find(record, mark_of(record, publication, address)) is not None for publication in publications)
    if not known:
        raise NotFound(f"{address}: no subscription with that address")
    return known


def bounce(record: Record, mark: str, reason: str, at: int) -> Subscriber | None:
    """Marks an address as unreachable: it gets no more mail. None if it had left or is unknown."""
    short_reason = reason[:MAX_REASON_CHARS]
    return _change(record, mark, ("asked", "confirmed"), state="bounced", since=at, reason=short_reason)


def note_failure(record: Record, key: DeliveryKey, at: int) -> Subscriber | None:
    """Marks an address as unreachable if the messages of IN_A_ROW issues up to this one failed for good since it was
    confirmed, and none arrived between them. Failures for a policy are not counted. None if it goes on."""
    current = find(record, key.target)
    if current is None or current.state != "confirmed":
        return None
    failures = []
    for state, reason in outcomes_until(record, key, current.since):
        if state == "sent":
            break
        if state == "failed" and may_be_address(reason):
            failures.append(reason)
    if len(failures) < IN_A_ROW:
        return None
    return bounce(record, key.target, f"{len(failures)} issues in a row failed: {failures[0]}", at)


def set_skip_empty(record: Record, mark: str, *, skip_empty: bool) -> bool:
    """Stores whether somebody skips messages on days without papers. False if no confirmed subscriber has the mark."""
    return _change(record, mark, ("confirmed",), skip_empty=skip_empty) is not None


def _change(record: Record, mark: str, states: Collection[str], **changes: Any) -> Subscriber | None:
    """Changes a subscriber in one of some states; returns it as it was before, None if there is none. A new state is
    also written to a file beside the store, in case the store is restored from an older backup."""
    with record.database.write():
        current = find(record, mark)
        if current is None or current.state not in states:
            return None
        put_subscriber(record, current._replace(**changes))
        if "state" in changes:
            noted = forgotten_file.ForgottenMark(changes["state"], mark, changes["since"])
            forgotten_file.complete_file(record.database, record.hasher, [noted])
    return current


def keep_house(record: Record, at: int) -> None:
    """Deletes data that is no longer needed: addresses never confirmed, old messages, paces older than a day."""
    delete_unconfirmed(record, at)
    drop_old_messages(record, at)
    drop_old_paces(record, PACE, at - DAY)


def delete_unconfirmed(record: Record, at: int) -> None:
    """Deletes the addresses of those who never confirmed."""
    with record.database.write():
        drop_unconfirmed(record, "since < ?", at - CONFIRM_WITHIN)
