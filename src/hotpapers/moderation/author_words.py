"""Whether a post's own words claim the paper: *our new paper*, *j'ai écrit un article*. Pure.

Text that is quoted, forwarded or copied from the paper is ignored. *Our* and *my* must refer to the paper itself: not
*our reading group*, *my favorite paper*, *this builds on our work*. If the words are ambiguous, there is no claim.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from hotpapers.moderation import author_phrases
from hotpapers.moderation.author_phrases import PossessiveWords

LONGEST = 3_000
"""Characters of a post that are examined; claims come early."""
FURTHEST = 6
"""Words after *our* within which the paper must be named."""
PASSAGE = 4
"""Minimum words of a sentence that can be recognized as copied from the paper."""

REMEMBERED = 500
"""Papers whose words are cached: many posts name the same one."""

_ADDRESS = re.compile(r"\S*(?:://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)+/\S*")
_FORWARDED = re.compile(r"(?<!\w)(?:rt|mt)\s+@.*|^\s*(?:>|via @).*", re.I | re.M)
_QUOTATION = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»|„[^“”]*[“”]|「[^」]*」|『[^』]*』")
_REPORTED_SPEECH = re.compile(
    r"\b(?:they|he|she|authors?|@[\w.-]+)\s+(?:(?:say|said|write|wrote|claim|claimed|state)s?\b|tells? |told |asked )"
    r".*",
    re.S,
)
_SENTENCE = re.compile(r"(?<=[.!?:;…])\s+|[。！？：；\n]+|\s[-–—|•]\s")
_ACCENT = re.compile("[\u0300-\u036f]")
_BLANKS = re.compile(r"[^\S\n]+")
_WORD = re.compile(r"[@#]?\w[\w'-]*")
_OWNERS = frozenset().union(*(language.owners for language in author_phrases.LANGUAGES))


def claims_paper(text: str, title: str = "", abstract: str = "") -> bool:
    """Whether a post says in the first person that a paper is its author's own. Text copied from the paper's `title` or
    `abstract` is ignored."""
    own_text = _own_text(text[:LONGEST], title)
    sentences = filter(None, map(str.strip, _SENTENCE.split(own_text)))
    return any(_claims(sentence) for sentence in sentences if not _is_passage(sentence, f"{title} {abstract}"))


def _own_text(text: str, title: str) -> str:
    """A post without addresses, quotations and the paper's title, lowercase and without accents."""
    own_text = _QUOTATION.sub(" ", _FORWARDED.sub(" ", _ADDRESS.sub(" ", text.replace("’", "'"))))
    own_text = _BLANKS.sub(" ", _plain(own_text))
    return _REPORTED_SPEECH.sub(" ", own_text.replace(" ".join(_plain(title).split()), " ") if title else own_text)


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENT.sub("", plain))


def _is_passage(sentence: str, paper: str) -> bool:
    """Whether a sentence occurs in the paper's title or abstract."""
    words = _WORD.findall(sentence)
    return len(words) >= PASSAGE and f" {' '.join(words)} " in _word_row(paper)


@lru_cache(REMEMBERED)
def _word_row(paper: str) -> str:
    """A paper's words joined by spaces, with a space at each end."""
    return f" {' '.join(_WORD.findall(_plain(paper)))} "


def _claims(sentence: str) -> bool:
    if any(pattern.search(sentence) for pattern in author_phrases.STATEMENTS):
        return True
    if (
        not sentence.isascii()
        and any(pattern.search(sentence) for pattern in author_phrases.WITHOUT_BLANKS)
        and not author_phrases.THIRD_PERSONS.search(sentence)
    ):
        return True
    words = _WORD.findall(sentence)
    return not _OWNERS.isdisjoint(words) and any(
        word in language.owners and _is_owned(words, at, language)
        for language in author_phrases.LANGUAGES
        for at, word in enumerate(words)
    )


class _OwnedNoun(NamedTuple):
    """What *our* refers to: the noun, and the words before *our*, between the two, and after the noun."""

    before: str
    between: Sequence[str]
    noun: str
    after: str


def _is_owned(words: Sequence[str], at: int, language: PossessiveWords) -> bool:
    """Whether the possessive at a position refers to a paper, and to the one that the post names."""
    owned = _noun_after(words, at, language)
    if owned is None or language.spoiled_before.search(owned.before) or language.spoiled_after.match(owned.after):
        return False
    other_words = [word for word in owned.between if word not in language.between and not _is_venue(word)]
    is_new = len(other_words) < len(owned.between)
    if len(other_words) > (2 if is_new else 1):
        return False
    if is_new or (owned.noun in language.nouns and author_phrases.BEGINNINGS.issuperset(words[:at])):
        return True
    return (
        author_phrases.FOLLOWED.match(owned.after) is not None or author_phrases.SHARED.search(owned.before) is not None
    )


def _is_venue(word: str) -> bool:
    """Whether a word says where a paper appears, such as ICML2024 or #TeaCon."""
    return word.startswith(("#", "@")) or any(map(str.isdigit, word))


def _noun_after(words: Sequence[str], at: int, language: PossessiveWords) -> _OwnedNoun | None:
    for place in range(at + 1, min(at + 1 + FURTHEST, len(words))):
        word = words[place]
        if word in language.nouns or word in language.vague:
            before, after = words[max(0, at - 5) : at], words[place + 1 : place + 5]
            return _OwnedNoun(" ".join(before), words[at + 1 : place], word, " ".join(after))
        if word in language.breakers or (word.endswith("'s") and word not in language.between):
            return None
    return None
