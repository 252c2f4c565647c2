"""What a ranking and the rules on bots do to honest accounts when there is no attack.

Bots are judged by all rules on behavior, at their usual limits. What an account says about itself and the bundled list
of bots do not apply to made-up accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.model import DAY, Candidate, Paper, RankingInput
from hotpapers.base.settings import BotRules, PublicationSettings
from hotpapers.discussion.engagement.attention import count_engagement
from hotpapers.discussion.engagement.standing.queries import ENOUGH_KNOWN
from hotpapers.discussion.moderation.bots import rules
from hotpapers.discussion.moderation.bots.rules import ObservedPost
from hotpapers.issues import selection
from lab.attacks import chorus
from lab.attacks.clauses import Count
from lab.attacks.least_costs import TEN, Contender
from lab.attacks.listing import Listing
from lab.attacks.scene import ISSUED, Scene, engagements, measurement_times
from lab.statistics import spearman
from lab.worlds import BEGINS, PaperPost, World, WorldLaw, WorldPaper, liked_at, likes_by


class Collateral(NamedTuple):
    """A day without an attack. `kept`: of the first ten if everybody had standing, how many remain there with the real
    standing, None if not tried; `agreement`: Spearman's correlation of the scores with the papers' heat;
    `entries`: papers with a score."""

    networks: int
    ranking: str
    kept: int | None
    agreement: float
    entries: int


def collateral(scene: Scene, trusting: Scene | None, contenders: Sequence[Contender]) -> Iterator[Collateral]:
    """The collateral of each ranking. `trusting`: the same day with standing for everybody."""
    heat = {key: paper.heat for key, paper in scene.papers.items()}
    for contender in contenders:
        order = scene.order(contender.rank, contender.needs)
        papers = sorted(order, key=lambda candidate: candidate.paper)
        agreement = spearman([candidate.score for candidate in papers], [heat[candidate.paper] for candidate in papers])
        yield Collateral(
            len(scene.world.law.networks),
            contender.name,
            _kept(scene, trusting, contender) if trusting else None,
            agreement or 0.0,
            sum(candidate.score > 0 for candidate in order),
        )


class HonestLoss(NamedTuple):
    """What honest accounts lose on a day by a ranking: the most places that a paper in the issue moves if one account's
    own voice is removed, or the account with its posts."""

    networks: int
    ranking: str
    own_voice: int
    with_posts: int


def honest_losses(scene: Scene, contenders: Iterable[Contender], usual: Contender) -> Iterator[HonestLoss]:
    """The losses by each ranking, with as many papers as reach the usual threshold by the `usual` one."""
    papers = sum(candidate.score >= THRESHOLD for candidate in scene.order(usual.rank, usual.needs))
    for contender in contenders:
        own_voice, with_posts = (farthest_move(scene, contender, papers, with_posts=also) for also in (False, True))
        yield HonestLoss(len(scene.world.law.networks), contender.name, own_voice, with_posts)


class SmallField(NamedTuple):
    """A day of a record about one small field: the papers talked about in the previous 90 days, and the issue's
    entries."""

    networks: int
    talked_about: int
    entries: int


def small_field(law: WorldLaw, contender: Contender, count: Count = count_engagement) -> Iterator[SmallField]:
    """The days of a world as seen by a record with one new paper a day."""
    world = World(msgspec.structs.replace(law, papers=1))
    for day in range(law.history, law.history + law.days):
        accounts = world.known(BEGINS + day * DAY + ISSUED)
        scene = Scene(world, day, accounts if len(accounts) >= ENOUGH_KNOWN else None, count=count)
        talked_about = sum(any(post.at <= scene.cut for post in paper.posts) for paper in scene.papers.values())
        yield SmallField(len(law.networks), talked_about, _entries(scene, contender))


def _entries(scene: Scene, contender: Contender) -> int:
    """How many entries a publication with default settings would have, if nothing had been in an earlier issue."""
    order = scene.order(contender.rank, contender.needs)
    return len(Listing(selection.LATEST, frozenset()).entries(order, scene.honest_input(contender.needs)))


def _kept(scene: Scene, trusting: Scene, contender: Contender) -> int:
    real_top, trusting_top = (
        {candidate.paper for candidate in each_scene.order(contender.rank, contender.needs)[:TEN]}
        for each_scene in (scene, trusting)
    )
    return len(real_top & trusting_top)


LIMITS = BotRules()
FEWEST = min(LIMITS.rate, LIMITS.template, rules.MIN_ANNOUNCED_PAPERS * LIMITS.share // 100)
"""The fewest posts, each about one paper, for any rule on an account's figures to apply."""


class JudgedVoices(NamedTuple):
    """Of the accounts known by name to have posted or reacted in the two weeks up to a day's issue: how many there are,
    and how many are judged bots."""

    networks: int
    voices: int
    bots: int


