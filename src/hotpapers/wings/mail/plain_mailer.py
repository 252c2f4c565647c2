"""The operator's own messages, such as one reader's papers: plain text to one address, through the same relay."""

from __future__ import annotations

from hotpapers.base.model import HttpClient, PlainMail
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.publish.view import phrases
from hotpapers.record import Record
from hotpapers.wings.mail import mime
from hotpapers.wings.mail.addresses import domain_of
from hotpapers.wings.mail.config import MailConfig
from hotpapers.wings.mail.messages import MAX_SUBJECT_CHARS, reply_to
from hotpapers.wings.mail.sender import PACE
from hotpapers.wings.mail.smtp import SmtpClient
from hotpapers.wings.mail.tokens import signed


class PlainMailer:
    """A connection to the relay, for one thread. Close it after use."""

    def __init__(self, record: Record, mail_config: MailConfig) -> None:
        self._record, self._mail_config, self._relay = record, mail_config, SmtpClient(mail_config)

    def try_out(self) -> str:
        """Connects to the relay, and logs in. Raises RetryLater."""
        return self._relay.try_out()

    def close(self) -> None:
        self._relay.close()

    def send(self, mail: PlainMail, http: HttpClient) -> str:
        """Hands over one message. Raises RetryLater, RequestRefused, NetError."""
        http.sleep(
            jobs_queries.reserve_moment(self._record, PACE + domain_of(mail.address), 60 / self._mail_config.pace)
        )
        receipt = self._relay.hand_over(mail.address, self._message(mail, http.now()))
        assert receipt is not None
        return receipt

    def _message(self, mail: PlainMail, at: int) -> bytes:
        config = self._mail_config
        mark = signed(self._record.hasher.secret, f"mail plain {mail.key}")
        headers = [
            ("From", config.address),
            *reply_to(config),
            ("To", mail.address),
            ("Subject", mime.words("Subject", phrases.cut(phrases.one_line(mail.subject), MAX_SUBJECT_CHARS))),
            ("Date", mime.date(at)),
            ("Message-ID", f"<{mark}@{domain_of(config.address)}>"),
            ("Auto-Submitted", "auto-generated"),
        ]
        return mime.message(headers, [mime.MimePart("plain", mail.text)], "")
