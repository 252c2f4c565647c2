"""Whole messages: an issue for one subscriber, and the confirmation request.

An issue's message is a pure function of the frozen issue, the settings and its reader: it always has the same bytes.
Its signed Message-ID contains the day, the edition and the reader's mark, to identify messages that come back.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from hotpapers.base.model import DAY, Publication, PublishedIssue, RenderedFile
from hotpapers.base.settings import Settings
from hotpapers.publish.view.phrases import cut_text, one_line
from hotpapers.publish.view.post_views import LinkedPiece
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.wings.mail import mime, offer
from hotpapers.wings.mail.addresses import MAX_ADDRESS_CHARS, domain_of
from hotpapers.wings.mail.issue_text import MessageView, as_html, as_text, message_view, wrap_text
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.settings import MailConfig, mailing_settings, preview_config
from hotpapers.wings.mail.subscribers import CONFIRM_WITHIN
from hotpapers.wings.mail.tokens import MailToken, SentMessage, encode_token, message_id

MAX_MESSAGE_BYTES = 100_000
"""Bytes of a message: mail programs cut off messages larger than about this."""
MAX_NAME_CHARS = 60
MAX_SUBJECT_CHARS = 200


def issue_message(issue: PublishedIssue, mail_config: MailConfig, site_config: SiteConfig) -> MessageView:
    """The message of an issue, not addressed yet, with as many of its papers as fit."""
    limit = len(issue.content.entries)
    reader = _nobody(issue, "a@b.example")
    while True:
        message = message_view(issue, site_config, limit)
        size = len(address_message(message, mail_config, reader, b"", issue.frozen_at)) + MAX_ADDRESS_CHARS
        if size <= MAX_MESSAGE_BYTES or not limit:
            return message
        limit = min(limit - 1, limit * MAX_MESSAGE_BYTES // size)


def _nobody(issue: PublishedIssue, address: str) -> Subscriber:
    return Subscriber("0" * 32, issue.content.publication.publication, address, "confirmed", 0, False)


def address_message(message: MessageView, mail_config: MailConfig, reader: Subscriber, secret: bytes, at: int) -> bytes:
    """The message for one reader, as sent over the wire at a moment: filters distrust messages with an old date."""
    token = encode_token(secret, MailToken("unsubscribe", reader.mark))
    issue = message.issue
    title = message.publication
    sent = SentMessage(issue.day, issue.edition, reader.mark)
    mailto = f"mailto:{quote(mail_config.reply_to, safe='@')}?subject=unsubscribe%20{token}"
    link = f"{mail_config.base}mail/unsubscribe/{token}" if mail_config.base else ""
    view = message._replace(unsubscribe=LinkedPiece("Unsubscribe", link or mailto))
    addresses = [f"<{address}>" for address in (link, mailto) if address]
    headers = _headers(
        mail_config,
        cut_text(title, MAX_NAME_CHARS),
        reader.address,
        view.subject,
        at,
        message_id(secret, sent, domain_of(mail_config.address)),
        ("List-Id", list_id(issue.publication.publication, mail_config)),
        ("List-Unsubscribe", mime.address_list("List-Unsubscribe", addresses)),
        *([("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if link else []),
    )
    alternatives = {"plain": as_text(view), "html": as_html(view)}
    return mime.build_message(headers, alternatives, f"{issue.day}.{issue.edition}")


def preview_message(issue: PublishedIssue, settings: Settings, site_config: SiteConfig) -> RenderedFile:
    """The message of an issue as a file to look at, addressed to nobody, with links that do nothing."""
    mail_config = preview_config(mailing_settings(settings))
    reader = _nobody(issue, "reader@example.invalid")
    message = issue_message(issue, mail_config, site_config)
    data = address_message(message, mail_config, reader, b"", issue.frozen_at)
    return RenderedFile(f"{issue.content.day}.eml", data)


def plain_message(
    mail_config: MailConfig, name: str, address: str, subject: str, at: int, message_id: str, text: str, token: str = ""
) -> bytes:
    """A message that is no issue's. `name`: the sender's, or empty; `message_id`: up to the `@`; `token`: the mark by
    which answers are recognized."""
    full_id = f"<{message_id}@{domain_of(mail_config.address)}>"
    headers = _headers(mail_config, name, address, subject, at, full_id)
    if token:
        answers = [("Reply-To", f"{token}{mime.CRLF} <{mail_config.reply_to}>")]
    else:
        answers = []
    others = [header for header in headers if not (token and header[0] == "Reply-To")]
    return mime.build_message([*others, *answers], {"plain": text})


def _headers(
    mail_config: MailConfig, name: str, address: str, subject: str, at: int, message_id: str, *further: tuple[str, str]
) -> mime.Headers:
    if mail_config.reply_to != mail_config.address:
        replies = [("Reply-To", mail_config.reply_to)]
    else:
        replies = []
    return [
        ("From", mime.format_mailbox("From", name, mail_config.address)),
        *replies,
        ("To", address),
        ("Subject", mime.encode_words("Subject", cut_text(subject, MAX_SUBJECT_CHARS))),
        ("Date", mime.format_date(at)),
        ("Message-ID", message_id),
        *further,
        ("Auto-Submitted", "auto-generated"),
    ]


def list_id(publication: str, mail_config: MailConfig) -> str:
    """The List-Id by which mail programs identify the list (RFC 2919): the publication below the sender's domain."""
    label = re.sub(r"[^a-z0-9-]+", "-", publication.lower())[:63].strip("-") or "papers"
    return f"<{label}.{domain_of(mail_config.address)}>"


CONFIRM = """\
Someone asked for {title} to be sent to this address.

{offer}

{instructions}

If it was not you, ignore this message: you get no other unless someone asks
again, and this address will be deleted after {days} days.
"""
BY_LINK = """\
To confirm, open this page and press the button:
<{link}>

Or reply to this message."""
BY_REPLY = "To confirm, reply to this message."


def build_confirmation(
    publication: Publication, mail_config: MailConfig, subscriber: Subscriber, secret: bytes
) -> bytes:
    """The message that asks the owner of an address to confirm a subscription to a publication. The token is also the
    name to which they answer, so that the subject is free for what they confirm."""
    token = encode_token(secret, MailToken("confirm", subscriber.mark, subscriber.since // 1_000_000))
    title = cut_text(one_line(publication.title), MAX_NAME_CHARS)
    text = CONFIRM.format(
        title=title,
        offer=wrap_text(f"{offer.contents(publication)} {offer.times(publication)}"),
        instructions=BY_LINK.format(link=f"{mail_config.base}mail/confirm/{token}") if mail_config.base else BY_REPLY,
        days=CONFIRM_WITHIN // DAY,
    )
    subject = f"Confirm: {offer.mail_kind(publication)} ({title})"
    message_id = f"confirm.{subscriber.since:x}.{subscriber.mark}"
    return plain_message(mail_config, title, subscriber.address, subject, subscriber.since, message_id, text, token)
