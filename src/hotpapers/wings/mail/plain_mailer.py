"""Plain messages through the relay: the operator's own, such as one reader's papers, and the request to confirm a
subscription, which the owner of an address gets when somebody enters it."""

from __future__ import annotations

from contextlib import closing

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.model import HttpClient, PlainMail, Publication
from hotpapers.publish.view import phrases
from hotpapers.record import Record
from hotpapers.site.site import Site
from hotpapers.wings.mail import subscribers
from hotpapers.wings.mail.addresses import normalize_address
from hotpapers.wings.mail.messages import build_confirmation, plain_message
from hotpapers.wings.mail.sender import wait_for_turn
from hotpapers.wings.mail.settings import MailConfig, site_mail_config
from hotpapers.wings.mail.smtp import SmtpClient
from hotpapers.wings.mail.smtp_replies import OutcomeUnknown
from hotpapers.wings.mail.tokens import sign_text


class PlainMailer:
    """A connection to the relay, for one thread. Close it after use."""

    def __init__(self, record: Record, site: Site) -> None:
        """Raises SettingsError."""
        self._record = record
        self._mail_config = site_mail_config(site)
        self._relay = SmtpClient(self._mail_config)
        self.try_out = self._relay.try_out
        self.close = self._relay.close

    def send(self, mail: PlainMail, http: HttpClient) -> str:
        """Hands over one message. Raises RetryLater, RequestRefused, NetError."""
        wait_for_turn(self._record, self._mail_config, mail.address, http)
        mark = sign_text(self._record.hasher.secret, f"mail plain {mail.key}")
        subject = phrases.one_line(mail.subject)
        message = plain_message(self._mail_config, "", mail.address, subject, http.now(), mark, mail.text)
        receipt = self._relay.hand_over(mail.address, message)
        assert receipt is not None
        return receipt


def ask_to_confirm(
    record: Record,
    mail_config: MailConfig,
    publication: Publication,
    address: str,
    at: int,
    *,
    skip_empty: bool = False,
) -> bool:
    """Sends a confirmation request; False if none is needed: the address is already confirmed, or was asked less
    than a day ago. Raises UsageError for an invalid address; RetryLater, RequestRefused, Deferred if the message
    cannot be sent."""
    subscriber = subscribers.ask(record, publication.publication, normalize_address(address), at, skip_empty=skip_empty)
    if subscriber is None:
        return False
    message = build_confirmation(publication, mail_config, subscriber, record.hasher.secret)
    try:
        with closing(SmtpClient(mail_config)) as relay:
            relay.hand_over(subscriber.address, message)
    except OutcomeUnknown:  # if it has arrived, it may be answered
        return True
    except NetError as problem:
        subscribers.undo_ask(record, subscriber)
        if isinstance(problem, RequestRefused):
            raise RequestRefused(f"refused by the relay: {problem.reason}") from None
        raise
    return True
