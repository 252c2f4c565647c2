"""Posts whose link and words speak of two different papers.

Most who name a second paper mean both. So doubt wants all of this: the words quote a title that is not the linked
paper's; little else is said; and nothing of it has a word of the linked paper's title in it. A quoted title is either
one that is known, or a line in the dress of one above lines such as `pdf: https://…`, as title bots write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hotpapers.ids.mentions.paper_index import FEWEST, PaperIndex
from hotpapers.ids.mentions.title_words import words

MOST_BESIDE = 12
"""Words that may stand beside the quoted title."""
LONGEST = 5_000
"""Characters of a text that are judged: a longer one says more than a title."""

_ADDRESS = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/|(?:[\w-]{1,60}\.){1,4}[a-z]{2,10}/)\S*", re.I)
_LABELLED = re.compile(r"\s*(?:abs|pdf|paper|arxiv|preprint|link)\s*[:：]\s*(?:https?://|[\w.-]{4,60}/)\S", re.I)
_NOT_A_TITLE = re.compile(r"[@#!]|[.?] |[\u0370-\u2fff\u3040-\uffff]{3}")
"""Signs of something else than an English title: names, tags, sentences, other scripts."""
_COMMON = frozenset(
    ("about", "with", "from", "that", "this", "towards", "toward", "using", "based", "their", "through")
)
STEM = 5
"""Letters by which words are compared: learning is learned."""


def other_title(text: str, title: Sequence[str], names: PaperIndex) -> str | None:
    """The paper whose title a text quotes in place of that of the linked one; empty where it is not known whose it is.

    `title`: the words of the linked paper's title. None when there is no doubt, or no way to tell.
    """
    if not title or len(text) > LONGEST:
        return None
    bare = _ADDRESS.sub("\n", text)
    text_words = words(bare)
    if _holds(text_words, title):
        return None
    quoted = names.titles_in(bare)
    if not quoted:
        heading = words(_heading(text))
        return "" if heading and _replaces(heading, text_words[len(heading) :], title, shared=0) else None
    paper, start, end = quoted[0]
    others = {match.paper for match in quoted}
    few = len(_stems(title)) // 2
    return (
        paper
        if len(others) == 1 and _replaces(text_words[start:end], text_words[:start] + text_words[end:], title, few)
        else None
    )


def _replaces(heading: Sequence[str], beside: Sequence[str], title: Sequence[str], shared: int) -> bool:
    """Whether a quoted title stands in place of another, with which it shares at most so many words."""
    own = _stems(title)
    return len(beside) <= MOST_BESIDE and not _stems(beside) & own and len(_stems(heading) & own) <= shared


def _heading(text: str) -> str:
    """What stands above the first labelled address, if it is in the dress of a title."""
    lines = text.split("\n")
    labelled = next((n for n, line in enumerate(lines) if _LABELLED.match(line)), 0)
    heading = " ".join(lines[:labelled])
    return heading if _is_dressed(heading) and not _ADDRESS.search(heading) else ""


def _is_dressed(heading: str) -> bool:
    """Whether words are written as a title of English is: capitals, no sentence, nobody named."""
    parts = heading.split()
    long = [word for part in parts[1:] if len(word := part.lstrip("(\"'“‘")) >= 4]
    capitals = sum(word[0].isupper() for word in long)
    latin = all(word.isascii() for word in words(heading))
    return (
        len(parts) >= FEWEST
        and len(long) >= 3
        and 4 * capitals >= 3 * len(long)
        and latin
        and not _NOT_A_TITLE.search(heading)
    )


def _holds(text_words: Sequence[str], title: Sequence[str]) -> bool:
    return f" {' '.join(title)} " in f" {' '.join(text_words)} "


def _stems(words: Iterable[str]) -> set[str]:
    return {word[:STEM] for word in words if len(word) >= 4 and word not in _COMMON}
