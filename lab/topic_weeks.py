"""The topics of real weeks of discussed papers, and how many there would be by chance: in the same papers, put into
weeks of the same size at random."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from random import Random
from typing import NamedTuple

from hotpapers.publish.view.tops import period_of
from hotpapers.wings.topics.finding import BEFORE, MIN_BEFORE, DiscussedPaper, FoundTopic, discussed_paper, find_topics
from hotpapers.wings.topics.weeks import weeks_up_to
from lab.reader_trials import PaperText

SHUFFLES = 5


class Attended(NamedTuple):
    """A paper that a page of a day showed, with its voices there: likes or upvotes."""

    paper: str
    day: date
    voices: int


Weeks = Mapping[str, list[DiscussedPaper]]
"""The papers of each week, by id."""


def weeks_of(rows: Iterable[Attended], texts: Iterable[PaperText]) -> Weeks:
    """The papers of each week with their most voices in it, as far as their abstracts are known."""
    best: dict[str, dict[str, int]] = {}
    for row in rows:
        papers = best.setdefault(period_of("week", "daily", row.day.isoformat()), {})
        papers[row.paper] = max(papers.get(row.paper, 0), row.voices)
    named = {paper for papers in best.values() for paper in papers}
    known = {text.id: text for text in texts if text.id in named and text.abstract}
    return {
        week: [
            discussed_paper(paper, voices, known[paper].title, known[paper].abstract)
            for paper, voices in sorted(best[week].items())
            if paper in known
        ]
        for week in sorted(best)
    }


def topics_by_week(weeks: Weeks) -> Iterator[tuple[str, list[FoundTopic]]]:
    """The topics of each week that can be compared."""
    for week, papers in weeks.items():
        before = [weeks.get(earlier, []) for earlier in weeks_up_to(week, BEFORE + 1)[:-1]]
        if sum(map(bool, before)) >= MIN_BEFORE:
            yield week, find_topics(papers, before)


def shuffled(weeks: Weeks, random: Random) -> Weeks:
    """The same papers in weeks of the same size, at random."""
    papers = [paper for of_week in weeks.values() for paper in of_week]
    random.shuffle(papers)
    rest = iter(papers)
    return {week: [next(rest) for _ in of_week] for week, of_week in weeks.items()}


def by_chance(weeks: Weeks, seed: int) -> list[int]:
    """How many topics there are in shuffled weeks, once for each shuffle."""
    random = Random(seed)
    return [sum(len(topics) for _, topics in topics_by_week(shuffled(weeks, random))) for _ in range(SHUFFLES)]
