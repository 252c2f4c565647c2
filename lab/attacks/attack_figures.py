"""The results of attacks as figures: written by `make attacks`, kept in a file beside, read by `tools.make_docs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Literal, NamedTuple

import msgspec

Goal = Literal["first", "top ten", "rival out", "listed"]
"""What an attacker wants: the target at place 1, among the first ten, or an entry at all; or the paper at place 1 out
of the first ten."""
GOALS: dict[Goal, str] = {
    "first": "place 1",
    "top ten": "the first ten",
    "rival out": "the rival out of the first ten",
    "listed": "an entry",
}
KEPT = "attack_figures.json"
"""The file with the latest results in made-up worlds."""


class CostSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """An attack on a ranking, over all days of worlds with a number of networks, or all issues. `accounts`: how many it
    took on the median day, None if no number tried was enough; `fresh`, `aged`, `actions`: how many of each, on that
    day; `dollars`: at published prices; `patient`: the same if standing is waited for instead of bought; `days`: on how
    many days it was tried, `reached`: on how many it succeeded; `moved`: how many of the honest first ten moved, on
    average; `failed`: how the attack's own code failed."""

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
    patient: float = 0.0
    days: int = 0
    reached: int = 0
    moved: float = 0.0
    failed: str = ""


class HonestSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ranking on days without an attack: medians of `Collateral`, and the mean agreement."""

    networks: int
    ranking: str
    kept: int | None
    agreement: float
    entries: int
    days: int


class MeasuredLoss(msgspec.Struct, frozen=True):
    """What honest accounts lose on days without an attack, in words, and how much."""

    networks: int
    what: str
    measured: str


class ListingCost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an entry costs in a kind of record, by a rule for choosing papers. `regulars`: accounts with standing,
    `talked_about`: papers a day, both on the median day; `entries`: honest ones, `seen`: those above the threshold, or
    that two people talked about whom the record had seen a week before, `empty`: issues without an entry, of `days`;
    `new`, `standing`, `lifting`: the cheapest attack on the median day in dollars, with new accounts alone, with
    standing, and with new ones for a paper that people already talk about."""

    record: str
    networks: int
    rule: str
    regulars: int
    talked_about: int
    days: int
    entries: int
    seen: int
    empty: int
    new: CostSummary | None = None
    standing: CostSummary | None = None
    lifting: CostSummary | None = None


class NotRun(msgspec.Struct, frozen=True, order=True):
    """An attack on a ranking that could not be tried on an issue of a record, and why. An empty `attack` means all. In
    made-up worlds, the attack could not be tried on any day or ranking."""

    issue: str
    ranking: str
    attack: str
    reason: str


class AttackFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All figures. `program`: the version that measured; `default`: its ranking for new publications; `most`: the most
    accounts tried. For made-up worlds: `worlds`, `days` in all; for a record: `publication`, `issues`, and what was
    `not_run`. `attacks`: what each attack does, by name. `listed`: what an entry
    costs in small and young records."""

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
    listed: tuple[ListingCost, ...] = ()


@cache
def kept_figures() -> AttackFigures:
    """The latest figures, as they are kept."""
    return msgspec.json.decode(files(__package__).joinpath(KEPT).read_bytes(), type=AttackFigures)


class MarketPrice(NamedTuple):
    """What something costs in US dollars, by whom, and in which year."""

    what: str
    dollars: float
    source: str
    year: int


# ---- prices ------------------------------------------------------------------------------------------------

LIKE = MarketPrice(
    "a like or repost",
    0.0011,
    "NATO StratCom COE, Social Media Manipulation 2022/2023: 10 euros for 10,000 likes; at 1.10 dollars",
    2023,
)
POST = MarketPrice(
    "a post (as a comment)",
    0.055,
    "NATO StratCom COE, Social Media Manipulation 2022/2023: 10 euros for 200 comments; at 1.10 dollars",
    2023,
)
ACCOUNT = MarketPrice(
    "a new account (its verification, on X)",
    0.10,
    "Cambridge Online Trust and Safety Index, mean of all countries",
    2025,
)
KNOWN_ACCOUNT = MarketPrice(
    "an account with standing (a star by an aged account on GitHub)",
    0.85,
    "Dagster, Tracking the Fake GitHub Star Black Market: 85 dollars for 100",
    2023,
)
PRICES = (LIKE, POST, ACCOUNT, KNOWN_ACCOUNT)
"""Nobody publishes a price for standing as this program defines it: a star by an aged
account is the closest thing on sale."""


# ---- as cells of tables ------------------------------------------------------------------------------------


def by_goal(rows: Sequence[CostSummary]) -> Iterator[tuple[int, Goal, list[CostSummary]]]:
    """The rows for each number of networks and each goal, if there are any."""
    for networks, goal in product(sorted({row.networks for row in rows}), GOALS):
        if goal_rows := [row for row in rows if (row.networks, row.goal) == (networks, goal)]:
            yield networks, goal, goal_rows


def cost_rows(rows: Sequence[CostSummary], names: Sequence[str]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(attack, kind of accounts, a cell per ranking in `names`) from rows of one goal and number of networks."""
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
    """Whether it needs any account with standing."""
    return row.with_standing or row.aged > 0


def least(rows: Iterable[CostSummary]) -> CostSummary | None:
    """The row with the fewest accounts, among attacks that succeeded."""
    reached = (row for row in rows if row.accounts is not None)
    return min(reached, key=lambda row: (row.accounts or 0, row.dollars), default=None)


LISTED_HEADS = (
    "record",
    "papers a day, regulars",
    "rule",
    "new accounts",
    "new, lifting a paper",
    "with standing",
    "honest entries/seen",
    "issues without one",
)


def listed_cells(cost: ListingCost) -> tuple[str, ...]:
    """A row below LISTED_HEADS."""
    return (
        f"{cost.record}, {cost.networks} networks",
        f"{cost.talked_about:,}, {cost.regulars:,}",
        cost.rule,
        _bought(cost.new),
        _bought(cost.lifting),
        f"{_bought(cost.standing)}; ${cost.standing.patient:.2f} and 30 days" if cost.standing else "never",
        f"{cost.entries:,}/{cost.seen:,} in {cost.days} days",
        f"{cost.empty} of {cost.days}",
    )


def listed_rows(costs: Sequence[ListingCost]) -> list[tuple[str, ...]]:
    """The rows below LISTED_HEADS, once for rules that give the same."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for cost in costs:
        name, figures, rule, *others = listed_cells(cost)
        rows.setdefault((name, figures, *others), []).append(rule)
    return [(name, figures, " and ".join(rules), *others) for (name, figures, *others), rules in rows.items()]


def _bought(row: CostSummary | None) -> str:
    return f"{cost_cell(row)} ({row.attack}), ${row.dollars:,.2f}" if row else "never"


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
