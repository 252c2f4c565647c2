"""Worlds, campaigns and the suite: reproducible from a seed, and equal to counts by hand."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Set
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import UsageError
from hotpapers.base.model import DAY, HOUR
from hotpapers.base.settings import BotRules
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS
from hotpapers.issues import ranking
from lab.attack_commands import figures_json
from lab.attacks import attack_figures as figures
from lab.attacks import attack_files, catalogue, chorus, least_costs, report, suite
from lab.attacks.campaign import Attack, Campaign, Expenses
from lab.attacks.catalogue import ATTACKS
from lab.attacks.scene import ISSUED, Scene, UnreadNetworks
from lab.worlds import (
    BEGINS,
    NETWORKS,
    NetworkLaw,
    PaperPost,
    World,
    WorldLaw,
    WorldPaper,
    likes_by,
    made_up_text,
    read_laws,
)
from tests.lab.campaigns import PAPER, RIVAL, SPARSE, campaign

LAW = WorldLaw(seed=3, papers=12, history=97, days=1, networks=NETWORKS[:2])
NEEDS = ranking.needs_of("rarity/2")


@pytest.fixture(scope="module")
def world() -> World:
    return World(LAW)


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    return Scene(world, LAW.history, world.known(BEGINS + LAW.history * DAY + ISSUED))


# ---- worlds --------------------------------------------------------------------------------------------------


def test_a_seed_is_a_world(world: World) -> None:
    second_world = World(LAW)
    assert second_world.papers == world.papers and second_world.known(BEGINS + 97 * DAY) == world.known(
        BEGINS + 97 * DAY
    )
    assert World(msgspec.structs.replace(LAW, seed=4)).papers != world.papers
    assert len(world.papers) == 12 * 98 == len({paper.paper for paper in world.papers})
    assert world.known(BEGINS + 97 * DAY) and not world.known(BEGINS + 29 * DAY)


def test_papers_of_large_days_have_keys_of_their_own() -> None:
    large = World(WorldLaw(papers=1200, history=1, days=2, networks=()))
    assert len({paper.paper for paper in large.papers}) == len(large.papers) == 3600


def test_likes_come_in_half_lives() -> None:
    post = PaperPost(1, "x", 1, 1000, "", likes=10, half=HOUR)
    counts = [likes_by(post, 1000 + hours * HOUR) for hours in (-1, 0, 1, 2, 99)]
    assert counts == [0, 0, 5, 8, 10]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "invalid worlds: Input data was truncated"),
        (b"{", "invalid worlds: Input data was truncated"),
        (b"[1]", "invalid worlds: Expected `object`, got `int`"),
        (b"[]", "invalid worlds: the list is empty"),
        (b"[" * 100_000, "invalid worlds: "),
        (b'{"sed": 1}', "invalid worlds: Object contains unknown field `sed`"),
        (b'{"papers": "many"}', "invalid worlds: Expected `int`, got `str`"),
        (b'{"papers": 0}', "invalid world: networks, papers"),
        (b'{"networks": []}', "invalid world: networks, papers"),
        (b'{"newcomers": 1.5}', "invalid world: networks, papers"),
        (b'{"papers": 1000000}', "invalid world: at most 1,000,000 papers in all"),
        (b'{"history": 1000000000}', "invalid world: at most 1,000,000 papers in all"),
        (b'{"networks": [{"name": "a", "posts": 1, "likes": 1, "posters": 5000001, "likers": 2}]}',
         "invalid world: at most 1,000,000 papers in all, and 5,000,000 people on a network"),
        (b'{"heat_tail": 0.000000001}', "invalid world: tails must be 0.1 or more"),
        (b'{"hottest": 1e300}', "invalid world: tails must be 0.1 or more"),
        (b'{"networks": [{"name": "a", "posts": -1, "likes": 1, "posters": 2, "likers": 2}]}', "invalid world: post"),
        (b'{"networks": [{"name": "a", "posts": 1, "likes": 1e300, "posters": 2, "likers": 2}]}', "invalid world: po"),
        (
            b'{"networks": [%s, %s]}' % ((b'{"name": "a", "posts": 1, "likes": 1, "posters": 2, "likers": 2}',) * 2),
            "invalid world: two networks have the same name",
        ),
    ],
)  # fmt: skip
def test_worlds_that_are_none(text: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(reason)}"):
        read_laws(text)


def test_worlds_of_ones_own() -> None:
    assert read_laws(b"{}") == (WorldLaw(),)
    assert read_laws(b'[{"seed": 7}, {"papers": 3}]') == (WorldLaw(seed=7), WorldLaw(papers=3))


# ---- what a scene sees, counted independently ------------------------------------------------------------------


def plain_counts(paper: WorldPaper, network: str, until: int, known: Set[int]) -> tuple[int, int, int] | None:
    """(voices, known voices, counted voices) on a network; None where nobody has posted."""
    posts = [post for post in paper.posts if post.network == network and post.at <= until]
    if not posts:
        return None
    counts = [likes_by(post, until) for post in posts]
    people = {post.account for post in posts}
    if network == "bluesky":
        people |= {account for post, count in zip(posts, counts, strict=True) for account in post.likers[:count]}
        unnamed = [0]
    else:
        unnamed = counts
    vouching = len(people & known)
    unnamed_voices = sum(count + count // 4 for count in unnamed)
    return len(people) + unnamed_voices, vouching, max(min(len(people), 2 * vouching), *unnamed)


def test_an_honest_day_agrees_with_plain_counting(scene: Scene) -> None:
    cut, known = scene.cut, scene.rule.known or frozenset()
    peers: dict[tuple[str, int, str], Counter[int]] = defaultdict(Counter)
    voices: dict[str, dict[str, tuple[int, int, int]]] = defaultdict(dict)
    ages: dict[str, int] = {}
    recent = [paper for paper in scene.world.papers if scene.day - REFERENCE_DAYS < paper.day <= scene.day]
    for paper, network in product(recent, ("bluesky", "mastodon")):
        reached_ages = [age for age in (24, 72, 168) if paper.announced_at + age * HOUR <= cut]
        for age in reached_ages or [24]:
            counts = plain_counts(paper, network, min(paper.announced_at + age * HOUR, cut), known)
            if counts and reached_ages and counts[2]:
                peers[network, age, paper.archive][counts[2]] += 1
            if counts and age == (reached_ages or [24])[-1] and paper.announced_at > cut - 7 * DAY:
                voices[paper.paper][network], ages[paper.paper] = counts, age
    inputs = scene.honest_input(NEEDS)
    assert {(p.network, p.age, p.archive): dict(p.counts) for p in inputs.peers} == peers
    assert {
        candidate.paper: {a.network: (a.voices, a.known, a.counted) for a in candidate.attention}
        for candidate in inputs.candidates if candidate.attention
    } == voices  # fmt: skip
    assert {
        candidate.paper: candidate.attention[0].age for candidate in inputs.candidates if candidate.attention
    } == ages
    assert len(voices) > 20 and len(known) > 20 and set(ages.values()) == {24, 72}, "else it could not fail"


WORDS = "The one paper of the week that nobody should miss"

# ---- a campaign ------------------------------------------------------------------------------------------------


def test_accounts_are_new_ones_and_of_the_campaign_s_kind() -> None:
    new_campaign, aged_campaign = campaign(), campaign(aged=True)
    assert len(set(new_campaign.accounts(5))) == 5 and not new_campaign.aged_accounts
    assert aged_campaign.aged_accounts == set(aged_campaign.accounts(3)) | {aged_campaign.account()}
    aged_account, author, bot = (
        new_campaign.account(aged=True),
        new_campaign.account(author=True),
        aged_campaign.account(aged=False, bot=True),
    )
    assert (new_campaign.aged_accounts, new_campaign.author_accounts, aged_campaign.bots) == (
        {aged_account},
        {author},
        {bot},
    )
    assert bot not in aged_campaign.aged_accounts


def test_posts_reactions_and_deletions() -> None:
    attackers = campaign(aged=True)
    poster, liker = attackers.accounts(2)
    post = attackers.post(poster, "x", hours=2, text="Words")
    attackers.react(liker, post, hours=3)
    attackers.react(attackers.account(aged=False), post, type="repost")
    (sent,) = attackers.posts_about(PAPER)
    assert (sent.network, sent.account, sent.text, sent.at) == ("x", poster, "Words", PAPER.announced_at + 2 * HOUR)
    assert [(r.type, r.at - PAPER.announced_at) for r in sent.reactions] == [("like", 3 * HOUR), ("repost", 2 * HOUR)]
    assert attackers.expenses() == Expenses(fresh=1, aged=2, posts=1, reactions=2, posters=0)
    attackers.delete(post)
    assert attackers.posts_about(PAPER) == [] and attackers.expenses().posts == 1


def test_an_account_is_on_one_network() -> None:
    attackers = campaign(aged=True)
    poster, liker = attackers.accounts(2)
    for network in "xyz":
        attackers.react(liker, attackers.post(poster, network))
    attackers.react(liker, RIVAL.posts[0].id, paper=RIVAL)
    assert attackers.expenses() == Expenses(fresh=0, aged=6, posts=3, reactions=4, posters=0), (
        "an account that acts on three networks is three accounts"
    )


def test_reacting_together_equals_reacting_one_by_one() -> None:
    attack_singly, attack_at_once = campaign(), campaign()
    for attackers in (attack_singly, attack_at_once):
        accounts = attackers.accounts(4)
        post = attackers.post(accounts[0], "x")
        for account in accounts[1:] if attackers is attack_singly else ():
            attackers.react(account, post)
    attack_at_once.react_all(accounts[1:], post)
    combined = campaign()
    combined.post_and_react(combined.accounts(4), "x")
    assert (
        attack_singly.posts_about(PAPER) == attack_at_once.posts_about(PAPER) == combined.posts_about(PAPER)
        and attack_singly.expenses() == attack_at_once.expenses() == combined.expenses()
    )


def test_reactions_to_honest_posts_and_posts_about_others() -> None:
    attackers = campaign()
    attackers.react(attackers.account(), RIVAL.posts[0].id, paper=RIVAL)
    attackers.post(attackers.account(), "y", paper=RIVAL)
    honest, own = attackers.posts_about(RIVAL)
    assert (honest.account, len(honest.reactions), own.network) == (77, 1, "y")
    assert attackers.posts_about(PAPER) == []


def test_a_shared_post_and_a_network_that_is_cut_off() -> None:
    attackers = campaign()
    attackers.share(RIVAL.posts[0])
    assert (
        attackers.posts_about(PAPER) == [RIVAL.posts[0]._replace(shared=True)]
        and not attackers.posts_about(RIVAL)[0].shared
    )
    assert attackers.expenses() == Expenses(fresh=0, aged=1, posts=1, reactions=0, posters=0), (
        "the sharing account has standing"
    )
    attackers.cut_off("x")
    assert attackers.unread_networks == {"x"}


def test_counts_read_before_a_network_was_cut_off_stay() -> None:
    attackers = campaign()
    poster, *others = attackers.accounts(3)
    early, late, elsewhere = (
        attackers.post(poster, "x"),
        attackers.post(poster, "x", hours=30),
        attackers.post(poster, "y", hours=30),
    )
    attackers.react(others[0], early, hours=5)
    attackers.react(others[1], early, hours=24 + 1)
    unread = UnreadNetworks(frozenset("x"), PAPER.announced_at + DAY)
    posts = list(unread.posts(attackers.posts_about(PAPER)))
    assert [post.id for post in posts] == [early, elsewhere] and late
    assert [list(group.accounts) for group in posts[0].reactions] == [[others[0]]]
    liked_post = PaperPost(1, "x", 7, PAPER.announced_at, "", likes=100, half=12 * HOUR)
    (frozen_post,) = unread.posts([liked_post])
    assert (
        likes_by(frozen_post, unread.since + 9 * DAY)
        == likes_by(liked_post, unread.since)
        == 75
        < likes_by(liked_post, unread.since + DAY)
    )


def test_a_network_that_is_cut_off_for_a_day(scene: Scene) -> None:
    """Papers that were measured before keep their counts, and those of the day lose them."""
    name = scene.networks[-1].name
    unread = scene.effect(cut_off(scene, name), NEEDS).unread_networks
    outage, start = scene._during(unread), scene.cut - DAY
    counts = {"same": 0, "fewer": 0, "none": 0}
    for key, rows in scene.rows.items():
        rows_after = {(row.network, row.age): row for row in outage.rows[key]}
        for row in rows:
            row_after = rows_after.get((row.network, row.age))
            if row.network != name or row.until <= start:
                assert row_after == row
                counts["same"] += row.network == name
            else:
                assert (row_after.voices if row_after else 0) <= row.voices
                counts["fewer"] += row_after is not None
                counts["none"] += row_after is None and scene.papers[key].announced_at > start
    assert min(counts.values()) > 0, counts
    assert outage is scene._during(unread) and scene._during(frozenset()) is scene


def cut_off(scene: Scene, name: str) -> Campaign:
    paper = scene.papers[max(scene.papers)]
    campaign = Campaign(paper, paper, (), scene.networks, aged=False, knobs={})
    campaign.cut_off(name)
    return campaign


@pytest.mark.parametrize(
    ("knobs", "accounts", "expected"),
    [
        ({}, 10, [3, 3, 4]),
        ({"networks": 2}, 10, [5, 5]),
        ({"by": "usual"}, 20, [3, 5, 12]),
        ({"networks": 1, "by": "usual"}, 7, [7]),
        ({}, 1, [0, 0, 1]),
    ],
)
def test_shares(knobs: dict[str, Any], accounts: int, expected: list[int]) -> None:
    shares = campaign(**knobs).shares(accounts)
    assert [number for _, number in shares] == expected and sum(expected) == accounts
    assert [network for network, _ in shares] == list(SPARSE[: len(expected)])


def test_the_same_account_reacts_once() -> None:
    attackers = campaign()
    poster, liker = attackers.accounts(2)
    post = attackers.post(poster, "x")
    attackers.react_all([liker, liker], post)
    attackers.react(liker, post, hours=5)
    attackers.react(liker, post, type="repost")
    (sent,) = attackers.posts_about(PAPER)
    assert [(r.type, list(r.accounts)) for r in sent.reactions if r.accounts] == [
        ("like", [liker]),
        ("repost", [liker]),
    ]
    attackers.share(RIVAL.posts[0])
    attackers.share(RIVAL.posts[0])
    assert len(attackers.posts_about(PAPER)) == 2


def test_a_reaction_is_about_the_paper_of_its_post() -> None:
    attackers = campaign()
    attackers.react(attackers.account(), RIVAL.posts[0].id)
    assert set(attackers.posts) == {RIVAL.paper} and len(attackers.posts_about(RIVAL)[0].reactions) == 1


# ---- the search ------------------------------------------------------------------------------------------------


@given(st.integers(1, 5000), st.integers(0, 4000))
def test_the_least_number(threshold: int, limit: int) -> None:
    attempts: list[int] = []

    def reaches(number: int) -> bool:
        attempts.append(number)
        return number >= threshold

    assert least_costs.least(reaches, limit) == (threshold if threshold <= limit else None)
    assert all(1 <= number <= limit for number in attempts) and len(attempts) <= 27


@pytest.mark.parametrize(
    ("goal", "order", "expected"),
    [
        ("first", ["t", "r"], True), ("first", ["r", "t"], False), ("first", [], False),
        ("top ten", [*"abcdefghi", "t"], True), ("top ten", [*"abcdefghij", "t"], False),
        ("rival out", [*"abcdefghij", "r"], True), ("rival out", [*"abcdefghi", "r"], False), ("rival out", [], True),
    ],
)  # fmt: skip
def test_goals(goal: Any, order: list[str], expected: bool) -> None:
    assert least_costs.is_reached(goal, "t", "r", order) is expected


def campaigns(scene: Scene, attack: Attack, *, aged: bool) -> list[Campaign]:
    """One campaign for each target and setting of an attack's knobs, in a world of two networks."""
    rival = scene.papers[scene.order(ranking.RANKINGS["rarity/2"], NEEDS)[0].paper]
    result = []
    for days_old, values in product(attack.days_old, product(*attack.knobs.values())):
        target = scene.target(days_old=days_old, known_post=attack.known_post, small_field=attack.small_field)
        knobs = dict(zip(attack.knobs, values, strict=True))
        if target and knobs.get("networks", 1) <= 2 and knobs.get("network", 0) < 2:
            result.append(Campaign(target, rival, scene.earlier_papers, scene.networks, aged=aged, knobs=knobs))
    return result


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_unknown_accounts_alone_never_buy_the_first_place(scene: Scene, attack: Attack) -> None:
    file = next(Path(catalogue.__file__).parent / f"{name}.py" for name, module in vars(catalogue).items()
                if getattr(module, "ATTACK", None) is attack)  # fmt: skip
    assert len(file.read_text("utf-8").splitlines()) < 60
    rank, active = ranking.RANKINGS["rarity/2"], 0
    for accounts, aged in ((3, False), (400, False), (40, True)):
        for attackers in campaigns(scene, attack, aged=aged):
            attack_files.run(attack, attackers, accounts)
            order = scene.order_after(scene.effect(attackers, NEEDS), rank, NEEDS)
            assert attackers.expenses().fresh + attackers.expenses().aged <= accounts + len(attackers.rival.posts)
            active += attackers.expenses().posts + attackers.expenses().reactions > 0
            if not attackers.expenses().aged:
                assert order[:1] != [attackers.target.paper], attackers.knobs
    assert active or attack.known_post or attack.small_field, "in so small a world there may be no such target"


