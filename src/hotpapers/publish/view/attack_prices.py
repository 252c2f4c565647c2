"""What a place costs: the figures shipped with the program, for the site, a publication's ranking first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.issues.ranking.words import count_noun, number
from hotpapers.publish.view.attack_figures import (
    GOALS,
    PRICES,
    AttackFigures,
    CostSummary,
    by_goal,
    cost_rows,
    least,
    needs_standing,
)

NEVER = "no number"


class CheapestAttack(NamedTuple):
    """The fewest accounts for a place under a publication's ranking, in words: new accounts only, and with accounts
    that have standing."""

    networks: int
    place: str
    new: str
    standing: str


class AttackTable(NamedTuple):
    """A table of attack costs. `rankings`: the columns; `rows`: attack, kind of accounts, cells."""

    anchor: str
    heading: str
    rankings: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]


class AttackPrices(NamedTuple):
    """The contents of the page. `prices`: what, US dollars, source, year."""

    figures: AttackFigures
    ranking: str
    cheapest: tuple[CheapestAttack, ...]
    tables: tuple[AttackTable, ...]
    prices: tuple[tuple[str, str, str, int], ...]


def attack_prices(figures: AttackFigures, ranking: str) -> AttackPrices:
    """The page's content for a publication with this ranking; if it was not measured, for the program's default
    ranking."""
    names = list(dict.fromkeys(row.ranking for row in figures.rows))
    first = ranking if ranking in names else figures.default
    ordered = sorted(names, key=lambda name: name != first)
    prices = tuple((label, f"{dollars:g}", source, year) for label, dollars, source, year in PRICES)
    result = []
    for networks, goal, goal_rows in by_goal([row for row in figures.rows if row.ranking == first]):
        if goal != "rival out":
            new, standing = (
                _least(row for row in goal_rows if needs_standing(row) is required) for required in (False, True)
            )
            result.append(CheapestAttack(networks, GOALS[goal].capitalize(), new, standing))
    return AttackPrices(figures, first, tuple(result), tuple(_tables(figures, ordered)), prices)


def _least(rows: Iterable[CostSummary]) -> str:
    """The row with the fewest accounts in words, with the attack and, if it can be bought, the price."""
    row = least(rows)
    if row is None:
        return NEVER
    accounts = [f"{number(row.fresh)} new"] if row.fresh and row.aged else []
    accounts += [number(row.aged if row.aged else row.fresh)]
    joins_in = row.with_standing and row.fresh  # other people's popular accounts are not for sale
    price = "less than a dollar" if row.dollars < 1 else count_noun(round(row.dollars), "dollar")
    return f"{' and '.join(accounts)} ({row.attack}{'' if joins_in else f'; {price}'})"


def _tables(figures: AttackFigures, names: Sequence[str]) -> Iterable[AttackTable]:
    for networks, goal, rows in by_goal(figures.rows):
        tried_rankings = {row.ranking for row in rows}
        columns = tuple(name for name in names if name in tried_rankings)
        yield AttackTable(
            f"{goal.replace(' ', '-')}-{networks}",
            f"{GOALS[goal].capitalize()}, {networks} networks",
            columns,
            cost_rows(rows, columns),
        )
