"""Incoming mail: bounce reports, unsubscribe requests, confirmations.

Anybody can write to that mailbox. A report counts if it returns the Message-ID of one of our messages, a request if its
subject contains a token; this store has signed both, so only those who have a message can report it. Automatic replies
confirm nothing (RFC 3834). `subscribers.note_failure` says after how many reports a subscription ends.

RFC 3462 and 3464 (delivery reports), RFC 5965 (abuse reports), RFC 4155 (mbox).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32
from itertools import islice
from typing import NamedTuple

from hotpapers.base.errors import NotFound
from hotpapers.base.ids import timestamps
from hotpapers.base.model import HOUR
from hotpapers.issues.freeze import editions
from hotpapers.record import Record
from hotpapers.wings.mail import subscribers
from hotpapers.wings.mail.queries import Subscriber, message_key
from hotpapers.wings.mail.sender import mark_bounced
from hotpapers.wings.mail.smtp_replies import failure_reason, is_bad_address, status_of
from hotpapers.wings.mail.tokens import TOKEN, MailToken, SentMessage, decode, sent_message

TOKEN_HEADERS = ("subject", "to", "cc")
"""Where answers have a token: to whom they are addressed, or as earlier messages asked, in the subject."""
MAX_BOUNCE_BYTES = 4_000_000
"""Bytes of one message; larger ones are ignored."""
MAX_PARTS = 50
MAX_HEADER_CHARS = 2000
"""Characters of a header that are read: the standard library takes hours over the parameters of a long one."""
_MULTIPART = re.compile(rb"multipart/", re.IGNORECASE)
_SEPARATOR = re.compile(
    rb"(?:\A|\r?\n\r?\n)From ([^\r\n]{1,300}? \d\d:\d\d:\d\d [^\r\n]{0,40}\d{4})[^\r\n]{0,100}\r?\n"
)
"""The line before each message of a mailbox: `From a@b.example Thu Jan 14 12:00:00 2021`."""
_DATE = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) .*?(\d{4})\Z")
CLOCK_TOLERANCE = 12 * HOUR
"""µs by which a mailbox's clock may be behind: its dates have no time zone."""
_GENERIC = re.compile(r"[45]\.0\.0")
_FIELD = re.compile(
    r"(Final-Recipient|Original-Recipient|Action|Status|Remote-MTA|Diagnostic-Code|Last-Attempt-Date|Final-Log-Id"
    r"|Will-Retry-Until|X-[\w-]{1,60}):(.*)",
    re.IGNORECASE | re.ASCII,
)
MAX_REPORT_LINES = 100
"""Lines of a delivery report's block that are read after one that is no field."""
_CODE = re.compile(r"\b([45]\d\d)\b")


class MailboxSummary(NamedTuple):
    """Counts for a mailbox: addresses that bounced, messages returned for other reasons, people who
    confirmed, people who left, and unrelated messages."""

    bounced: int = 0
    came_back: int = 0
    confirmed: int = 0
    left: int = 0
    other: int = 0


