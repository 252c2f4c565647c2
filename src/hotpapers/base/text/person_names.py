"""An author's name in parts: given names, family name and suffix. Pure.

`Tansy Overquill Jr.` has the family name Overquill. Words in lower case before it belong to it, as for BibTeX.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_SUFFIX = re.compile(
    r"(?:[JSjs]n?r|[JS]N?R)\.?|I{2,3}|IV|VI{1,3}|IX|2nd|3rd|[4-9]th"
    r"|M\.?D\.?|Ph\.? ?D\.?|D\.?Phil\.?|Esq\.?|MBBS|MPH|DDS"
)
"""Suffixes of a family name. V alone is as often an initial, and Md a given name."""
_GROUP = re.compile(
    r"the\s|(?i:[^(]*\b(?:collab|laborator[yi]|institut|universit|(?:consorti(?:um|a)|teams?|groups?"
    r"|task force|initiative|alliance|committee|foundation|observatory|labs|network|partnership|projects?"
    r"|program(?:me)?|community|investigators|contributors|hospital|society|survey|academy|department|ministry|agency"
    r"|association|organi[sz]ations?|developers|authors|editors|maintainers|organi[sz]ers|participants|researchers"
    r"|workshop|(?:school|college|faculty|cent(?:er|re)) (?:of|for|de)"
    r"|google|microsoft|openai|deepmind|nvidia|bytedance)\b)"
    r"|[^(,.]*[^\s(,.][ -](?:labs?|cent(?:er|re)|research|inc|ltd|llc|gmbh|corp(?:oration)?)\b\.?(?!,))"
    r"|[^(]*[^(\s]\s(?:and|&)\s"
)
"""Names of collaborations, institutions and teams, and several joined by *and*. *The* in capitals is also a given name;
so are *Lab* and *Research* at the beginning; *Center* with an initial and *Ai* are family names."""
_AI = re.compile(r"[ -]AI(?![\w-])")
_AFFILIATION = re.compile(r"\s\((?![^()]*\)[\s,]*[^\W\d_]).*")
"""In parentheses, without another name after them."""
_FOR_GROUP = re.compile(r",?\s+(?:for|on\s+behalf\s+of)\s+the\s.*", re.IGNORECASE)
_DOCTOR = re.compile(r"\bPh\. D(?=\.?$)")
"""A degree of two words at the end of a name; `Ph.` is also a given name."""
_NO_NAMES = frozenset(("the", "for", "on", "behalf", "of"))


class AuthorName(NamedTuple):
    """A name's parts. Of a single word or a list of several words between commas, all is the family name."""

    given: str
    family: str
    suffix: str

    @property
    def last_word(self) -> str:
        """The family name's last word, for keys; of a group, the first one after such as *the*."""
        words = self.family.split()
        if is_group(self.family):
            return next((word for word in words if word.lower() not in _NO_NAMES), "")
        return words[-1] if words else ""


def is_suffix(word: str) -> bool:
    """Whether a word is a suffix, such as Jr. or III."""
    return _SUFFIX.fullmatch(word) is not None


@lru_cache(maxsize=4096)
def is_group(name: str) -> bool:
    """Whether a name is a collaboration's or a team's, which has no given names."""
    name = without_affiliation(name)
    return bool(_GROUP.match(name) or (_AI.search(name) and name != name.upper()))


def without_affiliation(name: str) -> str:
    """A name on one line, without a text in parentheses at its end; a person's also without *for the Kettle Team*."""
    name = " ".join(name.split())
    name = name[1:-1] if name.startswith("(") and name.endswith(")") else _AFFILIATION.sub("", name)
    person = _FOR_GROUP.sub("", name)
    return person if person != name and " " in person and not is_group(person) else name


def is_split_group(left: str, right: str) -> bool:
    """Whether *and* between two texts is within a group's name: *Institute of Tea and Coffee*, *Tea and Cake Team*."""
    words = [word for word in left.split() if word.lower() != "the"]
    is_begun = len(words) == 1 or (is_group(left) and not (words and is_group(f"A {words[-1]}")))
    return is_begun and (is_group(right) or len(right.split()) == 1) and is_group(f"{left} and {right}")


@lru_cache(maxsize=4096)
def split_name(name: str) -> AuthorName:
    """A name's parts, also of `Overquill, Tansy, Jr.` and `Overquill, Jr., Tansy`; a group's is a family name."""
    name = without_affiliation(name)
    if is_group(name):
        return AuthorName("", name, "")
    pieces = [_DOCTOR.sub("Ph.D", " ".join(piece.split())) for piece in name.split(",")]
    named = [piece for piece in pieces if piece and not is_suffix(piece)]
    suffixes = [piece for piece in pieces if is_suffix(piece)]
    if len(named) > 2 or not named:
        return AuthorName("", name, "")
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
