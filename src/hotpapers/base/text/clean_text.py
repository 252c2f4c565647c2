"""Removes signs from outside text that no page, feed or mail should contain."""

from __future__ import annotations

import re

# Control characters, and the bidi embeddings and overrides, which can make text read differently than it is. Bidi
# marks and isolates stay, since languages need them.
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
# What is invisible on its own: blanks, zero-width characters, bidi marks and isolates.
_BLANK = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]*"
)


def displayable_text(text: str) -> str:
    """Text from outside without the characters that no page should contain."""
    return text if text.isprintable() else _ODD.sub("", text)


def one_line(text: str) -> str:
    """Text from outside on one line, with single spaces, without the characters that no page should contain."""
    if text.isprintable() and "  " not in text:  # the usual case: then the only blanks are spaces
        return text.strip(" ")
    return " ".join(displayable_text(text).split())


def is_blank(text: str) -> bool:
    """Whether a text has nothing visible."""
    return _BLANK.fullmatch(displayable_text(text)) is not None
