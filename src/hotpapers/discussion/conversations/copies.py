"""One text posted several times, and twins made by a bridge: which of the posts that answer the same post, or none,
are copies. Pure.

    same      the same letters and digits, apart from addresses and @names, if there are at least 24
    cut       the beginning of a longer text, cut by an ellipsis after at least 40
    twins     by one person (see `Alias`) on two networks: any text, cut after at least 12, or uncut after 40

A text that says no more than the paper's title is a headline: other people's are other threads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.model import ThreadPost
from hotpapers.record.item_rows import normalized_text

MIN_SAME, MIN_CUT, MIN_TWIN_CUT = 24, 40, 12
"""The fewest letters of a text that is the same, of one that is cut, and of one that is cut by a bridge."""
MAX_CHARS = 5_000
"""Characters of a text that are compared."""
OWN_LETTERS = 12
"""A text with fewer letters besides the title is a headline."""

_LINKS = re.compile(r"(?:https?://|www\.)\S+|@[\w.-]+(?:@[\w.-]+)?")
_LINK_SIGNS = ("://", "www.", "@")
_CUT = re.compile(r"(?:…|\.\.\.)[\W_]*\Z")


class ComparedText(NamedTuple):
    """A post's letters, and whether its text was cut."""

    letters: str
    is_cut: bool
    post: ThreadPost


def leading_copies(siblings: Sequence[ThreadPost], title: str = "") -> dict[str, str]:
    """For each post that is a copy, by key: the key of the earliest post with this text. `siblings`: posts that answer
    the same post, or none; those that are not shown have no copies."""
    result: dict[str, str] = {}
    headline = normalized_text(title)
    for group in _groups(sorted(_compared(siblings), key=lambda text: (text.letters, text.post.key)), headline):
        first, *others = sorted(group, key=lambda text: (text.is_cut, text.post.post.created_at, text.post.key))
        result |= {other.post.key: first.post.key for other in others}
    return result


def _compared(siblings: Iterable[ThreadPost]) -> Iterator[ComparedText]:
    for post in siblings:
        if post.shown in ("text", "excerpt"):
            text = post.post.text[:MAX_CHARS]
            if any(map(text.__contains__, _LINK_SIGNS)):
                text = _LINKS.sub(" ", text)
            if letters := normalized_text(text):
                is_cut = ("…" in text or "..." in text) and _CUT.search(text) is not None
                yield ComparedText(letters, is_cut, post)


def _groups(texts: Sequence[ComparedText], headline: str) -> Iterator[list[ComparedText]]:
    """Groups of copies, from texts in order: those that begin with a text follow it."""
    grouped: set[str] = set()
    for number, text in enumerate(texts):
        if text.post.key in grouped:
            continue
        group = [text]
        for later in texts[number + 1 :]:
            if not later.letters.startswith(text.letters):
                break
            if later.post.key not in grouped and all(is_copy(known, later, headline) for known in group):
                group.append(later)
        if len(group) > 1:
            grouped |= {known.post.key for known in group}
            yield group


def is_copy(first: ComparedText, other: ComparedText, headline: str = "") -> bool:
    """Whether two posts are copies. `other` is as long or longer; `headline`: the letters of the paper's title."""
    if not other.letters.startswith(first.letters):
        return False
    is_same = first.letters == other.letters
    length = len(first.letters)
    if _is_twin(first.post, other.post):
        return is_same or length >= (MIN_TWIN_CUT if first.is_cut else MIN_CUT)
    if first.post.voice != other.post.voice and _is_headline(first.letters, headline):
        return False
    if first.is_cut and other.is_cut:
        return length >= MIN_CUT
    return length >= MIN_SAME if is_same else first.is_cut and length >= MIN_CUT


def _is_twin(first: ThreadPost, other: ThreadPost) -> bool:
    return bool(first.voice) and first.voice == other.voice and first.post.network != other.post.network


def _is_headline(letters: str, headline: str) -> bool:
    return bool(headline) and len(letters.replace(headline, "")) < OWN_LETTERS
