"""The least number of accounts that an attack needs on a day."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from hotpapers import ranking
from hotpapers.errors import UsageError
from hotpapers.evaluation.attacks.attack_files import run
from hotpapers.evaluation.attacks.campaign import Attack, AttackedPaper, Campaign, Goal, Spent
from hotpapers.evaluation.attacks.recorded_scene import RecordedScene
from hotpapers.evaluation.attacks.scene import Aftermath, Rank, Scene

MOST = 4000
"""Accounts beyond which no attack is tried."""
TEN = 10
HOURS_A_DAY = 24
AttackedDay = Scene | RecordedScene
"""A day that is attacked: of a made-up world, or the issue of a record."""


class Contender(NamedTuple):
    """A ranking that is attacked. `whole`: it compares a day's papers with each other."""

    name: str
    rank: Rank
    measured: ranking.Measured
    whole: bool = False


class Attempt(NamedTuple):
    """An attack as it is tried: against which ranking, with which accounts."""

    contender: Contender
    attack: Attack
    aged: bool


class Cost(NamedTuple):
    """What reaching a goal took on a day, by the cheapest of an attack's knobs. `accounts`: as many as the attack was
    given, or used if it used more. `moved`: how many of the honest first
    ten stood elsewhere afterwards, or no longer there, but for the place that was bought."""

    accounts: int
    spent: Spent
    moved: int


class _Way(NamedTuple):
    """A target and a setting of the knobs."""

    target: AttackedPaper
    knobs: tuple[tuple[str, Any], ...]


Aftermaths = dict[Hashable, tuple[Aftermath, Spent]]
"""What campaigns on a day led to."""


def least_costs(scene: AttackedDay, attempt: Attempt, aftermaths: Aftermaths) -> dict[Goal, Cost | None]:
    """The cheapest way to each goal; None where no number of accounts up to MOST does it; nothing on a day that has no
    such target. `aftermaths`: what is known of this day, and is added to. Raises AttackFailed where an attack's code
    breaks, UsageError where there is no talk at all."""
    search = _Search(scene, attempt, aftermaths)
    return {goal: search.least_cost(goal) for goal in attempt.attack.goals if search.has_target}


FIRST_TRIED = (32, 256)
"""Accounts that are tried before the most: large campaigns take long to work out, and most goals cost less."""


def least(reaches: Callable[[int], bool], most: int) -> int | None:
    """The least number from 1 on for which a condition holds that holds for all greater ones; None for none up to
    `most`."""
    low, numbers = 0, [number for number in FIRST_TRIED if number < most]
    for high in (*numbers, *([most] if most > 0 else [])):
        if reaches(high):
            return _least_between(reaches, low, high)
        low = high
    return None


def _least_between(reaches: Callable[[int], bool], low: int, high: int) -> int:
    """The same where it is known to hold for `high`, and not for `low`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


class _Search:
    """One attempt on a day: what was tried once is not tried again for another goal."""

    def __init__(self, scene: AttackedDay, attempt: Attempt, aftermaths: Aftermaths) -> None:
        self._scene, self._attempt = scene, attempt
        honest = scene.order(attempt.contender.rank, attempt.contender.measured)
        if not honest:
            raise UsageError(f"{scene.name}: nobody speaks of any paper; more posts or papers would help")
        self._rival = scene.paper(honest[0].paper)
        self._honest = [candidate.paper for candidate in honest[:TEN]]
        self._scored = [candidate.paper for candidate in honest if candidate.score > 0]
        self._tried: dict[Hashable, tuple[list[str], Spent]] = {}
        self._aftermaths = aftermaths

    @property
    def has_target(self) -> bool:
        """Whether the day has a paper that the attack is for."""
        return next(self._ways(), None) is not None

    def least_cost(self, goal: Goal) -> Cost | None:
        best: Cost | None = None
        for way in self._ways():
            most = MOST if best is None else best.accounts - 1
            accounts = least(partial(self._reaches, goal, way), most)
            cost = None if accounts is None else self._cost(way, accounts)
            if cost is not None and cost.accounts <= most:
                best = cost
        return best

    def _ways(self) -> Iterator[_Way]:
        """Every target with every setting of the knobs that there are networks for."""
        attack, networks = self._attempt.attack, len(self._scene.networks)
        for target, values in product(self._targets(), list(product(*attack.knobs.values()))):
            knobs = dict(zip(attack.knobs, values, strict=True))
            is_same = knobs.get("networks") == 1 and knobs.get("by", "even") != "even"  # one network has it all
            if not is_same and knobs.get("networks", 1) <= networks > knobs.get("network", 0):
                yield _Way(target, tuple(knobs.items()))

    def _targets(self) -> Iterator[AttackedPaper]:
        """The papers that the attack is for, one after the other."""
        attack = self._attempt.attack
        if attack.at_place:
            yield from [self._scene.paper(paper) for paper in self._scored[attack.at_place - 1 : attack.at_place]]
            return
        for days_old in self._ages():
            target = self._scene.target(
                days_old=days_old, spoken_of=attack.spoken_of, small_field=attack.small_field
            )  # fmt: skip
            if target is not None:
                yield target

    def _ages(self) -> Sequence[int]:
        """The targets' ages: of today's and yesterday's papers one does where both are compared at a day's age."""
        ages = self._attempt.attack.days_old
        is_same = self._attempt.contender.measured.ages[0] >= HOURS_A_DAY and {0, 1} <= set(ages)
        return [days_old for days_old in ages if days_old or not is_same]

    def _try(self, way: _Way, accounts: int) -> tuple[list[str], Spent]:
        """The order of papers after a campaign, and what it took."""
        key = (way.target.paper, way.knobs, accounts)
        if key not in self._tried:
            aftermath, spent = self._acted(way, accounts)
            contender = self._attempt.contender
            order = self._scene.order_after(aftermath, contender.rank, contender.measured, whole=contender.whole)
            self._tried[key] = order[: TEN + 1], spent
        return self._tried[key]

    def _acted(self, way: _Way, accounts: int) -> tuple[Aftermath, Spent]:
        """What a campaign leads to. What it led to against another ranking is not worked out again."""
        attack, scene, aged = self._attempt.attack, self._scene, self._attempt.aged
        measured = self._attempt.contender.measured
        key = (attack.run, aged, measured.ages, way.target.paper, way.knobs, accounts)
        for rival in ("", self._rival.paper):
            if (*key, rival) in self._aftermaths:
                return self._aftermaths[*key, rival]
        campaign = Campaign(way.target, self._rival, scene.others, scene.networks, aged=aged, knobs=dict(way.knobs))
        run(attack, campaign, accounts)
        result = scene.aftermath(campaign, measured), campaign.spent()
        self._aftermaths[*key, self._rival.paper if campaign.knows_rival else ""] = result
        return result

    def _reaches(self, goal: Goal, way: _Way, accounts: int) -> bool:
        order, _ = self._try(way, accounts)
        return is_reached(goal, way.target.paper, self._rival.paper, order)

    def _cost(self, way: _Way, accounts: int) -> Cost:
        order, spent = self._try(way, accounts)
        others = [paper for paper in order if paper != way.target.paper]
        moved = sum(others[place : place + 1] != [paper] for place, paper in enumerate(self._honest))
        return Cost(max(accounts, spent.accounts), spent, moved)


def is_reached(goal: Goal, target: str, rival: str, order: Sequence[str]) -> bool:
    """Whether a goal is reached in an order of papers."""
    if goal == "first":
        return order[:1] == [target]
    return rival not in order[:TEN] if goal == "rival out" else target in order[:TEN]
