"""The rules on behaviour: what an account did in a fortnight, as figures, and what may be concluded. Pure.

docs/explanation/bots.md says how each limit was measured. A rule's version grows when the rule changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from hotpapers.ids.mentions import own_words as words
from hotpapers.ids.mentions.own_words import MentionedPaper
from hotpapers.ids.timestamps import SECOND
from hotpapers.model import HOUR

DAYS = 14
"""Days that are looked at."""
BARE = 90
"""Per cent of an account's posts that must be bare where they are called templated."""
EVEN = 80
"""Per cent of the gaps between its posts that must be alike where it is called a clock."""
REST = 2
"""Hours of the day without a post, in a row, that everybody has who sleeps."""
FEWEST_GAPS = 40
"""Gaps that are needed to tell whether they are alike."""
SESSION = 3 * HOUR
"""A longer gap lies between two sittings, and says nothing of how fast somebody works."""
AT_ONCE = 3_000_000
"""Microseconds: nobody chooses, writes and sends two posts in less."""
FEWEST_ANNOUNCED = 50
"""Papers of a category from which on a share of them says something."""
QUICK = 10 * 60 * SECOND
"""Microseconds between a post and an echo of it."""
QUICK_SHARE = 90
"""Per cent of an account's reposts that must be quick where it is called an echo."""


class ObservedPost(NamedTuple):
    """A post as the rules see it. `at`: when it was made, µs UTC."""

    at: int
    post: str
    papers: tuple[str, ...]
    text: str


class AccountActivity(NamedTuple):
    """What an account did in the fortnight.

    `posts`: those that name papers; `papers`: how many they name; `bare`: posts without words of its own; `even`: per
    cent of the gaps that are alike; `rest`: the longest stretch of the day, in hours, in which it never posted;
    `category`: the one of whose `announced` new papers it `covered` most.
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
    """The categories with so many new papers: a share of fewer says little."""
    return {category: new for category, new in announced.items() if len(new) >= fewest}


def measure(
    posts: Sequence[ObservedPost], about: Mapping[str, MentionedPaper], announced: Announced, all_papers: int = 0
) -> AccountActivity:
    """The figures of one account. `about`: what is known of papers; `all_papers`: how many it named in all, where
    these are the latest of its posts."""
    papers = {paper for post in posts for paper in post.papers}
    moments = sorted(post.at for post in posts)
    category, covered, all_there = most_covered(papers, announced)
    return AccountActivity(
        posts=len(posts), papers=max(all_papers, len(papers)), bare=bare(posts, about), even=evenness(moments),
        rest=longest_rest(moments), category=category, covered=covered, announced=all_there,
    )  # fmt: skip


def bare(posts: Iterable[ObservedPost], about: Mapping[str, MentionedPaper]) -> int:
    """How many posts have next to no word of their author's own."""
    texts = [
        words.own_words(post.text, [about.get(paper, MentionedPaper()) for paper in post.papers]) for post in posts
    ]
    fixed = words.frame(texts)
    return sum(words.is_bare(text, fixed) for text in texts)


def evenness(moments: Sequence[int]) -> int:
    """Per cent of the gaps between posts of one sitting that are within a tenth of the middle one, or next to none.

    0 where there are too few to tell. `moments`: ascending, µs.
    """
    gaps = [later - earlier for earlier, later in pairwise(moments) if later - earlier <= SESSION]
    if len(gaps) < FEWEST_GAPS:
        return 0
    middle = median(gaps)
    return 100 * sum(gap <= AT_ONCE or abs(gap - middle) <= middle / 10 for gap in gaps) // len(gaps)


def longest_rest(moments: Iterable[int]) -> int:
    """The most hours of the day in a row, over midnight too, in which there is no post."""
    awake = {moment // HOUR % 24 for moment in moments}
    longest = run = 0
    for hour in range(48):
        run = 0 if hour % 24 in awake else run + 1
        longest = max(longest, run)
    return min(longest, 24)


def most_covered(papers: Collection[str], announced: Announced) -> tuple[str, int, int]:
    """The category of whose new papers the greatest share is among these: its name, how many, of how many."""
    best = ("", 0, 0)
    for category, new in sorted(announced.items()):
        covered = sum(paper in papers for paper in new)
        if covered * max(best[2], 1) > best[1] * len(new):
            best = (category, covered, len(new))
    return best


# ---- the rules: why an account is a bot, or nothing ----------------------------------------------------


def by_rate(activity: AccountActivity, limit: int) -> str:
    """More papers than anybody reads."""
    return f"named {activity.papers:,} papers in {DAYS} days" if activity.papers >= limit else ""


def by_share(activity: AccountActivity, limit: int) -> str:
    """`limit` per cent or more of all new papers of a category: it passes a list on."""
    if not activity.announced or 100 * activity.covered < limit * activity.announced:
        return ""
    return (
        f"posted about {activity.covered:,} of the {activity.announced:,} papers new in {activity.category} in {DAYS}"
        f" days ({_percent(activity.covered, activity.announced)})"
    )


def by_template(activity: AccountActivity, limit: int) -> str:
    """`limit` posts or more, next to none with a word of its own, and a machine's hours: people post bare titles too,
    but not by the clock, and not around it."""
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
    """A rule on an account's figures: `reason` gives it, or nothing, for the figures and a limit."""

    version: int
    reason: Callable[[AccountActivity, int], str]


RULES = {"rate": BotRule(1, by_rate), "share": BotRule(1, by_share), "template": BotRule(1, by_template)}
"""By name: the names of verdicts, and of the limits in the settings."""


def echo_reason(delays: Sequence[int], limit: int) -> str:
    """Why an account that reposted so many µs after each post is an echo: `limit` times or more, nearly all at once."""
    quick = sum(delay <= QUICK for delay in delays)
    if len(delays) < limit or 100 * quick < QUICK_SHARE * len(delays):
        return ""
    return (
        f"reposted {len(delays):,} posts in {DAYS} days, {_percent(quick, len(delays))} of them within"
        f" {QUICK // 60_000_000} minutes"
    )
