"""What honest papers lose in made-up worlds: recounted by brute force, and by rules that could judge somebody."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.evaluation.attacks import suite
from hotpapers.evaluation.attacks.honest import THRESHOLD, farthest_move, judged_voices, small_field
from hotpapers.evaluation.attacks.scene import ISSUED, Scene, engagements, measurement_times
from hotpapers.evaluation.worlds import BEGINS, NETWORKS, World, WorldLaw, WorldPaper
from hotpapers.model import DAY, HOUR, RankingInput
from hotpapers.settings import BotRules

LAW = WorldLaw(seed=1, history=97, days=3, networks=NETWORKS[:4])
OURS = suite.contenders()["rarity/2"]


@pytest.fixture(scope="module")
def scene() -> Scene:
    world = World(LAW)
    return Scene(world, LAW.history, world.known(BEGINS + LAW.history * DAY + ISSUED))


def places(scene: Scene, changed: WorldPaper, left_out: int = 0) -> dict[str, int]:
    """The places of all scored papers, ranked again with one paper's posts changed and one account left out."""
    rule = scene.rule._replace(left_out=frozenset({left_out}))
    rows = engagements(
        changed, changed.posts, measurement_times(changed.announced_at, scene.cut), scene.naming_networks, rule
    )
    one = scene.candidate(changed, [row for row in rows if row.age in OURS.needs.ages], OURS.needs)
    honest = scene.honest_input(OURS.needs)
    others = [candidate for candidate in honest.candidates if candidate.paper != changed.paper]
    order = OURS.rank(RankingInput(candidates=(*others, *([one] if one else [])), peers=honest.peers))
    return {one.paper: place for place, one in enumerate(order, 1) if one.score > 0}


@pytest.mark.long
def test_a_paper_moves_as_far_as_it_does_when_all_is_counted_again(scene: Scene) -> None:
    order = scene.order(OURS.rank, OURS.needs)
    entries = [scene.papers[one.paper] for one in order if one.score >= THRESHOLD]
    before = places(scene, entries[0])
    assert len(entries) > 2, "else it could not fail"
    for with_posts in (False, True):
        farthest = 0
        for paper in entries:
            for account in {post.account for post in paper.posts} | {
                who for post in paper.posts for who in post.likers
            }:
                posts = tuple(post for post in paper.posts if not with_posts or post.account != account)
                after = places(scene, paper._replace(posts=posts), account)
                farthest = max(farthest, after.get(paper.paper, len(before)) - before[paper.paper])
        assert farthest_move(scene, OURS, len(entries), with_posts=with_posts) == farthest


@pytest.mark.long
def test_no_honest_voice_is_judged_a_bot_and_a_chorus_is(scene: Scene) -> None:
    honest = judged_voices(scene)
    assert honest.bots == 0 and honest.voices > 500
    paper = next(one for one in scene.papers.values() if one.day == scene.day - 2)
    limit = BotRules().chorus
    made = World(LAW).papers[0].posts or next(one.posts for one in scene.papers.values() if one.posts)
    words = "the finest of all papers that anybody wrote"
    posts = tuple(
        made[0]._replace(id=n, account=10**9 + n, network="x", at=paper.announced_at + HOUR + n, text=words, likers=())
        for n in range(limit)
    )
    other = Scene(scene.world, scene.day, frozenset(scene.rule.known or ()), scene)
    other.papers = {**scene.papers, paper.paper: paper._replace(posts=(*paper.posts, *posts))}
    assert judged_voices(other) == (4, honest.voices + limit, limit - 1), "but whoever said it first"


def test_a_record_of_one_paper_a_day_has_its_issues() -> None:
    days = list(small_field(msgspec.structs.replace(LAW, seed=1, networks=NETWORKS, days=8), OURS))
    assert len(days) == 8 and sum(day.entries > 0 for day in days) >= 6
    assert all(day.talked_about < 90 for day in days)
