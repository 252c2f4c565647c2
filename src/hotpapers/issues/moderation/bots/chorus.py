"""Accounts that say the same words about the same paper at the same time, as if run by one person. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple

from hotpapers.base.ids.mentions import own_words as words
from hotpapers.base.ids.mentions.own_words import MentionedPaper
from hotpapers.base.model import HOUR

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


def chorus_posts(voices: Iterable[TimedPost], paper: MentionedPaper, limit: int) -> Iterator[tuple[str, str, int]]:
    """(account, post, number of accounts) for each post about a paper on one network whose words at least `limit`
    accounts posted within an hour; twice as many accounts for short texts and papers without a title.

    The first to post the words is left out: otherwise a few accounts could silence anybody by repeating them.
    """
    same_words: dict[tuple[int, bytes], list[TimedPost]] = defaultdict(list)
    for voice in voices:
        own_words = words.own_words(voice.text, [paper])
        if sum(map(len, own_words.words)) >= MIN_OWN_LETTERS:
            least = limit if paper.title and len(own_words.own) >= MIN_OWN_WORDS else 2 * limit
            same_words[least, _fingerprint(own_words.own)].append(voice._replace(text=""))
    for (least, _), posts in same_words.items():
        group = sorted(posts, key=attrgetter("at", "post"))
        for post, accounts in near_in_time(group, least):
            if post.account != group[0].account:
                yield post.account, post.post, accounts


def _fingerprint(own: Iterable[str]) -> bytes:
    """Stands for a text's own words, so that a paper with very many posts needs little memory."""
    return blake2b(" ".join(own).encode(), digest_size=16).digest()


def near_in_time(group: Sequence[TimedPost], least: int) -> Iterator[tuple[TimedPost, int]]:
    """The posts within an hour-long window that has posts of at least `least` accounts, each with the largest such
    number.

    `group`: ascending by moment.
    """
    windows = list(_windows(group))
    best: deque[tuple[int, int]] = deque()  # windows around a place: (end, accounts), descending by accounts
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
    counts: dict[str, int] = defaultdict(int)
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


def reason(group: ChorusPosts, posts: int, days: int) -> str:
    """Why an account counts as part of a chorus: at least half of its `posts` in `days` days were. Otherwise empty."""
    if 2 * len(group.posts) < posts:
        return ""
    return (
        f"said the same words about the same paper within an hour as {group.accounts - 1:,} others did, in"
        f" {len(group.posts):,} of its {posts:,} posts of {days} days"
    )


def by_account(parts: Iterable[tuple[str, str, int]]) -> dict[str, ChorusPosts]:
    """The results of `chorus_posts` for all papers, by account."""
    result: dict[str, ChorusPosts] = {}
    for account, post, accounts in parts:
        before = result.get(account, ChorusPosts(frozenset(), 0))
        result[account] = ChorusPosts(before.posts | {post}, max(before.accounts, accounts))
    return result
