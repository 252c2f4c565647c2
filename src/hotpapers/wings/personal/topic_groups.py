"""Papers of one issue on the same topic: few, small groups, each named by words as they are written in a title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from hotpapers.base.model import Paper, PaperGroup
from hotpapers.publish.view.tex import plain_line
from hotpapers.wings.personal.for_me import text_of
from hotpapers.wings.personal.own_order import RankedText
from hotpapers.wings.personal.stop_words import STOP_WORDS
from hotpapers.wings.personal.vectors import topic_vector_of, vector_closeness, weigh_vector, words_of

MIN_ALIKE = 4500
"""The least closeness of any two papers of a group."""
MAX_GROUPS = 2
"""How many groups an issue names."""
MAX_PAPERS = 5
"""The most papers of a group."""
MAX_SHARE = 3
"""A group has at most one in so many of the issue's papers, but may have two."""
MAX_NAMES = 3
"""How many words name a group."""
_WRITTEN = re.compile(r"[^\W_](?:[\w'’-]*[^\W_])?")


def topic_groups(papers: Sequence[Paper]) -> list[PaperGroup]:
    """The groups by their places in a sequence, the closest first. Papers of which all are close to each other are
    joined, the closest pairs first. A group that no words of its titles set apart has no name, and is left out."""
    texts = [text_of(paper) for paper in papers]
    named = (PaperGroup(places, _names(texts, places)) for places in _close_groups(texts))
    return [group for group in named if group.words][:MAX_GROUPS]


def _close_groups(texts: Sequence[RankedText]) -> list[tuple[int, ...]]:
    vectors = [weigh_vector(topic_vector_of(text.title, text.abstract)) for text in texts]
    pairs = combinations(range(len(texts)), 2)
    values = {pair: vector_closeness(vectors[pair[0]], vectors[pair[1]]) for pair in pairs}
    most = min(MAX_PAPERS, max(len(texts) // MAX_SHARE, 2))
    groups: list[tuple[int, ...]] = []
    for pair in sorted((pair for pair, value in values.items() if value >= MIN_ALIKE), key=lambda p: (-values[p], p)):
        touched = [group for group in groups if not set(group).isdisjoint(pair)]
        places = (place for group in touched for place in group)
        joined = tuple(sorted({*pair, *places}))
        likenesses = (values[inner] >= MIN_ALIKE for inner in combinations(joined, 2))
        are_close = all(likenesses)
        if len(joined) <= most and are_close:
            groups = [*(group for group in groups if group not in touched), joined]
    return groups


def _names(texts: Sequence[RankedText], places: tuple[int, ...]) -> tuple[str, ...]:
    """Words of the titles, as written, that all papers of a group have and few others do; none unless there are two, or
    one that is in two titles."""
    words = [frozenset(words_of(f"{text.title} {text.abstract}")) for text in texts]
    shared = frozenset.intersection(*(words[place] for place in places))
    others = [words[place] for place in range(len(texts)) if place not in places]
    titles = [frozenset(words_of(texts[place].title)) for place in places]
    names: dict[str, str] = {}
    for place in places:
        for word, written in _written_words(texts[place].title):
            total = sum(word in other for other in others)
            is_rare = total * MAX_SHARE <= len(others)
            if word in shared and is_rare and len(word) > 2 and written.lower() not in STOP_WORDS:
                names.setdefault(word, written)
    repeated = [word for word in names if sum(word in title for title in titles) > 1]
    rest = (word for word in names if word not in repeated)
    order = [*repeated, *rest]
    is_enough = len(order) > 1 or repeated
    if is_enough:
        return tuple(names[word] for word in order[:MAX_NAMES])
    return ()


def _written_words(title: str) -> Iterator[tuple[str, str]]:
    """The words of a title in order: as compared, and as written."""
    for match in _WRITTEN.finditer(plain_line(title)):
        known = words_of(match[0])
        if len(known) == 1:
            yield known[0], match[0]
