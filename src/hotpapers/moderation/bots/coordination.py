"""Accounts that say the same words about the same paper at the same time: a network that one hand plays. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from hotpapers.ids.mentions import own_words as words
from hotpapers.ids.mentions.own_words import MentionedPaper
from hotpapers.model import HOUR

WINDOW = HOUR
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
    """(account, post, accounts in all) of each post about a paper of one network that so many others made too.

    Whoever made it first repeats nobody: else a few accounts could silence anybody by repeating their words."""
    same_words: dict[tuple[str, ...], list[TimedPost]] = defaultdict(list)
    for voice, _ in near_in_time(
        sorted(voices, key=attrgetter("at", "post")), limit
    ):  # seldom anybody: texts need not be looked at
        own_words = words.own_words(voice.text, [paper])
        if sum(map(len, own_words.words)) >= FEWEST_LETTERS:
            same_words[own_words.own].append(voice)
    for own, group in same_words.items():
        least = limit if paper.title and len(own) >= FEWEST_WORDS else 2 * limit
        for post, accounts in near_in_time(group, least):
            if post.account != group[0].account:
                yield post.account, post.post, accounts


def near_in_time(group: Sequence[TimedPost], least: int) -> Iterator[tuple[TimedPost, int]]:
    """Those with `least` accounts or more within some stretch of an hour around them, and the most that there were.

    `group`: ascending by moment.
    """
    windows = list(_windows(group))
    best: deque[tuple[int, int]] = deque()  # the stretches around a place: (end, accounts), fewer and fewer accounts
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
    """For each post the stretch of an hour that ends with it: the place of its first post, how many accounts."""
    counts: dict[str, int] = defaultdict(int)
    first = 0
    for newest in group:
        counts[newest.account] += 1
        while group[first].at < newest.at - WINDOW:
            _decrement(counts, group[first].account)
            first += 1
        yield first, len(counts)


def _decrement(counts: dict[str, int], account: str) -> None:
    counts[account] -= 1
    if not counts[account]:
        del counts[account]


def reason(group: CoordinatedPosts, posts: int, days: int) -> str:
    """Why an account that made so many posts in so many days is a voice of a chorus: half of them or more were. Else
    nothing."""
    if 2 * len(group.posts) < posts:
        return ""
    return (
        f"said the same words about the same paper within an hour as {group.accounts - 1:,} others did, in"
        f" {len(group.posts):,} of its {posts:,} posts of {days} days"
    )


def by_account(parts: Iterable[tuple[str, str, int]]) -> dict[str, CoordinatedPosts]:
    """By account: what `coordinated_posts` gave for all papers."""
    result: dict[str, CoordinatedPosts] = {}
    for account, post, accounts in parts:
        before = result.get(account, CoordinatedPosts(frozenset(), 0))
        result[account] = CoordinatedPosts(before.posts | {post}, max(before.accounts, accounts))
    return result
