"""To join: somebody asks for a publication at an address, and whoever reads that address confirms it."""

from __future__ import annotations

from hotpapers.deliver.email import subscribers
from hotpapers.deliver.email.addresses import normalized, without_address
from hotpapers.deliver.email.config import MailConfig
from hotpapers.deliver.email.messages import confirmation
from hotpapers.deliver.email.smtp import AGAIN, SmtpClient
from hotpapers.deliver.email.smtp_replies import Deferred, Rejected
from hotpapers.errors import RequestRefused, RetryLater
from hotpapers.model import Publication
from hotpapers.store import Record


def ask(
    record: Record, office: MailConfig, relay: SmtpClient, publication: Publication, address: str, at: int, *,
    skip_empty: bool = False,
) -> bool:  # fmt: skip
    """Sends the letter that asks to confirm; False where none is needed: it is confirmed already, or the last letter is
    not a day old. Raises UsageError for what is no address; RetryLater, RequestRefused where the letter cannot be
    sent."""
    name = publication.publication
    subscriber = subscribers.ask(record, name, normalized(address), at, skip_empty=skip_empty)
    if subscriber is None:
        return False
    letter = confirmation(publication.title, office, subscriber, record.marks.secret)
    try:
        outcome = relay.hand_over(subscriber.address, letter)
    except RetryLater:
        subscribers.take_back(record, subscriber)
        raise
    if isinstance(outcome, Deferred | Rejected):
        subscribers.take_back(record, subscriber)
        reason = without_address(outcome.reason, subscriber.address)
        raise (
            RetryLater(AGAIN, reason)
            if isinstance(outcome, Deferred)
            else RequestRefused(f"the relay refuses it: {reason}")
        )
    return True
