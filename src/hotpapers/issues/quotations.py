"""Which posts about a paper are worth quoting: a pure rule with a version, which a frozen issue names.

`quotes/1` quotes what says something in words: four words or more that are neither the paper's (its title, authors,
abstract), nor those by which papers are announced or praised in general (*new paper*, *check this out*, *congrats*).
Neither lists of papers nor rows of hashtags nor advertisements are quoted, nor replies to somebody else. Praise,
questions and criticism are the same to it. Of what is left the posts with the most reactions come first, from networks
that are not quoted yet before those that are; each account, and the same own words, once.

A changed rule is a new one with a new number: issues are built again by the rule that they name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hotpapers.errors import IssueError
from hotpapers.ids.mentions.own_words import LONGEST, REMEMBERED, MentionedPaper, folded, is_bare, own_words
from hotpapers.issues.stock_words import SIGNS, WORDS
from hotpapers.model import Item, Paper, Post
from hotpapers.moderation.quotation_policy import is_reply_to_other
from hotpapers.store.item_rows import StoredRow

BY_REACTIONS = ""
"""The rule of issues that name none: whatever has the most reactions."""
LATEST = "quotes/1"

LEAST = 4
"""Words of its author's own that a post has at least."""
SIGNS_OF_A_WORD = 2
"""Where words are not set apart by blanks, so many signs count as one."""
MOST_PAPERS = 3
"""A text with more papers' addresses is a list."""
MOST_TAGS = 7
"""A text with more hashtags and names of accounts is a row of them."""

_PAPER = re.compile(r"\b\d{4}\.\d{4,5}\b")
_TAG = re.compile(r"(?:^|\s)[#@＃]\w", re.MULTILINE)
_RUN_ON = "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
_WITHOUT_BLANKS = re.compile(_RUN_ON)
_BESIDE_A_SIGN = re.compile(f"(?<=[!-~])(?={_RUN_ON})|(?<={_RUN_ON})(?=[!-~])")
"""Where letters and digits stand within such text, without a blank."""
_SHORTENED = 6
"""Words of the title are known by so many first letters too: *transformer* is *Transformers*."""

_ADVERTISING = re.compile(
    r"\b(?:subscribe|newsletter|giveaway|promo ?code|discount|% off|sign up|link in bio|follow (?:me|us)|dm (?:me|us)"
    r"|join (?:our|my)|free trial|limited time|airdrop|whitelist|buy now|order now|essay (?:help|writing)"
    r"|write your (?:essay|paper|thesis)|click (?:here|the link)|earn money|our (?:course|bootcamp|webinar))\b",
    re.IGNORECASE,
)


class CandidatePost(NamedTuple):
    """A post about a paper: its reposts and likes, whose voice it is."""

    weight: int
    voice: int
    row: StoredRow

    @property
    def rank(self) -> tuple[int, int, bytes]:
        """More reactions first, then the earlier post, then the lesser hash; never the id, which may be forgotten."""
        created = self.row.item.created_at if isinstance(self.row.item, Post) else 0
        return (-self.weight, created, self.row.hash)


# ---- what is worth quoting ---------------------------------------------------------------------------


def remark(text: str, paper: MentionedPaper) -> frozenset[str]:
    """The words of its author's own by which a post is worth quoting; none where it is not."""
    text = text[:LONGEST]
    if len(set(_PAPER.findall(text))) > MOST_PAPERS or len(_TAG.findall(text)) > MOST_TAGS or _ADVERTISING.search(text):
        return frozenset()
    words = own_words(_BESIDE_A_SIGN.sub(" ", text), [paper])
    beginnings = _beginnings(paper.title)
    own = frozenset(word for word in words.own if word not in WORDS and word[:_SHORTENED] not in beginnings)
    return own if not is_bare(words) and sum(map(_weight, own)) >= LEAST else frozenset()


@lru_cache(REMEMBERED)
def _beginnings(title: str) -> frozenset[str]:
    return frozenset(word[:_SHORTENED] for word in folded(title) if len(word) >= _SHORTENED)


def _weight(word: str) -> int:
    if not _WITHOUT_BLANKS.search(word):
        return int(len(word) > 1)
    return len(SIGNS.sub("", word)) // SIGNS_OF_A_WORD


# ---- which are quoted --------------------------------------------------------------------------------


class QuotationRule(NamedTuple):
    """How posts are chosen. `rule`: by which version. `papers`: what is known of those that they are about.

    `frozen`: of an issue that is built again, the hashes of the posts that it chose, by paper. Where words of any
    candidate were forgotten since, they are taken as they were chosen then: it may have stood in another's way.
    """

    rule: str = BY_REACTIONS
    papers: Mapping[str, StoredRow | None] = {}
    frozen: Mapping[str, Sequence[str]] | None = None

    def choose(self, paper: str, candidates: Sequence[CandidatePost], most: int) -> list[StoredRow]:
        """So many of the posts about a paper, the leading ones first. Raises IssueError: a rule of another version."""
        ordered = sorted(candidates, key=lambda candidate: candidate.rank)
        if self.rule == BY_REACTIONS:
            return [candidate.row for candidate in _distinct(ordered)][:most]
        if self.rule != LATEST:
            raise IssueError(f"its posts were chosen by {self.rule}, which this version does not know")
        if self.frozen is not None and any(post.row.is_forgotten or post.row.lost for post in candidates):
            rows = {candidate.row.hash.hex(): candidate.row for candidate in candidates}
            return [rows[hash] for hash in self.frozen.get(paper, ()) if hash in rows]
        return _spread(_distinct(self._quotable(paper, ordered)))[:most]

    def _quotable(self, paper: str, ordered: Sequence[CandidatePost]) -> Iterator[CandidatePost]:
        """Those worth quoting, the same remark once."""
        known, remarks = self.papers.get(paper), set[frozenset[str]]()
        about = _about(known.item) if known else MentionedPaper()
        for candidate in ordered:
            post = candidate.row.item
            words = remark(post.text, about) if isinstance(post, Post) and not is_reply_to_other(post, {}) else None
            if words and words not in remarks:
                remarks.add(words)
                yield candidate


def _about(paper: Item) -> MentionedPaper:
    if not isinstance(paper, Paper):
        return MentionedPaper()
    return MentionedPaper(paper.title, paper.authors, paper.categories, paper.abstract)


def _distinct(ordered: Iterable[CandidatePost]) -> list[CandidatePost]:
    """Each account and each text once; 0 stands for an unknown account and for a short text."""
    voices: set[int] = set()
    texts: set[int] = set()
    chosen: list[CandidatePost] = []
    for post in ordered:
        text = int(post.row.derived[1])
        if post.voice in voices or text in texts:
            continue
        voices |= {post.voice} - {0}
        texts |= {text} - {0}
        chosen.append(post)
    return chosen


def _spread(ordered: Sequence[CandidatePost]) -> list[StoredRow]:
    """The first of each network before the others."""
    first: dict[str, StoredRow] = {}
    others: list[StoredRow] = []
    for post in ordered:
        network = post.row.item.network if isinstance(post.row.item, Post) else ""
        if network in first:
            others.append(post.row)
        first.setdefault(network, post.row)
    return [*first.values(), *others]


BY_REACTIONS_ALONE = QuotationRule()
