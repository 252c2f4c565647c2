"""Whole messages: an issue for one subscriber, and the confirmation request.

An issue's message is a pure function of the frozen issue, the settings and its reader: it always has the same bytes.
Its signed Message-ID contains the day, the edition and the reader's mark, to identify messages that come back.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from hotpapers.base.model import DAY, PublishedIssue, RenderedFile
from hotpapers.publish.view import phrases
from hotpapers.publish.view.post_views import LinkedPiece
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.wings.mail import mime
from hotpapers.wings.mail.addresses import domain_of
from hotpapers.wings.mail.config import MailConfig
from hotpapers.wings.mail.issue_text import MessageView, as_html, as_text, message_view
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.subscribers import CONFIRM_WITHIN
from hotpapers.wings.mail.tokens import MailToken, SentMessage, encode, message_id

MAX_MESSAGE_BYTES = 100_000
"""Bytes of a message: mail programs cut off messages larger than about this."""
PREVIEW_ADDRESS = "reader@example.invalid"
MAX_NAME_CHARS = 60
MAX_SUBJECT_CHARS = 200


class UnaddressedMessage(NamedTuple):
    """An issue's message, not addressed yet."""

    view: MessageView
    publication: str
    day: str
    edition: int


def issue_message(issue: PublishedIssue, mail_config: MailConfig, site_config: SiteConfig) -> UnaddressedMessage:
    """The message of an issue, with as many of its papers as fit."""
    content, limit = issue.content, len(issue.content.entries)
    reader = Subscriber("0" * 32, content.publication.publication, "x" * 254, "confirmed", 0, False)
    while True:
        view = message_view(issue, site_config, limit)
        message = UnaddressedMessage(view, content.publication.publication, content.day, content.edition)
        addressed = address_message(message, mail_config, reader._replace(address="a@b.example"), b"", issue.frozen_at)
        size = len(addressed) + len(reader.address)
        if size <= MAX_MESSAGE_BYTES or not limit:
            return message
        limit = min(limit - 1, limit * MAX_MESSAGE_BYTES // size)


def address_message(
    message: UnaddressedMessage, mail_config: MailConfig, reader: Subscriber, secret: bytes, at: int
) -> bytes:
    """The message for one reader, as sent over the wire at a moment: filters distrust messages with an old date."""
    token = encode(secret, MailToken("unsubscribe", reader.mark))
    sent = SentMessage(message.day, message.edition, reader.mark)
    mailto = f"mailto:{quote(mail_config.reply_to, safe='@')}?subject=unsubscribe%20{token}"
    link = f"{mail_config.base}mail/unsubscribe/{token}" if mail_config.base else ""
    view = message.view._replace(unsubscribe=LinkedPiece("Unsubscribe", link or mailto))
    title = message.view.publication
    headers = [
        ("From", mime.mailbox("From", phrases.cut(title, MAX_NAME_CHARS), mail_config.address)),
        *reply_to(mail_config),
        ("To", reader.address),
        ("Subject", mime.words("Subject", phrases.cut(view.subject, MAX_SUBJECT_CHARS))),
        ("Date", mime.date(at)),
        ("Message-ID", message_id(secret, sent, domain_of(mail_config.address))),
        ("List-Id", list_id(message.publication, mail_config)),
        (
            "List-Unsubscribe",
            mime.address_list("List-Unsubscribe", [f"<{address}>" for address in (link, mailto) if address]),
        ),
        *([("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if link else []),
        ("Auto-Submitted", "auto-generated"),
    ]
    parts = [mime.MimePart("plain", as_text(view)), mime.MimePart("html", as_html(view))]
    return mime.message(headers, parts, f"{message.day}.{message.edition}")


def preview(issue: PublishedIssue, mail_config: MailConfig, site_config: SiteConfig) -> RenderedFile:
    """The message of an issue as a file to look at, addressed to nobody, with links that do nothing."""
    reader = Subscriber("0" * 32, issue.content.publication.publication, PREVIEW_ADDRESS, "confirmed", 0, False)
    return RenderedFile(
        f"{issue.content.day}.eml",
        address_message(issue_message(issue, mail_config, site_config), mail_config, reader, b"", issue.frozen_at),
    )


def reply_to(mail_config: MailConfig) -> mime.Headers:
    """The Reply-To header, if replies go elsewhere."""
    return [("Reply-To", mail_config.reply_to)] if mail_config.reply_to != mail_config.address else []


def list_id(publication: str, mail_config: MailConfig) -> str:
    """The List-Id by which mail programs identify the list (RFC 2919): the publication below the sender's domain."""
    label = re.sub(r"[^a-z0-9-]+", "-", publication.lower())[:63].strip("-") or "papers"
    return f"<{label}.{domain_of(mail_config.address)}>"


CONFIRM = """\
Someone asked for {title} to be sent to this address.

{instructions}

If it was not you, ignore this message: we will not write again, and this address will be deleted after {days} days.
"""
BY_LINK = """\
To confirm, open this page and press the button:
<{link}>

Or reply to this message without changing its subject."""
BY_REPLY = "To confirm, reply to this message without changing its subject."


def confirmation(title: str, mail_config: MailConfig, subscriber: Subscriber, secret: bytes) -> bytes:
    """The message that asks the owner of an address to confirm a subscription to a publication."""
    token = encode(secret, MailToken("confirm", subscriber.mark, subscriber.since // 1_000_000))
    title = phrases.cut(phrases.one_line(title), MAX_NAME_CHARS)
    instructions = BY_LINK.format(link=f"{mail_config.base}mail/confirm/{token}") if mail_config.base else BY_REPLY
    text = CONFIRM.format(title=title, instructions=instructions, days=CONFIRM_WITHIN // DAY)
    headers = [
        ("From", mime.mailbox("From", title, mail_config.address)),
        *reply_to(mail_config),
        ("To", subscriber.address),
        ("Subject", mime.words("Subject", f"Confirm {title}: {token}")),
        ("Date", mime.date(subscriber.since)),
        ("Message-ID", f"<confirm.{subscriber.since:x}.{subscriber.mark}@{domain_of(mail_config.address)}>"),
        ("Auto-Submitted", "auto-generated"),
    ]
    return mime.message(headers, [mime.MimePart("plain", text)], "")
