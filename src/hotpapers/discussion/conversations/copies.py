"""One text posted several times, and twins made by a bridge: which of the posts that answer the same post, or none,
are copies, which `trees.trees_of` unites. Pure.

    same      the same letters and digits, apart from addresses and @names, if there are at least 24
    cut       the beginning of a longer text, cut by an ellipsis after at least 40
    twins     by one person (see `Alias`) on two networks: any text, cut after at least 12, or uncut after 40

A text that says no more than the paper's title is a headline: other people's are other threads.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, product, starmap
from typing import NamedTuple

from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import ThreadPost
from hotpapers.record.item_rows import normalized_text

MIN_SAME, MIN_CUT, MIN_TWIN_CUT = 24, 40, 12
"""The fewest letters of a text that is the same, of one that is cut, and of one that is cut by a bridge."""
MAX_CHARS = 5_000
"""Characters of a text that are compared."""
MAX_COMPARED = 30
"""Other texts with which one is compared, and others of the same person: the next ones that begin with it."""
OWN_LETTERS = 12
"""A text with fewer letters besides the title is a headline."""

_LINKS = re.compile(r"(?:https?://|www\.)\S+|@[\w.-]+(?:@[\w.-]+)?")
_CUT = re.compile(r"(?:…|\.\.\.)[\W_]*\Z")


class ComparedText(NamedTuple):
    """A post's letters, whether its text was cut, and whether it says no more than the paper's title."""

    letters: str
    is_cut: bool
    is_headline: bool
    post: ThreadPost


def leading_copies(siblings: Sequence[ThreadPost], title: str = "") -> dict[str, str]:
    """For each post that is a copy, by key: the key of the earliest post with this text. `siblings`: posts that answer
    the same post, or none; those that are not shown have no copies."""
    texts = list(_compared(siblings, normalized_text(title)))
    letters = sorted([text.letters for text in texts])
    if not any(map(str.startswith, letters[1:], letters)):
        return {}
    result: dict[str, str] = {}
    texts.sort(key=lambda text: (text.letters, text.is_cut, text.post.voice, text.post.key))
    for group in _groups(texts):
        first, *others = sorted(group, key=lambda text: (text.is_cut, text.post.post.created_at, text.post.key))
        result |= {other.post.key: first.post.key for other in others}
    return result


def _compared(siblings: Iterable[ThreadPost], headline: str) -> Iterator[ComparedText]:
    for post in siblings:
        if post.shown in ("text", "excerpt"):
            text = post.post.text[:MAX_CHARS]
            if "@" in text or "://" in text or "www." in text:
                text = _LINKS.sub(" ", text)
            if letters := normalized_text(text):
                is_cut = ("…" in text or "..." in text) and _CUT.search(text) is not None
                is_headline = headline in letters and len(letters.replace(headline, "")) < OWN_LETTERS
                yield ComparedText(letters, is_cut, is_headline, post)


def _groups(texts: Sequence[ComparedText]) -> Iterator[list[ComparedText]]:
    """Groups of copies, from texts in order: those that begin with a text follow it."""
    same = [list(texts) for _, texts in groupby(texts, key=_sameness)]
    following = _Following(same)
    grouped = set()
    for number, first in enumerate(same):
        if number in grouped:
            continue
        group = [number]
        for later in following.beginning_with(number):
            if later not in grouped and all(_are_copies(same[known], same[later]) for known in group[::-1]):
                group.append(later)
        grouped.update(group)
        if len(group) > 1 or len(first) > 1:
            yield [text for known in group for text in same[known]]


def _sameness(text: ComparedText) -> tuple[str, bool, str | int]:
    """A key that is equal for texts that are certainly copies, as they are the same and long enough."""
    if len(text.letters) < (MIN_CUT if text.is_cut else MIN_SAME):
        return text.letters, text.is_cut, text.post.key
    if text.is_headline:
        return text.letters, text.is_cut, text.post.voice or text.post.key
    return text.letters, text.is_cut, ""


class _Following:
    """Finds texts that begin with one, among the next ones and the next ones of its person: thousands may begin with
    the paper's title. `same`: lists of texts that are the same, in order."""

    def __init__(self, same: Sequence[Sequence[ComparedText]]) -> None:
        self._texts = [texts[0] for texts in same]
        self._numbers = lists_by_key((text.post.voice, number) for number, text in enumerate(self._texts))

    def beginning_with(self, number: int) -> Iterator[int]:
        text = self._texts[number]
        if not self._begins(number + 1, text.letters):
            return
        own = self._numbers[text.post.voice]
        at = bisect(own, number)
        following = {*own[at : at + MAX_COMPARED]}
        if len(text.letters) >= MIN_SAME and not text.is_headline:
            following |= {*range(number + 1, number + 1 + MAX_COMPARED)}
        yield from (later for later in sorted(following) if self._begins(later, text.letters))

    def _begins(self, number: int, letters: str) -> bool:
        return number < len(self._texts) and self._texts[number].letters.startswith(letters)


def _are_copies(first: Sequence[ComparedText], other: Sequence[ComparedText]) -> bool:
    """Whether all of some texts that are the same, by voice, are copies of all of others."""
    ends = product((first[0], first[-1]), (other[0], other[-1]))
    return all(starmap(is_copy, ends))


def is_copy(first: ComparedText, other: ComparedText) -> bool:
    """Whether two posts are copies. `other` is as long or longer."""
    if not other.letters.startswith(first.letters):
        return False
    is_same = first.letters == other.letters
    length = len(first.letters)
    if _is_twin(first.post, other.post):
        return is_same or length >= (MIN_TWIN_CUT if first.is_cut else MIN_CUT)
    if first.is_headline and not _is_by_one(first.post, other.post):
        return False
    if first.is_cut and other.is_cut:
        return length >= MIN_CUT
    return length >= MIN_SAME if is_same else first.is_cut and length >= MIN_CUT


def _is_twin(first: ThreadPost, other: ThreadPost) -> bool:
    return _is_by_one(first, other) and first.post.network != other.post.network


def _is_by_one(first: ThreadPost, other: ThreadPost) -> bool:
    return bool(first.voice) and first.voice == other.voice
