"""An author's name in parts: given names, family name and suffix. Pure.

`Tansy Overquill Jr.` has the family name Overquill. Words in lower case before it belong to it, as for BibTeX.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SUFFIX = re.compile(r"(?:[JSjs]n?r|[JS]N?R)\.?|I{2,3}|IV|VI{1,3}|IX|2nd|3rd|[4-9]th")
"""What follows a family name. V alone is as often an initial."""


class AuthorName(NamedTuple):
    """A name's parts. Of a single word or a list of several words between commas, all is the family name."""

    given: str
    family: str
    suffix: str

    @property
    def last_word(self) -> str:
        """The family name's last word, for keys."""
        return self.family.split()[-1] if self.family.strip() else ""


def is_suffix(word: str) -> bool:
    """Whether a word is a suffix, such as Jr. or III."""
    return _SUFFIX.fullmatch(word) is not None


def split(name: str) -> AuthorName:
    """A name's parts, also of `Overquill, Tansy, Jr.` and `Overquill, Jr., Tansy`."""
    pieces = [" ".join(piece.split()) for piece in name.split(",")]
    named = [piece for piece in pieces if piece and not is_suffix(piece)]
    suffixes = [piece for piece in pieces if is_suffix(piece)]
    if len(named) > 2 or not named:
        return AuthorName("", " ".join(name.split()), "")
    words, more = _without_suffixes(named[0].split())
    if len(named) == 2:
        given, others = _without_suffixes(named[1].split())
        return AuthorName(" ".join(given), " ".join(words), " ".join((*more, *others, *suffixes)))
    start = len(words) - 1
    while start > 1 and words[start - 1][0].islower():
        start -= 1
    return AuthorName(" ".join(words[:start]), " ".join(words[start:]), " ".join((*more, *suffixes)))


def _without_suffixes(words: list[str]) -> tuple[list[str], list[str]]:
    """A name's words, and the suffixes at its end."""
    count = 0
    while count < len(words) - 1 and is_suffix(words[-1 - count]):
        count += 1
    return words[: len(words) - count], words[len(words) - count :]
