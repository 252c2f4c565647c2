"""Trials of a reader's own order: ten papers of an author are starred; is the author's next paper among the 20 nearest
of the thousand that were listed around it?

In the setting *any*, the next paper is whatever the author wrote next; in *together*, it has another author in common
with the ten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

import msgspec

STARRED, NEAREST, LISTED = 10, 20, 1000
MOST_PAPERS = 60
"""Of a name in these two years: more are several people's."""
SETTINGS = ("any", "together")


class PaperText(msgspec.Struct, frozen=True):
    """A line of arxiv-metadata.jsonl. `listed`: a day."""

    id: str
    title: str
    authors: tuple[str, ...]
    abstract: str
    listed: str
    primary: str = ""
    categories: tuple[str, ...] = ()

    @property
    def is_recent(self) -> bool:
        """Whether it is of 2025 or 2026."""
        return self.id[:2] in ("25", "26") and "." in self.id


class ReaderTrial(NamedTuple):
    """Places of papers: the starred ones, the author's next, and those it is listed with, itself among them.
    `followed`: the other authors of the starred ones."""

    starred: Sequence[int]
    next: int
    listed: Sequence[int]
    followed: frozenset[str]


def in_order(papers: Iterable[PaperText]) -> list[PaperText]:
    """The recent papers in the order of their listing."""
    return sorted((paper for paper in papers if paper.is_recent), key=lambda paper: (paper.listed, paper.id))


def trials(papers: Sequence[PaperText], count: int, seed: int) -> dict[str, list[ReaderTrial]]:
    """So many trials in each setting, each with another author; fewer if there are not enough authors."""
    random = Random(seed)
    result: dict[str, list[ReaderTrial]] = {setting: [] for setting in SETTINGS}
    for trial in _candidates(papers, random):
        together = not trial.followed.isdisjoint(papers[trial.next].authors)
        for setting in SETTINGS[: 1 + together]:
            if len(result[setting]) < count:
                result[setting].append(trial)
        if all(len(chosen) == count for chosen in result.values()):
            break
    return result


def _candidates(papers: Sequence[PaperText], random: Random) -> Iterator[ReaderTrial]:
    by_author: defaultdict[str, list[int]] = defaultdict(list)
    for place, paper in enumerate(papers):
        for author in set(paper.authors):
            by_author[author].append(place)
    authors = sorted(name for name, places in by_author.items() if STARRED < len(places) <= MOST_PAPERS)
    random.shuffle(authors)
    for author in authors:
        places = by_author[author]
        first = random.randrange(len(places) - STARRED)
        starred, following = places[first : first + STARRED], places[first + STARRED]
        start = max(min(following - LISTED // 2, len(papers) - LISTED), 0)
        listed = [place for place in range(start, min(start + LISTED, len(papers))) if place not in starred]
        followed = frozenset(name for place in starred for name in papers[place].authors if name != author)
        yield ReaderTrial(starred, following, listed, followed)
