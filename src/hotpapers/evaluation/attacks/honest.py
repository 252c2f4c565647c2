"""What a ranking, and the rules on bots, do to the honest: who stands where, and what they lose, without any attack.

Who is judged a bot here is so by all rules on behaviour, at their usual limits: what an account says of itself, and the
list that comes along, judge nobody whom nobody has seen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.engagement.standing.rules import ENOUGH_KNOWN
from hotpapers.evaluation.attacks import coordinated
from hotpapers.evaluation.attacks.scene import ISSUED, Scene, engagements, measurement_times
from hotpapers.evaluation.attacks.search import TEN, Contender
from hotpapers.evaluation.statistics import spearman
from hotpapers.evaluation.worlds import BEGINS, PaperPost, World, WorldLaw, WorldPaper, liked_at
from hotpapers.ids.mentions.own_words import MentionedPaper
from hotpapers.issues import selection
from hotpapers.model import DAY, Publication, RankingInput
from hotpapers.moderation.bots import rules
from hotpapers.moderation.bots.rules import ObservedPost
from hotpapers.settings import BotRules, PublicationSettings


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
        order = scene.order(contender.rank, contender.needs)
        papers = sorted(order, key=lambda candidate: candidate.paper)
        agreement = spearman([candidate.score for candidate in papers], [heat[candidate.paper] for candidate in papers])
        yield Collateral(
            len(scene.world.law.networks), contender.name, _kept(scene, trusting, contender) if trusting else None,
            agreement or 0.0, sum(candidate.score > 0 for candidate in order),
        )  # fmt: skip


class HonestLoss(NamedTuple):
    """What the honest lose on a day by a ranking: by how many places a paper of the issue moves at most where one
    account's voice is taken away, or the account `with_posts`."""

    networks: int
    ranking: str
    own_voice: int
    with_posts: int


def honest_losses(scene: Scene, contenders: Iterable[Contender], usual: Contender) -> Iterator[HonestLoss]:
    """By some rankings, each with as many papers as reach the usual threshold by the `usual` one."""
    papers = sum(candidate.score >= THRESHOLD for candidate in scene.order(usual.rank, usual.needs))
    for contender in contenders:
        own_voice, with_posts = (farthest_move(scene, contender, papers, with_posts=also) for also in (False, True))
        yield HonestLoss(len(scene.world.law.networks), contender.name, own_voice, with_posts)


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
    order = scene.order(contender.rank, contender.needs)
    passed = sum(candidate.score >= usual.threshold for candidate in order)
    compared = selection.reference_size(publication, scene.honest_input(contender.needs).peers)
    audible = sum(candidate.voices >= selection.VOICES for candidate in order)
    return max(passed, min(selection.least_papers(publication, compared), audible))


def _kept(scene: Scene, trusting: Scene, contender: Contender) -> int:
    first, other = (
        {candidate.paper for candidate in some.order(contender.rank, contender.needs)[:TEN]}
        for some in (scene, trusting)
    )
    return len(first & other)


