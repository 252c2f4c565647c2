"""Runs all attacks on all rankings in worlds, on all cores; the same seed gives the same results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain
from multiprocessing import get_context
from signal import SIG_IGN, SIGINT, signal
from typing import Any, NamedTuple, TypeVar

from hotpapers.base.errors import UsageError
from hotpapers.base.model import DAY
from hotpapers.base.suggestions import list_choices
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS
from hotpapers.discussion.engagement.standing.queries import ENOUGH_KNOWN
from hotpapers.issues import ranking, windows
from lab.attacks.attack_figures import Goal
from lab.attacks.attack_files import load_attack
from lab.attacks.campaign import Attack, AttackFailed
from lab.attacks.catalogue import ATTACKS
from lab.attacks.clauses import count_without
from lab.attacks.honest import (
    Collateral,
    HonestLoss,
    JudgedVoices,
    SmallField,
    collateral,
    honest_losses,
    judged_voices,
    small_field,
)
from lab.attacks.least_costs import AttackedDay, AttackEffects, Contender, Cost, least_costs
from lab.attacks.scene import ISSUED, Scene
from lab.formulas import FORMULAS
from lab.worlds import BEGINS, NETWORKS, World, WorldLaw

BLOCK = 5
"""How many days of a world one process tries, one after the other. Slow attacks, and rankings that are only there for
comparison, are tried on the first of them."""
WORLDS = tuple(
    WorldLaw(seed=seed, networks=NETWORKS[:networks]) for networks in (4, len(NETWORKS)) for seed in (1, 2, 3, 4, 5)
)
"""A hundred days with four networks, and a hundred with nine."""
FEW_WORLDS = tuple(WorldLaw(seed=1, days=10, networks=NETWORKS[:networks]) for networks in (4, len(NETWORKS)))
"""Ten days of each."""

Part = TypeVar("Part")


class Trial(NamedTuple):
    """What an attack cost on a day; `cost` is None if it could not reach the goal."""

    networks: int
    day: int
    ranking: str
    attack: str
    goal: Goal
    aged: bool
    cost: Cost | None
    failed: str = ""


class Results(NamedTuple):
    """All trials, and what the rankings do to honest accounts."""

    trials: tuple[Trial, ...]
    collateral: tuple[Collateral, ...]
    losses: tuple[HonestLoss, ...] = ()
    judged: tuple[JudgedVoices, ...] = ()
    small_fields: tuple[SmallField, ...] = ()


class Block(NamedTuple):
    """The work of one process: days of a world, with the rankings to attack; `without`: see `clauses`."""

    law: WorldLaw
    days: tuple[int, ...]
    rankings: tuple[str, ...]
    attacks: tuple[str, ...]
    files: tuple[str, ...]
    without: tuple[str, ...] = ()


def contenders() -> dict[str, Contender]:
    """All rankings that can be attacked: our own and published formulas."""
    own = {name: Contender(name, rank, ranking.needs_of(name)) for name, rank in ranking.RANKINGS.items()}
    needs = ranking.needs_of("rarity/1")
    return own | {name: Contender(name, rank, needs, whole=name == "z-score") for name, rank in FORMULAS.items()}


def blocks(
    laws: Sequence[WorldLaw],
    rankings: Sequence[str],
    attacks: Sequence[str],
    files: Sequence[str],
    without: Sequence[str] = (),
) -> Iterator[Block]:
    """Split the work into blocks."""
    names = tuple(contender.name for contender in chosen_contenders(rankings))
    for law in laws:
        days = range(law.history, law.history + law.days)
        for start in range(0, law.days, BLOCK):
            part = tuple(days[start : start + BLOCK])
            block_names = (
                names if start % (2 * BLOCK) == 0 else tuple(name for name in names if name == ranking.DEFAULT)
            )
            own_rankings = tuple(name for name in block_names if name not in FORMULAS)
            some_names = block_names if start == 0 else own_rankings
            yield Block(law, part, some_names, tuple(attacks), tuple(files), tuple(without))


def chosen_contenders(rankings: Sequence[str]) -> list[Contender]:
    """The contenders with these names, or all if there are none. Raises UsageError."""
    known = contenders()
    if unknown := [name for name in rankings if name not in known]:
        raise UsageError(f"{unknown[0]}: no such ranking; choose from {list_choices(unknown[0], known)}")
    return [known[name] for name in dict.fromkeys(rankings) or known]


def chosen_attacks(names: Sequence[str], files: Sequence[str]) -> list[Attack]:
    """The attacks from these files and with these names; without either, the whole catalogue. Raises UsageError for a
    name that is not in the catalogue, AttackFailed for a file without an attack or with a duplicate name."""
    catalogue_names = [attack.name for attack in ATTACKS]
    if unknown_names := [name for name in names if name not in catalogue_names]:
        raise UsageError(f"{unknown_names[0]}: no such attack; choose from {'; '.join(catalogue_names)}")
    own_attacks: list[Attack] = []
    for file in files:
        attack = load_attack(file)
        if attack.name in {*catalogue_names, *(other.name for other in own_attacks)}:
            raise AttackFailed(f"there is already an attack named {attack.name!r}", file=file)
        own_attacks.append(attack)
    return [*own_attacks, *(attack for attack in ATTACKS if attack.name in names or not (names or own_attacks))]


def in_processes(
    run: Callable[[Part], tuple[tuple[Any, ...], ...]],
    parts: Sequence[Part],
    workers: int,
    progress: Callable[[int], None],
) -> Iterator[tuple[Any, ...]]:
    """Run parts of the work in a number of processes; return the results, field by field. `progress`: called with 1
    for each part."""
    results = []
    with _pool(workers) as pool:
        for result in pool.map(run, parts):
            results.append(result)
            progress(1)
    return (tuple(chain.from_iterable(field)) for field in zip(*results, strict=True))


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with the work, even if it is interrupted. Raises AttackFailed if one of them dies."""
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=signal, initargs=(SIGINT, SIG_IGN)) as pool:
        try:
            yield pool
        except BrokenProcessPool as problem:
            raise AttackFailed(
                "a process ended: an attack exited, used up all memory, or could not be stopped"
            ) from problem
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in context.active_children():
                process.terminate()
            raise


