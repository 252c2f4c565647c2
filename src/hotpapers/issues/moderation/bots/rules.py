"""The rules on behavior: what an account did in two weeks, as figures, and what follows from them. Pure.

docs/explanation/bots.md has them. When a rule changes, its version increases.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from hotpapers.base.ids.mentions import own_words as words
from hotpapers.base.ids.mentions.own_words import MentionedPaper
from hotpapers.base.ids.timestamps import SECOND
from hotpapers.base.model import HOUR

DAYS = 14
"""Days of activity that are examined."""
BARE = 90
"""Minimum percent of an account's posts that must be bare for it to count as templated."""
EVEN = 80
"""Minimum percent of the gaps between its posts that must be alike for it to count as running on a clock."""
REST = 2
"""Everybody who sleeps has at least this many consecutive hours of the day without a post."""
MIN_GAPS = 40
"""Minimum gaps needed to tell whether they are alike."""
SESSION = 3 * HOUR
"""A longer gap, in µs, separates two sittings, and says nothing about how fast somebody works."""
AT_ONCE = 3_000_000
"""Microseconds in which nobody can choose, write and send two posts."""
MIN_ANNOUNCED_PAPERS = 50
"""Minimum new papers of a category for a share of them to be meaningful."""
QUICK = 10 * 60 * SECOND
"""Microseconds within which a repost counts as quick."""
QUICK_SHARE = 90
"""Minimum percent of an account's reposts that must be quick for it to count as an echo."""


class ObservedPost(NamedTuple):
    """A post as the rules see it. `at`: when it was made, µs UTC."""

    at: int
    post: str
    papers: tuple[str, ...]
    text: str


class AccountActivity(NamedTuple):
    """What an account did in two weeks.

    `posts`: how many name papers; `papers`: how many papers they name; `bare`: how many have no words of their own;
    `even`: percent of the gaps that are alike; `rest`: the longest run of hours of the day in which it never posted;
    `category`: the category of whose `announced` new papers it `covered` the largest share.
    """

    posts: int = 0
    papers: int = 0
    bare: int = 0
    even: int = 0
    rest: int = 24
    category: str = ""
    covered: int = 0
    announced: int = 0


Announced = Mapping[str, Collection[str]]
"""Each category's new papers."""


def large_categories(announced: Announced, fewest: int) -> Announced:
    """The categories with at least `fewest` new papers: a share of fewer says little."""
    return {category: new for category, new in announced.items() if len(new) >= fewest}


def measure(
    posts: Sequence[ObservedPost], about: Mapping[str, MentionedPaper], announced: Announced, all_papers: int = 0
) -> AccountActivity:
    """The figures of one account. `about`: what is known of papers; `all_papers`: how many it named in all, if `posts`
    are only its latest."""
    papers = {paper for post in posts for paper in post.papers}
    moments = sorted(post.at for post in posts)
    category, covered, total = most_covered(papers, announced)
    return AccountActivity(
        posts=len(posts),
        papers=max(all_papers, len(papers)),
        bare=bare(posts, about),
        even=evenness(moments),
        rest=longest_rest(moments),
        category=category,
        covered=covered,
        announced=total,
    )


def bare(posts: Iterable[ObservedPost], about: Mapping[str, MentionedPaper]) -> int:
    """How many posts have next to no words of their author's own."""
    texts = [
        words.own_words(post.text, [about.get(paper, MentionedPaper()) for paper in post.papers]) for post in posts
    ]
    fixed = words.frame(texts)
    return sum(words.is_bare(text, fixed) for text in texts)


def evenness(moments: Sequence[int]) -> int:
    """Percent of the gaps between posts of one sitting that are close to zero or within a tenth of the median.

    0 if there are too few to tell. `moments`: ascending, µs.
    """
    gaps = [later - earlier for earlier, later in pairwise(moments) if later - earlier <= SESSION]
    if len(gaps) < MIN_GAPS:
        return 0
    middle = median(gaps)
    return 100 * sum(gap <= AT_ONCE or abs(gap - middle) <= middle / 10 for gap in gaps) // len(gaps)


def longest_rest(moments: Iterable[int]) -> int:
    """The longest run of hours of the day, across midnight too, without a post."""
    awake = {moment // HOUR % 24 for moment in moments}
    longest = run = 0
    for hour in range(48):
        run = 0 if hour % 24 in awake else run + 1
        longest = max(longest, run)
    return min(longest, 24)


def most_covered(papers: Collection[str], announced: Announced) -> tuple[str, int, int]:
    """The category with the largest share of its new papers among `papers`: its name, how many, and out of how many."""
    best = ("", 0, 0)
    for category, new in sorted(announced.items()):
        covered = sum(paper in papers for paper in new)
        if covered * max(best[2], 1) > best[1] * len(new):
            best = (category, covered, len(new))
    return best


# ---- the rules: why an account is a bot, or empty ------------------------------------------------------


def by_rate(activity: AccountActivity, limit: int) -> str:
    """More papers than anybody reads."""
    return f"named {activity.papers:,} papers in {DAYS} days" if activity.papers >= limit else ""


def by_share(activity: AccountActivity, limit: int) -> str:
    """`limit` percent or more of all new papers of a category: it relays a list."""
    if not activity.announced or 100 * activity.covered < limit * activity.announced:
        return ""
    return (
        f"posted about {activity.covered:,} of the {activity.announced:,} papers new in {activity.category} in {DAYS}"
        f" days ({_percent(activity.covered, activity.announced)})"
    )


def by_template(activity: AccountActivity, limit: int) -> str:
    """`limit` posts or more, almost none with words of its own, at a machine's hours: people post bare titles too, but
    neither at even intervals nor around the clock."""
    if activity.posts < limit or 100 * activity.bare < BARE * activity.posts:
        return ""
    share = _percent(activity.bare, activity.posts)
    text = f"{activity.posts:,} posts in {DAYS} days, {share} of them with no word but the paper's"
    if activity.even >= EVEN:
        return f"{text}, {activity.even} % of them at even intervals"
    if activity.rest < REST:
        return f"{text}, at all hours: never {REST} hours of the day without one"
    return ""


def _percent(part: int, whole: int) -> str:
    return f"{100 * part // whole} %"


class BotRule(NamedTuple):
    """A rule on an account's figures. `reason`: takes the figures and a limit; returns why it is a bot, or empty."""

    version: int
    reason: Callable[[AccountActivity, int], str]


RULES = {"rate": BotRule(1, by_rate), "share": BotRule(1, by_share), "template": BotRule(1, by_template)}
"""Rules by name, as used in verdicts and for the limits in the settings."""


def echo_reason(delays: Sequence[int], limit: int) -> str:
    """Why an account with these repost delays, in µs, is an echo: at least `limit` reposts, nearly all quick. Otherwise
    empty."""
    quick = sum(delay <= QUICK for delay in delays)
    if len(delays) < limit or 100 * quick < QUICK_SHARE * len(delays):
        return ""
    return (
        f"reposted {len(delays):,} posts in {DAYS} days, {_percent(quick, len(delays))} of them within"
        f" {QUICK // 60_000_000} minutes"
    )
