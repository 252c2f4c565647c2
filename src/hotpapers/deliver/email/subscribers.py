"""Subscribers: who asked for a publication's issues, confirmed it, left, or cannot be reached.

A subscriber is known by a mark, the keyed hash of publication and address. When somebody leaves, the address is
deleted and the mark stays, in state *ended*: nothing goes there before the address was confirmed anew.
"""

from __future__ import annotations

from hotpapers.deliver.email import queries
from hotpapers.deliver.email.addresses import LONGEST_REASON
from hotpapers.deliver.email.tokens import MailToken
from hotpapers.errors import NotFound
from hotpapers.model import DAY
from hotpapers.privacy import forgotten_file
from hotpapers.store import Record

CONFIRM_WITHIN = 7 * DAY
"""How long a confirmation is waited for; then the address is deleted."""
ASK_AGAIN = DAY
"""How long after a message that asks for a confirmation no other one goes to the same address."""


def mark_of(record: Record, publication: str, address: str) -> str:
    """The keyed hash by which a subscriber is known; addresses that differ in case alone are one."""
    return record.hasher.tombstone(f"mail:{publication}:{address.lower()}")


def find(record: Record, mark: str) -> queries.Subscriber | None:
    """The subscriber of a mark."""
    subscribers = queries.select_subscribers(record, "mark = ?", mark)
    return subscribers[0] if subscribers else None


def all_subscribers(record: Record) -> list[queries.Subscriber]:
    """All, by publication and address; of those who left only marks."""
    return queries.select_subscribers(record, "1 = 1")


def confirmed(record: Record, publication: str, until: int) -> list[queries.Subscriber]:
    """Who had confirmed a publication by a moment."""
    return queries.select_subscribers(
        record, "publication = ? AND state = 'confirmed' AND since <= ?", publication, until
    )


def ask(
    record: Record, publication: str, address: str, at: int, *, skip_empty: bool = False
) -> queries.Subscriber | None:
    """Notes that somebody asks for a publication; None where no message is to be sent for it: it is confirmed already,
    or the last one is not a day old. Who has confirmed it changes their choice of days."""
    mark = mark_of(record, publication, address)
    subscriber = queries.Subscriber(mark, publication, address, "asked", at, skip_empty)
    with record.database.write():
        known = find(record, mark)
        if known and known.state == "confirmed":
            queries.put_subscriber(record, known._replace(skip_empty=skip_empty))
            return None
        if known and known.state == "asked" and at - known.since < ASK_AGAIN:
            return None
        queries.put_subscriber(record, subscriber)
    return subscriber


def undo_ask(record: Record, subscriber: queries.Subscriber) -> None:
    """Undoes `ask`, where the message could not be sent. Who had left before has to be asked anew either way."""
    with record.database.write():
        known = find(record, subscriber.mark)
        if known and known.state == "asked" and known.since == subscriber.since:
            queries.drop_subscriber(record, subscriber.mark)


def confirm(record: Record, token: MailToken, at: int) -> queries.Subscriber:
    """Confirms what was asked for with this token; twice is once. Raises NotFound for one that is too old or used
    up."""
    with record.database.write():
        known = find(record, token.mark)
        if token.purpose != "confirm" or known is None or known.state in ("ended", "bounced"):
            raise NotFound("this confirmation is for nothing that was asked for; subscribe again")
        if known.state == "confirmed":
            return known
        if known.since // 1_000_000 != token.moment or at - known.since > CONFIRM_WITHIN:
            raise NotFound("this confirmation came too late; subscribe again")
        subscriber = known._replace(state="confirmed", since=at)
        queries.put_subscriber(record, subscriber)
    return subscriber


def end(record: Record, mark: str, at: int) -> queries.Subscriber | None:
    """Unsubscribes: the address is deleted, the mark stays. Twice is once. Who it was; None where nobody is."""
    with record.database.write():
        known = find(record, mark)
        if known is not None and known.state != "ended":
            queries.put_subscriber(record, known._replace(state="ended", since=at, address="", reason=""))
            _note_beside_store(record, "ended", mark, at)
    return known


def known(record: Record, address: str) -> int:
    """How many publications know an address by its hash, also of who has left."""
    return sum(
        find(record, mark_of(record, publication, address)) is not None
        for publication in queries.count_subscribers(record)
    )


def forget(record: Record, address: str, at: int) -> int:
    """Unsubscribes an address from everything; how many subscriptions that were."""
    subscribers = queries.select_subscribers(record, "lower(address) = ?", address.lower())
    for subscriber in subscribers:
        end(record, subscriber.mark, at)
    return len(subscribers)


def bounce(record: Record, mark: str, reason: str, at: int) -> queries.Subscriber | None:
    """Notes that an address cannot be reached: nothing goes there any more. None where it had left, or nobody is."""
    with record.database.write():
        known = find(record, mark)
        if known is None or known.state in ("ended", "bounced"):
            return None
        queries.put_subscriber(record, known._replace(state="bounced", since=at, reason=reason[:LONGEST_REASON]))
        _note_beside_store(record, "bounced", mark, at)
    return known


def set_skip_empty(record: Record, mark: str, *, skip_empty: bool) -> queries.Subscriber | None:
    """Keeps whether somebody wants messages on days without a paper; None where nobody confirmed has the mark."""
    with record.database.write():
        known = find(record, mark)
        if known is None or known.state != "confirmed":
            return None
        changed = known._replace(skip_empty=skip_empty)
        queries.put_subscriber(record, changed)
    return changed


def tidy(record: Record, at: int) -> None:
    """Deletes the addresses of those who never confirmed."""
    queries.drop_unconfirmed(record, at - CONFIRM_WITHIN)


def _note_beside_store(record: Record, state: queries.SubscriberState, mark: str, at: int) -> None:
    """Also beside the store, for when it is lost and an older backup takes its place."""
    forgotten_file.append(record.database, record.hasher, [forgotten_file.ForgottenMark(state, mark, at)])
