"""The word groups of a paper: one to three words next to each other in its title or abstract.

Words are compared without case, accents, TeX commands and plural endings. A group neither begins nor ends with one of
`STOP_WORDS`, and does not go across punctuation. `finding` chooses topics among them, and their names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hotpapers.keep.search.tokenizer import stem_word
from hotpapers.wings.personal.stop_words import STOP_WORDS

MAX_GROUP_WORDS = 3
"""Words of a group."""
MAX_CHARS = 20_000
"""Code points of a text that are read."""
MIN_WORD_CHARS = 2
CACHED_WORDS = 1 << 16
CACHED_TEXTS = 1 << 9

_ACCENT = re.compile("[\u0300-\u036f]")
_COMMAND = re.compile(r"\\[A-Za-z]+|https?://\S+")
_PUNCTUATION = re.compile(r"[.,;:!?()\[\]{}\"“”|/$]+(?:\s|$)|[()\[\]{}\"“”|;$]|\s[-–—]+\s|—|\n\s*\n")
_WORD = re.compile(r"[A-Za-z0-9]+(?:[-'’.+][A-Za-z0-9]+)*\+*", re.ASCII)
_NUMBER = re.compile(r"[0-9.,'-]+[a-z%]?|[ivx]+")

Group = str
"""Words as they are compared, with spaces between."""
BETWEEN = " | "
"""Stands between the parts of a folded text, so that no group goes across."""


class _Word(NamedTuple):
    """A word as it is compared, and as it is written. `is_stop`: whether no group begins or ends with it."""

    key: str
    surface: str
    is_stop: bool


def fold_paper(title: str, abstract: str) -> str:
    """A text in which `has_group` finds groups."""
    parts = (" ".join(word.key for word in words) for text in (title, abstract) for words in _parts(text))
    return f" {BETWEEN.join(parts)} "


def has_group(text: str, group: Group) -> bool:
    """Whether a folded text has a group."""
    return f" {group} " in text


def groups_of(title: str, abstract: str) -> Mapping[Group, str]:
    """The groups of a paper, and how it writes each: first in the abstract or else last in the title."""
    return {**dict(groups_in(title)), **dict(list(groups_in(abstract))[::-1])}


def groups_in(text: str) -> Iterator[tuple[Group, str]]:
    """The groups of a text in order, and how each is written there."""
    for words in _parts(text):
        for start, first in enumerate(words):
            key = surface = ""
            for word in () if first.is_stop else words[start : start + MAX_GROUP_WORDS]:
                key = f"{key} {word.key}"
                surface = f"{surface} {word.surface}"
                if not word.is_stop:
                    yield key[1:], surface[1:]


@lru_cache(CACHED_TEXTS)
def _parts(text: str) -> Sequence[Sequence[_Word]]:
    """The words between punctuation."""
    normalized = unicodedata.normalize("NFKD", text[:MAX_CHARS])
    plain = _COMMAND.sub(" ", _ACCENT.sub("", normalized))
    parts = _PUNCTUATION.split(plain)
    return [list(map(_word, _WORD.findall(part))) for part in parts]


@lru_cache(CACHED_WORDS)
def _word(surface: str) -> _Word:
    lower = surface.lower().replace("’", "'")
    is_stop = len(lower) < MIN_WORD_CHARS or lower in STOP_WORDS or bool(_NUMBER.fullmatch(lower))
    return _Word(stem_word(lower), surface, is_stop)