LIMITS = BotRules()
FEWEST = min(LIMITS.rate, LIMITS.template, rules.FEWEST_ANNOUNCED * LIMITS.share // 100)
"""Posts, each about one paper, below which none of the rules on an account's figures can find anything."""


class JudgedVoices(NamedTuple):
    """Of the accounts that spoke or reacted in the fortnight up to a day's issue, by name: how many there are, how many
    of them are judged bots."""

    networks: int
    voices: int
    bots: int


def judged_voices(scene: Scene) -> JudgedVoices:
    """The honest voices of a day."""
    posts_by_paper = [(paper, [post for post in paper.posts if coordinated.is_judged_by(post, scene.cut)])
            for paper in scene.papers.values()]  # fmt: skip
    posts, delays = _by_account(posts_by_paper), _delays([post for _, some in posts_by_paper for post in some])
    liking = {account for _, some in posts_by_paper for post in some for account in post.likers}
    bots = set(coordinated.judged(posts_by_paper, lambda account: 0, scene.cut))
    bots |= {account for account, waited in delays.items() if rules.echo_reason(waited, LIMITS.echo)}
    announced = {
        "all": {paper.paper for paper, _ in posts_by_paper if paper.announced_at > scene.cut - coordinated.SPAN}
    }
    about = {paper.paper: MentionedPaper(paper.title) for paper, _ in posts_by_paper}
    for account, some in ((account, some) for account, some in posts.items() if len(some) >= FEWEST):
        activity = rules.measure(some, about, rules.large_categories(announced, rules.FEWEST_ANNOUNCED))
        if any(rule.reason(activity, getattr(LIMITS, name)) for name, rule in rules.RULES.items()):
            bots.add(account)
    return JudgedVoices(len(scene.world.law.networks), len(posts.keys() | liking), len(bots))


def _by_account(posts_by_paper: Iterable[tuple[WorldPaper, Iterable[PaperPost]]]) -> Mapping[int, list[ObservedPost]]:
    posts: dict[int, list[ObservedPost]] = {}
    for paper, some in posts_by_paper:
        for post in some:
            posts.setdefault(post.account, []).append(ObservedPost(post.at, str(post.id), (paper.paper,), post.text))
    return posts


def _delays(posts: Sequence[PaperPost]) -> Mapping[int, list[int]]:
    """How long each account waited before it reacted, of those that did so often: as if all reactions were reposts."""
    times = Counter(account for post in posts for account in post.likers)
    delays: dict[int, list[int]] = {account: [] for account, many in times.items() if many >= LIMITS.echo}
    for post in posts:
        for n, account in enumerate(post.likers, 1):
            if account in delays:
                delays[account].append(liked_at(post, n) - post.at)
    return delays


THRESHOLD = PublicationSettings(name="daily").threshold
"""The least score of an entry, unless a publication says otherwise."""


def farthest_move(scene: Scene, contender: Contender, papers: int, *, with_posts: bool) -> int:
    """The places by which the paper moves that moves farthest, of the first `papers`, by any one account. `with_posts`:
    its posts go too, and the reactions to them; else its own voice alone.

    Of those who reacted to a paper's posts one stands for all, one that has standing if there is any: an unknown voice
    less never lowers a paper further than a known one.
    """
    order = scene.order(contender.rank, contender.needs)
    falling = sorted(-candidate.score for candidate in order if candidate.score > 0)
    moves = [0]
    for place, candidate in enumerate(order[:papers], 1):
        paper = scene.papers[candidate.paper]
        for account in _taking_part(scene, paper):
            score = _score_without(scene, contender, paper, account, with_posts=with_posts)
            least = bisect_right(falling, -score)  # the papers that are not below it, itself among them
            moves.append(least - place if score > 0 else len(falling) - place)
    return max(moves)


def _taking_part(scene: Scene, paper: WorldPaper) -> Iterator[int]:
    posts = [post for post in paper.posts if post.at <= scene.cut]
    yield from {post.account for post in posts}
    liking = [account for post in posts for account in post.likers]
    known = scene.rule.known or frozenset()
    yield from sorted(liking, key=lambda account: account not in known)[:1]


def _score_without(scene: Scene, contender: Contender, paper: WorldPaper, account: int, *, with_posts: bool) -> int:
    posts: Iterable[PaperPost] = paper.posts
    if with_posts:
        posts = [post for post in posts if post.account != account]
    times = measurement_times(paper.announced_at, scene.cut, contender.needs.ages)
    rows = engagements(paper, posts, times, scene.naming_networks, scene.rule._replace(left_out=frozenset({account})))
    candidate = scene.candidate(paper, rows, contender.needs)
    if candidate is None:
        return 0
    peers = scene.honest_input(contender.needs).peers
    return contender.rank(RankingInput(candidates=(candidate,), peers=peers))[0].score