def judged_voices(scene: Scene) -> JudgedVoices:
    """The honest voices of a day."""
    posts_by_paper = [
        (paper, [post for post in paper.posts if chorus.is_judged_by(post, scene.cut)])
        for paper in scene.papers.values()
    ]
    posts, delays = _by_account(posts_by_paper), _delays([post for _, some in posts_by_paper for post in some])
    reacting = {account for _, some in posts_by_paper for post in some for account in post.likers}
    bots = set(chorus.judged(posts_by_paper, lambda account: 0, scene.cut))
    bots |= {account for account, waited in delays.items() if rules.echo_reason(waited, LIMITS.echo)}
    announced_papers = {
        "all": {paper.paper for paper, _ in posts_by_paper if paper.announced_at > scene.cut - chorus.SPAN}
    }
    mentioned_papers = {
        paper.paper: Paper(paper=paper.paper, title=paper.title, observed_at=0) for paper, _ in posts_by_paper
    }
    for account, some in ((account, some) for account, some in posts.items() if len(some) >= FEWEST):
        activity = rules.measure_account(
            some, mentioned_papers, rules.large_categories(announced_papers, rules.MIN_ANNOUNCED_PAPERS), all_papers=0
        )
        if any(rule(activity, getattr(LIMITS, name)) for name, rule in rules.RULES.items()):
            bots.add(account)
    return JudgedVoices(len(scene.world.law.networks), len(posts.keys() | reacting), len(bots))


def _by_account(posts_by_paper: Iterable[tuple[WorldPaper, Iterable[PaperPost]]]) -> Mapping[int, list[ObservedPost]]:
    posts: dict[int, list[ObservedPost]] = {}
    for paper, paper_posts in posts_by_paper:
        for post in paper_posts:
            posts.setdefault(post.account, []).append(ObservedPost(post.at, str(post.id), (paper.paper,), post.text))
    return posts


def _delays(posts: Sequence[PaperPost]) -> Mapping[int, list[int]]:
    """How long each account that reacts often waited before reacting, as if all reactions were reposts."""
    times = Counter(account for post in posts for account in post.likers)
    delays: dict[int, list[int]] = {account: [] for account, count in times.items() if count >= LIMITS.echo}
    for post in posts:
        for n, account in enumerate(post.likers, 1):
            if account in delays:
                delays[account].append(liked_at(post, n) - post.at)
    return delays


THRESHOLD = PublicationSettings(name="daily").threshold
"""The default threshold of a publication."""


def farthest_move(scene: Scene, contender: Contender, papers: int, *, with_posts: bool) -> int:
    """The most places that any of the first `papers` moves when one account is removed. `with_posts`: its posts and the
    reactions to them are removed too, otherwise only its own voice.

    Of the accounts that reacted to a paper's posts, one is tried for all, with standing if possible: removing an
    unknown voice never lowers a paper further than removing a known one.
    """
    order = scene.order(contender.rank, contender.needs)
    scores = {candidate.paper: candidate.score for candidate in order if candidate.score > 0}
    moves = [0]
    for place, candidate in enumerate(order[:papers], 1):
        paper = scene.papers[candidate.paper]
        others = {key: score for key, score in scores.items() if key != candidate.paper}
        for account in _taking_part(scene, paper):
            remaining = _candidate_without(scene, contender, paper, account, with_posts=with_posts)
            moves.append(_place_of(remaining, others, scene, contender) - place)
    return max(moves)


def _taking_part(scene: Scene, paper: WorldPaper) -> Iterator[int]:
    posts = [post for post in paper.posts if post.at <= scene.cut]
    yield from {post.account for post in posts}
    reacting = [account for post in posts for account in post.likers[: likes_by(post, scene.cut)]]
    known = scene.rule.known or frozenset()
    yield from sorted(reacting, key=lambda account: account not in known)[:1]


def _candidate_without(
    scene: Scene, contender: Contender, paper: WorldPaper, account: int, *, with_posts: bool
) -> Candidate | None:
    posts: Iterable[PaperPost] = paper.posts
    if with_posts:
        posts = [post for post in posts if post.account != account]
    times = measurement_times(paper.announced_at, scene.cut, contender.needs.ages)
    rule = scene.rule._replace(left_out=frozenset({account}))
    rows = engagements(paper, posts, times, scene.naming_networks, rule, count=scene.count)
    return scene.candidate(paper, rows, contender.needs)


def _place_of(candidate: Candidate | None, others: Mapping[str, int], scene: Scene, contender: Contender) -> int:
    """The place of a changed paper among the others that score; behind all of them if it no longer scores. `others`:
    their scores, by paper."""
    honest = scene.honest_input(contender.needs)
    score = contender.rank(RankingInput(candidates=(candidate,), peers=honest.peers))[0].score if candidate else 0
    if candidate is None or score <= 0:
        return len(others) + 1
    equals = tuple(other for other in honest.candidates if others.get(other.paper) == score)
    tied = contender.rank(RankingInput(candidates=(candidate, *equals), peers=honest.peers))
    above = sum(other > score for other in others.values())
    return above + 1 + [each.paper for each in tied].index(candidate.paper)
