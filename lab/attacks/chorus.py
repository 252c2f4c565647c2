"""Which accounts would be judged part of a chorus after a campaign, by the rule for accounts of a record with its usual
limit (see `moderation.bots.chorus`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from hotpapers.base.model import DAY, Paper
from hotpapers.base.settings import BotRules
from hotpapers.discussion.moderation.bots import rules
from hotpapers.discussion.moderation.bots.rules import DAYS, TimedPost
from lab.attacks.campaign import AttackedPaper
from lab.worlds import PaperPost

LIMIT = BotRules().chorus
SPAN = DAYS * DAY
"""The period examined, µs."""

PostsByPaper = Sequence[tuple[AttackedPaper, Sequence[PaperPost]]]
"""Papers, each with all posts about it."""


def is_judged_by(post: PaperPost, cut: int) -> bool:
    """Whether a post is within the two weeks examined, up to a moment."""
    return cut - SPAN < post.at <= cut


def judged(posts_by_paper: PostsByPaper, elsewhere: Callable[[int], int], cut: int) -> frozenset[int]:
    """The accounts that are judged at a moment. `elsewhere`: how many posts an account made about other papers in the
    two weeks."""
    parts = (part for paper, posts in posts_by_paper for part in _in_chorus(paper, posts, cut))
    accounts_in_chorus = rules.chorus_by_account(parts)
    if not accounts_in_chorus:
        return frozenset()
    account_of_post = {
        post.id: post.account for _, posts in posts_by_paper for post in posts if is_judged_by(post, cut)
    }
    post_counts = Counter(account_of_post.values())
    return frozenset(
        account
        for account, group in ((int(key), group) for key, group in accounts_in_chorus.items())
        if rules.chorus_reason(group, post_counts[account] + elsewhere(account), DAYS)
    )


def _in_chorus(paper: AttackedPaper, posts: Sequence[PaperPost], cut: int) -> Iterator[tuple[str, str, int]]:
    posts_by_network: dict[str, list[TimedPost]] = defaultdict(list)
    for post in (other for other in posts if is_judged_by(other, cut)):
        posts_by_network[post.network].append(TimedPost(str(post.account), str(post.id), post.at, post.text))
    for group in posts_by_network.values():
        if len(group) >= LIMIT:
            yield from rules.chorus_posts(group, Paper(paper="", title=paper.title, observed_at=0), LIMIT)
