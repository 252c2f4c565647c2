"""What it takes to be an entry in small and young records, by each rule for choosing papers, and what the rule costs
honest papers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median_low
from typing import NamedTuple

from hotpapers.base.model import DAY, ScoredCandidate
from hotpapers.discussion.engagement.standing.queries import ENOUGH_KNOWN
from hotpapers.issues import ranking, selection, windows
from lab.attacks.attack_figures import CostSummary, ListingCost
from lab.attacks.catalogue import ATTACKS
from lab.attacks.least_costs import Contender
from lab.attacks.listing import DEFAULT, Listing
from lab.attacks.report import LIFTED, summaries
from lab.attacks.scene import ISSUED, Scene
from lab.attacks.suite import Trial, contenders, trials_of
from lab.worlds import BEGINS, NETWORKS, World, WorldLaw, likes_by

RULES = (selection.LEAST_2, selection.LEAST_3)
SEEN_FOR = 7 * DAY
SMALL, YOUNG = 98, 42
"""Days before the first one attacked: of a record whose reference is as old as it gets, and of a young one."""
RECORDS = {
    "mature": WorldLaw(days=5),
    "six weeks old": WorldLaw(history=YOUNG, days=5),
    "43 papers a day": WorldLaw(papers=80, days=10),
    "11 papers a day": WorldLaw(papers=20, days=10),
    "3 papers a day": WorldLaw(papers=6, days=10),
}
"""Kinds of records, small ones by how many papers a day people talk about on four networks."""


class ListingPart(NamedTuple):
    """The work of one process: a kind of record, with a number of networks."""

    record: str
    networks: int


class ListingResults(NamedTuple):
    """The costs for one part, by rule."""

    costs: tuple[ListingCost, ...]


def parts() -> list[ListingPart]:
    """All parts of the work."""
    return [ListingPart(record, networks) for record in RECORDS for networks in (4, len(NETWORKS))]


def run_part(part: ListingPart) -> ListingResults:
    """Run one part: each rule on the same days."""
    law = RECORDS[part.record]
    networks = NETWORKS[: part.networks]
    world = World(WorldLaw(papers=law.papers, history=law.history, days=law.days, networks=networks))
    scenes = list(_scenes(world))
    return ListingResults(tuple(_cost(part, rule, scenes, law.days) for rule in RULES))


def _scenes(world: World) -> Iterator[Scene]:
    """The days attacked, and those before whose papers may still be candidates."""
    scene: Scene | None = None
    for day in range(world.law.history - windows.DAYS, world.law.history + world.law.days):
        accounts = world.known(BEGINS + day * DAY + ISSUED)
        scene = Scene(world, day, accounts if len(accounts) >= ENOUGH_KNOWN else None, scene)
        yield scene


def _cost(part: ListingPart, rule: str, scenes: Sequence[Scene], days: int) -> ListingCost:
    """What an entry costs on the last `days` days, and how many honest entries there are without an attack."""
    contender = contenders()[ranking.DEFAULT]._replace(whole=True)
    shown: frozenset[str] = frozenset()
    attacked: list[Scene] = []
    honest: list[int] = []
    seen: list[int] = []
    for scene in scenes:
        listed_scene = scene.with_listing(Listing(rule, shown))
        inputs = scene.honest_input(contender.needs)
        entries = listed_scene.shown(scene.order(contender.rank, contender.needs), inputs)
        attacked.append(listed_scene)
        honest.append(len(entries))
        seen.append(sum(_is_kept(scene, entry) for entry in entries))
        shown |= {entry.paper for entry in entries}
    rows = summaries(_trials(part.networks, attacked[-days:], contender))
    return ListingCost(
        record=part.record,
        networks=part.networks,
        rule=rule,
        regulars=median_low([len(scene.rule.known or ()) for scene in scenes[-days:]]),
        talked_about=median_low([_talked_about(scene) for scene in scenes[-days:]]),
        days=days,
        entries=sum(honest[-days:]),
        seen=sum(seen[-days:]),
        empty=sum(not count for count in honest[-days:]),
        new=_cheapest(row for row in rows if not row.aged and not row.attack.startswith(LIFTED)),
        standing=_cheapest(row for row in rows if row.aged),
        lifting=_cheapest(row for row in rows if not row.aged and row.attack.startswith(LIFTED)),
    )


def _is_kept(scene: Scene, entry: ScoredCandidate) -> bool:
    """Whether an entry reaches the threshold, or two people talked about it whom the record had seen a week before: the
    weakest sign by which it could know anybody."""
    if entry.score >= DEFAULT.least_score:
        return True
    cut = BEGINS + scene.day * DAY + ISSUED
    posts = [post for post in scene.papers[entry.paper].posts if post.at <= cut]
    likers = (account for post in posts for account in post.likers[: likes_by(post, cut)])
    people = {post.account for post in posts}.union(likers)
    return len(people & scene.world.seen_until(cut - SEEN_FOR)) >= 2


def _talked_about(scene: Scene) -> int:
    """How many papers of a day people talk about, at any time."""
    return sum(bool(paper.posts) for paper in scene.papers.values() if paper.day == scene.day)


def _trials(networks: int, scenes: Iterable[Scene], contender: Contender) -> Iterator[Trial]:
    for number, scene in enumerate(scenes):
        if not scene.order(contender.rank, contender.needs):
            continue
        for attack in ATTACKS:
            if "first" in attack.goals and not (attack.many_posts and number):
                yield from trials_of(scene, (networks, scene.day), contender, attack, attack.aged, {})


def _cheapest(rows: Iterable[CostSummary]) -> CostSummary | None:
    """The cheapest in dollars of those that succeed on the median day."""
    successful = (row for row in rows if row.accounts is not None)
    return min(successful, key=lambda row: (row.dollars, row.accounts), default=None)
