"""Which posts about a paper are worth quoting: a pure, versioned rule, which a frozen issue names.

`quotes/1` quotes posts that say something of their own: at least four words that are neither the paper's (title,
authors, abstract) nor stock phrases of announcement or praise (*new paper*, *check this out*, *congrats*). Lists of
papers, rows of hashtags, advertisements and replies to somebody else are not quoted. Praise, questions and criticism
are treated alike. The remaining posts are ordered by reactions, with the first one from each network ahead of the rest;
each account, and each set of own words, appears once.

A changed rule gets a new number: issues are rebuilt by the rule they name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hotpapers.base.errors import IssueError
from hotpapers.base.model import MAX_INTEGER, Paper, Place, Post, Publication
from hotpapers.base.papers.mentions.own_words import MAX_TEXT_CHARS, REMEMBERED, OwnWords, is_bare, own_words, to_words
from hotpapers.base.papers.mentions.stock_words import ADVERTISING, RUN_ON, SIGNS, WORDS
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.discussion.moderation.quotation_policy import is_reply_to_other
from hotpapers.issues import queries
from hotpapers.record import SPECS, AsOfView, RowOf, is_pseudonym, read_with_commitments, statement_slices

BY_REACTIONS = ""
"""The rule for issues that name none: the posts with the most reactions."""
LATEST = "quotes/1"
EACH_NETWORK = "each network"
"""The rule for pages that say where a paper is discussed, which no issue names: by reactions, the first one from each
network ahead of the rest; a text or account counts once on each network, as the same headline elsewhere is another
thread."""

MIN_OWN_WORDS = 4
"""The fewest words of its author's own that a quoted post has."""
SIGNS_OF_A_WORD = 2
"""In scripts without spaces between words, this many characters count as a word."""
MAX_PAPERS = 3
"""A text with more arXiv ids than this is a list."""
MAX_TAGS = 7
"""A text with more hashtags and handles than this is a row of them."""

_PAPER = lazy_pattern(r"\b\d{4}\.\d{4,5}\b")
_TAG = lazy_pattern(r"(?:^|\s)[#@＃]\w", re.MULTILINE)
_WITHOUT_BLANKS = lazy_pattern(f"[{RUN_ON}]")
_BESIDE_A_SIGN = lazy_pattern(f"(?<=[!-~])(?=[{RUN_ON}])|(?<=[{RUN_ON}])(?=[!-~])")
"""The boundary between such text and adjacent ASCII characters."""
_SHORTENED = 6
"""Words of the title are also matched by this many first letters: *transformer* is *Transformers*."""

_ADVERTISING = lazy_pattern(rf"\b(?:{'|'.join(ADVERTISING)})\b", re.IGNORECASE)


class CandidatePost(NamedTuple):
    """A post about a paper, with its `weight` (reposts and likes) and its voice's number."""

    weight: int
    voice: int
    row: RowOf[Post]

    @property
    def rank(self) -> tuple[int, int, bytes]:
        """More reactions first, then the earlier post, then the lower hash; never the id, which may be forgotten."""
        return (-self.weight, self.row.item.created_at, self.row.hash)


# ---- what is worth quoting ---------------------------------------------------------------------------


def remark_words(text: str, paper: Paper | None) -> frozenset[str]:
    """The author's own words that make a post worth quoting; empty if it is not."""
    text = text[:MAX_TEXT_CHARS]
    if len(set(_PAPER.findall(text))) > MAX_PAPERS or len(_TAG.findall(text)) > MAX_TAGS or _ADVERTISING.search(text):
        return frozenset()
    words = own_words(_BESIDE_A_SIGN.sub(" ", text), [paper])
    own = _terms(words, paper)
    if not is_bare(words) and sum(map(_weight, own)) >= MIN_OWN_WORDS:
        return own
    return frozenset()


def count_own_words(text: str, paper: Paper) -> int:
    """How many different words of a text are its author's own, without stock phrases."""
    terms = _terms(own_words(_BESIDE_A_SIGN.sub(" ", text), [paper]), paper)
    return sum(map(_weight, terms))


def _terms(words: OwnWords, paper: Paper | None) -> frozenset[str]:
    beginnings = _beginnings(paper.title if paper else "")
    return frozenset(word for word in words.own if word not in WORDS and word[:_SHORTENED] not in beginnings)


@lru_cache(REMEMBERED)
def _beginnings(title: str) -> frozenset[str]:
    return frozenset(word[:_SHORTENED] for word in to_words(title) if len(word) >= _SHORTENED)


def _weight(word: str) -> int:
    if not _WITHOUT_BLANKS.search(word):
        return int(len(word) > 1)
    return len(SIGNS.sub("", word)) // SIGNS_OF_A_WORD


