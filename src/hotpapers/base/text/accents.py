"""Letters without the marks above, below or through them."""

from __future__ import annotations

import unicodedata

PLAIN_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
"""Small Latin letters that are not just a letter with an accent, as people type them. Rules and addresses that must
never change depend on it: a new letter goes into the table of the rule that needs it."""


def without_accents(text: str) -> str:
    """A text in compatible forms (NFKD) without accents: é is e, ﬁ is fi, ² is 2. Letters such as ø and ł stay."""
    if text.isascii():
        return text
    return "".join([sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)])


def in_plain_letters(text: str) -> str:
    """A lower-case text without accents, with `PLAIN_LETTERS` spelled out: `müller`, `søren` → `muller`, `soren`."""
    return without_accents(text).translate(_SPELLED)


_SPELLED = str.maketrans(PLAIN_LETTERS)
