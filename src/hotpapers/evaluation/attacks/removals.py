"""How far the papers of an honest day's issue move where one account is taken away from the record."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from hotpapers.evaluation.attacks.scene import Scene, engagements, marks_of
from hotpapers.evaluation.attacks.search import Contender
from hotpapers.evaluation.worlds import TalkPost, WorldPaper
from hotpapers.model import RankingInput
from hotpapers.settings import PublicationSettings

THRESHOLD = PublicationSettings(name="daily").threshold
"""The least score of an entry, unless a publication says otherwise."""


def farthest_move(scene: Scene, contender: Contender, *, with_posts: bool) -> int:
    """The places by which the paper moves that moves farthest, of those that reach the usual threshold, by any one
    account. `with_posts`: its posts go too, and the reactions to them; else its own voice alone.

    Of those who reacted to a paper's posts one stands for all, one that has standing if there is any: an unknown voice
    less never lowers a paper further than a known one.
    """
    order = scene.order(contender.rank, contender.measured)
    falling = sorted(-candidate.score for candidate in order if candidate.score > 0)
    moves = [0]
    for place, candidate in enumerate(order, 1):
        if candidate.score < THRESHOLD:
            break
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
    posts: Iterable[TalkPost] = paper.posts
    if with_posts:
        posts = [post for post in posts if post.account != account]
    marks = marks_of(paper.announced_at, scene.cut, contender.measured.ages)
    rows = engagements(paper, posts, marks, scene.naming, scene.rule._replace(left_out=frozenset({account})))
    candidate = scene.candidate(paper, rows, contender.measured)
    if candidate is None:
        return 0
    peers = scene.honest_input(contender.measured).peers
    return contender.rank(RankingInput(candidates=(candidate,), peers=peers))[0].score