# ---- accounts judged part of a chorus ----------------------------------------------------------------------------


def judged_in(scene: Scene, number: int, *texts: str) -> Set[int]:
    """The accounts judged bots when `number` new ones post the texts in turn, minutes apart."""
    attackers = Campaign(PAPER, RIVAL, (), SPARSE, aged=False, knobs={})
    accounts = attackers.accounts(number)
    for n, account in enumerate(accounts):
        hours = (scene.cut - PAPER.announced_at) / HOUR - 5 + n / 100
        attackers.post(account, "x", hours=hours, text=texts[n % len(texts)])
    assert set(accounts) == {post.account for post in attackers.posts_about(PAPER)}
    return chorus.judged(
        [(PAPER, attackers.posts_about(PAPER))], lambda account: int(account == accounts[0]) * 2, scene.cut
    )


def test_a_world_with_few_people_counts_every_voice() -> None:
    """Ninety people post and nobody is named for a like: too few have standing for anybody to need it."""
    forum = NetworkLaw(name="forum", posts=0.05, likes=2, posters=90, likers=400)
    law = WorldLaw(seed=3, papers=80, history=97, days=1, networks=(forum,))
    [block] = suite.blocks([law], ["rarity/2"], ["likes, one network"], [])
    costs = {
        (trial.goal, trial.aged): trial.cost and trial.cost.accounts for trial in suite.run_block(block).trials
    }  # fmt: skip
    for goal in ("first", "top ten"):
        assert costs[goal, False] == costs[goal, True] is not None


