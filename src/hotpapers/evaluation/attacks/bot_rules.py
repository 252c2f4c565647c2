"""Which accounts of an honest day would be judged bots: by all rules on behaviour, at their usual limits.

What an account says of itself, and the list that comes along, judge nobody whom nobody has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hotpapers.evaluation.attacks import coordinated
from hotpapers.evaluation.attacks.scene import Scene
from hotpapers.evaluation.worlds import TalkPost, WorldPaper, liked_at
from hotpapers.ids.mentions.own_words import MentionedPaper
from hotpapers.moderation.bots import rules
from hotpapers.moderation.bots.rules import ObservedPost
from hotpapers.settings import BotRules

LIMITS = BotRules()
FEWEST = min(LIMITS.rate, LIMITS.template, rules.FEWEST_ANNOUNCED * LIMITS.share // 100)
"""Posts, each about one paper, below which none of the rules on an account's figures can find anything."""


class JudgedVoices(NamedTuple):
    """Of the accounts that spoke or reacted in the fortnight up to a day's issue, by name: how many there are, how many
    of them are judged bots."""

    voices: int
    bots: int


def judged_voices(scene: Scene) -> JudgedVoices:
    """The honest voices of a day."""
    talk = [(paper, [post for post in paper.posts if coordinated.is_judged_by(post, scene.cut)])
            for paper in scene.papers.values()]  # fmt: skip
    posts, delays = _by_account(talk), _delays([post for _, some in talk for post in some])
    liking = {account for _, some in talk for post in some for account in post.likers}
    bots = set(coordinated.judged(talk, lambda account: 0, scene.cut))
    bots |= {account for account, waited in delays.items() if rules.echoes(waited, LIMITS.echo)}
    announced = {"all": {paper.paper for paper, _ in talk if paper.announced_at > scene.cut - coordinated.SPAN}}
    about = {paper.paper: MentionedPaper(paper.title) for paper, _ in talk}
    for account, some in ((account, some) for account, some in posts.items() if len(some) >= FEWEST):
        did = rules.measure(some, about, rules.large(announced, rules.FEWEST_ANNOUNCED))
        if any(rule.why(did, getattr(LIMITS, name)) for name, rule in rules.RULES.items()):
            bots.add(account)
    return JudgedVoices(len(posts.keys() | liking), len(bots))


def _by_account(talk: Iterable[tuple[WorldPaper, Iterable[TalkPost]]]) -> Mapping[int, list[ObservedPost]]:
    posts: dict[int, list[ObservedPost]] = {}
    for paper, some in talk:
        for post in some:
            posts.setdefault(post.account, []).append(ObservedPost(post.at, str(post.id), (paper.paper,), post.text))
    return posts


def _delays(posts: Sequence[TalkPost]) -> Mapping[int, list[int]]:
    """How long each account waited before it reacted, of those that did so often: as if all reactions were reposts."""
    times = Counter(account for post in posts for account in post.likers)
    delays: dict[int, list[int]] = {account: [] for account, many in times.items() if many >= LIMITS.echo}
    for post in posts:
        for n, account in enumerate(post.likers, 1):
            if account in delays:
                delays[account].append(liked_at(post, n) - post.at)
    return delays
