"""Papers generated from a seed: what arXiv announces on each day, by the real calendar. Pure.

The shares of the archives are roughly those of recent years on arXiv; a quarter of the papers get a second version.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.base.papers.arxiv.taxonomy import KNOWN
from tests.loopback import words
from tests.loopback.script import MINUTE, SECOND, Paper, Version

SHARES = {
    "cs": 415, "math": 140, "cond-mat": 70, "astro-ph": 65, "physics": 65, "quant-ph": 50, "eess": 45, "hep-ph": 30,
    "stat": 22, "hep-th": 22, "gr-qc": 20, "q-bio": 12, "math-ph": 10, "nucl-th": 8, "hep-ex": 8, "econ": 6, "q-fin": 5,
    "nlin": 5, "hep-lat": 4, "nucl-ex": 4,
}  # fmt: skip
"""New papers by primary archive, out of about a thousand."""
POPULAR = {
    "cs": ("cs.LG", "cs.CV", "cs.CL", "cs.AI", "cs.RO", "cs.CR", "cs.SE", "cs.HC", "cs.IT", "cs.DS"),
    "math": ("math.AP", "math.CO", "math.NT", "math.PR", "math.OC", "math.AG", "math.DS"),
}
RELATED = {
    "cs": ("stat.ML", "eess.IV", "math.OC", "q-bio.QM"), "math": ("math-ph", "cs.IT", "stat.TH"),
    "stat": ("cs.LG", "math.ST", "econ.EM"), "eess": ("cs.SY", "cs.LG", "cs.SD"), "hep-th": ("gr-qc", "math-ph"),
    "gr-qc": ("hep-th", "astro-ph.CO"), "quant-ph": ("cond-mat.str-el", "physics.optics"),
    "hep-ph": ("hep-ex", "nucl-th"),
}  # fmt: skip


class Subjects(NamedTuple):
    """What papers are about. `shares`: new papers by primary archive, in proportion; `popular`: the categories of an
    archive that occur, if not all; `related`: categories of other archives in which its papers are also listed."""

    shares: Mapping[str, int] = SHARES
    popular: Mapping[str, Sequence[str]] = POPULAR
    related: Mapping[str, Sequence[str]] = RELATED


ALL_SUBJECTS = Subjects()
SECOND_WITHIN = 40
"""Days within which a second version appears."""
CACHED_DAYS = 80
"""How many days are kept in memory; others are generated again when needed."""


class PaperGenerator:
    """arXiv's part of the world: papers by day, numbered as on arXiv. `end`: the first day without papers."""

    def __init__(self, seed: int, start: str, end: str, daily: int, subjects: Subjects = ALL_SUBJECTS) -> None:
        self._seed, self._start, self._end, self._daily = seed, start, end, daily
        self._subjects = subjects
        self._archives = tuple(subjects.shares)
        self._sums = list(accumulate(subjects.shares.values()))
        self._first_numbers: dict[str, int] = {}
        self._months: dict[str, list[str]] = {}
        self.papers: Callable[[str], Sequence[Paper]] = lru_cache(CACHED_DAYS)(self._papers_of)
        self.replacements: Callable[[str], Sequence[tuple[Paper, int]]] = lru_cache(CACHED_DAYS)(self._replacements_of)

    def paper(self, id: str) -> Paper | None:
        """A paper by its identifier, whose number tells on which day of its month to look."""
        month, _, number = id.partition(".")
        if not (month.isdigit() and number.isdigit() and len(month) == 4 and 1 <= int(month[2:]) <= 12):
            return None
        for label in self._labels(month):
            first_number = self._number(label)
            if first_number <= int(number) < first_number + self._size(label):
                return self.papers(label)[int(number) - first_number]
        return None

    # ---- numbers -----------------------------------------------------------------------------------------

    def _size(self, label: str) -> int:
        """How many papers a day has: more on Tuesdays, fewer on Fridays."""
        if not (self._start <= label < self._end and days.has_announcement(label)):
            return 0
        share = (1.0, 1.25, 1.05, 1.0, 0.85)[datetime.date.fromisoformat(label).weekday()]
        return round(self._daily * share * Random(f"{self._seed} size {label}").uniform(0.85, 1.15))

    def _labels(self, month: str) -> list[str]:
        """The days whose papers have numbers of a month, which is that of the evening of the announcement."""
        if month not in self._months:
            first_day = datetime.date(2000 + int(month[:2]), int(month[2:]), 1)
            days_near = (first_day + datetime.timedelta(days=n) for n in range(33))
            labels = [day.isoformat() for day in days_near if day.weekday() < 5]
            self._months[month] = [label for label in labels if _month(label) == month]
        return self._months[month]

    def _number(self, label: str) -> int:
        """The number of a day's first paper."""
        if label not in self._first_numbers:
            earlier_days = [day for day in self._labels(_month(label)) if day < label]
            self._first_numbers[label] = 1 + sum(self._size(day) for day in earlier_days)
        return self._first_numbers[label]

    # ---- papers --------------------------------------------------------------------------------------------

    def _papers_of(self, label: str) -> tuple[Paper, ...]:
        rng, first_number = Random(f"{self._seed} papers {label}"), self._number(label) if self._size(label) else 0
        evening = days.deadline_day(label) + datetime.timedelta(days=1)
        deadline = days.announced_at(evening.isoformat()) - 6 * HOUR
        moments = sorted(deadline - rng.randrange(1, 24 * 60) * MINUTE for _ in range(self._size(label)))
        return tuple(self._paper(rng, label, first_number + n, submitted_at) for n, submitted_at in enumerate(moments))

    def _paper(self, rng: Random, label: str, number: int, submitted_at: int) -> Paper:
        archive = rng.choices(self._archives, cum_weights=self._sums)[0]
        delay = 3 * DAY if rng.random() < 0.04 else 0
        title = words.title(rng, archive)
        authors = tuple(words.author(rng) for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6, 9))))
        is_published = rng.random() < 0.1
        return Paper(
            id=f"{_month(label)}.{number:05d}", title=title, authors=authors, abstract=words.abstract(rng, title),
            categories=_categories(rng, archive, self._subjects),
            versions=tuple(_versions(rng, label, submitted_at - delay)),
            comment=f"{rng.randrange(4, 60)} pages" if rng.random() < 0.9 else "",
            doi=f"10.5555/made.{_month(label)}{number:05d}" if is_published else "",
            journal="Journal of Made-Up Results 7, 1" if is_published else "",
            popularity=min(rng.paretovariate(1.1), 200.0),
        )  # fmt: skip

    def _replacements_of(self, label: str) -> tuple[tuple[Paper, int], ...]:
        """New versions announced on a day, of papers announced shortly before."""
        versions: list[tuple[Paper, int]] = []
        for days_back in range(2 * SECOND_WITHIN + 10, 0, -1):
            day = datetime.date.fromisoformat(label) - datetime.timedelta(days=days_back)
            for paper in self.papers(day.isoformat()) if day.weekday() < 5 else ():
                versions += [
                    (paper, n) for n, version in enumerate(paper.versions, 1) if n > 1 and version.label == label
                ]
        return tuple(versions)


def _month(label: str) -> str:
    return f"{days.date_at(days.announced_at(label)):%y%m}"


def _categories(rng: Random, archive: str, subjects: Subjects) -> tuple[str, ...]:
    """One to four categories: first one of the archive, then others of it and of related archives."""
    candidates = tuple(subjects.popular.get(archive, ())) or tuple(
        sorted(category for category in KNOWN if category == archive or category.startswith(f"{archive}."))
    )
    candidates = tuple(category for category in candidates if "." in category) or candidates
    choices = (*candidates, *subjects.related.get(archive, ()))
    additional = (rng.choice(choices) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))))
    return tuple(dict.fromkeys((rng.choice(candidates), *additional)))


def _versions(rng: Random, label: str, submitted_at: int) -> list[Version]:
    versions = [Version(submitted_at, label)]
    while len(versions) < 3 and rng.random() < 0.25:
        submitted_at = days.announced_at(versions[-1].label) + rng.randrange(1, SECOND_WITHIN - 5) * DAY + 3600 * SECOND
        day = days.announced_for(submitted_at)
        day = day if days.has_announcement(day) else days.next_day(day)
        versions.append(Version(submitted_at, day, withdrawn=rng.random() < 0.03))
    return versions
