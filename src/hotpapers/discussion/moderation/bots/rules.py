"""The rules on behavior: an account's activity in two weeks, as figures, and the conclusions from them. Pure.

docs/explanation/bots.md has them, `BotRules` in `base/settings` their limits. When a rule changes, its version in
`verdicts.VERSIONS` increases.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from hotpapers.base.model import HOUR, Paper
from hotpapers.base.papers.mentions import own_words as words
from hotpapers.base.text.timestamps import SECOND

DAYS = 14
"""Days of activity that are examined."""
BARE = 90
"""Minimum percent of an account's posts that must be bare for it to count as templated."""
EVEN = 80
"""Minimum percent of the gaps between its posts that must be alike for it to count as running on a clock."""
REST = 2
"""Everybody who sleeps has at least this many consecutive hours of the day without a post."""
MIN_GAPS = 40
"""Minimum gaps needed to judge whether they are alike."""
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
    """An account's activity in two weeks.

    `posts`: how many name papers; `papers`: how many papers they name; `bare`: how many have no words of their own;
    `even`: percent of the gaps that are alike; `rest`: the longest run of hours of the day in which it never posted;
    `category`: the category of whose `announced` new papers it `covered` the largest share.
    """

    posts: int
    papers: int
    bare: int
    even: int
    rest: int
    category: str
    covered: int
    announced: int


Announced = Mapping[str, Collection[str]]
"""Each category's new papers."""


def large_categories(announced: Announced, fewest: int) -> Announced:
    """The categories with at least `fewest` new papers: a share of fewer says little."""
    return {category: new for category, new in announced.items() if len(new) >= fewest}


def measure_account(
    posts: Sequence[ObservedPost], about: Mapping[str, Paper], announced: Announced, all_papers: int
) -> AccountActivity:
    """The figures of one account. `about`: known facts about papers; `all_papers`: how many it named in all, if `posts`
    are only its latest."""
    papers = {paper for post in posts for paper in post.papers}
    moments = sorted(post.at for post in posts)
    category, covered, total = most_covered(papers, announced)
    return AccountActivity(
        posts=len(posts),
        papers=max(all_papers, len(papers)),
        bare=count_bare_posts(posts, about),
        even=gap_evenness(moments),
        rest=longest_rest(moments),
        category=category,
        covered=covered,
        announced=total,
    )


def count_bare_posts(posts: Iterable[ObservedPost], about: Mapping[str, Paper]) -> int:
    """How many posts have next to no words of their author's own."""
    texts = [words.own_words(post.text, map(about.get, post.papers)) for post in posts]
    fixed = words.common_words(texts)
    return sum(words.is_bare(text, fixed) for text in texts)


def gap_evenness(moments: Sequence[int]) -> int:
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
    if activity.papers >= limit:
        return f"named {activity.papers:,} papers in {DAYS} days"
    return ""