def test_the_record_s_rule_on_choruses_judges_a_campaign(scene: Scene) -> None:
    limit = BotRules().chorus
    assert len(judged_in(scene, limit, WORDS)) == limit - 1, "one account also posted other words"
    assert not judged_in(scene, limit - 1, WORDS)
    assert not judged_in(scene, 3 * limit, *(made_up_text(n) for n in range(3 * limit)))
    assert not judged_in(scene, 3 * limit, "", "Look!"), "too short to identify a chorus"


def test_texts_of_a_world_are_unique(world: World) -> None:
    texts = [post.text for paper in world.papers for post in paper.posts]
    assert len(set(texts)) == len(texts) > 500 and {len(text.split()) for text in texts} == {5}
    posts = [(paper, paper.posts) for paper in world.papers]
    assert not chorus.judged(posts, lambda account: 0, BEGINS + 98 * DAY)


# ---- the stored figures, from which tools.make_docs makes the page -----------------------------------------------


def test_the_stored_figures_are_of_this_program() -> None:
    stored_figures = figures.kept_figures()
    assert (
        {row.attack for row in stored_figures.rows}
        == set(stored_figures.attacks)
        == {attack.name for attack in ATTACKS}
    )
    assert {row.ranking for row in stored_figures.rows} == set(
        suite.contenders()
    ) and stored_figures.default == ranking.DEFAULT
    assert not [row for row in stored_figures.rows if row.failed] and stored_figures.most == least_costs.MOST


