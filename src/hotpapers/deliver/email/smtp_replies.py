"""What a relay's reply means for a message. Pure: RFC 5321 §4.2 (codes), RFC 3463 (what they are about).

4xx          not now: it is tried again later
5xx          never: of an address that is none, nothing goes there any more; of anything else, this message alone
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Step = Literal["sender", "recipient", "message"]

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BAD_ADDRESS = re.compile(r"5\.1\.(?:0|1|2|3|6|10)|5\.2\.1|5\.4\.4")
"""No such mailbox, no such domain, moved without a new address, mailbox closed, no route (RFC 3463 §3; RFC 7505)."""
_BAD_ADDRESS_CODES = (550, 551, 553)
_TOO_LARGE = 552
_SENDER_CODES = (421, 454, 500, 501, 502, 503, 504, 530, 534, 535, 538)
"""What is about the connection or about us, whichever message it is: closing, syntax, authentication."""


class Accepted(NamedTuple):
    """The relay has the message, and says what it calls it."""

    receipt: str


class Deferred(NamedTuple):
    """The relay does not have it. `for_all`: it would say the same of every other message now."""

    reason: str
    for_all: bool = False


class Rejected(NamedTuple):
    """The relay will never take it. `no_such_address`: because the address is none."""

    reason: str
    no_such_address: bool = False


class OutcomeUnknown(NamedTuple):
    """Nobody knows whether the relay has it."""

    reason: str


Outcome = Accepted | Deferred | Rejected | OutcomeUnknown


def status_of(text: str) -> str:
    """The enhanced status in a reply's text, such as 5.1.1; empty without one."""
    match = _STATUS.search(text[:200])
    return match[1] if match else ""


def is_bad_address(code: int, status: str) -> bool:
    """Whether a permanent refusal says that an address is none."""
    return bool(_BAD_ADDRESS.fullmatch(status)) if status else code in _BAD_ADDRESS_CODES


def code_and_status(code: int, text: str) -> str:
    """Code and status, without the words: these may name the address."""
    return f"{code} {status_of(text)}".rstrip()


def is_closing(problem: Deferred | Rejected | None) -> bool:
    """Whether the relay ends the connection by its reply (RFC 5321 §3.8: 421)."""
    return problem is not None and problem.reason.startswith("421")


def is_refusal(code: int, text: str, step: Step) -> Deferred | Rejected:
    """What a reply that is no success means. What is said of the sender is about us, and of every message alike; but
    for a message's size, which is told with it (RFC 1870)."""
    reply, status = code_and_status(code, text), status_of(text)
    names_address = step == "recipient" and is_bad_address(0, status)  # as in `501 5.1.3`: whatever the code says
    if (code in _SENDER_CODES and not names_address) or (step == "sender" and code != _TOO_LARGE):
        return Deferred(reply, for_all=True)
    if 500 <= code < 600:
        return Rejected(reply, is_bad_address(code, status) if step == "recipient" or status else False)
    return Deferred(reply, for_all=not 400 <= code < 500)