class _ShortHeaders(Compat32):
    """Reads the beginning of each header."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_HEADER_CHARS]


class BounceReport(NamedTuple):
    """One of our messages came back. `no_such_address`: because the address does not exist. Without a `reason`,
    somebody reported it as abuse; this unsubscribes them."""

    message: SentMessage
    reason: str = ""
    no_such_address: bool = False

    @property
    def mark(self) -> str:
        return self.message.mark


MailboxEvent = BounceReport | MailToken | None


def process_mailbox(record: Record, mailbox: bytes, at: int) -> MailboxSummary:
    """Processes a message or a whole mailbox (mbox). Doing it again changes nothing."""
    secret = record.hasher.secret
    return MailboxSummary(
        **Counter(
            _outcome(record, parse_message(message, secret), delivered, at) for message, delivered in messages(mailbox)
        )
    )


def messages(mailbox: bytes) -> Iterator[tuple[bytes, int]]:
    """The messages of a mailbox, each with the moment of its delivery according to it, µs UTC; 0 if it does not say.
    Anything that is not a mailbox is one message."""
    head, *pieces = _SEPARATOR.split(mailbox) if mailbox.startswith(b"From ") else [mailbox]
    if head:
        yield head, 0
    yield from ((data, _moment(line)) for line, data in zip(pieces[::2], pieces[1::2], strict=True) if data)


def _moment(line: bytes) -> int:
    match = _DATE.search(line.decode("ascii", "replace"))
    if match is None:
        return 0
    month, day, time, year = match.groups()
    return timestamps.parse(f"{day} {month} {year} {time} +0000") or 0


def _outcome(record: Record, event: MailboxEvent, delivered: int, at: int) -> str:
    """Carries out what a message asks for. Returns the field of MailboxSummary that counts it."""
    subscriber = subscribers.find(record, event.mark) if event else None
    if event is None or subscriber is None or _is_outdated(record, event, subscriber, delivered):
        return "other"
    if isinstance(event, BounceReport) and event.reason:
        key = message_key(subscriber.publication, event.message.day, event.mark)
        mark_bounced(record, key, event.reason, at)
        if not event.no_such_address:
            return "bounced" if subscribers.note_failure(record, key, at) else "came_back"
        return "bounced" if subscribers.bounce(record, event.mark, event.reason, at) else "other"
    if isinstance(event, BounceReport) or event.purpose == "unsubscribe":
        return "left" if subscribers.end(record, event.mark, at) else "other"
    try:
        subscribers.confirm(record, event, at)
    except NotFound:
        return "other"
    return "confirmed"


def _is_outdated(record: Record, event: BounceReport | MailToken, subscriber: Subscriber, delivered: int) -> bool:
    """Whether a message is older than the subscription that it would end. Mailboxes are never changed and are read
    again, possibly after somebody has subscribed again."""
    if subscriber.state not in ("asked", "confirmed"):
        return False
    if isinstance(event, MailToken):
        return event.purpose == "unsubscribe" and 0 < delivered < subscriber.since - CLOCK_TOLERANCE
    issues = editions(record, subscriber.publication, event.message.day)
    return any(
        issue.content.edition == event.message.edition and issue.frozen_at < subscriber.since for issue in issues
    )


# ---- reading one message -------------------------------------------------------------------------------


def parse_message(message: bytes, secret: bytes) -> MailboxEvent:
    """What a message reports or asks for; None if it is unrelated. Any exception that a hostile one causes counts as
    unrelated."""
    if len(message) > MAX_BOUNCE_BYTES or len(_MULTIPART.findall(message)) > MAX_PARTS:
        return None
    try:
        return _read(message, message_from_bytes(message, policy=_ShortHeaders()), secret)
    except Exception:
        return None


def _read(raw: bytes, message: Message, secret: bytes) -> MailboxEvent:
    kind = str(message.get_param("report-type", "")).lower() if message.get_content_type() == "multipart/report" else ""
    if kind in ("delivery-status", "feedback-report"):
        # The message that a report returns, verbatim or in an encoded part
        payloads = (part.get_payload(decode=True) for part in _parts(message))
        texts = (raw, *(payload for payload in payloads if isinstance(payload, bytes)))
        returned = next(filter(None, (sent_message(secret, text) for text in texts)), None)
        if returned is None:
            return None
        return _bounce_report(message, returned) if kind == "delivery-status" else BounceReport(returned)
    headers = [str(value) for name in TOKEN_HEADERS for value in message.get_all(name, [])]
    written = (str(make_header(decode_header(value))) for value in headers)
    tokens = (decode(secret, match[0]) for text in written for match in TOKEN.finditer(text))
    token = next(filter(None, tokens), None)
    return None if token and token.purpose == "confirm" and is_automatic(message) else token


def _bounce_report(message: Message, returned: SentMessage) -> BounceReport | None:
    for fields in _recipients(message):
        status = status_of(fields.get("status", ""))
        # a server that gives up after days of 4xx says so with the last of them (RFC 3464 §2.3.3)
        if fields["action"].lower().split()[:1] == ["failed"] and status.startswith(("4", "5")):
            diagnosis = fields.get("diagnostic-code", "")
            specific = status_of(diagnosis) if _GENERIC.fullmatch(status) else ""
            code = _CODE.search(diagnosis)
            known_status = "" if _GENERIC.fullmatch(status) and not specific else specific or status
            is_bad = is_bad_address(int(code[1]) if code else 0, known_status, diagnosis)
            return BounceReport(returned, failure_reason(specific or status, known_status, diagnosis), is_bad)
    return None


def _recipients(message: Message) -> Iterator[dict[str, str]]:
    """The fields about each recipient. Some servers write them in one block with those about the whole message."""
    for part in _parts(message):
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else ():
                fields = _fields(block) if isinstance(block, Message) else {}
                if "action" in fields:
                    yield fields


def _fields(block: Message) -> dict[str, str]:
    """A block's fields by lowercase name. A line that begins with no field's name continues the one before, though it
    is not folded."""
    fields: dict[str, str] = {}
    for name, value in block.items():
        fields.setdefault(name.lower(), str(value).strip())
    name, rest = next(reversed(fields), ""), block.get_payload()
    for line in rest.splitlines()[:MAX_REPORT_LINES] if isinstance(rest, str) else ():
        field = _FIELD.match(line)
        if field:
            name = field[1].lower()
            fields.setdefault(name, field[2][:MAX_HEADER_CHARS].strip())
        elif name:
            fields[name] = f"{fields[name]} {line.strip()}"[:MAX_HEADER_CHARS]
    return fields


def _parts(message: Message) -> Iterator[Message]:
    return islice(message.walk(), MAX_PARTS)


def is_automatic(message: Message) -> bool:
    """Whether a program replied rather than a person (RFC 3834 §2, and older headers)."""

    def header(name: str, otherwise: str = "") -> str:
        return str(message.get(name, otherwise)).strip().lower()

    return (
        any(name in message for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress"))
        or message.get_content_type() == "multipart/report"  # "Undeliverable:", "Read:" and our own subject
        or header("auto-submitted", "no") != "no"
        or header("precedence") in ("auto_reply", "bulk", "junk", "list")
        or header("return-path") == "<>"
    )