def run_block(block: Block) -> Results:
    """Run one block."""
    world, all_contenders = World(block.law), contenders()
    attacks = chosen_attacks(block.attacks, block.files)
    accounts = world.known(BEGINS + block.days[0] * DAY + ISSUED)
    standing = accounts if len(accounts) >= ENOUGH_KNOWN else None
    trials: list[Trial] = []
    honest: list[Collateral] = []
    losses: list[HonestLoss] = []
    judged: list[JudgedVoices] = []
    own_rankings = [all_contenders[name] for name in ranking.RANKINGS]
    scene: Scene | None = None
    count = count_without(block.without)
    for day in block.days:
        is_first = scene is None
        scene = Scene(world, day, standing, scene, count=count)
        names = block.rankings if is_first else [name for name in block.rankings if name == ranking.DEFAULT]
        trusting = Scene(world, day, None, count=count) if is_first else None
        honest += collateral(scene, trusting, [all_contenders[name] for name in names])
        losses += honest_losses(scene, own_rankings, all_contenders[ranking.DEFAULT])
        judged.append(judged_voices(scene))
        effects: AttackEffects = {}
        for name in names:
            tried_attacks = [attack for attack in attacks if is_first or not attack.many_posts]
            where = (len(block.law.networks), day)
            for attack in tried_attacks:
                trials += trials_of(scene, where, all_contenders[name], attack, attack.aged, effects)
            attacks = without_failed(attacks, trials)
    is_first_block = block.days[0] == block.law.history
    small = small_field(block.law, all_contenders[ranking.DEFAULT], count) if is_first_block else ()
    return Results(tuple(trials), tuple(honest), tuple(losses), tuple(judged), tuple(small))


def without_failed(attacks: Sequence[Attack], trials: Iterable[Trial]) -> list[Attack]:
    """The attacks except those whose own code failed: failing again could take long."""
    failed = {trial.attack for trial in trials if trial.failed}
    return [attack for attack in attacks if attack.name not in failed]


def trials_of(
    scene: AttackedDay,
    where: tuple[int, int],
    contender: Contender,
    attack: Attack,
    kinds: Iterable[bool],
    effects: AttackEffects,
) -> Iterator[Trial]:
    """What an attack on a ranking costs, goal by goal. `where`: the number of networks and the day; `kinds`: whether
    accounts have standing, each of which is tried. If the attack's own code fails, that is the last trial."""
    for aged in kinds:
        try:
            costs = least_costs(scene, contender, attack, effects, aged=aged)
        except AttackFailed as problem:
            yield Trial(*where, contender.name, attack.name, attack.goals[0], aged, None, str(problem))
            return
        for goal, cost in costs.items():
            yield Trial(*where, contender.name, attack.name, goal, aged, cost)


def check_laws(laws: Sequence[WorldLaw]) -> None:
    """Raises UsageError for a world whose history is too short for a reference and for standing."""
    for law in laws:
        if law.history < REFERENCE_DAYS + windows.DAYS:
            needed = REFERENCE_DAYS + windows.DAYS
            raise UsageError(f"a world needs a history of at least {needed} days, not {law.history}")
