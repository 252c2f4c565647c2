"""Incoming mail: bounce reports, unsubscribe requests, confirmations.

Anybody can write to that mailbox. A report counts if it returns the Message-ID of one of our messages, a request if its
subject contains a token; this store has signed both, so only those who have a message can report it. Automatic replies
confirm nothing (RFC 3834). `subscribers.note_failure` says after how many reports a subscription ends.

RFC 3464, 6522 and 6533 (delivery reports), RFC 5965, 6430 and 6591 (feedback reports), RFC 4155 (mbox).
"""

from __future__ import annotations

import re
from base64 import decodebytes
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32
from quopri import decodestring
from typing import NamedTuple

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR
from hotpapers.base.text import timestamps
from hotpapers.issues.freeze import list_editions
from hotpapers.record import Record
from hotpapers.wings.mail import subscribers
from hotpapers.wings.mail.queries import Subscriber, message_key
from hotpapers.wings.mail.sender import mark_bounced
from hotpapers.wings.mail.smtp_replies import failure_reason, is_bad_address, status_of
from hotpapers.wings.mail.tokens import TOKEN, MailToken, SentMessage, decode_token, sent_message

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
    r"(Action|Status|Version|Incidents|[a-z]\w{0,30}(?:-\w{1,30}){1,8})[ \t]*:(.*)", re.IGNORECASE | re.ASCII
)
"""A field of a report: the only names without a hyphen in RFC 3464, RFC 6533 and the registry of RFC 5965, or any
with one, as later fields have."""
_COMMENT = re.compile(r'(\\.|"(?:[^"\\]|\\.)*")|\((?:[^()\\]|\\.)*\)')
MAX_COMMENT_DEPTH = 5
MAX_REPORT_LINES = 200
"""Lines of a report's part for programs that are read."""
_REPORT_TYPE = re.compile(r"message/(?=(?:global-)?delivery-status\b|feedback-report\b)", re.IGNORECASE)
REPORT = "report"
"""The main type by which the part for programs is read: the standard library would end a message at its first odd
line."""
COMPLAINTS = frozenset(("abuse", "fraud", "opt-out", "opt-out-list"))
"""Types of feedback by which a reader wants no more mail (RFC 5965 §7.3 and its drafts). Not `not-spam` (RFC 6430),
`auth-failure` (RFC 6591), `virus`, by which servers report, nor those without information: `other` and unknown ones."""
ARRIVED = frozenset(("delivered", "relayed", "expanded"))
_DECODERS = {"base64": decodebytes, "quoted-printable": decodestring}
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
    """Reads the beginning of each header, and writes it back on one line."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if not name.lower().startswith("content-t"):
            return name, value[:MAX_HEADER_CHARS]
        bare = without_comments(value[:MAX_HEADER_CHARS])
        return name, f"{REPORT}/{bare[match.end() :]}" if (match := _REPORT_TYPE.match(bare)) else bare

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}\n".encode("utf-8", "surrogateescape")


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
            _outcome(record, parse_message(message, secret), delivered, at)
            for message, delivered in split_mailbox(mailbox)
        )
    )


def split_mailbox(mailbox: bytes) -> Iterator[tuple[bytes, int]]:
    """The messages of a mailbox, each with the moment of its delivery according to it, µs UTC; 0 if it does not say.
    Anything that is not a mailbox is one message."""
    head, *pieces = _SEPARATOR.split(mailbox) if mailbox.startswith(b"From ") else [mailbox]
    if head:
        yield head, 0
    pairs = zip(pieces[::2], pieces[1::2], strict=True)
    yield from ((data, _moment(line)) for line, data in pairs if data)


def _moment(line: bytes) -> int:
    match = _DATE.search(line.decode("ascii", "replace"))
    if match is None:
        return 0
    month, day, time, year = match.groups()
    text = f"{day} {month} {year} {time} +0000"
    return timestamps.parse(text) or 0


def _outcome(record: Record, event: MailboxEvent, delivered: int, at: int) -> str:
    """Carries out a message's request. Returns the field of MailboxSummary that counts it."""
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
    issues = list_editions(record, subscriber.publication, event.message.day)
    return any(
        issue.content.edition == event.message.edition and issue.frozen_at < subscriber.since for issue in issues
    )


# ---- reading one message -------------------------------------------------------------------------------


def parse_message(message: bytes, secret: bytes) -> MailboxEvent:
    """Parses the report or request in a message. Returns None if it is unrelated. Any exception that a hostile one
    causes counts as unrelated."""
    if len(message) > MAX_BOUNCE_BYTES or len(_MULTIPART.findall(message)) > MAX_PARTS:
        return None
    try:
        return _read(message, message_from_bytes(message, policy=_ShortHeaders()), secret)
    except Exception:
        return None


def without_comments(value: str) -> str:
    """A header's value without comments, which may contain others (RFC 5322 §3.2.2); texts in quotes have none."""
    for _ in range(MAX_COMMENT_DEPTH):
        value = _COMMENT.sub(lambda match: match[1] or " ", value)
    return value.strip()


def _word(value: str) -> str:
    """A report's value of one word, without comments; also without one that has no end."""
    return without_comments(value).partition("(")[0].strip().lower()


