"""What attacks took, as figures: written by `hotpapers evaluate attacks`, kept in the package, read by the site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import product

import msgspec

from hotpapers.evaluation.attacks.campaign import Goal

GOALS: dict[Goal, str] = {"first": "place 1", "top ten": "the first ten", "rival out": "the rival out of the first ten"}
KEPT = "measured.json"
"""The file of the package with what was measured last, in made-up worlds."""


class CostSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """An attack on a ranking, over all days of worlds with so many networks, or all issues. `accounts`: what it took on
    the median day, None where no number up to the most that are tried; `fresh`, `aged`, `actions`: of what these were,
    on that day; `dollars`: at published prices; `days`: on how many days it was tried, `reached`: on how many it came
    through; `moved`: of the honest first ten, on average; `failed`: how the attack's own code broke."""

    networks: int
    ranking: str
    attack: str
    goal: Goal
    with_standing: bool
    accounts: int | None = None
    fresh: int = 0
    aged: int = 0
    actions: int = 0
    dollars: float = 0.0
    days: int = 0
    reached: int = 0
    moved: float = 0.0
    failed: str = ""


class HonestSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a ranking does on days without an attack: medians of `Collateral`, and the mean agreement."""

    networks: int
    ranking: str
    kept: int | None
    agreement: float
    entries: int
    days: int


class MeasuredLoss(msgspec.Struct, frozen=True):
    """What the honest lose on days without an attack, in words, and how much."""

    networks: int
    what: str
    measured: str


class NotRun(msgspec.Struct, frozen=True, order=True):
    """What could not be tried on an issue of a record: an attack on a ranking, and why. Where no `attack` is named:
    none. In made-up worlds: an attack, on no day and on no ranking."""

    issue: str
    ranking: str
    attack: str
    reason: str


class AttackFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of it. `program`: the version that measured; `default`: its ranking for new publications; `most`: accounts
    beyond which nothing was tried. Of made-up worlds: `worlds`, `days` in all; of a record: `publication`, `issues`,
    and what was `not_run`. `attacks`: what each attack does, by its name."""

    program: str
    default: str
    most: int
    worlds: int = 0
    days: int = 0
    publication: str = ""
    issues: tuple[str, ...] = ()
    attacks: dict[str, str] = {}
    rows: tuple[CostSummary, ...] = ()
    honest: tuple[HonestSummary, ...] = ()
    losses: tuple[MeasuredLoss, ...] = ()
    not_run: tuple[NotRun, ...] = ()


def written(figures: AttackFigures) -> bytes:
    """As JSON, a line for each row."""
    lists = {name: getattr(figures, name) for name in ("rows", "honest", "losses", "not_run")}
    head = msgspec.json.encode(msgspec.structs.replace(figures, rows=(), honest=(), losses=(), not_run=()))
    some = (f',\n"{name}": [\n{_lines(rows)}\n]' for name, rows in lists.items() if rows)
    return f"{head.decode()[:-1]}{''.join(some)}}}\n".encode()


def _lines(rows: Iterable[msgspec.Struct]) -> str:
    return ",\n".join(msgspec.json.encode(row).decode() for row in rows)


@cache
def kept_figures() -> AttackFigures:
    """What was measured last, as it is in the package."""
    return msgspec.json.decode(files(__package__).joinpath(KEPT).read_bytes(), type=AttackFigures)


# ---- as cells of tables ------------------------------------------------------------------------------------


def by_goal(rows: Sequence[CostSummary]) -> Iterator[tuple[int, Goal, list[CostSummary]]]:
    """The rows of each number of networks and each goal, where there are any."""
    for networks, goal in product(sorted({row.networks for row in rows}), GOALS):
        if some := [row for row in rows if (row.networks, row.goal) == (networks, goal)]:
            yield networks, goal, some


def cost_rows(rows: Sequence[CostSummary], names: Sequence[str]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(attack, kind of accounts, a cell for each ranking of these names) of rows of one goal and number of networks."""
    by_key = {(row.attack, row.with_standing, row.ranking): row for row in rows}
    attacks = dict.fromkeys((row.attack, row.with_standing) for row in rows)
    return tuple(
        (
            attack,
            "with standing" if aged else "new",
            tuple(cost_cell(by_key.get((attack, aged, name))) for name in names),
        )
        for attack, aged in attacks
    )


def needs_standing(row: CostSummary) -> bool:
    """Whether it takes any account that has standing."""
    return row.with_standing or row.aged > 0


def least(rows: Iterable[CostSummary]) -> CostSummary | None:
    """The row of the fewest accounts, of those that came through."""
    reached = ((row.accounts, row.dollars, row) for row in rows if row.accounts is not None)
    return min(reached, key=lambda each: each[:2], default=(0, 0.0, None))[2]


def cost_cell(row: CostSummary | None) -> str:
    """`120`, `60 + 7` with standing, `never`."""
    if row is None:
        return ""
    if row.failed:
        return "failed"
    if row.accounts is None:
        return "never" if not row.reached else f"never ({row.reached} of {row.days} days)"
    is_mixed = row.aged and (row.fresh or not row.with_standing)
    return f"{row.fresh:,} + {row.aged:,}" if is_mixed else f"{row.accounts:,}"