def by_share(activity: AccountActivity, limit: int) -> str:
    """`limit` percent or more of all new papers of a category: it relays a list."""
    if not activity.announced or 100 * activity.covered < limit * activity.announced:
        return ""
    percent = _percent(activity.covered, activity.announced)
    return (
        f"posted about {activity.covered:,} of the {activity.announced:,} papers new in {activity.category} in {DAYS}"
        f" days ({percent})"
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


RULES = {"rate": by_rate, "share": by_share, "template": by_template}
"""Rules on figures, by name, as used in verdicts and for the limits in the settings. Each takes an account's figures
and a limit; it returns why the account is a bot, or empty."""


def echo_reason(delays: Sequence[int], limit: int) -> str:
    """Why an account with these repost delays, in µs, is an echo: at least `limit` reposts, nearly all quick. Otherwise
    empty."""
    quick = sum(delay <= QUICK for delay in delays)
    if len(delays) < limit or 100 * quick < QUICK_SHARE * len(delays):
        return ""
    percent = _percent(quick, len(delays))
    return f"reposted {len(delays):,} posts in {DAYS} days, {percent} of them within {QUICK // 60_000_000} minutes"


# ---- accounts that say the same words together -------------------------------------------------------


WINDOW = HOUR
"""Microseconds within which the same words count as said together."""
MIN_OWN_WORDS = 3
"""Minimum words beyond the paper's own for a text to count as written by somebody. With fewer, as from share buttons,
or if the paper's own words are unknown, twice as many accounts are required."""
MIN_OWN_LETTERS = 24
"""Minimum letters for a text to be distinctive; a bare address is not."""


class TimedPost(NamedTuple):
    """A post about one paper. `at`: when it was made, µs UTC."""

    account: str
    post: str
    at: int
    text: str


class ChorusPosts(NamedTuple):
    """An account's posts in a chorus, and the most accounts that shared one of them."""

    posts: frozenset[str]
    accounts: int


def chorus_posts(voices: Iterable[TimedPost], paper: Paper | None, limit: int) -> Iterator[tuple[str, str, int]]:
    """(account, post, number of accounts) for each post about a paper on one network whose words at least `limit`
    accounts posted within an hour; twice as many accounts for short texts and papers without a title.

    The first to post the words is left out: otherwise a few accounts could silence anybody by repeating them.
    """
    same_words = defaultdict(list)
    for voice in voices:
        own_words = words.own_words(voice.text, [paper])
        if sum(map(len, own_words.words)) >= MIN_OWN_LETTERS:
            if paper and paper.title and len(own_words.own) >= MIN_OWN_WORDS:
                least = limit
            else:
                least = 2 * limit
            # stands for the words, so that a paper with very many posts needs little memory
            fingerprint = blake2b(" ".join(own_words.own).encode(), digest_size=16).digest()
            same_words[least, fingerprint].append(voice._replace(text=""))
    for (least, _), posts in same_words.items():
        group = sorted(posts, key=attrgetter("at", "post"))
        for post, accounts in near_in_time(group, least):
            if post.account != group[0].account:
                yield post.account, post.post, accounts


def near_in_time(group: Sequence[TimedPost], least: int) -> Iterator[tuple[TimedPost, int]]:
    """The posts within an hour-long window that has posts of at least `least` accounts, each with the largest such
    number.

    `group`: ascending by moment.
    """
    windows = list(_windows(group))
    best = deque[tuple[int, int]]()  # windows around a place: (end, accounts), descending by accounts
    next_window = 0
    for place, post in enumerate(group):
        while next_window < len(windows) and windows[next_window][0] <= place:
            _, accounts = windows[next_window]
            while best and best[-1][1] <= accounts:
                best.pop()
            best.append((next_window, accounts))
            next_window += 1
        while best[0][0] < place:
            best.popleft()
        if best[0][1] >= least:
            yield post, best[0][1]


def _windows(group: Sequence[TimedPost]) -> Iterator[tuple[int, int]]:
    """For each post, the hour-long window that ends with it: the index of its first post, and how many accounts it
    has."""
    counts = defaultdict[str, int](int)
    first = 0
    for newest in group:
        counts[newest.account] += 1
        while group[first].at < newest.at - WINDOW:
            account = group[first].account
            counts[account] -= 1
            if not counts[account]:
                del counts[account]
            first += 1
        yield first, len(counts)


def chorus_reason(group: ChorusPosts, posts: int, days: int) -> str:
    """Why an account counts as part of a chorus: at least half of its `posts` in `days` days were. Otherwise empty."""
    if 2 * len(group.posts) < posts:
        return ""
    return (
        f"said the same words about the same paper within an hour as {group.accounts - 1:,} others did, in"
        f" {len(group.posts):,} of its {posts:,} posts of {days} days"
    )


def chorus_by_account(parts: Iterable[tuple[str, str, int]]) -> dict[str, ChorusPosts]:
    """The results of `chorus_posts` for all papers, by account."""
    result: dict[str, ChorusPosts] = {}
    for account, post, accounts in parts:
        before = result.get(account, ChorusPosts(frozenset(), 0))
        posts = before.posts | {post}
        result[account] = ChorusPosts(posts, max(before.accounts, accounts))
    return result
