"""Finds the fewest accounts that an attack needs on a day."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from hotpapers.base.errors import UsageError
from hotpapers.issues import ranking
from lab.attacks.attack_figures import Goal
from lab.attacks.attack_files import run
from lab.attacks.campaign import Attack, AttackedPaper, Campaign, Expenses
from lab.attacks.recorded_scene import RecordedScene
from lab.attacks.scene import AttackEffect, Rank, Scene

MOST = 4000
"""The most accounts tried."""
TEN = 10
HOURS_A_DAY = 24
AttackedDay = Scene | RecordedScene
"""What is attacked: a day of a made-up world, or an issue of a record."""


class Contender(NamedTuple):
    """A ranking to attack. `whole`: it compares a day's papers with each other."""

    name: str
    rank: Rank
    needs: ranking.RankingNeeds
    whole: bool = False


class Cost(NamedTuple):
    """The cost of reaching a goal on a day, with the cheapest of an attack's knobs. `accounts`: as many as the attack
    was given, or used if it used more. `moved`: how many of the honest first ten had another place afterwards, or none,
    not counting the place that was bought."""

    accounts: int
    expenses: Expenses
    moved: int


class _Variant(NamedTuple):
    """A target and a setting of the knobs."""

    target: AttackedPaper
    knobs: tuple[tuple[str, Any], ...]


AttackEffects = dict[Hashable, tuple[AttackEffect, Expenses]]
"""The effects of campaigns on a day."""


def least_costs(
    scene: AttackedDay, contender: Contender, attack: Attack, effects: AttackEffects, *, aged: bool
) -> dict[Goal, Cost | None]:
    """The cheapest way to each goal; None if MOST accounts are not enough; empty on a day without a suitable target.

    `aged`: whether accounts have standing. `effects`: a cache for this day, which is added to. Raises AttackFailed if
    an attack's code fails, UsageError if nobody talks about any paper."""
    search = _Search(scene, contender, attack, effects, aged=aged)
    goals = scene.goals(attack.goals, contender.rank)
    return {goal: search.least_cost(goal) for goal in goals if search.has_target}


FIRST_TRIED = (32, 256)
"""Numbers of accounts tried before the maximum: large campaigns are slow to compute, and most goals cost less."""


def least(reaches: Callable[[int], bool], most: int) -> int | None:
    """The least number, 1 or more, for which a monotonic condition holds; None if it does not hold up to `most`."""
    low, numbers = 0, [number for number in FIRST_TRIED if number < most]
    for high in (*numbers, *([most] if most > 0 else [])):
        if reaches(high):
            return _least_between(reaches, low, high)
        low = high
    return None


def _least_between(reaches: Callable[[int], bool], low: int, high: int) -> int:
    """The same if the condition is known to hold for `high` and not for `low`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


class _Search:
    """An attack against a ranking on a day, with one kind of accounts. Results are shared between goals."""

    def __init__(
        self, scene: AttackedDay, contender: Contender, attack: Attack, effects: AttackEffects, *, aged: bool
    ) -> None:
        self._scene, self._contender, self._attack, self._aged = scene, contender, attack, aged
        honest = scene.order(contender.rank, contender.needs)
        if not honest:
            raise UsageError(f"{scene.name}: nobody talks about any paper; try more posts or papers")
        self._rival = scene.paper(honest[0].paper)
        self._honest = [candidate.paper for candidate in honest[:TEN]]
        self._scored = [candidate.paper for candidate in honest if candidate.score > 0]
        self._tried: dict[Hashable, tuple[list[str], Expenses]] = {}
        self._effects = effects

    @property
    def has_target(self) -> bool:
        """Whether the day has a suitable target."""
        return next(self._variants(), None) is not None

    def least_cost(self, goal: Goal) -> Cost | None:
        best: Cost | None = None
        for variant in self._variants():
            most_accounts = MOST if best is None else best.accounts - 1
            accounts = least(partial(self._reaches, goal, variant), most_accounts)
            cost = None if accounts is None else self._cost(variant, accounts)
            if cost is not None and cost.accounts <= most_accounts:
                best = cost
        return best

    def _variants(self) -> Iterator[_Variant]:
        """Every target with every combination of knobs for which there are enough networks."""
        attack, networks = self._attack, len(self._scene.networks)
        for target, values in product(self._targets(), list(product(*attack.knobs.values()))):
            knobs = dict(zip(attack.knobs, values, strict=True))
            is_same = knobs.get("networks") == 1 and knobs.get("by", "even") != "even"  # one network gets everything
            if not is_same and knobs.get("networks", 1) <= networks > knobs.get("network", 0):
                yield _Variant(target, tuple(knobs.items()))

    def _targets(self) -> Iterator[AttackedPaper]:
        """The attack's possible targets."""
        attack = self._attack
        if attack.at_place:
            yield from [self._scene.paper(paper) for paper in self._scored[attack.at_place - 1 : attack.at_place]]
            return
        for days_old in self._ages():
            target = self._scene.target(days_old=days_old, known_post=attack.known_post, small_field=attack.small_field)
            if target is not None:
                yield target

    def _ages(self) -> Sequence[int]:
        """The targets' ages: today's and yesterday's papers are equivalent if both are compared at the age of a day."""
        ages = self._attack.days_old
        is_same = self._contender.needs.ages[0] >= HOURS_A_DAY and {0, 1} <= set(ages)
        return [days_old for days_old in ages if days_old or not is_same]

    def _try(self, variant: _Variant, accounts: int) -> tuple[list[str], Expenses]:
        """The order of papers after a campaign, and its expenses."""
        key = (variant.target.paper, variant.knobs, accounts)
        if key not in self._tried:
            effect, expenses = self._acted(variant, accounts)
            contender = self._contender
            order = self._scene.order_after(effect, contender.rank, contender.needs, whole=contender.whole)
            self._tried[key] = order, expenses
        return self._tried[key]

    def _acted(self, variant: _Variant, accounts: int) -> tuple[AttackEffect, Expenses]:
        """A campaign's effect and expenses. Effects computed against another ranking are reused."""
        attack, scene, aged, needs = self._attack, self._scene, self._aged, self._contender.needs
        key = (attack.run, aged, needs.ages, variant.target.paper, variant.knobs, accounts)
        for rival in ("", self._rival.paper):
            if (*key, rival) in self._effects:
                return self._effects[*key, rival]
        campaign = Campaign(
            variant.target, self._rival, scene.earlier_papers, scene.networks, aged=aged, knobs=dict(variant.knobs)
        )
        run(attack, campaign, accounts)
        result = scene.effect(campaign, needs), campaign.expenses()
        self._effects[*key, self._rival.paper if campaign.knows_rival else ""] = result
        return result

    def _reaches(self, goal: Goal, variant: _Variant, accounts: int) -> bool:
        order, _ = self._try(variant, accounts)
        return is_reached(goal, variant.target.paper, self._rival.paper, order)

    def _cost(self, variant: _Variant, accounts: int) -> Cost:
        order, expenses = self._try(variant, accounts)
        before, after = (
            [paper for paper in papers if paper != variant.target.paper] for papers in (self._honest, order)
        )
        moved = sum(after[place : place + 1] != [paper] for place, paper in enumerate(before))
        return Cost(max(accounts, expenses.accounts), expenses, moved)


def is_reached(goal: Goal, target: str, rival: str, order: Sequence[str]) -> bool:
    """Whether a goal is reached in an order of papers."""
    if goal == "first":
        return order[:1] == [target]
    if goal == "listed":
        return target in order
    return rival not in order[:TEN] if goal == "rival out" else target in order[:TEN]
