"""Subscribing: somebody enters an address for a publication, and the owner of the address confirms it."""

from __future__ import annotations

from hotpapers.base.errors import RequestRefused, RetryLater
from hotpapers.base.model import Publication
from hotpapers.record import Record
from hotpapers.wings.mail import subscribers
from hotpapers.wings.mail.addresses import normalized, without_address
from hotpapers.wings.mail.config import MailConfig
from hotpapers.wings.mail.messages import confirmation
from hotpapers.wings.mail.smtp import RETRY_SECONDS, SmtpClient
from hotpapers.wings.mail.smtp_replies import Deferred, Rejected


def ask(
    record: Record,
    mail_config: MailConfig,
    relay: SmtpClient,
    publication: Publication,
    address: str,
    at: int,
    *,
    skip_empty: bool = False,
) -> bool:
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
