"""Posts whose link and words refer to two different papers.

Most posts that name a second paper mean both. So a post is doubted only if all of this holds: its words quote a title
other than the linked paper's; there is little other text; and none of that shares a word with the linked paper's title.
A quoted title is either a known one, or a line that looks like a title above lines such as `pdf: https://…`, as title
bots write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hotpapers.base.papers.mentions.paper_index import MIN_TITLE_WORDS, PaperIndex
from hotpapers.base.papers.mentions.title_words import split_words

MAX_WORDS_BESIDE = 12
"""Most words beside the quoted title."""
MAX_TEXT_CHARS = 5_000
"""Most characters of a text that is judged: a longer one says more than a title."""

_ADDRESS = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/|(?:[\w-]{1,60}\.){1,4}[a-z]{2,10}/)\S*", re.I)
_LABELLED = re.compile(r"\s*(?:abs|pdf|paper|arxiv|preprint|link)\s*[:：]\s*(?:https?://|[\w.-]{4,60}/)\S", re.I)
_NOT_A_TITLE = re.compile(r"[@#!]|[.?] |[\u0370-\u2fff\u3040-\uffff]{3}")
"""Signs that a text is not an English title: names, tags, sentences, other scripts."""
_COMMON_WORDS = "about with from that this towards toward using based their through"
_COMMON = frozenset(_COMMON_WORDS.split())
STEM = 5
"""Letters by which words are compared: learning equals learned."""


def other_title(text: str, title: Sequence[str], names: PaperIndex) -> str | None:
    """The paper whose title a text quotes instead of the linked paper's; empty if that paper is unknown.

    `title`: the words of the linked paper's title. Returns None if there is no doubt, or no way to know.
    """
    if not title or len(text) > MAX_TEXT_CHARS:
        return None
    words_only = _ADDRESS.sub("\n", text)
    text_words = split_words(words_only)
    if f" {' '.join(title)} " in f" {' '.join(text_words)} ":
        return None
    quoted = names.titles_in(words_only)
    if not quoted:
        heading = split_words(_heading(text))
        return "" if heading and _replaces(heading, text_words[len(heading) :], title, shared=0) else None
    paper, start, end = quoted[0]
    beside = text_words[:start] + text_words[end:]
    most_shared = len(_stems(title)) // 2
    is_single = all(match.paper == paper for match in quoted)
    return paper if is_single and _replaces(text_words[start:end], beside, title, most_shared) else None


def _replaces(heading: Sequence[str], other_words: Sequence[str], title: Sequence[str], shared: int) -> bool:
    """Whether a quoted title replaces another one, with which it shares at most `shared` words."""
    title_stems = _stems(title)
    return (
        len(other_words) <= MAX_WORDS_BESIDE
        and not _stems(other_words) & title_stems
        and len(_stems(heading) & title_stems) <= shared
    )


def _heading(text: str) -> str:
    """The text above the first labelled address, if it looks like a title."""
    lines = text.split("\n")
    label_line = next((n for n, line in enumerate(lines) if _LABELLED.match(line)), 0)
    heading = " ".join(filter(None, lines[:label_line]))
    return heading if _is_dressed(heading) and not _ADDRESS.search(heading) else ""


def _is_dressed(heading: str) -> bool:
    """Whether words look like an English title: capitals, no sentence, nobody named."""
    parts = heading.split()
    long = [word for part in parts[1:] if len(word := part.lstrip("(\"'“‘")) >= 4]
    capitals = sum(word[0].isupper() for word in long)
    latin = all(word.isascii() for word in split_words(heading))
    return (
        len(parts) >= MIN_TITLE_WORDS
        and len(long) >= 3
        and 4 * capitals >= 3 * len(long)
        and latin
        and not _NOT_A_TITLE.search(heading)
    )


def _stems(words: Iterable[str]) -> set[str]:
    return {word[:STEM] for word in words if len(word) >= 4 and word not in _COMMON}
