"""Which orders are compared on which papers: every ranking and formula, on every network, for every outcome; and simple
predictors that ignore attention, which a ranking should beat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from hotpapers.base.errors import InputError
from hotpapers.issues.ranking import RANKINGS, rarity_1
from lab.formulas import FORMULAS
from lab.outcomes import cohorts, comparison, targets
from lab.outcomes.cohorts import DEFECT, Cohort, RankValue, paper_key
from lab.outcomes.comparison import ALL, DAY, VENUE, ComparedOrder, ComparisonRequest, ComparisonScope
from lab.outcomes.files import EvaluationFiles
from lab.outcomes.targets import Target

Values = Mapping[str, float]
"""A value for each paper for which it is known; greater is better."""


def predictors(cohort: Cohort, target: Target, authors: Mapping[str, int]) -> dict[str, Values]:
    """All predictors by name. `authors`: how many each paper has, by key."""
    papers = target.outcomes.keys() & cohort.first_days.keys()
    return {
        "more authors": {paper: authors[paper] for paper in papers if paper in authors},
        "shorter title": {paper: -len(cohort.titles[paper]) for paper in papers if paper in cohort.titles},
        "category mean": category_means(cohort, target),
    }


def category_means(cohort: Cohort, target: Target) -> dict[str, float]:
    """The mean outcome of the primary category's papers on alternate days: papers of even days are predicted from odd
    days, and vice versa. A category without papers there has the mean of all papers there.

    A mean over all other papers would count each paper's own outcome against it: the better the paper, the lower the
    mean of the rest.
    """
    halves = {past.day: number % 2 for number, past in enumerate(cohort.days)}
    half_of = {paper: halves[day] for paper, day in cohort.first_days.items()}
    papers = [paper for paper in target.outcomes if paper in half_of and paper in cohort.categories]
    gains: dict[tuple[int, str], list[Fraction]] = defaultdict(list)
    for paper in papers:
        gain = Fraction(target.outcomes[paper].gain)
        for name in (cohort.categories[paper], ""):
            gains[half_of[paper], name].append(gain)
    means = {key: sum(values) / len(values) for key, values in gains.items()}

    def mean(paper: str) -> float:
        other_half = 1 - half_of[paper]
        return float(means.get((other_half, cohort.categories[paper]), means.get((other_half, ""), Fraction(0))))

    return {paper: mean(paper) for paper in papers}


AGAINST = rarity_1.NAME
"""The ranking that every order is compared with."""
RANDOM = "any order"
"""All papers tied: what to expect from an order without any information."""
FEWEST = 20
"""The fewest papers for which anything is computed: with fewer, an interval would be as wide as the scale."""


class Study(NamedTuple):
    """A cohort with an outcome, its predictors, and the groups inside which orders are compared."""

    cohort: Cohort
    target: Target
    predictors: Mapping[str, Values]
    scopes: tuple[ComparisonScope, ...]
    periods: tuple[str, ...] = ("",)


class StudyCell(NamedTuple):
    """One table. `period`: `before` or `after` the archive's counting defect, empty for all. `days`: the first and last
    day of its papers. `papers` and `groups`: how many can be compared; `orders`: empty for fewer than 20 papers."""

    cohort: str
    outcome: str
    period: str
    scope: str
    k: int
    days: tuple[str, str]
    papers: int
    groups: int
    orders: tuple[ComparedOrder, ...]


class OutcomeReport(NamedTuple):
    """All cells, and how they were made. `overlap`: how many papers of the archive appear elsewhere too."""

    against: str
    resamples: int
    rankings: tuple[str, ...]
    overlap: Mapping[str, int]
    cells: tuple[StudyCell, ...]


def measure_outcomes(files: EvaluationFiles, resamples: int) -> OutcomeReport:
    """Run every ranking on every past day, and compare its order with what came later. Raises InputError if no paper in
    the files has an outcome."""
    orders = {AGAINST: RANKINGS[AGAINST], **RANKINGS, **FORMULAS}
    values_by_cohort: dict[str, dict[str, dict[str, RankValue]]] = {}
    cells = []
    for study in studies(files):
        name = study.cohort.name
        if name not in values_by_cohort:
            values_by_cohort[name] = {key: cohorts.rank_values(study.cohort, rank) for key, rank in orders.items()}
        tables = product(study.periods, study.scopes)
        cells += [_cell(study, values_by_cohort[name], period, scope, resamples) for period, scope in tables]
    if not any(cell.papers for cell in cells):
        raise InputError("none of its papers were talked about in the other files", file="outcomes.csv")
    return OutcomeReport(AGAINST, resamples, tuple(RANKINGS), overlap(files), tuple(cells))


def studies(files: EvaluationFiles) -> Iterator[Study]:
    """All studies of a folder."""
    authors = {paper_key(id): count for id, count in files.authors.items()}
    archive = cohorts.archive_cohort(files.listed)
    upvoted = cohorts.upvote_cohort(files.upvotes, files.upvoted)
    stories = cohorts.story_cohort(files.stories)
    archive_days, upvote_days, story_days = archive.first_days, upvoted.first_days, stories.first_days

    def study(cohort: Cohort, target: Target, *scopes: ComparisonScope, periods: tuple[str, ...] = ("",)) -> Study:
        return Study(cohort, target, predictors(cohort, target, authors), scopes, periods)

    periods = ("", "before", "after")
    yield study(archive, targets.citations(files.citations, archive_days), ALL, VENUE, DAY, periods=periods)
    yield study(archive, targets.ratings(files.decisions, archive_days), ALL, VENUE, DAY)
    yield study(archive, targets.acceptance(files.decisions, archive_days), ALL, VENUE, DAY)
    yield study(archive, targets.later_stories(files.listed, files.stories), DAY)
    yield study(upvoted, targets.citations(files.citations, upvote_days), ALL, VENUE, DAY)
    yield study(stories, targets.citations(files.citations, story_days), ALL)
    yield study(stories, targets.ratings(files.decisions, story_days), ALL)
    yield study(stories, targets.favorites(stories, files.listed), ALL)


def overlap(files: EvaluationFiles) -> dict[str, int]:
    """How many papers of the archive were on Hacker News, how many of these before their counts were read, and how many
    of the latter have citations."""
    first = cohorts.first_stories(files.stories)
    listed_until = {row.arxiv_id: cohorts.listed_until(row) for row in files.listed}
    shared = {id for id in listed_until if id in first}
    shared_before = {id for id in shared if cohorts.first_seen(first[id]) <= listed_until[id]}
    cited_papers = {row.arxiv_id for row in files.citations}
    return {
        "listed": len(listed_until),
        "stories": len(shared),
        "before": len(shared_before),
        "cited": len(shared_before & cited_papers),
    }


# ---- one cell ------------------------------------------------------------------------------------------------


def _cell(
    study: Study, scored: Mapping[str, Mapping[str, RankValue]], period: str, scope: ComparisonScope, resamples: int
) -> StudyCell:
    keys = _keys(study, period, scope)
    days = sorted(study.cohort.first_days[paper] for paper in keys)
    groups = comparison.grouped(study.target.outcomes, keys, list(scored.values()))
    papers = sum(len(group.gains) for group in groups)
    seed = f"{study.cohort.name} {study.target.name} {period} {scope.name}"  # independent of other cells
    request = ComparisonRequest(study.target.outcomes, keys, scope, resamples, seed)
    return StudyCell(
        cohort=study.cohort.name,
        outcome=study.target.name,
        period=period,
        scope=scope.name,
        k=scope.k,
        days=(days[0], days[-1]) if days else ("", ""),
        papers=papers,
        groups=len(groups),
        orders=tuple(_orders(study, scored, request)) if papers >= FEWEST else (),
    )


def _orders(
    study: Study, scored: Mapping[str, Mapping[str, RankValue]], request: ComparisonRequest
) -> Iterator[ComparedOrder]:
    """Rankings, formulas and chance; predictors on the same papers if they cover all of them, otherwise separately."""
    complete_predictors = {
        name: values for name, values in study.predictors.items() if request.keys.keys() <= values.keys()
    }
    orders: dict[str, Mapping[str, Any]] = {**scored, RANDOM: dict.fromkeys(request.keys, 0), **complete_predictors}
    yield from comparison.compare(orders, request)
    for name, values in study.predictors.items():
        if name not in complete_predictors:
            compared = comparison.compare({AGAINST: scored[AGAINST], name: values}, request)
            yield from (row for row in compared[1:] if row.papers >= FEWEST)


def _keys(study: Study, period: str, scope: ComparisonScope) -> dict[str, str]:
    """The group of each paper in the period with an outcome."""
    days = {
        paper: day
        for paper, day in study.cohort.first_days.items()
        if not period or (day < DEFECT) == (period == "before")
    }
    outcomes = study.target.outcomes
    if scope.name == DAY.name:
        return {paper: day for paper, day in days.items() if paper in outcomes}
    return {paper: outcomes[paper].group if scope.name == VENUE.name else "" for paper in days if paper in outcomes}
