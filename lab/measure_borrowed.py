"""Measures whether a borrowed reference would help a young record: how far places move once the record is full.

Two real series of counts (`shared/data`: Hugging Face's daily papers, stories on Hacker News' front page) stand in for
two networks. They are from different years, so their days are aligned. One half of each gives the borrowed tables: how
many papers had how many voices at an age. In the other half, a new site begins every few days. On its n-th day the
papers of a week are ranked by `rarity/1` against what the site has collected in n days, with and without borrowed
tables, or against a law fitted to it; and against 90 days, as the record will have them once it is full. Then the
halves are swapped.

    python lab/measure_borrowed.py [--all-stories] ../shared/data
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from hotpapers.base.model import Attention, Candidate, RankingInput, ScoredCandidate, VoiceHistogram
from hotpapers.issues.ranking import rarity_1

HOUR, DAY = 3600, 86400
HF, HN = "huggingface", "hackernews"
AGES = {HF: {6: (6, 12), 24: (18, 30)}, HN: {6: (0, 6), 24: (0, 24)}}
"""The hours after a paper's day between which a count is taken as one at an age: Hugging Face was read twice a day."""
LIVES = (1, 2, 3, 5, 7, 14, 30, 60)
TOP = 10
FITTED, FURTHEST = 20_000, 5_000
"""Papers in a fitted table, and its highest number of voices."""
WHOLE = 90
"""Days of a full reference."""
STEP = 4
"""Days between the starts of two sites, so that all days of the week occur."""


class VoicesAtAge(NamedTuple):
    """A paper's voices on a network at an age; `day`: of its announcement, counted from the start of its half."""

    paper: str
    network: str
    day: int
    age: int
    voices: int


