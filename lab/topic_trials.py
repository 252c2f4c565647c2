"""Topics that are known: made-up papers by the week, in some of which bursts of a word group are planted.

Words are drawn by Zipf's law, each paper's partly from one of 40 fields, so that words of a field come together. A
burst is a group of one to three words that a few papers of a week have in their abstracts, and most of them in their
titles; half of the groups were there before, in few papers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import NamedTuple

from hotpapers.wings.topics.finding import BEFORE, DiscussedPaper, FoundTopic, discussed_paper, find_topics

WEEKS, PAPERS = 20, 60
"""Weeks with bursts, and papers of each week."""
BURSTS, LEAST, MOST = 3, 6, 12
"""Bursts of a week, and papers of a burst."""
VOCABULARY, FIELDS, FIELD_WORDS = 5_000, 40, 60
TITLE_WORDS, ABSTRACT_WORDS = 8, 130
BURST_WORDS, IN_TITLE, EARLIER_SHARE = 3, 0.7, 0.005
FIELD_SHARE, STOP_SHARE = 0.25, 0.35
MEAN_LOG_VOICES, LOG_SPREAD = 3.0, 1.3
_SYLLABLES = [f"{first}{vowel}{last}" for first in "bdfgklmnprtvz" for vowel in "aeiou" for last in "lmnrt"]
_STOP = ("the", "of", "a", "and", "to", "in", "we", "for", "with", "that")


class Burst(NamedTuple):
    """A planted word group, and the papers of the week that have it."""

    group: str
    papers: frozenset[str]


class Score(NamedTuple):
    """How many bursts were planted and found, and of the topics found how many were bursts."""

    planted: int
    recovered: int
    topics: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.topics if self.topics else 0.0

    @property
    def recall(self) -> float:
        return self.recovered / self.planted if self.planted else 0.0


class _MadeUpTexts:
    """Texts of made-up words."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._words = sorted({self.word(2 + n % 2) for n in range(VOCABULARY)})
        random.shuffle(self._words)
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self._fields = [random.sample(self._words[100:], FIELD_WORDS) for _ in range(FIELDS)]

    def word(self, syllables: int) -> str:
        """A made-up word."""
        return "".join(self._random.choices(_SYLLABLES, k=syllables))

    def text(self, field: int, count: int) -> list[str]:
        """Words of a field and of all fields."""
        random = self._random
        words = random.choices(self._words, cum_weights=self._weights, k=count)
        for n in range(count):
            chance = random.random()
            if chance < FIELD_SHARE:
                words[n] = random.choice(self._fields[field])
            elif chance < FIELD_SHARE + STOP_SHARE:
                words[n] = random.choice(_STOP)
        return words


def score_of(seed: int, weeks: int = WEEKS) -> Score:
    """Plants bursts in so many weeks, and looks for them."""
    score, before = Score(0, 0, 0, 0), list[list[DiscussedPaper]]()
    for papers, bursts in _weeks(Random(seed), weeks):
        if len(before) == BEFORE:
            score = _added(score, find_topics(papers, before), bursts)
        before = [*before, papers][-BEFORE:]
    return score


def _added(score: Score, topics: Sequence[FoundTopic], bursts: Sequence[Burst]) -> Score:
    papers = [frozenset(paper.paper for paper in topic.papers) for topic in topics]
    return Score(
        score.planted + len(bursts),
        score.recovered + sum(any(_are_same(burst.papers, keys) for keys in papers) for burst in bursts),
        score.topics + len(topics),
        score.right + sum(any(_are_same(burst.papers, keys) for burst in bursts) for keys in papers),
    )


def _are_same(papers: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two sets of papers have more than half of each in common."""
    return 2 * len(papers & others) > max(len(papers), len(others))


def _weeks(random: Random, weeks: int) -> Iterator[tuple[list[DiscussedPaper], list[Burst]]]:
    """The papers and bursts of each week; the first have none."""
    texts = _MadeUpTexts(random)
    groups = [
        " ".join(texts.word(3) for _ in range(1 + n % BURST_WORDS)) for n in range(weeks * BURSTS)
    ]  # the rest of the vocabulary has none of these words
    for number in range(BEFORE + weeks):
        first = (number - BEFORE) * BURSTS
        now = groups[first : first + BURSTS] if first >= 0 else []
        earlier = groups[::2]
        chosen = {group: random.sample(range(PAPERS), random.randint(LEAST, MOST)) for group in now}
        papers = []
        for n in range(PAPERS):
            field = random.randrange(FIELDS)
            title, abstract = texts.text(field, TITLE_WORDS), texts.text(field, ABSTRACT_WORDS)
            planted = [group for group, places in chosen.items() if n in places]
            planted += [group for group in earlier if random.random() < EARLIER_SHARE]
            for group in planted:
                abstract.insert(random.randrange(len(abstract)), group)
                if random.random() < IN_TITLE:
                    title.insert(random.randrange(len(title)), group)
            voices = int(random.lognormvariate(MEAN_LOG_VOICES, LOG_SPREAD))
            papers.append(discussed_paper(f"{number}.{n}", voices, " ".join(title), " ".join(abstract)))
        yield papers, [Burst(group, frozenset(f"{number}.{n}" for n in places)) for group, places in chosen.items()]
