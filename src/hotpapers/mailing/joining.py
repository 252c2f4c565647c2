"""To join: somebody asks for a publication at an address, and whoever reads that address confirms it."""

from __future__ import annotations

from hotpapers.errors import Refused, Wait
from hotpapers.mailing import subscribers
from hotpapers.mailing.addresses import normalized, untold
from hotpapers.mailing.composing import confirmation
from hotpapers.mailing.office import Office
from hotpapers.mailing.relay import AGAIN, Relay
from hotpapers.mailing.replies import Failed, Later
from hotpapers.model import Publication
from hotpapers.record import Record


def ask(
    record: Record, office: Office, relay: Relay, publication: Publication, address: str, at: int, *,
    skip_empty: bool = False,
) -> bool:  # fmt: skip
    """Sends the letter that asks to confirm; False where none is needed: it is confirmed already, or the last letter is
    not a day old. Raises UsageError for what is no address; Wait, Refused where the letter cannot be sent."""
    name = publication.publication
    asked = subscribers.ask(record, name, normalized(address), at, skip_empty=skip_empty)
    if asked is None:
        return False
    letter = confirmation(publication.title, office, asked, record.marks.secret)
    try:
        outcome = relay.hand_over(asked.address, letter)
    except Wait:
        subscribers.take_back(record, asked)
        raise
    if isinstance(outcome, Later | Failed):
        subscribers.take_back(record, asked)
        reason = untold(outcome.reason, asked.address)
        raise Wait(AGAIN, reason) if isinstance(outcome, Later) else Refused(f"the relay refuses it: {reason}")
    return True
