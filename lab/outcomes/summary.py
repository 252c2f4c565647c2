"""What the figures show, in generated sentences: where orders differ significantly, and where none do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from lab.formulas import FORMULAS
from lab.outcomes.comparison import ComparedOrder
from lab.outcomes.studies import RANDOM, OutcomeReport, StudyCell
from lab.outcomes.tables import cell_title, shown, study_title
from lab.statistics import Estimate


class FigureTally(NamedTuple):
    """The tables in which a figure's whole interval is above 0, and below 0."""

    above: tuple[StudyCell, ...]
    below: tuple[StudyCell, ...]


class OrderTally(NamedTuple):
    """How many tables an order is in; and those in which its `own` Spearman, or the difference of its Spearman or nDCG
    from the other's, is clearly above or below 0."""

    name: str
    tables: int
    own: FigureTally
    spearman: FigureTally
    ndcg: FigureTally


def side_of(estimate: Estimate) -> int:
    """1 or -1 if the whole interval is above or below 0, else 0."""
    return int((estimate.low or 0) > 0) - int((estimate.high or 0) < 0)


def tallies(report: OutcomeReport) -> list[OrderTally]:
    """The tallies of all orders except chance, in the order of the tables."""
    names = dict.fromkeys(order.name for cell in report.cells for order in cell.orders if order.name != RANDOM)
    return [_tally(name, report.cells) for name in names]


def _tally(name: str, cells: Iterable[StudyCell]) -> OrderTally:
    rows = [(cell, order) for cell in cells for order in cell.orders if order.name == name]

    def tally(figure: Callable[[ComparedOrder], Estimate]) -> FigureTally:
        return FigureTally(*(tuple(cell for cell, order in rows if side_of(figure(order)) == side) for side in (1, -1)))

    return OrderTally(
        name, len(rows), *map(tally, (attrgetter("spearman"), attrgetter("spearman_above"), attrgetter("ndcg_above")))
    )


HEADS = (
    "order",
    "tables",
    "Spearman above 0",
    "below 0",
    "above {} by Spearman",
    "by nDCG@10",
    "below {} by Spearman",
    "by nDCG@10",
)


def tally_heads(against: str) -> tuple[str, ...]:
    """The column heads of the table of tallies."""
    return tuple(head.format(against) for head in HEADS)


def tally_rows(report: OutcomeReport) -> list[tuple[str, ...]]:
    """The lines of the table of tallies."""
    return [
        (
            tally.name,
            str(tally.tables),
            str(len(tally.own.above)),
            str(len(tally.own.below)),
            str(len(tally.spearman.above)),
            str(len(tally.ndcg.above)),
            str(len(tally.spearman.below)),
            str(len(tally.ndcg.below)),
        )
        for tally in tallies(report)
    ]


def overview_heads(report: OutcomeReport) -> tuple[str, ...]:
    """The column heads of the overview."""
    return ("what came later", "among", "papers", *report.rankings)


def overview_rows(report: OutcomeReport) -> list[tuple[str, ...]]:
    """Spearman of the program's rankings for each outcome and scope, over the whole period."""
    return [_overview_row(cell, report.rankings) for cell in report.cells if cell.orders and not cell.period]


def _overview_row(cell: StudyCell, rankings: Iterable[str]) -> tuple[str, ...]:
    spearman = {order.name: shown(order.spearman, 2) for order in cell.orders}
    return (study_title(cell), cell.scope, f"{cell.papers:,}", *(spearman[name] for name in rankings))


def findings(report: OutcomeReport) -> Iterator[str]:
    """Sentences on the program's rankings, then on formulas, then on tables without clear differences."""
    tallies_by_name = {tally.name: tally for tally in tallies(report)}
    if report.against not in tallies_by_name:
        yield "No table has enough papers: nothing can be said."
        return
    yield _own(tallies_by_name[report.against])
    for name in report.rankings:
        if name != report.against:
            yield from _against(tallies_by_name[name], report.against)
    for name, tally in tallies_by_name.items():
        if name not in report.rankings:
            yield from _beyond(tally, report.against)
    yield _nothing(report)


def _own(tally: OrderTally) -> str:
    agrees = f"`{tally.name}` agrees with what came later in {len(tally.own.above)} of {tally.tables} tables"
    where = _listed(tally.own.above)
    return f"{agrees}, by a Spearman whose whole interval is above 0{': ' + where if where else ''}."


def _against(tally: OrderTally, against: str) -> Iterator[str]:
    """Where a ranking is below, and above, the ranking it is compared with."""
    for verb, spearman, ndcg in (
        ("below", tally.spearman.below, tally.ndcg.below),
        ("above", tally.spearman.above, tally.ndcg.above),
    ):
        where = _listed(cell for cell in [*spearman, *(cell for cell in ndcg if cell not in spearman)])
        yield (
            f"`{tally.name}` is {verb} `{against}` beyond the 95 % interval in {len(spearman)} of {tally.tables} "
            f"tables by Spearman and in {len(ndcg)} by nDCG@10{': ' + where if where else ''}."
        )


def _beyond(tally: OrderTally, against: str) -> Iterator[str]:
    """Where a formula or a simple predictor is above, if anywhere."""
    above = [*tally.spearman.above, *(cell for cell in tally.ndcg.above if cell not in tally.spearman.above)]
    if above:
        kind = "formula" if tally.name in FORMULAS else "simple predictor"
        yield f"The {kind} `{tally.name}` is above `{against}` in: {_listed(above)}."


def _nothing(report: OutcomeReport) -> str:
    """How many tables have no ranking or formula clearly above or below the ranking it is compared with."""
    compared = {*report.rankings, *FORMULAS}
    cells = [cell for cell in report.cells if cell.orders]
    level = [
        cell
        for cell in cells
        if not any(
            side_of(figure)
            for order in cell.orders
            if order.name in compared
            for figure in (order.spearman_above, order.ndcg_above)
        )
    ]
    return f"In {len(level)} of {len(cells)} tables no ranking and no formula is above or below `{report.against}`."


def _listed(cells: Iterable[StudyCell]) -> str:
    """`the archive (X): citations (all papers · inside each day); …`."""
    names: dict[str, list[str]] = {}
    for cell in cells:
        names.setdefault(study_title(cell), []).append(cell_title(cell))
    return "; ".join(f"{study} ({' · '.join(dict.fromkeys(where))})" for study, where in names.items())
