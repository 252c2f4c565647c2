"""Whether fields get the places that their papers would explain: the question of docs/examples/fields.sql, in Python.

A field is an archive; a paper is in that of its primary category, on the day of its first announcement.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from math import sqrt
from typing import NamedTuple

from hotpapers.publish.query.schemas import Schema

DAYS = 90
"""Up to the latest issue: as long as scores look back."""
Z = 1.96
"""Of a 95 % interval."""


class FieldFacts(NamedTuple):
    """The data of a comparison. `fields`: the field of each paper announced on the days of issues; `placed`: papers
    with a place; `people`: those of papers whose networks were all read in full for a week."""

    fields: Mapping[str, str]
    placed: Set[str]
    people: Mapping[str, int]


class FieldRow(Schema, kw_only=True):
    """A field. `per_thousand`: places per 1,000 papers, from `low` to `high`, its Wilson interval; `anybody`,
    `three_people`: the shares of papers with so many, of those whose week was read in full, None if none was;
    `read_in_full`: their share."""

    field: str
    papers: int
    places: int
    per_thousand: float
    low: float
    high: float
    anybody: float | None
    three_people: float | None
    read_in_full: float

    def places_than(self, all_fields: float) -> str:
        """Whether it has more or fewer places than its papers would explain; empty if unknown."""
        if self.low > all_fields:
            return "more"
        return "fewer" if self.high < all_fields else ""


def rows_of(facts: FieldFacts) -> list[FieldRow]:
    """The fields, those with most papers first."""
    papers_of: dict[str, list[str]] = {}
    for paper, field in facts.fields.items():
        papers_of.setdefault(field, []).append(paper)
    ordered = sorted(papers_of.items(), key=lambda of_field: (-len(of_field[1]), of_field[0]))
    return [_row(field, papers, facts) for field, papers in ordered]


def _row(field: str, papers: list[str], facts: FieldFacts) -> FieldRow:
    people = [facts.people[paper] for paper in papers if paper in facts.people]
    places = sum(paper in facts.placed for paper in papers)
    low, high = wilson_interval(places, len(papers))
    return FieldRow(
        field=field,
        papers=len(papers),
        places=places,
        per_thousand=per_thousand(places, len(papers)),
        low=low,
        high=high,
        anybody=_share_with(1, people),
        three_people=_share_with(3, people),
        read_in_full=round(len(people) / len(papers), 3),
    )


def _share_with(least: int, people: list[int]) -> float | None:
    if people:
        total = sum(count >= least for count in people)
        return round(total / len(people), 3)
    return None


def per_thousand(places: int, papers: int) -> float:
    """Places per 1,000 papers."""
    return round(1000 * places / papers, 1)


def wilson_interval(places: int, papers: int) -> tuple[float, float]:
    """Wilson's 95 % interval of the places per 1,000 papers (doi:10.1080/01621459.1927.10502953)."""
    share = places / papers
    zz = Z * Z / papers
    half = sqrt(zz * share * (1 - share) + zz * zz / 4)
    low, high = ((share + zz / 2 + sign * half) / (1 + zz) for sign in (-1, 1))
    return round(1000 * low, 1), round(1000 * high, 1)
