"""How soon the first ten of a new site are those of an old one, in the made-up worlds of `hotpapers evaluate attacks`.

Sites that began so many days ago look at the same day of the same world, whose counts are like recorded ones. Each
knows all that was said of the papers that were announced since it began, and nothing of those before. They rank by
`rarity/2`, and their first ten are compared with those of a site that began 120 days ago.

    python -m tools.measure_places [--papers 60,180] [--worlds 10] [--networks 4]
"""

from __future__ import annotations

import argparse
from copy import copy
from statistics import mean
from typing import NamedTuple

from hotpapers import ranking
from hotpapers.engagement.standing.rules import ENOUGH_KNOWN
from hotpapers.evaluation.attacks.scene import ISSUED, Scene
from hotpapers.evaluation.worlds import BEGINS, NETWORKS, World, WorldLaw
from hotpapers.model import DAY

AGES = (14, 21, 28, 31, 35, 40, 45, 60, 75, 90)
"""Days since a site began. Once it is a month old it can know somebody."""
OLD = 120
TOP = 10
RANKING = "rarity/2"


class Agreement(NamedTuple):
    """The first ten of a site beside those of an old one: how many stand in the same place, how many are among them.
    `untold`: how many would be if at this site every voice counted; `references`: how many would stand in the same
    place if at both of them every voice did. `known`: how many accounts have standing."""

    same: float
    common: float
    untold: float
    references: float
    known: float


def world_of(seed: int, papers: int, networks: int) -> World:
    """A world in which an old site looks at its last day."""
    return World(WorldLaw(seed=seed, papers=papers, history=OLD, days=1, networks=NETWORKS[:networks]))


def younger(world: World, age: int) -> World:
    """A world as a site that began so many days ago knows it on its last day."""
    if "_histories" in vars(world):
        raise ValueError("whom a world knows was counted already")
    part = copy(world)
    part.papers = [paper for paper in world.papers if paper.day > OLD - age]
    return part


def known(world: World) -> frozenset[int] | None:
    """The accounts with standing on the last day; None while there are too few to tell."""
    accounts = world.known(BEGINS + OLD * DAY + ISSUED)
    return accounts if len(accounts) >= ENOUGH_KNOWN else None


def first_ten(world: World, accounts: frozenset[int] | None) -> list[str]:
    """The first papers on the last day."""
    needs = ranking.needs_of(RANKING)
    order = Scene(world, OLD, accounts).order(lambda inputs: ranking.rank(inputs, RANKING), needs)
    return [one.paper for one in order[:TOP]]


def agreements(world: World) -> dict[int, Agreement]:
    """By a site's age."""
    parts = {age: younger(world, age) for age in AGES}
    old, untold = first_ten(world, known(world)), first_ten(world, None)
    return {age: _agreement(part, old, untold) for age, part in parts.items()}


def _agreement(part: World, old: list[str], old_untold: list[str]) -> Agreement:
    accounts = known(part)
    untold = first_ten(part, None)
    ten = untold if accounts is None else first_ten(part, accounts)
    return Agreement(
        same=_same(ten, old),
        common=len(set(ten) & set(old)),
        untold=len(set(untold) & set(old)),
        references=_same(untold, old_untold),
        known=len(accounts or ()),
    )


def _same(ten: list[str], other: list[str]) -> int:
    return sum(a == b for a, b in zip(ten, other, strict=False))


def table(papers: int, worlds: int, networks: int) -> list[str]:
    """Lines of Markdown: means over worlds."""
    every = [agreements(world_of(seed, papers, networks)) for seed in range(1, worlds + 1)]
    lines = [
        f"{papers} papers a day, {networks} networks, {worlds} worlds",
        "",
        "| days | accounts with standing | in both | if it counted every voice | same place | if both did |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for age in AGES:
        means = Agreement(*(mean(values) for values in zip(*(one[age] for one in every), strict=True)))
        figures = (means.common, means.untold, means.same, means.references)
        lines.append(f"| {age} | {means.known:.0f} | {' | '.join(f'{one:.1f}' for one in figures)} |")
    return lines


def main() -> None:
    """Prints a table for each number of papers."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    reader.add_argument("--papers", default="60,180", help="announced a day; some, with commas between them")
    reader.add_argument("--worlds", type=int, default=10)
    reader.add_argument("--networks", type=int, default=4)
    wanted = reader.parse_args()
    for papers in wanted.papers.split(","):
        print(*table(int(papers), wanted.worlds, wanted.networks), "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
