"""Accounts that say the same words about the same paper at the same time: a network that one hand plays. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hotpapers.ids.mentions import own_words as words
from hotpapers.ids.mentions.own_words import MentionedPaper
from hotpapers.model import HOUR

TOGETHER = HOUR
"""Microseconds within which the same words count as said together."""
FEWEST_WORDS = 3
"""Words beyond the paper's own from which on a text is somebody's; with fewer, as buttons for sharing make them, or
where the paper's own are unknown, it takes twice as many accounts."""
FEWEST_LETTERS = 24
"""Letters of a text that can be told from another; a bare address cannot."""


class TimedPost(NamedTuple):
    """A post about one paper. `at`: when it was made, µs UTC."""

    account: str
    post: str
    at: int
    text: str


class CoordinatedPosts(NamedTuple):
    """What an account said in chorus: which posts, and with how many accounts at most."""

    posts: frozenset[str]
    accounts: int


def coordinated_posts(voices: Iterable[TimedPost], paper: MentionedPaper, limit: int) -> Iterator[tuple[str, str, int]]:
    """(account, post, accounts in all) of each post about a paper of one network that so many others made too."""
    alike: dict[tuple[str, ...], list[TimedPost]] = defaultdict(list)
    for one, _ in near_in_time(sorted(voices, key=_by_moment), limit):  # seldom anybody: texts need not be looked at
        own_words = words.own_words(one.text, [paper])
        if sum(map(len, own_words.words)) >= FEWEST_LETTERS:
            alike[own_words.own].append(one)
    for own, group in alike.items():
        least = limit if paper.title and len(own) >= FEWEST_WORDS else 2 * limit
        for post, accounts in near_in_time(group, least):
            yield post.account, post.post, accounts


def _by_moment(post: TimedPost) -> tuple[int, str]:
    return post.at, post.post


def near_in_time(group: Sequence[TimedPost], least: int) -> Iterator[tuple[TimedPost, int]]:
    """Those with `least` accounts or more within some stretch of an hour around them, and the most that there were.

    `group`: ascending by moment.
    """
    most = [0] * len(group)
    counts: dict[str, int] = defaultdict(int)
    first = 0
    for last, newest in enumerate(group):
        counts[newest.account] += 1
        while group[first].at < newest.at - TOGETHER:
            _less(counts, group[first].account)
            first += 1
        if len(counts) >= least:
            _raise(most, first, last, len(counts))
    yield from ((post, accounts) for post, accounts in zip(group, most, strict=True) if accounts)


def _less(counts: dict[str, int], account: str) -> None:
    counts[account] -= 1
    if not counts[account]:
        del counts[account]


def _raise(most: list[int], first: int, last: int, accounts: int) -> None:
    """Notes a stretch, from its end back to where a stretch of as many was noted before."""
    for place in range(last, first - 1, -1):
        if most[place] >= accounts:
            break
        most[place] = accounts


def why(one: CoordinatedPosts, posts: int, days: int) -> str:
    """Why an account that made so many posts in so many days is a voice of a chorus: half of them or more were. Else
    nothing."""
    if 2 * len(one.posts) < posts:
        return ""
    return (
        f"said the same words about the same paper within an hour as {one.accounts - 1:,} others did, in"
        f" {len(one.posts):,} of its {posts:,} posts of {days} days"
    )


def gathered(parts: Iterable[tuple[str, str, int]]) -> dict[str, CoordinatedPosts]:
    """By account: what `coordinated_posts` gave for all papers."""
    result: dict[str, CoordinatedPosts] = {}
    for account, post, accounts in parts:
        before = result.get(account, CoordinatedPosts(frozenset(), 0))
        result[account] = CoordinatedPosts(before.posts | {post}, max(before.accounts, accounts))
    return result
