"""What a relay's reply means for a letter. Pure: RFC 5321 §4.2 (codes), RFC 3463 (what they are about).

4xx          not now: it is tried again later
5xx          never: of an address that is none, nothing goes there any more; of anything else, this letter alone
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Step = Literal["sender", "recipient", "message"]

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_GONE = re.compile(r"5\.1\.(?:0|1|2|3|6|10)|5\.2\.1|5\.4\.4")
"""No such mailbox, no such domain, moved without a new address, mailbox closed, no route (RFC 3463 §3; RFC 7505)."""
_GONE_CODES = (550, 551, 553)
_TOO_LARGE = 552
_OURS = (421, 454, 500, 501, 502, 503, 504, 530, 534, 535, 538)
"""What is about the connection or about us, whichever letter it is: closing, syntax, authentication."""


class Accepted(NamedTuple):
    """The relay has the letter, and says what it calls it."""

    receipt: str


class Deferred(NamedTuple):
    """The relay does not have it. `everybody`: it would say the same of every other letter now."""

    reason: str
    everybody: bool = False


class Rejected(NamedTuple):
    """The relay will never take it. `gone`: because the address is none."""

    reason: str
    gone: bool = False


class OutcomeUnknown(NamedTuple):
    """Nobody knows whether the relay has it."""

    reason: str


Outcome = Accepted | Deferred | Rejected | OutcomeUnknown


def status_of(text: str) -> str:
    """The enhanced status in a reply's text, such as 5.1.1; empty without one."""
    match = _STATUS.search(text[:200])
    return match[1] if match else ""


def is_gone(code: int, status: str) -> bool:
    """Whether a permanent refusal says that an address is none."""
    return bool(_GONE.fullmatch(status)) if status else code in _GONE_CODES


def code_and_status(code: int, text: str) -> str:
    """Code and status, without the words: these may name the address."""
    return f"{code} {status_of(text)}".rstrip()


def is_refusal(code: int, text: str, step: Step) -> Deferred | Rejected:
    """What a reply that is no success means. What is said of the sender is about us, and of every letter alike; but for
    a letter's size, which is told with it (RFC 1870)."""
    reply = code_and_status(code, text)
    if code in _OURS or (step == "sender" and code != _TOO_LARGE):
        return Deferred(reply, everybody=True)
    if 500 <= code < 600:
        status = status_of(text)
        return Rejected(reply, is_gone(code, status) if step == "recipient" or status else False)
    return Deferred(reply, everybody=not 400 <= code < 500)
