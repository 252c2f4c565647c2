"""What a ranking, and the rules on bots, do to the honest: who stands where, and what they lose, without any attack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.engagement.standing.rules import ENOUGH_KNOWN
from hotpapers.evaluation.attacks.bot_rules import judged_voices
from hotpapers.evaluation.attacks.removals import farthest_move
from hotpapers.evaluation.attacks.scene import ISSUED, Scene
from hotpapers.evaluation.attacks.search import TEN, Contender
from hotpapers.evaluation.statistics import spearman
from hotpapers.evaluation.worlds import BEGINS, World, WorldLaw
from hotpapers.issues import selection
from hotpapers.model import DAY, Publication
from hotpapers.settings import PublicationSettings


class Collateral(NamedTuple):
    """On a day without an attack: `kept`: how many of the first ten that a ranking has where everybody has standing
    stay among them where voices are told apart, None where that was not tried; `agreement`: Spearman's correlation of
    the scores with the papers' heat; `entries`: papers with a score."""

    networks: int
    ranking: str
    kept: int | None
    agreement: float
    entries: int


def collateral(scene: Scene, trusting: Scene | None, contenders: Sequence[Contender]) -> Iterator[Collateral]:
    """What each ranking does. `trusting`: the same day where everybody has standing."""
    heat = {key: paper.heat for key, paper in scene.papers.items()}
    for contender in contenders:
        order = scene.order(contender.rank, contender.measured)
        papers = sorted(order, key=lambda candidate: candidate.paper)
        agreement = spearman([candidate.score for candidate in papers], [heat[candidate.paper] for candidate in papers])
        yield Collateral(
            len(scene.world.law.networks), contender.name, _kept(scene, trusting, contender) if trusting else None,
            agreement or 0.0, sum(candidate.score > 0 for candidate in order),
        )  # fmt: skip


class HonestLoss(NamedTuple):
    """What the honest lose on a day: by how many places a paper of the issue moves at most where one account's voice is
    taken away, or the account `with_posts` (see `removals`); and how many voices are judged bots, of how many."""

    networks: int
    own_voice: int
    with_posts: int
    voices: int
    bots: int


def honest_loss(scene: Scene, contender: Contender) -> HonestLoss:
    """By one ranking."""
    own_voice, with_posts = (farthest_move(scene, contender, with_posts=also) for also in (False, True))
    return HonestLoss(len(scene.world.law.networks), own_voice, with_posts, *judged_voices(scene))


class SmallField(NamedTuple):
    """A day of a record of one small field: the papers that were talked about in the 90 days before, and the entries of
    the issue."""

    networks: int
    talked_about: int
    entries: int


def small_field(law: WorldLaw, contender: Contender) -> Iterator[SmallField]:
    """The days of a world, as a record sees them that knows one new paper a day."""
    world = World(msgspec.structs.replace(law, papers=1))
    for day in range(law.history, law.history + law.days):
        known = world.known(BEGINS + day * DAY + ISSUED)
        scene = Scene(world, day, known if len(known) >= ENOUGH_KNOWN else None)
        talked_about = sum(any(post.at <= scene.cut for post in paper.posts) for paper in scene.papers.values())
        yield SmallField(len(law.networks), talked_about, _entries(scene, contender))


def _entries(scene: Scene, contender: Contender) -> int:
    """The papers that the usual publication would show."""
    usual = PublicationSettings(name="daily")
    publication = Publication(
        publication=usual.name,
        title=usual.title,
        ranking=contender.name,
        least_entries=usual.least_entries,
        observed_at=0,
    )
    order = scene.order(contender.rank, contender.measured)
    passed = sum(candidate.score >= usual.threshold for candidate in order)
    compared = selection.compared(publication, scene.honest_input(contender.measured).peers)
    audible = sum(candidate.voices >= selection.VOICES for candidate in order)
    return max(passed, min(selection.enough(publication, compared), audible))


def _kept(scene: Scene, trusting: Scene, contender: Contender) -> int:
    first, other = (
        {candidate.paper for candidate in some.order(contender.rank, contender.measured)[:TEN]}
        for some in (scene, trusting)
    )
    return len(first & other)
