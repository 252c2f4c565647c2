"""`python -m lab clauses`: what issues would be without some clauses of `rarity/2`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median_low
from typing import NamedTuple

import click

from hotpapers.base.model import DAY, IssueContent, Publication, RankingInput, ScoredCandidate, is_retrospective
from hotpapers.cli import common
from hotpapers.cli.terminal import print_json, print_line
from hotpapers.issues import ranking
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.ranking import rarity_2
from hotpapers.issues.ranking.price import PriceList
from hotpapers.record import Record
from lab.attacks.clauses import CLAUSES, count_without
from lab.attacks.least_costs import TEN
from lab.attacks.recorded_scene import RecordedScene
from lab.attacks.scene import ISSUED, Scene
from lab.attacks.suite import FEW_WORLDS
from lab.text_tables import plain_table
from lab.worlds import BEGINS, World

RANK, NEEDS = rarity_2.rank, ranking.needs_of(rarity_2.NAME)
VARIANTS: tuple[tuple[str, ...], ...] = ((), *((clause,) for clause in CLAUSES), CLAUSES)


class Entries(NamedTuple):
    """An issue's entries: whether the record knew who has standing; the entries' papers, in order; the prices of their
    scores; their known voices; their points on all networks, before vouching; those of the likes or reposts of one
    post; and those of them where at most one known voice spoke."""

    with_standing: bool
    papers: tuple[str, ...]
    prices: tuple[int, ...]
    known: int
    points: int
    of_one_post: int
    with_one_known: int


class Row(NamedTuple):
    """A variant, over all issues with standing, or all others. `moved`: entries with another place, or none;
    `median_price`: accounts; `known`: voices; shares of points, in percent: `of_one_post`: the likes or reposts of one
    post; `with_one_known`: those on networks where one voice or none is known."""

    without: str
    with_standing: bool
    issues: int
    entries: int
    moved: int
    median_price: int
    known: int
    of_one_post: float
    with_one_known: float


@common.add_examples("""
  python -m lab clauses
  python -m lab clauses 1-group/hotpapers.db 2-sky/hotpapers.db""")
@click.command(short_help="Count issues again without clauses of rarity/2.")
@click.argument("stores", nargs=-1, type=common.FILE)
@common.json_option
@common.debug_option
def clauses(stores: tuple[Path, ...], as_json: bool) -> None:
    """Count the issues of made-up worlds, or of stores, again without each clause of rarity/2, and without all four.

    Shows how many entries move, the accounts that a score would take to fake, the known voices, and which percentage of
    the points comes from the likes or reposts of one post, also where one voice or none is known. Issues of records
    that did not know who has standing are apart. The stores are only read.
    """
    measured = [variants for store in stores for variants in _issues(str(store))] if stores else list(_days())
    rows = [
        _row(number, chosen)
        for is_known in (True, False)
        if (chosen := [variants for variants in measured if variants[0].with_standing == is_known])
        for number in range(len(VARIANTS))
    ]
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    heads = [name.replace("_", " ") for name in Row._fields]
    print_line(plain_table(heads, [list(map(str, row)) for row in rows]))


def _days() -> Iterator[list[Entries]]:
    """The same for the first ten papers of days of worlds."""
    for law in FEW_WORLDS:
        world, scenes = World(law), dict[tuple[str, ...], Scene]()
        for day in range(law.history, law.history + law.days):
            known = world.known(BEGINS + day * DAY + ISSUED)
            for without in VARIANTS:
                scenes[without] = Scene(world, day, known, scenes.get(without), count=count_without(without))
            yield [
                _entries(scene.honest_input(NEEDS), scene.order(RANK, NEEDS)[:TEN], with_standing=True)
                for scene in scenes.values()
            ]


def _issues(store: str) -> Iterator[list[Entries]]:
    """For each issue, its entries by variant."""
    with Record(store, create=False) as record:
        for publication in record.view().items(Publication):
            if publication.window == "listing" or is_retrospective(publication.publication):
                continue
            for day in frozen_days(record, publication.publication):
                content = list_editions(record, publication.publication, day)[-1].content
                if content.entries and content.publication.ranking == rarity_2.NAME:
                    yield from _variants(record, content)


def _variants(record: Record, content: IssueContent) -> Iterator[list[Entries]]:
    scenes = [RecordedScene(record, content, [(RANK, NEEDS)], without) for without in VARIANTS]
    yield [
        _entries(
            scene.inputs(NEEDS),
            scene.order(RANK, NEEDS)[: len(content.entries)],
            with_standing=scene.tells_apart(NEEDS),
        )
        for scene in scenes
    ]


def _entries(inputs: RankingInput, entries: Iterable[ScoredCandidate], *, with_standing: bool) -> Entries:
    prices = PriceList(inputs.peers, NEEDS.ages, known=with_standing)
    candidates = {candidate.paper: candidate for candidate in inputs.candidates}
    papers, costs, voices, points, of_one_post, with_one_known = [], [], 0, 0, 0, 0
    for entry in entries:
        known = {row.network: row.known or 0 for row in candidates[entry.paper].attention}
        voices += sum(known.values())
        papers.append(entry.paper)
        costs.append(prices.price(entry.score, candidates[entry.paper].archive).accounts or 0)
        for part in entry.parts:
            if part.network:
                points += part.score
            if part.network and part.counted_as in ("likes", "reposts"):
                of_one_post += part.score
                with_one_known += part.score if known[part.network] <= 1 else 0
    return Entries(with_standing, tuple(papers), tuple(costs), voices, points, of_one_post, with_one_known)


def _row(number: int, measured: Sequence[Sequence[Entries]]) -> Row:
    issues = [variants[number] for variants in measured]
    moved = sum(
        variants[number].papers[place : place + 1] != (paper,)
        for variants in measured
        for place, paper in enumerate(variants[0].papers)
    )
    points = sum(issue.points for issue in issues) or 1
    return Row(
        " ".join(VARIANTS[number]) or "nothing",
        issues[0].with_standing,
        len(issues),
        sum(len(issue.papers) for issue in issues),
        moved,
        median_low([price for issue in issues for price in issue.prices] or [0]),
        sum(issue.known for issue in issues),
        round(100 * sum(issue.of_one_post for issue in issues) / points, 1),
        round(100 * sum(issue.with_one_known for issue in issues) / points, 1),
    )