def lines(path: Path) -> Iterator[Any]:
    """The objects in a compressed file of JSON lines."""
    with subprocess.Popen(["zstd", "-dc", "--long=27", str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield from map(json.loads, process.stdout)


def of_hugging_face(folder: Path) -> list[VoicesAtAge]:
    """Upvotes in the morning and the evening of a paper's day."""
    counts: dict[tuple[str, int], VoicesAtAge] = {}
    for row in lines(folder / "hf-daily.jsonl.zst"):
        if not (row["t_ok"] and row["date"]):
            continue
        begins = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC).timestamp()
        hours = (datetime.fromisoformat(row["observed_at"]).timestamp() - begins) / HOUR
        for age, (least, end) in AGES[HF].items():
            if least <= hours < end:
                counts[row["id"], age] = VoicesAtAge(row["id"], HF, int(begins) // DAY, age, row["upvotes"])
    return list(counts.values())


def of_hacker_news(folder: Path, all_stories: bool) -> list[VoicesAtAge]:
    """Points of stories that link arXiv, or of every story, up to 6 and 24 hours after they were first seen."""
    counts = []
    for story in lines(folder / "hn-frontpage.jsonl.zst"):
        if not all_stories and "arxiv.org" not in (story["url"] or ""):
            continue
        first = story["obs"][0][0]
        for age, (_, end) in AGES[HN].items():
            points = [votes for at, votes, *_ in story["obs"] if at <= first + end * HOUR and votes is not None]
            if points:
                counts.append(VoicesAtAge(f"hn-{story['id']}", HN, first // DAY, age, max(points)))
    return counts


def halves(counts: Iterable[VoicesAtAge]) -> tuple[list[VoicesAtAge], list[VoicesAtAge]]:
    """The halves in time, each with days from 0."""
    rows = list(counts)
    first, last = min(row.day for row in rows), max(row.day for row in rows)
    middle = (first + last) // 2
    first_half = [row._replace(day=row.day - first) for row in rows if row.day < middle]
    return first_half, [row._replace(day=row.day - middle) for row in rows if row.day >= middle]


Tables = dict[tuple[str, int], Counter[int]]
"""Numbers of papers by voices, for each network and age."""


def tables(counts: Iterable[VoicesAtAge], since: int, until: int) -> Tables:
    """The tables of papers from one day up to before another, for ages reached by then."""
    tables_of: Tables = defaultdict(Counter)
    for row in counts:
        if since <= row.day < until - (row.age > 6):
            tables_of[row.network, row.age][row.voices] += 1
    return tables_of


def papers_in(counts: Counter[int]) -> int:
    """The number of papers to compare with."""
    return sum(n for voices, n in counts.items() if voices >= rarity_1.MIN_VOICES)


Borrow = Callable[[Tables, Tables], Tables]


def replaced(least: int, networks: tuple[str, ...] = (HF, HN)) -> Borrow:
    """The borrowed table until the own one has enough papers, on networks that have one."""

    def borrow(own: Tables, borrowed: Tables) -> Tables:
        def chosen(where: tuple[str, int]) -> Counter[int]:
            counts = own.get(where, Counter())
            return borrowed[where] if where[0] in networks and papers_in(counts) < least else counts

        return {where: chosen(where) for where in {*own, *borrowed}}

    return borrow


def added(own: Tables, borrowed: Tables) -> Tables:
    """Both together until the own table has 500 papers."""
    sums = {}
    for where in {*own, *borrowed}:
        counts = own.get(where, Counter())
        sums[where] = counts if papers_in(counts) >= rarity_1.ENOUGH else counts + borrowed.get(where, Counter())
    return sums


def fitted(own: Tables, _: Tables) -> Tables:
    """The law x^-a that fits the own papers best, as a table of many papers: smooth where counts of few papers are not.
    The exponent is the likeliest one (Clauset, Shalizi and Newman, Power-law distributions in empirical data, 2009)."""
    laws = {}
    for where, counts in own.items():
        tail = {voices: n for voices, n in counts.items() if voices >= rarity_1.MIN_VOICES}
        half = rarity_1.MIN_VOICES - 0.5
        laws[where] = counts
        if tail:
            exponent = sum(tail.values()) / sum(n * log(voices / half) for voices, n in tail.items())
            numbers = [
                round(FITTED * (half / (voices - 0.5)) ** exponent) for voices in range(rarity_1.MIN_VOICES, FURTHEST)
            ]
            law = Counter({rarity_1.MIN_VOICES + n: a - b for n, (a, b) in enumerate(pairwise(numbers)) if a > b})
            laws[where] = law + Counter(dict.fromkeys(counts, 1))  # so that each paper is in it
    return laws


WAYS: dict[str, Borrow] = {
    "own alone": lambda own, _: own,
    "a law fitted to one's own": fitted,
    "borrowed below 500": replaced(500),
    "borrowed below 50": replaced(50),
    "borrowed below 10": replaced(10),
    "own and borrowed": added,
    "borrowed on Hugging Face alone": replaced(500, (HF,)),
    "borrowed on Hacker News alone": replaced(500, (HN,)),
}


def ranked(papers: Mapping[str, list[VoicesAtAge]], references: Tables, borrowed: Tables) -> list[ScoredCandidate]:
    """Papers ranked by `rarity/1` against tables; papers are in no table that is `borrowed`."""
    inputs = RankingInput(
        candidates=tuple(_candidate(paper, rows, references, borrowed) for paper, rows in papers.items()),
        peers=tuple(
            VoiceHistogram(network=network, age=age, archive="cs", counts=tuple(sorted(counts.items())))
            for (network, age), counts in references.items()
        ),
    )
    return [candidate for candidate in rarity_1.rank(inputs) if candidate.voices >= rarity_1.MIN_VOICES]


def _candidate(paper: str, rows: list[VoicesAtAge], references: Tables, borrowed: Tables) -> Candidate:
    attention = []
    for row in rows:
        where = (row.network, row.age)
        own = None if references.get(where) is borrowed.get(where) else row.voices
        attention.append(
            Attention(network=row.network, until=0, age=row.age, voices=row.voices, reposts=0, likes=0, own=own)
        )
    return Candidate(paper=paper, archive="cs", announced_at=rows[0].day, attention=tuple(attention))


def candidates(counts: Iterable[VoicesAtAge], day: int, begin: int) -> dict[str, list[VoicesAtAge]]:
    """The papers of a week that the record knows, at the greatest age they have reached; those of the day itself at six
    hours."""
    rows_of: dict[str, list[VoicesAtAge]] = defaultdict(list)
    for row in counts:
        if max(day - 6, begin) <= row.day <= day and (row.age == 6) == (row.day == day):
            rows_of[row.paper].append(row)
    return rows_of


def trial(counts: list[VoicesAtAge], borrowed: Tables, begin: int) -> Iterator[tuple[str, int, float, float]]:
    """(method, days of the record, mean places that an early top ten moves, share of the final top ten in it)."""
    for life in LIVES:
        day = begin + life - 1
        papers = candidates(counts, day, begin)
        final_order = [candidate.paper for candidate in ranked(papers, tables(counts, day - WHOLE + 1, day + 1), {})]
        if len(final_order) <= TOP:
            continue
        own = tables(counts, begin, day + 1)
        for name, way in WAYS.items():
            top = [candidate.paper for candidate in ranked(papers, way(own, borrowed), borrowed)][:TOP]
            distance = mean(abs(final_order.index(paper) - n) for n, paper in enumerate(top))
            yield name, life, distance, len({*top} & {*final_order[:TOP]}) / TOP


def main() -> None:
    """Print both figures, each as a table of methods by days."""
    all_stories = "--all-stories" in sys.argv
    folder = Path(sys.argv[-1])
    parts = halves(of_hugging_face(folder)), halves(of_hacker_news(folder, all_stories))
    trials: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for lent, lived in ((0, 1), (1, 0)):
        borrowed = tables([row for part in parts for row in part[lent]], 0, 10_000)
        counts = [row for part in parts for row in part[lived]]
        end = min(max(row.day for row in part[lived]) for part in parts)
        for begin in range(WHOLE, end - max(LIVES), STEP):
            near = [row for row in counts if begin - WHOLE <= row.day <= begin + max(LIVES)]
            for name, life, distance, share in trial(near, borrowed, begin):
                trials[name, life].append((distance, share))
    for n, title in enumerate(("places moved", "of the filled top ten")):
        print(f"{title:<34}" + "".join(f"{life:>8}" for life in LIVES))
        for name in WAYS:
            print(f"{name:<34}" + "".join(_figure([row[n] for row in trials[name, life]]) for life in LIVES))
    print("trials", {life: len(trials["own alone", life]) for life in LIVES})


def _figure(values: list[float]) -> str:
    return f"{mean(values):>8.2f}" if values else f"{'—':>8}"


if __name__ == "__main__":
    main()
