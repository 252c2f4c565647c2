"""Interprets a relay's reply to a message. Pure: RFC 5321 §4.2 (reply codes), RFC 3463 (enhanced status codes).

4xx          temporary: the message is retried later
5xx          permanent: if the address does not exist, it gets no more mail; otherwise only this message fails

A code alone says little: 550 is "mailbox unavailable", but also "command rejected for policy reasons" (RFC 5321
§4.2.3). So without a specific status an address does not exist only if the words say so: in a sentence that can mean
nothing else, or vaguely while none names a policy. An address whose messages fail at several issues in a row for other
reasons than a policy gets no more mail either (`subscribers.note_failure`).
"""

from __future__ import annotations

from typing import Literal

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.wings.mail.refusal_words import (
    is_surely_missing,
    tells_another_cause,
    tells_dns,
    tells_missing,
    tells_no_domain,
    tells_policy,
    words_of,
)

Step = Literal["sender", "recipient", "message"]

_STATUS = lazy_pattern(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_BAD_ADDRESS = lazy_pattern(r"5\.1\.(?:1|2|3|6|10)|5\.2\.1|5\.4\.4")
"""No such mailbox, no such domain, moved without a new address, mailbox closed, no route (RFC 3463 §3; RFC 7505)."""
_OF_DOMAIN = lazy_pattern(r"5\.1\.(?:0|2|10)|5\.4\.\d+")
"""Statuses that may be about the recipient's domain, whose words mention its DNS."""
_VAGUE = lazy_pattern(r"|5\.0\.\d+|5\.1\.(?![78])\d+|5\.[23]\.0|5\.[45]\.\d+")
"""Statuses, or none, that may mean a missing address or something else; 5.1.7 and 5.1.8 are about the sender."""
_UNCERTAIN = lazy_pattern(rf"{_VAGUE.pattern}|5\.7\.\d+")
"""Statuses that a sentence which is sure outweighs: large hosters write `5.7.1 no such user`."""
_ABOUT_SENDER = lazy_pattern(r"5\.(?:1\.[78]|3\.4|6\.\d+|7\.\d+)")
"""Statuses about the sender, the message or a policy, which say nothing about the address."""
_NO_READER_AT_MICROSOFT = lazy_pattern(r"recipient address(?:es)? rejected ?: access denied")
"""Microsoft 365's words, with 5.4.1, for an address that does not exist (directory-based edge blocking)."""
_BAD_ADDRESS_CODES = (550, 551, 553)
POLICY, AFTER_DATA = "policy", "after DATA"
"""Suffixes of a failure's code: its words name a policy; the message was refused, not the address."""
_REASON = lazy_pattern(r"(?:5\d\d ?)?(?:5\.\d{1,3}\.\d{1,3})?(?<=\d)")
_SENDER_CODES = (421, 454, 500, 501, 502, 503, 504, 530, 534, 535, 538)
"""Codes about the connection or about us, not about a message: closing, syntax, authentication."""


RETRY_SECONDS = 300.0
"""Seconds until a relay that accepts no message now is tried again."""


class Deferred(NetError):
    """The relay did not accept the message for now; others it may."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"deferred: {reason}", tries=0)
        self.reason = reason


class Rejected(RequestRefused):
    """The relay will never accept the message. `no_such_address`: because the address does not exist."""

    def __init__(self, reason: str, no_such_address: bool = False) -> None:
        super().__init__(reason)
        self.no_such_address = no_such_address


class OutcomeUnknown(NetError):
    """It is unknown whether the relay accepted the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"it may or may not have arrived: {reason}")
        self.reason = reason


def status_of(text: str) -> str:
    """The enhanced status code in a reply's text, such as 5.1.1; empty without one."""
    match = _STATUS.search(text[:200])
    return match[1] if match else ""


def is_bad_address(code: int, status: str, text: str = "") -> bool:
    """Whether a permanent refusal means that the address does not exist. `text`: the server's reply."""
    words = words_of(text)
    is_of_domain = _OF_DOMAIN.fullmatch(status) is not None
    if is_of_domain and tells_no_domain(words):
        return True
    if _BAD_ADDRESS.fullmatch(status):
        is_by_dns = not is_of_domain and tells_dns(words)
        return is_surely_missing(words) or not (is_by_dns or tells_another_cause(words))
    if _UNCERTAIN.fullmatch(status) and is_surely_missing(words):
        return True
    if not _VAGUE.fullmatch(status):
        return False
    if words and status != "5.1.0":
        is_microsofts = status == "5.4.1" and _NO_READER_AT_MICROSOFT.search(words)
        return bool(is_microsofts) or tells_missing(words)
    if not (status == "5.1.0" or (not status and code in _BAD_ADDRESS_CODES)):
        return False
    return not tells_policy(words)


def failure_reason(reply: str, status: str, text: str) -> str:
    """The stored reason of a permanent failure: code and status, and *policy* if only the words name one."""
    may_be = _VAGUE.fullmatch(status) or _BAD_ADDRESS.fullmatch(status)
    is_told_by_words = may_be and not is_bad_address(0, status, text)
    return f"{reply} {POLICY}" if is_told_by_words and tells_policy(words_of(text)) else reply


def may_be_address(reason: str) -> bool:
    """Whether the kept reason of a permanent failure may be the address, so that several in a row end it."""
    if not _REASON.fullmatch(reason):
        return False
    return not _ABOUT_SENDER.fullmatch(status_of(reason))


def code_and_status(code: int, text: str) -> str:
    """Code and status without the reply's text, which may contain the address."""
    return f"{code} {status_of(text)}".rstrip()


def refusal_error(code: int, text: str, step: Step) -> RetryLater | Rejected | Deferred:
    """The error for an unsuccessful reply: RetryLater if the relay would accept no other message either. A reply about
    the sender concerns every message."""
    reply = code_and_status(code, text)
    status = status_of(text)
    names_address = step == "recipient" and is_bad_address(0, status)  # `501 5.1.3`: the status outweighs the code
    if step == "sender" or (code in _SENDER_CODES and not names_address):
        return RetryLater(RETRY_SECONDS, reply)
    if 500 <= code < 600:
        # A message is refused for good. After DATA, the code alone does not tell that the address is the reason.
        is_told = step == "recipient" or status or is_surely_missing(words_of(text))
        if is_told and is_bad_address(code, status, text):
            return Rejected(reply, no_such_address=True)
        if step == "message" and not _ABOUT_SENDER.fullmatch(status):
            return Rejected(f"{reply} {AFTER_DATA}")
        return Rejected(failure_reason(reply, status, text))
    return Deferred(reply) if 400 <= code < 500 else RetryLater(RETRY_SECONDS, reply)
