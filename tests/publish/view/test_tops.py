"""Tops of weeks, months, years and all time, against a plain computation of the same."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest

from hotpapers.base.model import EntrySummary, HeldPapers
from hotpapers.base.model.issues import HeldPaper
from hotpapers.publish.view.tops import BEST, BEST_OF_FIELD, MAX_TOP_PAPERS, Tops, kind_of, period_name, period_of

CATEGORIES = ["cs.CL", "cs.CV", "hep-th", "math.NT", "q-bio.PE"]
FORMATS = {"week": "%G-W%V", "month": "%Y-%m", "year": "%Y", "all": "all"}
Voices = dict[str, dict[str, int]]


def made_up(seed: int, issues: int, papers_each: int) -> tuple[Voices, list[EntrySummary]]:
    """Issues of working days from December on; some papers are still talked about in later ones."""
    rng = random.Random(seed)
    days = [(date(2025, 12, 22) + timedelta(days=n)).isoformat() for n in range(issues * 2)]
    days = [day for day in days if date.fromisoformat(day).weekday() < 5][:issues]
    voices: Voices = {}
    summaries: list[EntrySummary] = []
    for n, day in enumerate(days):
        papers = [f"arxiv:{n:04}.{place:05}" for place in range(1, papers_each + 1)]
        ongoing = rng.sample(sorted({summary.paper for summary in summaries}), min(2, len(summaries)))
        voices[day] = {paper: rng.randrange(60) for paper in (*papers, *ongoing)}
        for place, paper in enumerate(papers, 1):
            category = rng.choice(CATEGORIES)
            summaries.append(EntrySummary(day, place, paper, f"Title {paper}", (), (category, "cs.LG")))
    return voices, summaries


def plain_ranking(
    voices: Voices, summaries: list[EntrySummary], format: str, period: str
) -> list[tuple[str, int, str]]:
    """(paper, most voices, day) of a period, from a flat table of all appearances."""
    places = {(summary.day, summary.paper): summary.place for summary in summaries}
    rows = [
        (-count, day, places.get((day, paper), 999), paper)
        for day, counts in voices.items() if date.fromisoformat(day).strftime(format) == period
        for paper, count in counts.items()
    ]  # fmt: skip
    best: dict[str, tuple[str, int, str]] = {}
    for count, day, _, paper in sorted(rows):
        best.setdefault(paper, (paper, -count, day))
    return list(best.values())


def held(voices: dict[str, dict[str, int]]) -> dict[str, HeldPapers]:
    return {
        day: HeldPapers(entries=tuple(HeldPaper(paper=paper, voices=number) for paper, number in counts.items()))
        for day, counts in voices.items()
    }


@pytest.mark.parametrize("seed", range(4))
def test_tops_are_those_of_a_plain_computation(seed: int) -> None:
    voices, summaries = made_up(seed, 60, 12)
    fields = {summary.paper: summary.categories[0] for summary in summaries}
    tops = Tops("daily", held(voices), summaries)
    for kind, format in FORMATS.items():
        periods = {date.fromisoformat(day).strftime(format) for day in voices}
        assert tops.periods(kind) == sorted(periods)
        for period in periods:
            ranking = plain_ranking(voices, summaries, format, period)
            of_field = Counter[str]()
            expected = []
            for rank, (paper, count, day) in enumerate(ranking, 1):
                of_field[fields[paper]] += 1
                if rank <= BEST or of_field[fields[paper]] <= BEST_OF_FIELD:
                    expected.append((rank, paper, count, day))
            top = tops.top(period)
            assert top.total == len(ranking)
            assert [(best.rank, best.summary.paper, best.voices, best.summary.day) for best in top.papers] == expected


def test_a_top_is_bounded() -> None:
    voices = {"2026-01-05": {f"p{n}": 5 for n in range(3000)}}
    summaries = [EntrySummary("2026-01-05", n + 1, f"p{n}", "", (), (f"x.{n % 900}",)) for n in range(3000)]
    assert len(Tops("daily", held(voices), summaries).top("all").papers) == MAX_TOP_PAPERS


def test_a_new_issue_changes_one_top_of_each_kind() -> None:
    voices, summaries = made_up(7, 40, 4)
    last = max(voices)
    before = Tops("daily", held({day: counts for day, counts in voices.items() if day < last}),
                  [summary for summary in summaries if summary.day < last])  # fmt: skip
    after = Tops("daily", held(voices), summaries)
    changed = set(after.changed([last]))
    for kind in FORMATS:
        for period in after.periods(kind):
            same = before.has(period) and before.top(period) == after.top(period)
            assert same or period in changed
            if before.has(period) and before.neighbors(period) != after.neighbors(period):
                assert period in changed
    assert len(changed) <= 2 * len(FORMATS)


@pytest.mark.parametrize(
    ("window", "day", "periods"),
    [
        ("daily", "2027-01-01", ["2026-W53", "2027-01", "2027", "all"]),
        ("weekly", "2027-01-01", ["2026-12", "2026", "all"]),
        ("monthly", "2027-01-01", ["2026", "all"]),
        ("listing", "2021-01-14", ["2021-W02", "2021-01", "2021", "all"]),
    ],
)
def test_the_periods_of_an_issue(window: str, day: str, periods: list[str]) -> None:
    tops = Tops(window, held({day: {"p": 3}}), [EntrySummary(day, 1, "p", "", (), ())])  # type: ignore[arg-type]
    assert [period for kind in tops.kinds for period in tops.periods(kind)] == periods
    assert list(tops.around(periods[-1])) == periods and not tops.has("1999")


def test_periods_in_words() -> None:
    assert [period_name(period) for period in ("2026-W47", "2026-W53", "2026-11", "2026", "all")] == [
        "16\u201322 November 2026", "28 December 2026 \u2013 3 January 2027", "November 2026", "2026", "all time",
    ]  # fmt: skip
    assert all(kind_of(period_of(kind, "daily", "2026-11-16")) == kind for kind in FORMATS)
