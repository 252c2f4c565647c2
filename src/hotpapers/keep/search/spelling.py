"""Suggestions for words that no paper has: words that one slip of the fingers turns into these.

Each word that is one letter more, less, other or exchanged with its neighbor, with or without a plural ending, is
looked up in the index (P. Norvig, How to Write a Spelling Corrector, 2007), which takes no longer the more words there
are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from string import ascii_lowercase

from hotpapers.keep.search import query_parser
from hotpapers.keep.search.query_parser import SearchAtom, SearchQuery
from hotpapers.record.database import Database, column_among

MIN_CHARS, MAX_CHARS = 4, 24
"""Letters of a word that is looked up: shorter ones may be anything, and longer ones are no words."""
MAX_WORDS = 4
"""Most words of a query that are looked up."""

Counter = Callable[[SearchQuery], int]
"""Counts the papers that a query finds."""


def suggest_query(database: Database, text: str, query: SearchQuery, count: Counter) -> str:
    """The text of a query that finds nothing, with other words that make it find something; empty if there are none."""
    corrected = text
    for atom in [atom for atom in query.atoms if _is_plain(atom)][:MAX_WORDS]:
        if not count(SearchQuery(((atom,),))):
            corrected = _replaced(corrected, atom.text, _nearest(database, atom, count))
    return corrected if corrected != text and count(query_parser.parse_query(corrected)) else ""


def _is_plain(atom: SearchAtom) -> bool:
    """Whether a condition is one word of letters without an accent."""
    words = [word for term in atom.terms for word in term.words]
    is_word = len(words) == 1 and words[0].isascii() and words[0].isalpha() and not atom.terms[0].prefix
    return is_word and atom.kind in ("word", "title", "author") and MIN_CHARS <= len(words[0]) <= MAX_CHARS


def _nearest(database: Database, atom: SearchAtom, count: Counter) -> str:
    """The word nearest to that of a condition that most papers have; empty if there is none."""
    term = atom.terms[0]
    candidates = sorted({slip for word in (*term.words, *term.stems) for slip in typing_slips(word)})
    known = column_among(database, "SELECT word FROM search_word WHERE word IN (…)", candidates)
    counts = {word: count(SearchQuery(((atom.instead(word),),))) for word in known}
    return max(counts, key=lambda word: (counts[word], word), default="")


def typing_slips(word: str) -> Iterator[str]:
    """The words that differ from a word by one letter, or by the order of two that are next to each other."""
    for at in range(len(word) + 1):
        start = word[:at]
        end = word[at:]
        yield from (f"{start}{letter}{end}" for letter in ascii_lowercase)
        if end:
            yield f"{start}{end[1:]}"
            yield from (f"{start}{letter}{end[1:]}" for letter in ascii_lowercase)
        if len(end) > 1:
            yield f"{start}{end[1]}{end[0]}{end[2:]}"


def _replaced(text: str, word: str, other: str) -> str:
    if other:
        return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", other, text)
    return text
