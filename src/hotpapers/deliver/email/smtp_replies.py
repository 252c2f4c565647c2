"""What a relay's reply means for a message. Pure: RFC 5321 §4.2 (reply codes), RFC 3463 (enhanced status codes).

4xx          temporary: the message is retried later
5xx          permanent: if the address does not exist, it gets no more mail; otherwise only this message fails
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
"""Codes about the connection or about us, not about a message: closing, syntax, authentication."""


class Accepted(NamedTuple):
    """The relay accepted the message. `receipt`: its reply, which usually names a queue ID."""

    receipt: str


class Deferred(NamedTuple):
    """The relay did not accept the message for now. `for_all`: it would reject any other message now, too."""

    reason: str
    for_all: bool = False


class Rejected(NamedTuple):
    """The relay will never accept the message. `no_such_address`: because the address does not exist."""

    reason: str
    no_such_address: bool = False


class OutcomeUnknown(NamedTuple):
    """It is unknown whether the relay accepted the message."""

    reason: str


Outcome = Accepted | Deferred | Rejected | OutcomeUnknown


def status_of(text: str) -> str:
    """The enhanced status code in a reply's text, such as 5.1.1; empty without one."""
    match = _STATUS.search(text[:200])
    return match[1] if match else ""


def is_bad_address(code: int, status: str) -> bool:
    """Whether a permanent refusal means that the address does not exist."""
    return bool(_BAD_ADDRESS.fullmatch(status)) if status else code in _BAD_ADDRESS_CODES


def code_and_status(code: int, text: str) -> str:
    """Code and status without the reply's text, which may contain the address."""
    return f"{code} {status_of(text)}".rstrip()


def is_closing(problem: Deferred | Rejected | None) -> bool:
    """Whether the relay's reply closes the connection (RFC 5321 §3.8: 421)."""
    return problem is not None and problem.reason.startswith("421")


def is_refusal(code: int, text: str, step: Step) -> Deferred | Rejected:
    """What an unsuccessful reply means. A reply about the sender concerns every message, except for the message's size,
    which is announced in the same command (RFC 1870)."""
    reply, status = code_and_status(code, text), status_of(text)
    names_address = step == "recipient" and is_bad_address(0, status)  # `501 5.1.3`: the status outweighs the code
    if (code in _SENDER_CODES and not names_address) or (step == "sender" and code != _TOO_LARGE):
        return Deferred(reply, for_all=True)
    if 500 <= code < 600:
        return Rejected(reply, is_bad_address(code, status) if step == "recipient" or status else False)
    return Deferred(reply, for_all=not 400 <= code < 500)
