"""Subscribing: somebody enters an address for a publication, and the owner of the address confirms it."""

from __future__ import annotations

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.model import Publication
from hotpapers.record import Record
from hotpapers.wings.mail import subscribers
from hotpapers.wings.mail.addresses import normalized
from hotpapers.wings.mail.config import MailConfig
from hotpapers.wings.mail.messages import confirmation
from hotpapers.wings.mail.smtp import SmtpClient
from hotpapers.wings.mail.smtp_replies import OutcomeUnknown


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
    than a day ago. Raises UsageError for an invalid address; RetryLater, RequestRefused, Deferred if the message
    cannot be sent."""
    name = publication.publication
    subscriber = subscribers.ask(record, name, normalized(address), at, skip_empty=skip_empty)
    if subscriber is None:
        return False
    message = confirmation(publication.title, mail_config, subscriber, record.hasher.secret)
    try:
        relay.hand_over(subscriber.address, message)
    except OutcomeUnknown:  # if it has arrived, it may be answered
        return True
    except NetError as problem:
        subscribers.undo_ask(record, subscriber)
        if isinstance(problem, RequestRefused):
            raise RequestRefused(f"refused by the relay: {problem.reason}") from None
        raise
    return True