def test_the_page_says_what_attacks_do_to_honest_papers() -> None:
    stored_figures = figures.kept_figures()
    page = report.page(stored_figures)
    kept = [row.kept for row in stored_figures.honest if row.ranking == "rarity/2"]
    assert len(kept) == 2 and min(filter(None, kept)) >= 9
    assert f"those in the first ten on the median day, rarity/2 | {kept[0]} | {kept[1]} |" in page
    own = [row for row in stored_figures.rows if row.ranking == "rarity/2" and row.goal != "rival out"]
    moving = {row.attack for row in own if row.moved}
    assert moving and moving == set(re.findall(r"order changes on average, ([^|]*), rarity/2 \|", page))


def test_one_network_and_a_ranking_named_twice() -> None:
    """Twice the trials would be twice the days."""
    assert [contender.name for contender in suite.chosen_contenders(["rarity/2", "rarity/2"])] == ["rarity/2"]
    row = figures.CostSummary(1, "rarity/2", "ring", "first", with_standing=False, accounts=3, fresh=3, days=1)
    table = figures.AttackFigures(program="1", default="rarity/2", most=7, worlds=1, days=1, rows=(row,))
    assert [heading for heading, _ in report.tables(table)] == ["Accounts for place 1, 1 network"]
    assert "| place 1, 1 network |" in report.page(table)


def test_figures_are_read_as_they_were_written() -> None:
    stored_figures = figures.kept_figures()
    for content in (
        stored_figures,
        msgspec.structs.replace(stored_figures, rows=(), honest=()),
        figures.AttackFigures(program="1", default="x/1", most=7),
    ):
        text = figures_json(content)
        assert msgspec.json.decode(text, type=figures.AttackFigures) == content
    assert max(map(len, text.splitlines())) < 400, "one row per line, so that diffs are readable"
