"""Formats a cell of the report as the heads and rows of a table."""

from __future__ import annotations

from collections.abc import Iterator

from lab.outcomes.comparison import ComparedOrder
from lab.outcomes.studies import FEWEST, StudyCell
from lab.statistics import Estimate

COHORTS = {
    "archive": "the archive (X)",
    "huggingface": "Hugging Face",
    "hackernews": "Hacker News",
}
OUTCOMES = {
    "citations": "citations",
    "rating": "reviewers' ratings",
    "acceptance": "acceptance",
    "later story": "a later story on Hacker News",
    "favorites on X": "favorites on X",
}
PERIODS = {"": "", "before": ", before the counting defect", "after": ", after the counting defect"}
NONE = "–"


def study_title(cell: StudyCell) -> str:
    """`the archive (X): citations`."""
    return f"{COHORTS[cell.cohort]}: {OUTCOMES[cell.outcome]}"


def cell_title(cell: StudyCell) -> str:
    """`inside venue and year, before the counting defect`."""
    where = "all papers" if cell.scope == "all papers" else f"inside each {cell.scope}"
    return where + PERIODS[cell.period]


def size_sentence(cell: StudyCell) -> str:
    """How many papers are compared, and from which days."""
    if not cell.papers:
        return "No papers to compare."
    noun = "group" if cell.groups == 1 else "groups"
    groups = "" if cell.scope == "all papers" else f" in {cell.groups:,} {noun}"
    sentence = f"{cell.papers:,} papers{groups}, talked about from {cell.days[0]} to {cell.days[1]}."
    return sentence if cell.orders else f"{sentence} Fewer than {FEWEST}: nothing is computed."


def columns(cell: StudyCell, against: str) -> tuple[str, ...]:
    """The column heads of a table."""
    return (
        "order",
        "papers",
        "Spearman",
        "nDCG@10",
        f"precision@{cell.k}",
        f"Spearman less {against}'s",
        f"nDCG@10 less {against}'s",
    )


def rows(cell: StudyCell) -> Iterator[tuple[str, ...]]:
    """The rows of a table; orders with the same figures share a row."""
    orders_by_figures: dict[tuple[object, ...], list[ComparedOrder]] = {}
    for order in cell.orders:
        orders_by_figures.setdefault(tuple(order[1:]), []).append(order)
    for orders in orders_by_figures.values():
        first = orders[0]
        figures = (first.spearman, first.ndcg, first.precision)
        yield (
            ", ".join(order.name for order in orders),
            f"{first.papers:,}",
            *(shown(estimate, 2) for estimate in figures),
            shown(first.spearman_above, 3),
            shown(first.ndcg_above, 3),
        )


def shown(estimate: Estimate, digits: int) -> str:
    """`0.13 (0.03 to 0.25)`; a dash if undefined."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return NONE
    value, low, high = (
        f"{round(figure, digits) + 0.0:.{digits}f}" for figure in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low} to {high})"