# ---- which are quoted --------------------------------------------------------------------------------


class QuotationRule(NamedTuple):
    """How posts are chosen. `rule`: the version. `papers`: metadata of the papers that posts are about.

    `frozen`: for an issue that is rebuilt, the hashes of the posts it chose, by paper. If the text of any candidate, or
    the post that it replies to, was forgotten since, these are used as they are: the forgotten text may have ruled out
    another post, and who was replied to is no longer known.
    """

    rule: str
    papers: Mapping[str, RowOf[Paper] | None] = {}
    frozen: Mapping[str, Sequence[str]] | None = None

    def choose(self, paper: str, candidates: Sequence[CandidatePost], most: int) -> list[CandidatePost]:
        """At most `most` posts about a paper, the leading ones first. Raises IssueError for an unknown rule."""
        ordered = sorted(candidates, key=lambda candidate: candidate.rank)
        if self.rule == BY_REACTIONS:
            return _distinct(ordered)[:most]
        if self.rule == EACH_NETWORK:
            return _spread(_distinct(ordered, _network))[:most]
        if self.rule != LATEST:
            raise IssueError(
                f"its posts were chosen by {self.rule}, which this version does not know; update hotpapers"
            )
        if self.frozen is not None and any(_lacks_words(post.row) for post in candidates):
            posts = {candidate.row.hash.hex(): candidate for candidate in candidates}
            hashes = self.frozen.get(paper, ())
            return [posts[hash] for hash in hashes if hash in posts]
        return _spread(_distinct(self._quotable(paper, ordered)))[:most]

    def _quotable(self, paper: str, ordered: Sequence[CandidatePost]) -> Iterator[CandidatePost]:
        """The posts worth quoting, each remark once."""
        row = self.papers.get(paper)
        remarks = set[frozenset[str]]()
        for candidate in ordered:
            post = candidate.row.item
            if is_reply_to_other(post, {}):
                words = None
            else:
                words = remark_words(post.text, row and row.item)
            if words and words not in remarks:
                remarks.add(words)
                yield candidate


def _lacks_words(row: RowOf[Post]) -> bool:
    """Whether something of a post that the rule looks at was forgotten."""
    return row.is_forgotten or bool(row.redacted) or is_pseudonym(row.item.reply_to)


def _distinct(
    ordered: Iterable[CandidatePost], place: Callable[[CandidatePost], str] = lambda _: ""
) -> list[CandidatePost]:
    """Each account and each text once in each place; 0 means an unknown account or a short text."""
    known = set[tuple[str, str, int]]()
    chosen = []
    for post in ordered:
        numbers = {"voice": post.voice, "text": int(post.row.derived[1])}
        marks = {(place(post), kind, number) for kind, number in numbers.items() if number}
        if known.isdisjoint(marks):
            known |= marks
            chosen.append(post)
    return chosen


def _network(post: CandidatePost) -> str:
    return post.row.item.network


def _spread(ordered: Sequence[CandidatePost]) -> list[CandidatePost]:
    """The first post of each network, then the others."""
    first_of_network: dict[str, CandidatePost] = {}
    others = []
    for post in ordered:
        if first_of_network.setdefault(_network(post), post) is not post:
            others.append(post)
    return [*first_of_network.values(), *others]


# ---- the posts that an entry shows -------------------------------------------------------------------


def listed_under(view: AsOfView, places: Sequence[Place]) -> dict[str, list[RowOf[Post]]]:
    """The posts that a listing shows, by paper. Only posts observed no earlier than the place count, as a corrected
    listing may show fewer."""
    if not places:
        return {}
    listed_posts = queries.listed_posts(view, places[0].publication, places[0].day)
    return {
        place.paper: [row for row in listed_posts.get(place.place, ()) if row.item.observed_at >= place.observed_at]
        for place in places
    }


def leading_posts(
    view: AsOfView,
    publication: Publication,
    papers: Sequence[str],
    own_voices: Sequence[int],
    quoting: QuotationRule,
    period: tuple[int, int] = (0, MAX_INTEGER),
) -> dict[str, list[CandidatePost]]:
    """The leading posts about each paper at the cut, made in a period: those with the most reactions, chosen
    by the quotation rule; one per account and text, and none that may not be quoted."""
    candidates = defaultdict(list)
    for batch in statement_slices(papers):
        sql, params = queries.leading_posts_sql(view, publication, batch, own_voices, period)
        for paper, weight, voice, *row in view.database.iterate(sql, params):
            candidate_post = CandidatePost(weight, voice, read_with_commitments(SPECS[Post], row))
            candidates[paper].append(candidate_post)
    return {paper: quoting.choose(paper, posts, publication.posts) for paper, posts in candidates.items()}
