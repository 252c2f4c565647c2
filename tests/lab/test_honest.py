"""What honest papers lose in made-up worlds: recounted by brute force, and whether a rule judges anybody."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.base.model import DAY, HOUR, RankingInput
from hotpapers.base.settings import BotRules
from lab.attacks import suite
from lab.attacks.honest import THRESHOLD, _taking_part, farthest_move, judged_voices, small_field
from lab.attacks.scene import ISSUED, Scene, engagements, measurement_times
from lab.worlds import BEGINS, NETWORKS, World, WorldLaw, WorldPaper

LAW = WorldLaw(seed=1, history=97, days=3, networks=NETWORKS[:4])
CONTENDER = suite.contenders()["rarity/2"]


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
    candidate = scene.candidate(changed, [row for row in rows if row.age in CONTENDER.needs.ages], CONTENDER.needs)
    honest = scene.honest_input(CONTENDER.needs)
    others = [other for other in honest.candidates if other.paper != changed.paper]
    order = CONTENDER.rank(RankingInput(candidates=(*others, *([candidate] if candidate else [])), peers=honest.peers))
    return {entry.paper: place for place, entry in enumerate(order, 1) if entry.score > 0}


@pytest.mark.long
def test_a_paper_moves_as_far_as_it_does_when_all_is_counted_again(scene: Scene) -> None:
    order = scene.order(CONTENDER.rank, CONTENDER.needs)
    entries = [scene.papers[entry.paper] for entry in order if entry.score >= THRESHOLD]
    places_before = places(scene, entries[0])
    assert len(entries) > 2, "else it could not fail"
    for with_posts in (False, True):
        farthest = 0
        for paper in entries:
            for account in {post.account for post in paper.posts} | {
                account_of_like for post in paper.posts for account_of_like in post.likers
            }:
                posts = tuple(post for post in paper.posts if not with_posts or post.account != account)
                places_after = places(scene, paper._replace(posts=posts), account)
                farthest = max(farthest, places_after.get(paper.paper, len(places_before)) - places_before[paper.paper])
        assert farthest_move(scene, CONTENDER, len(entries), with_posts=with_posts) == farthest


def test_only_who_had_liked_a_paper_by_the_cut_is_tried(scene: Scene) -> None:
    """The first with standing came after the cut: removing it would change nothing."""
    paper = next(paper for paper in scene.papers.values() if paper.posts)
    early, late = sorted(scene.rule.known or ())[:2]
    post = paper.posts[0]._replace(account=-1, at=scene.cut - HOUR, likes=3, half=HOUR)
    posts = (post._replace(likers=(-2, -3, late)), post._replace(likers=(early, -4, -5)))
    assert list(_taking_part(scene, paper._replace(posts=posts))) == [-1, early]


@pytest.mark.long
def test_no_honest_voice_is_judged_a_bot_but_a_chorus_is(scene: Scene) -> None:
    honest = judged_voices(scene)
    assert honest.bots == 0 and honest.voices > 500
    paper = next(paper for paper in scene.papers.values() if paper.day == scene.day - 2)
    limit = BotRules().chorus
    templates = World(LAW).papers[0].posts or next(paper.posts for paper in scene.papers.values() if paper.posts)
    words = "the finest of all papers that anybody wrote"
    posts = tuple(
        templates[0]._replace(
            id=n, account=10**9 + n, network="x", at=paper.announced_at + HOUR + n, text=words, likers=()
        )
        for n in range(limit)
    )
    changed_scene = Scene(scene.world, scene.day, frozenset(scene.rule.known or ()), scene)
    changed_scene.papers = {**scene.papers, paper.paper: paper._replace(posts=(*paper.posts, *posts))}
    assert judged_voices(changed_scene) == (4, honest.voices + limit, limit - 1), "all but the first to post it"


def test_a_record_of_one_paper_a_day_has_its_issues() -> None:
    days = list(small_field(msgspec.structs.replace(LAW, seed=1, networks=NETWORKS, days=8), CONTENDER))
    assert len(days) == 8 and sum(day.entries > 0 for day in days) >= 6
    assert all(day.talked_about < 90 for day in days)
