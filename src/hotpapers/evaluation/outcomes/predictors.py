"""Simple predictors, which know nothing of attention: what a ranking ought to do better than."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from hotpapers.evaluation.outcomes.cohorts import Cohort
from hotpapers.evaluation.outcomes.targets import Target

Values = Mapping[str, float]
"""A value for each paper of which it is known; the greater, the better the paper is held to be."""


class SimplePredictor(NamedTuple):
    """A predictor by its name, and its values."""

    name: str
    values: Values


def predictors(cohort: Cohort, target: Target, authors: Mapping[str, int]) -> tuple[SimplePredictor, ...]:
    """All predictors. `authors`: how many a paper has, by its key."""
    papers = target.outcomes.keys() & cohort.first_days.keys()
    return (
        SimplePredictor("more authors", {paper: authors[paper] for paper in papers if paper in authors}),
        SimplePredictor(
            "shorter title", {paper: -len(cohort.titles[paper]) for paper in papers if paper in cohort.titles}
        ),
        SimplePredictor("category mean", category_means(cohort, target)),
    )


def category_means(cohort: Cohort, target: Target) -> dict[str, float]:
    """The mean outcome of the primary category's papers on every other day: papers of days with an even number are told
    by those of odd ones, and the other way round. A category without papers there has the mean of all that are there.

    A mean over all other papers would hold each paper's own outcome against it: the better the paper, the lower the
    mean of the rest.
    """
    halves = {past.day: number % 2 for number, past in enumerate(cohort.days)}
    half_of = {paper: halves[day] for paper, day in cohort.first_days.items()}
    known = [paper for paper in target.outcomes if paper in half_of and paper in cohort.categories]
    gains: dict[tuple[int, str], list[Fraction]] = defaultdict(list)
    for paper in known:
        gain = Fraction(target.outcomes[paper].gain)
        for name in (cohort.categories[paper], ""):
            gains[half_of[paper], name].append(gain)
    means = {where: sum(some) / len(some) for where, some in gains.items()}

    def mean(paper: str) -> float:
        other = 1 - half_of[paper]
        return float(means.get((other, cohort.categories[paper]), means.get((other, ""), Fraction(0))))

    return {paper: mean(paper) for paper in known}
