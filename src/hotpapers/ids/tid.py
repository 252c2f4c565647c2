"""Timestamp identifiers of the AT Protocol (https://atproto.com/specs/tid)."""

from __future__ import annotations

_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


def tid(moment: int, clock: int) -> str:
    """The TID of a moment (µs since 1970) and a clock's number (0 to 1023)."""
    number = (moment & (2**53 - 1)) << 10 | clock & 1023
    return "".join(_DIGITS[number >> shift & 31] for shift in range(60, -1, -5))
