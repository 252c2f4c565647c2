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

MAX_GROUP_WORDS = 3
"""Words of a group."""
MAX_CHARS = 20_000
"""Code points of a text that are read."""
MIN_WORD_CHARS = 2
CACHED_WORDS = 1 << 16
CACHED_TEXTS = 1 << 9

_STOP = """
a about above across after again against all almost along already also although always among an and another any are
around as at be became because become becomes been before being below besides better between beyond both but by can
cannot could despite did do does doing done down due during each either else especially et even ever every few first
for four from further furthermore get gets give given gives go has have having hence her here highly his how however i
ie eg if in including indeed instead into is it its itself just largely last least less let like likely made mainly
make makes making many may me might more moreover most mostly much must my namely near nearly need needs never
nevertheless new next no non none nor not now of off often on once one only onto or other others otherwise our
ourselves out over own per perhaps previous previously quite rather really recent recently respectively same second
see seem seems several shall she should since so some still such take takes than that the their them themselves then
there thereby therefore these they third this those though three through throughout thus to together too toward
towards two typically under unlike until up upon us use used useful uses using usually various very via was way ways
we well were what when where whereas whether which while who whole whom whose why will with within without would yet
you your
"""
STOP_WORDS = frozenset(_STOP.split())
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
