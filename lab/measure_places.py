"""Measures how soon a new site's first ten match an old one's, in the made-up worlds of `python -m lab attacks`.

Sites of different ages look at the same day of the same world, whose counts resemble recorded ones. Each knows
everything that was said about papers announced since it began, and nothing about earlier ones. They rank by `rarity/2`,
and their first ten are compared with those of a site that began 120 days ago.

    python -m lab.measure_places [--papers 60,180] [--worlds 10] [--networks 4]
"""

from __future__ import annotations

import argparse
from copy import copy
from statistics import mean
from typing import NamedTuple

from hotpapers.base.model import DAY
from hotpapers.discussion.engagement.standing.queries import ENOUGH_KNOWN
from hotpapers.issues import ranking
from lab.attacks.scene import ISSUED, Scene
from lab.worlds import BEGINS, NETWORKS, World, WorldLaw

AGES = (14, 21, 28, 31, 35, 40, 45, 60, 75, 90)
"""Days since a site began. At a month it can know accounts."""
OLD = 120
TOP = 10
RANKING = "rarity/2"


class Agreement(NamedTuple):
    """A site's first ten compared with an old site's: how many have the same place, and how many are in both. `untold`:
    how many would be in both if every voice counted on this site; `references`: how many would have the same place if
    every voice counted on both. `known`: the number of accounts with standing."""

    same: float
    common: float
    untold: float
    references: float
    known: float


def world_of(seed: int, papers: int, networks: int) -> World:
    """A world as an old site sees it on its last day."""
    return World(WorldLaw(seed=seed, papers=papers, history=OLD, days=1, networks=NETWORKS[:networks]))


def younger(world: World, age: int) -> World:
    """A world as a site that began `age` days ago sees it on its last day."""
    if "_histories" in vars(world):
        raise ValueError("the world's known accounts were already counted")
    part = copy(world)
    part.papers = [paper for paper in world.papers if paper.day > OLD - age]
    return part


def known(world: World) -> frozenset[int] | None:
    """The accounts with standing on the last day; None if they are too few to tell."""
    accounts = world.known(BEGINS + OLD * DAY + ISSUED)
    return accounts if len(accounts) >= ENOUGH_KNOWN else None


def first_ten(world: World, accounts: frozenset[int] | None) -> list[str]:
    """The first papers on the last day."""
    needs = ranking.needs_of(RANKING)
    order = Scene(world, OLD, accounts).order(lambda inputs: ranking.rank(inputs, RANKING), needs)
    return [paper.paper for paper in order[:TOP]]


def agreements(world: World) -> dict[int, Agreement]:
    """The comparisons by site age."""
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
    comparisons = [agreements(world_of(seed, papers, networks)) for seed in range(1, worlds + 1)]
    lines = [
        f"{papers} papers a day, {networks} networks, {worlds} worlds",
        "",
        "| days | accounts with standing | in both | if it counted every voice | same place | if both did |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for age in AGES:
        at_age = [comparison[age] for comparison in comparisons]
        means = Agreement(*(mean(values) for values in zip(*at_age, strict=True)))
        figures = (means.common, means.untold, means.same, means.references)
        lines.append(f"| {age} | {means.known:.0f} | {' | '.join(f'{share:.1f}' for share in figures)} |")
    return lines


def main() -> None:
    """Print a table for each number of papers."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    reader.add_argument("--papers", default="60,180", help="papers announced per day, comma-separated")
    reader.add_argument("--worlds", type=int, default=10)
    reader.add_argument("--networks", type=int, default=4)
    options = reader.parse_args()
    for papers in options.papers.split(","):
        print(*table(int(papers), options.worlds, options.networks), "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
