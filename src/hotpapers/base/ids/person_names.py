"""An author's name in parts: given names, family name and suffix. Pure.

`Tansy Overquill Jr.` has the family name Overquill. Words in lower case before it belong to it, as for BibTeX.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SUFFIX = re.compile(r"(?:[JSjs]n?r|[JS]N?R)\.?|I{2,3}|IV|VI{1,3}|IX|2nd|3rd|[4-9]th")
"""What follows a family name. V alone is as often an initial."""
_GROUP = re.compile(
    r"the\s|(?i:[^(]*\b(?:collaborations?|consorti(?:um|a)|teams?|groups?|task force|initiative|alliance|committee"
    r"|foundation|observatory|laboratory|labs|institute|network|partnership|projects?|program(?:me)?|community"
    r"|investigators|contributors|university|hospital|society|survey)\b)"
)
"""Names of collaborations and teams. *The* in capitals is also a given name."""


class AuthorName(NamedTuple):
    """A name's parts. Of a single word or a list of several words between commas, all is the family name."""

    given: str
    family: str
    suffix: str

    @property
    def last_word(self) -> str:
        """The family name's last word, for keys; of a group, the first one after *the*."""
        words = self.family.split()
        if is_group(self.family):
            return next((word for word in words if word.lower() != "the"), "")
        return words[-1] if words else ""


def is_suffix(word: str) -> bool:
    """Whether a word is a suffix, such as Jr. or III."""
    return _SUFFIX.fullmatch(word) is not None


def is_group(name: str) -> bool:
    """Whether a name is a collaboration's or a team's, which has no given names."""
    return _GROUP.match(" ".join(name.split())) is not None


def split(name: str) -> AuthorName:
    """A name's parts, also of `Overquill, Tansy, Jr.` and `Overquill, Jr., Tansy`; a group's is a family name."""
    if is_group(name):
        return AuthorName("", " ".join(name.split()), "")
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