def _read(raw: bytes, message: Message, secret: bytes) -> MailboxEvent:
    parts = _own_parts(message)
    if report := _report_of(message, parts):
        texts = (raw, *map(_content, parts))
        returned = next(filter(None, (sent_message(secret, text) for text in texts)), None)
        if returned is None:
            return None
        if report.get_content_subtype() == "feedback-report":
            return BounceReport(returned) if _complains(_content(report)) else None
        return _bounce_report(_content(report), returned)
    headers = [str(value) for name in TOKEN_HEADERS for value in message.get_all(name, [])]
    written = (str(make_header(decode_header(value))) for value in headers)
    tokens = (decode_token(secret, match[0]) for text in written for match in TOKEN.finditer(text))
    token = next(filter(None, tokens), None)
    return None if token and token.purpose == "confirm" and is_automatic(message) else token


def _own_parts(message: Message) -> list[Message]:
    """The parts of a message, and those of parts with parts, as gateways wrap reports; not those of messages within it:
    a report that is returned says nothing of ours."""
    payload = message.get_payload()
    if message.get_content_maintype() != "multipart" or not isinstance(payload, list):
        return []
    parts = [part for part in payload[:MAX_PARTS] if isinstance(part, Message)]
    return [own for part in parts for own in (part, *_own_parts(part))][:MAX_PARTS]


def _report_of(message: Message, parts: list[Message]) -> Message | None:
    """The part for programs. Its own type shows the kind of report: many servers leave `report-type` out."""
    reports = [part for part in parts if part.get_content_maintype() == REPORT]
    kind = str(message.get_param("report-type", "")).lower()
    named = (part for part in reports if part.get_content_subtype().removeprefix("global-") == kind)
    return next(named, None) or next(iter(reports), None)


def _content(part: Message) -> bytes:
    """A part's content, decoded: RFC 6533 allows encodings also for messages and reports."""
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    body = part.as_bytes().partition(b"\n\n")[2]
    return _DECODERS[encoding](body) if encoding in _DECODERS else body


def _complains(report: bytes) -> bool:
    types = (_word(fields["feedback-type"]) for fields in _blocks(report) if "feedback-type" in fields)
    return next(types, "") in COMPLAINTS


def _bounce_report(report: bytes, returned: SentMessage) -> BounceReport | None:
    """All recipients are of one subscriber, who may forward to several: one that got the message is enough, and the
    address does not exist if none of them does."""
    recipients = [fields for fields in _blocks(report) if "action" in fields]
    actions = [_word(fields["action"]) for fields in recipients]
    if ARRIVED.intersection(actions):
        return None
    pairs = zip(recipients, actions, strict=True)
    failed = (fields for fields, action in pairs if action == "failed")
    failures = [failure for fields in failed if (failure := _failure(fields, returned))]
    return min(failures, key=lambda failure: failure.no_such_address, default=None)


def _failure(fields: dict[str, str], returned: SentMessage) -> BounceReport | None:
    diagnosis = fields.get("diagnostic-code", "")
    code = _CODE.search(diagnosis)
    word = _word(fields.get("status", ""))
    status = status_of(word) or _status_by(diagnosis, code)
    # a server that gives up after days of 4xx says so with the last of them (RFC 3464 §2.3.3)
    if not status.startswith(("4", "5")):
        return None
    specific = status_of(diagnosis) if _GENERIC.fullmatch(status) else ""
    known_status = "" if _GENERIC.fullmatch(status) and not specific else specific or status
    is_bad = is_bad_address(int(code[1]) if code else 0, known_status, diagnosis)
    return BounceReport(returned, failure_reason(specific or status, known_status, diagnosis), is_bad)


def _status_by(diagnosis: str, code: re.Match[str] | None) -> str:
    """The status of a failure whose report has none: a general one if its diagnosis names none either."""
    general = f"{code[1][0]}.0.0" if code else "5.0.0"
    return status_of(diagnosis) or (general if diagnosis else "")


def _blocks(report: bytes) -> list[dict[str, str]]:
    """The fields about the message, then those about each recipient, by lowercase name. Some servers write them in one
    block. A line that begins with no field's name continues the one before, though it is not folded."""
    lines = report.decode("utf-8", "replace").splitlines()[:MAX_REPORT_LINES]
    blocks: list[dict[str, str]] = [{}]
    name = ""
    for line in lines:
        field = _FIELD.match(line)
        if not line.strip():
            blocks.append({})
            name = ""
        elif field:
            name = field[1].lower()
            content = field[2][:MAX_HEADER_CHARS].strip()
            blocks[-1].setdefault(name, content)
        elif name:
            joined = f"{blocks[-1][name]} {line.strip()}"
            blocks[-1][name] = joined[:MAX_HEADER_CHARS]
    return [fields for fields in blocks if fields]


def is_automatic(message: Message) -> bool:
    """Whether a program replied rather than a person (RFC 3834 §2, and older headers)."""

    def header(name: str, otherwise: str = "") -> str:
        return str(message.get(name, otherwise)).strip().lower()

    if (
        any(name in message for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress"))
        or message.get_content_type() == "multipart/report"  # "Undeliverable:", "Read:" and our own subject
        or header("auto-submitted", "no") != "no"
    ):
        return True
    return header("precedence") in ("auto_reply", "bulk", "junk", "list") or header("return-path") == "<>"
