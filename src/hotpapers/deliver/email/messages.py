"""Whole letters: an issue for one subscriber, and the letter that asks somebody to confirm.

An issue's letter is a pure function of the frozen issue, the settings and its reader: the same bytes whenever it is
made. Its Message-ID names day, edition and the reader's mark, so that what comes back can be told.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from hotpapers.deliver.email import mime
from hotpapers.deliver.email.addresses import domain_of
from hotpapers.deliver.email.config import MailConfig
from hotpapers.deliver.email.issue_text import LinkedText, MessageView, as_html, as_text, message_view
from hotpapers.deliver.email.queries import Subscriber
from hotpapers.deliver.email.subscribers import ANSWER_WITHIN
from hotpapers.deliver.email.tokens import MailToken, encode
from hotpapers.model import DAY, PublishedIssue, RenderedFile
from hotpapers.view import phrases
from hotpapers.view.site_config import SiteConfig

LARGEST = 100_000
"""Bytes of a letter: from about so many on readers are shown the beginning alone."""
PREVIEWED = "reader@example.invalid"
LONGEST_NAME = 60
LONGEST_SUBJECT = 200

MESSAGE_ID = re.compile(rb"<(\d{4}-\d\d-\d\d)\.(\d{1,4})\.([0-9a-f]{32})@([A-Za-z0-9.-]{1,255})>")
"""The Message-ID of a letter of ours: day, edition, mark, domain."""


class UnaddressedMessage(NamedTuple):
    """An issue's letter that is not addressed yet. `moment`: when the issue was frozen."""

    view: MessageView
    publication: str
    day: str
    edition: int
    moment: int


def issue_message(issue: PublishedIssue, office: MailConfig, site_config: SiteConfig) -> UnaddressedMessage:
    """The letter of an issue, with as many of its papers as it has room for."""
    content, most = issue.content, len(issue.content.entries)
    somebody = Subscriber("0" * 32, content.publication.publication, "x" * 254, "confirmed", 0, False)
    while True:
        view = message_view(issue, site_config, most)
        message = UnaddressedMessage(
            view, content.publication.publication, content.day, content.edition, issue.frozen_at
        )
        size = len(address_message(message, office, somebody._replace(address="a@b.example"), b"")) + len(
            somebody.address
        )
        if size <= LARGEST or not most:
            return message
        most = min(most - 1, most * LARGEST // size)


def address_message(letter: UnaddressedMessage, office: MailConfig, reader: Subscriber, secret: bytes) -> bytes:
    """The letter for one reader, as it goes over the wire."""
    token = encode(secret, MailToken("unsubscribe", reader.mark))
    mailto = f"mailto:{quote(office.reply_to, safe='@')}?subject=unsubscribe%20{token}"
    link = f"{office.base}mail/unsubscribe/{token}" if office.base else ""
    view = letter.view._replace(leave=LinkedText("Unsubscribe", link or mailto))
    title = letter.view.publication
    headers = [
        ("From", mime.mailbox("From", phrases.cut(title, LONGEST_NAME), office.address)),
        *_answers(office),
        ("To", reader.address),
        ("Subject", mime.words("Subject", phrases.cut(f"{title}, {phrases.day_name(letter.day)}", LONGEST_SUBJECT))),
        ("Date", mime.date(letter.moment)),
        ("Message-ID", f"<{letter.day}.{letter.edition}.{reader.mark}@{domain_of(office.address)}>"),
        ("List-Id", list_id(letter.publication, office)),
        (
            "List-Unsubscribe",
            mime.listed("List-Unsubscribe", [f"<{address}>" for address in (link, mailto) if address]),
        ),
        *([("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if link else []),
        ("Auto-Submitted", "auto-generated"),
    ]
    parts = [mime.MimePart("plain", as_text(view)), mime.MimePart("html", as_html(view))]
    return mime.message(headers, parts, f"{letter.day}.{letter.edition}")


def preview(issue: PublishedIssue, office: MailConfig, site_config: SiteConfig) -> RenderedFile:
    """The letter of an issue as a file to look at, to a reader whom there is not, with links that do nothing."""
    reader = Subscriber("0" * 32, issue.content.publication.publication, PREVIEWED, "confirmed", 0, False)
    return RenderedFile(
        f"{issue.content.day}.eml", address_message(issue_message(issue, office, site_config), office, reader, b"")
    )


def _answers(office: MailConfig) -> mime.Headers:
    return [("Reply-To", office.reply_to)] if office.reply_to != office.address else []


def list_id(publication: str, office: MailConfig) -> str:
    """How mail programs tell the list (RFC 2919): the publication below the sender's domain."""
    label = re.sub(r"[^a-z0-9-]+", "-", publication.lower())[:63].strip("-") or "papers"
    return f"<{label}.{domain_of(office.address)}>"


CONFIRM = """\
Someone asked for {title} to be sent to this address.

{how}

If it was not you, do nothing: you will get no other message, and this address is deleted after {days} days.
"""
BY_LINK = """\
To confirm, open this page and press its button:
<{link}>

Or reply to this message without changing its subject."""
BY_ANSWER = "To confirm, reply to this message without changing its subject."


def confirmation(title: str, office: MailConfig, subscriber: Subscriber, secret: bytes) -> bytes:
    """The letter that asks whoever reads an address to confirm that they want a publication."""
    token = encode(secret, MailToken("confirm", subscriber.mark, subscriber.since // 1_000_000))
    title = phrases.cut(phrases.one_line(title), LONGEST_NAME)
    how = BY_LINK.format(link=f"{office.base}mail/confirm/{token}") if office.base else BY_ANSWER
    text = CONFIRM.format(title=title, how=how, days=ANSWER_WITHIN // DAY)
    headers = [
        ("From", mime.mailbox("From", title, office.address)),
        *_answers(office),
        ("To", subscriber.address),
        ("Subject", mime.words("Subject", f"Confirm {title}: {token}")),
        ("Date", mime.date(subscriber.since)),
        ("Message-ID", f"<confirm.{subscriber.since:x}.{subscriber.mark}@{domain_of(office.address)}>"),
        ("Auto-Submitted", "auto-generated"),
    ]
    return mime.message(headers, [mime.MimePart("plain", text)], "")
