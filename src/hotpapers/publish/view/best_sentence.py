"""Picks the best sentence that somebody said about a paper, by a fixed rule. Pure, and the same everywhere.

    said/1   The posts in the issue's order, but those in English, the language of papers, before others, and those by
             the paper's authors after all others. Of each, the sentence with the most words of its own: not of the
             title, of the authors' names or of a passage of the abstract, and no stock phrase. The first post that has
             a sentence with four such words, else with two, is quoted with it, and with the next or else the
             previous one if both are short.

The rule treats praise, questions and criticism alike; it does not understand anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.model import Paper, Post, Quotation
from hotpapers.base.text.clean_text import displayable_text, one_line
from hotpapers.discussion.moderation.author_names import shows_author
from hotpapers.issues.quotations import count_own_words

RULE = "said/1"
"""The name of the rule."""
READ_FIRST = ("en", "und", "")
"""The languages of posts that come first: English, and unknown ones."""
ENOUGH_OWN_WORDS, FEW_OWN_WORDS = 4, 2
"""The fewest words of its own in a sentence that is quoted; the second, if no post has such a sentence."""
MAX_CHARS = 220
"""Code points of a quotation; a longer sentence is cut."""
MAX_EXAMINED_CHARS = 3_000
"""Code points of a post that are considered."""
MAX_COUNTED_WORDS = 14
"""More words of its own do not make a sentence better."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[^\s\W_a-z]|[\"'“‘(])|(?<=[。！？])|[^\S\n]*+\n\s*+")
_EDGE = re.compile(r"^(?:[#@＃]\S+|https?://\S+|[\w.-]+\.\w{2,}/\S*|[→↓⬇️👇🧵:\-–—|•]+)(?=\s|\Z)")
_LAST = re.compile(r"(?:^|\s)(?:[#@＃]\S+|https?://\S+|[\w.-]+\.\w{2,}/\S*|[→↓⬇️👇🧵:\-–—|•]+)\Z")


class QuotedSentence(NamedTuple):
    """A quotation: words of a post, unchanged. `is_author`: whether an author of the paper said it."""

    text: str
    quotation: Quotation
    is_author: bool


def best_sentence(quotations: Sequence[Quotation], paper: Paper) -> QuotedSentence | None:
    """The quotation of a paper; None if nobody said anything beyond its title. `quotations`: the posts that may be
    shown with their words, in the issue's order."""

    def rank(quotation: Quotation) -> tuple[bool, bool]:
        post = quotation.post
        return shows_author(post.name, post.handle, paper.authors), post.lang.partition("-")[0] not in READ_FIRST

    ordered = sorted(quotations, key=rank)
    for least in (ENOUGH_OWN_WORDS, FEW_OWN_WORDS):
        for quotation in ordered:
            if text := _best_of(quotation.post, paper, least):
                return QuotedSentence(text, quotation, rank(quotation)[0])
    return None


def sentence_of(post: Post, paper: Paper) -> str:
    """The best sentence of a post that says more than the title; its first words if each says too little."""
    return _best_of(post, paper, FEW_OWN_WORDS) or _cut(one_line(post.text))


def _best_of(post: Post, paper: Paper, least: int) -> str:
    """The best sentence of a post; empty if none has `least` words of its own."""
    sentences = list(_sentences(post.text[:MAX_EXAMINED_CHARS]))
    best = -1
    most = least - 1
    for number, sentence in enumerate(sentences):
        own = min(count_own_words(sentence, paper), MAX_COUNTED_WORDS)
        if own > most:
            best = number
            most = own
    if best < 0:
        return ""
    pairs = [sentences[best : best + 2]]
    if best and count_own_words(sentences[best - 1], paper) >= FEW_OWN_WORDS:
        pairs.append(sentences[best - 1 : best + 1])
    texts = (" ".join(pair) for pair in pairs if len(pair) == 2)
    return next(
        (text for text in texts if len(text) <= MAX_CHARS and text in one_line(post.text)), _cut(sentences[best])
    )


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a post without hashtags, addresses and arrows at their ends."""
    for part in _SENTENCE_END.split(displayable_text(text)):
        sentence = one_line(part)
        while match := _LAST.search(sentence) or _EDGE.search(sentence):
            sentence = (sentence[: match.start()] + sentence[match.end() :]).strip()
        if sentence:
            yield sentence


def _cut(sentence: str) -> str:
    """A sentence, or its first words and an ellipsis."""
    if len(sentence) <= MAX_CHARS:
        return sentence
    words = sentence[: MAX_CHARS - 1].rpartition(" ")[0] or sentence[: MAX_CHARS - 1]
    return words.rstrip(" ,;:") + "…"
