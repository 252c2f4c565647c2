"""Who would be judged a voice of a chorus after a campaign: by the rule, and its usual limit, that judge accounts of a
record (see `moderation.bots.coordination`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from hotpapers.evaluation.attacks.campaign import AttackedPaper
from hotpapers.evaluation.worlds import TalkPost
from hotpapers.ids.mentions.own_words import MentionedPaper
from hotpapers.model import DAY
from hotpapers.moderation.bots import coordination
from hotpapers.moderation.bots.coordination import TimedPost
from hotpapers.moderation.bots.queries import LATEST
from hotpapers.moderation.bots.rules import DAYS
from hotpapers.settings import BotRules

LIMIT = BotRules().chorus
SPAN = DAYS * DAY
"""µs that are looked at."""

Talk = Sequence[tuple[AttackedPaper, Sequence[TalkPost]]]
"""Papers with all posts about them."""


def is_judged_by(post: TalkPost, cut: int) -> bool:
    """Whether a post is one of the fortnight that is looked at, up to a moment."""
    return cut - SPAN < post.at <= cut


def judged(talk: Talk, elsewhere: Callable[[int], int], cut: int) -> frozenset[int]:
    """The accounts that are judged at a moment. `elsewhere`: how many posts of the fortnight they made about other
    papers."""
    parts = (part for paper, posts in talk for part in _coordinated(paper, posts, cut))
    singing = coordination.gathered(parts)
    if not singing:
        return frozenset()
    here = {post.id: post.account for _, posts in talk for post in posts if is_judged_by(post, cut)}
    written = Counter(here.values())
    return frozenset(
        account
        for account, sung in ((int(key), sung) for key, sung in singing.items())
        if coordination.why(sung, written[account] + elsewhere(account), DAYS)
    )


def _coordinated(paper: AttackedPaper, posts: Sequence[TalkPost], cut: int) -> Iterator[tuple[str, str, int]]:
    there: dict[str, list[TimedPost]] = defaultdict(list)
    for post in sorted((other for other in posts if is_judged_by(other, cut)), key=lambda other: -other.at)[:LATEST]:
        there[post.network].append(TimedPost(str(post.account), str(post.id), post.at, post.text))
    for group in there.values():
        if len(group) >= LIMIT:
            yield from coordination.coordinated_posts(group, MentionedPaper(paper.title), LIMIT)
