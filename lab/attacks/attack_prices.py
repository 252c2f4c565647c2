"""The page *Attacks* of every site, from the kept figures: `templates/attack_prices.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from hotpapers.base.text.words import count_noun, format_number
from lab.attacks.attack_figures import (
    GOALS,
    LISTED_HEADS,
    PRICES,
    AttackFigures,
    CostSummary,
    by_goal,
    cost_rows,
    least,
    listed_rows,
    needs_standing,
)

NEVER = "no number"


def attack_prices(figures: AttackFigures) -> dict[str, Any]:
    """The page's content. `cheapest`: for each ranking, the fewest accounts for a place, in words: new accounts only,
    and with accounts that have standing. `tables`: of the costs of all attacks."""
    names = list(dict.fromkeys(row.ranking for row in figures.rows))
    return {
        "program": figures.program,
        "default": figures.default,
        "most": figures.most,
        "worlds": figures.worlds,
        "days": figures.days,
        "attacks": figures.attacks,
        "prices": [(what, f"{dollars:g}", source, year) for what, dollars, source, year in PRICES],
        "cheapest": {name: list(_cheapest(figures, name)) for name in names},
        "tables": list(_tables(figures, names)),
        "listed_heads": LISTED_HEADS,
        "listed": listed_rows(figures.listed),
    }


def page_data(figures: AttackFigures) -> str:
    """The page's content as JSON, a line for each row of a table."""
    content = attack_prices(figures)
    rows = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return rows.replace('{"attack":', '\n{"attack":') + "\n"


def _cheapest(figures: AttackFigures, ranking: str) -> Iterator[dict[str, str]]:
    for networks, goal, rows in by_goal([row for row in figures.rows if row.ranking == ranking]):
        if goal != "rival out":
            new, standing = (_least(row for row in rows if needs_standing(row) is has) for has in (False, True))
            place = f"{GOALS[goal].capitalize()}, {networks} networks"
            yield {"place": place, "new": new, "standing": standing}


def _least(rows: Iterable[CostSummary]) -> str:
    """The row with the fewest accounts in words, with the attack and, if it can be bought, the price."""
    row = least(rows)
    if row is None:
        return NEVER
    accounts = [f"{format_number(row.fresh)} new"] if row.fresh and row.aged else []
    accounts += [format_number(row.aged if row.aged else row.fresh)]
    joins_in = row.with_standing and row.fresh  # other people's popular accounts are not for sale
    price = "less than a dollar" if row.dollars < 1 else count_noun(round(row.dollars), "dollar")
    return f"{' and '.join(accounts)} ({row.attack}{'' if joins_in else f'; {price}'})"


def _tables(figures: AttackFigures, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    for networks, goal, rows in by_goal(figures.rows):
        tried = {row.ranking for row in rows}
        columns = [name for name in names if name in tried]
        yield {
            "anchor": f"{goal.replace(' ', '-')}-{networks}",
            "heading": f"{GOALS[goal].capitalize()}, {networks} networks",
            "rows": [
                {"attack": attack, "accounts": accounts, "costs": dict(zip(columns, cells, strict=True))}
                for attack, accounts, cells in cost_rows(rows, columns)
            ],
        }
