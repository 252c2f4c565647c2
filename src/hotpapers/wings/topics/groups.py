"""The word groups of a paper: one to three words that stand together in its title or abstract.

Words are compared without case, accents, TeX commands and plural endings. A group neither begins nor ends with one of
`STOP_WORDS`, and does not go across punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from hotpapers.keep.search.tokenizer import stem

MAX_GROUP_WORDS = 3
"""Words of a group."""
MAX_CHARS = 20_000
"""Code points of a text that are read."""
MIN_WORD_CHARS = 2
CACHED_WORDS = 1 << 16

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


class GroupUse(NamedTuple):
    """How a paper first writes a group, in the abstract if it is there; and whether it is in the title."""

    surface: str
    in_title: bool


class _Word(NamedTuple):
    """A word as it is compared, and as it is written. `is_stop`: whether no group begins or ends with it."""

    key: str
    surface: str
    is_stop: bool


def folded(title: str, abstract: str) -> str:
    """A text in which `has` finds groups."""
    parts = (" ".join(word.key for word in words) for text in (title, abstract) for words in _parts(text))
    return f" {BETWEEN.join(parts)} "


def has(text: str, group: Group) -> bool:
    """Whether a folded text has a group."""
    return f" {group} " in text


def groups_of(title: str, abstract: str) -> Mapping[Group, GroupUse]:
    """The groups of a paper, each once."""
    of_title, groups = dict(_groups(title)), dict[Group, GroupUse]()
    for group, surface in (*_groups(abstract), *of_title.items()):
        groups.setdefault(group, GroupUse(surface, group in of_title))
    return groups


def _groups(text: str) -> Iterator[tuple[Group, str]]:
    for words in _parts(text):
        for start, first in enumerate(words):
            for end in range(start + 1, min(start + MAX_GROUP_WORDS, len(words)) + 1):
                group = words[start:end]
                if not (first.is_stop or group[-1].is_stop):
                    yield " ".join(word.key for word in group), " ".join(word.surface for word in group)


def _parts(text: str) -> Iterator[list[_Word]]:
    """The words between punctuation."""
    plain = _COMMAND.sub(" ", _ACCENT.sub("", unicodedata.normalize("NFKD", text[:MAX_CHARS])))
    return ([_word(match) for match in _WORD.findall(part)] for part in _PUNCTUATION.split(plain))


@lru_cache(CACHED_WORDS)
def _word(surface: str) -> _Word:
    lower = surface.lower().replace("’", "'")
    is_stop = len(lower) < MIN_WORD_CHARS or lower in STOP_WORDS or bool(_NUMBER.fullmatch(lower))
    return _Word(stem(lower), surface, is_stop)
