"""Subscribing: somebody enters an address for a publication, and the owner of the address confirms it."""

from __future__ import annotations

from hotpapers.deliver.email import subscribers
from hotpapers.deliver.email.addresses import normalized, without_address
from hotpapers.deliver.email.config import MailConfig
from hotpapers.deliver.email.messages import confirmation
from hotpapers.deliver.email.smtp import RETRY_SECONDS, SmtpClient
from hotpapers.deliver.email.smtp_replies import Deferred, Rejected
from hotpapers.errors import RequestRefused, RetryLater
from hotpapers.model import Publication
from hotpapers.store import Record


def ask(
    record: Record, mail_config: MailConfig, relay: SmtpClient, publication: Publication, address: str, at: int, *,
    skip_empty: bool = False,
) -> bool:  # fmt: skip
    """Sends a confirmation request; False if none is needed: the address is already confirmed, or was asked less
    than a day ago. Raises UsageError for an invalid address; RetryLater, RequestRefused if the message cannot be
    sent."""
    name = publication.publication
    subscriber = subscribers.ask(record, name, normalized(address), at, skip_empty=skip_empty)
    if subscriber is None:
        return False
    message = confirmation(publication.title, mail_config, subscriber, record.hasher.secret)
    try:
        outcome = relay.hand_over(subscriber.address, message)
    except RetryLater:
        subscribers.undo_ask(record, subscriber)
        raise
    if isinstance(outcome, Deferred | Rejected):
        subscribers.undo_ask(record, subscriber)
        reason = without_address(outcome.reason, subscriber.address)
        raise (
            RetryLater(RETRY_SECONDS, reason)
            if isinstance(outcome, Deferred)
            else RequestRefused(f"refused by the relay: {reason}")
        )
    return True
