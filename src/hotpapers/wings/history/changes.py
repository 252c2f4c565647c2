"""Which papers must be counted again from one cut to the next. What was measured of a paper at a past moment stays
valid, unless the record later learns whose the voices are, what the paper is about, or what else its posts name."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from hotpapers.base.model import HOUR
from hotpapers.record.as_of import AsOfView
from hotpapers.wings.history import queries

_moment = itemgetter(0)


class SharedPosts:
    """The posts that name several papers, and since when."""

    def __init__(self, mentions: Iterable[tuple[int, str, int]]) -> None:
        self._papers: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self._posts: dict[str, set[int]] = defaultdict(set)
        self._moments: list[tuple[int, int]] = []
        for post, paper, at in mentions:
            self._papers[post].append((at, paper))
            self._posts[paper].add(post)
            self._moments.append((at, post))
        self._moments.sort()

    def is_shared(self, post: int, paper: str, measured: Mapping[str, int], as_of: int) -> bool:
        """Whether a post names another of the measured papers, as known at a moment."""
        return post in self._papers and any(
            other != paper and other in measured and at <= as_of for at, other in self._papers[post]
        )

    def named_together(self, papers: Iterable[str]) -> set[str]:
        """The given papers and those named in the same posts."""
        posts = {post for paper in papers for post in self._posts.get(paper, ())}
        return {paper for post in posts for _, paper in self._papers[post]}

    def named_between(self, after: int, until: int) -> set[str]:
        """The papers of posts that, in between, named one of their papers, for the first time or again."""
        posts = {post for _, post in _between(self._moments, after, until)}
        return {paper for post in posts for _, paper in self._papers[post]}


class RecordChanges:
    """What the record learned after a first cut and up to a last one."""

    def __init__(self, view: AsOfView, after: int) -> None:
        self.shared = SharedPosts(queries.shared_posts(view, after))
        self._verdicts = queries.verdicts(view, after)
        self._joined = queries.joined_accounts(view, after)
        self._descriptions = queries.paper_descriptions(view, after)
        self._renewals = queries.renewal_moments(view, after)

    def is_renewed(self, after: int, until: int) -> bool:
        """Whether everything measured at the first of two cuts is invalid at the second."""
        return bisect_right(self._renewals, after) < bisect_right(self._renewals, until)

    def subjects(self, after: int, until: int) -> tuple[set[int], set[str]]:
        """What the verdicts and aliases between two cuts are about: accounts by number, papers by key."""
        verdicts = list(_between(self._verdicts, after, until))
        accounts = {subject for _, subject, about in verdicts if not about}
        accounts |= {account for _, account in _between(self._joined, after, until)}
        return accounts, {about for *_, about in verdicts if about}

    def described_papers(self, after: int, until: int) -> set[str]:
        return {paper for _, paper in _between(self._descriptions, after, until)}


def _between(rows: Sequence[Any], after: int, until: int) -> Iterator[Any]:
    """Of rows ordered by moment, those after one moment and up to another."""
    first, last = (bisect_right(rows, at, key=_moment) for at in (after, until))
    return iter(rows[first:last])


def papers_of_new_age(
    announced: Mapping[str, int], ages: Sequence[int], youngest: int, after: int, until: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The papers that reached an age between two cuts, or that at the first cut were measured before the youngest age.
    Each comes with the ages that it had not reached by the first cut."""
    for paper, at in announced.items():
        if at + youngest * HOUR > after or any(after < at + age * HOUR <= until for age in ages):
            yield paper, tuple(age for age in ages if at + age * HOUR > after)
