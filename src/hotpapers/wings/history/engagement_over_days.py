"""The rows of `engagement.attention.read_engagement` at a series of cuts.

What a paper had at a past moment is counted once and kept. From cut to cut, only papers that reached another age or
about which the record learned something are counted again. For all others, only the standing of their voices is
updated, as more and more gain it. Memory holds the papers of 90 days: per paper a row for each age and network, and the
numbers of its voices without standing.

What was measured of a paper at a past moment stays valid, unless the record later learns whose the voices are, what the
paper is about, or what else its posts name.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from operator import itemgetter
from typing import Any

from hotpapers.base.model import HOUR, Reaction
from hotpapers.discussion.engagement import attention
from hotpapers.discussion.engagement import queries as engagement_queries
from hotpapers.discussion.engagement.attention import Engagement, NetworkEngagement, PostAtAge
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.discussion.engagement.standing.queries import known_voices
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import statement_slices
from hotpapers.wings.history import queries


class StandingTally:
    """A paper on a network at an age: how many of its voices have standing, and which do not yet."""

    __slots__ = ("_engagement", "_known", "_waiting", "row")

    def __init__(self, engagement: NetworkEngagement, standing: Set[int] | None) -> None:
        known = engagement.vouching & standing if standing else frozenset[int]()
        self._engagement = engagement._replace(vouching=frozenset())
        self._known = len(known)
        self._waiting = array("q", engagement.vouching - known if known else engagement.vouching)
        self.row = self._engagement.with_known(None if standing is None else self._known)

    def learn(self, standing: frozenset[int], *, had_standing: bool) -> bool:
        """Adds voices that have gained standing. Returns whether the row changed. `had_standing`: whether any voice had
        standing before."""
        newly_known = standing.intersection(self._waiting)
        if not newly_known and had_standing:
            return False
        if newly_known:
            voices = (voice for voice in self._waiting if voice not in newly_known)
            self._waiting = array("q", voices)
            self._known += len(newly_known)
        self.row = self._engagement.with_known(self._known)
        return True


class RecordChanges:
    """The changes of the record after a first cut and up to a last one, and the posts that name several papers."""

    def __init__(self, view: AsOfView, after: int) -> None:
        self._papers = defaultdict[int, list[tuple[int, str]]](list)
        self._posts = defaultdict[str, set[int]](set)
        self._moments: list[tuple[int, int]] = []
        for post, paper, at in queries.shared_posts(view, after):
            self._papers[post].append((at, paper))
            self._posts[paper].add(post)
            self._moments.append((at, post))
        self._moments.sort()
        self._verdicts = queries.verdicts(view, after)
        self._joined = queries.joined_accounts(view, after)
        self.descriptions = queries.paper_descriptions(view, after)
        self.renewals = queries.renewal_moments(view, after)

    def is_shared(self, post: int, paper: str, measured: Mapping[str, int], as_of: int) -> bool:
        """Whether a post names another of the measured papers, as known at a moment."""
        if post not in self._papers:
            return False
        return any(other != paper and other in measured and at <= as_of for at, other in self._papers[post])

    def named_together(self, papers: Iterable[str]) -> set[str]:
        """The given papers and those named in the same posts."""
        return self._papers_of(post for paper in papers for post in self._posts.get(paper, ()))

    def named_between(self, after: int, until: int) -> set[str]:
        """The papers of posts that, in between, named one of their papers, for the first time or again."""
        changes = _between(self._moments, after, until)
        return self._papers_of(post for _, post in changes)

    def _papers_of(self, posts: Iterable[int]) -> set[str]:
        return {paper for post in set(posts) for _, paper in self._papers[post]}

    def subjects(self, after: int, until: int) -> tuple[set[int], set[str]]:
        """The subjects of the verdicts and aliases between two cuts: accounts by number, papers by key."""
        verdicts = list(_between(self._verdicts, after, until))
        accounts = {subject for _, subject, about in verdicts if not about}
        changes = _between(self._joined, after, until)
        accounts |= {account for _, account in changes}
        return accounts, {about for *_, about in verdicts if about}


def _between(rows: Sequence[Any], after: int, until: int) -> Iterator[Any]:
    """Of rows ordered by moment, those after one moment and up to another."""
    first, last = (bisect_right(rows, at, key=itemgetter(0)) for at in (after, until))
    return iter(rows[first:last])


class EngagementOverDays:
    """Measures the engagement of a window at cuts up to `until`. If cuts and positions ascend, each continues from the
    one before. The window must have no `papers` and no `posted_from`."""

    def __init__(self, window: MeasurementWindow, until: int) -> None:
        self._window = window
        self._until = until
        self._view: AsOfView | None = None
        self._tallies: dict[str, list[StandingTally]] = {}
        self._standing: Set[int] | None = None
        self.announced: Mapping[str, int] = {}

    def rows(self, paper: str) -> list[Engagement]:
        """A paper's rows by age and network; empty if nobody posted about it."""
        return [tally.row for tally in self._tallies.get(paper, ())]

    def move_to(self, view: AsOfView) -> Set[str]:
        """Moves to a view. Returns the papers whose rows may have changed."""
        before = self._view
        if before is None or self._must_begin_again(before, view):
            return self._begin(view)
        after = before.as_of
        until = view.as_of
        now = queries.measured_papers(view, self._window)
        judged_accounts, judged_papers = self._changes.subjects(after, until)
        if judged_accounts or judged_papers:
            self._judge(view)
        announced = self.announced.items()
        reannounced = {paper for paper, _ in announced ^ now.items()}
        changes = _between(self._changes.descriptions, after, until)
        described = {paper for _, paper in changes}
        recounted = reannounced | judged_papers | described
        if self._window.with_standing:
            named = self._changes.named_between(after, until)
            recounted |= self._changes.named_together(reannounced) | named
        if judged_accounts:
            recounted |= queries.papers_of_accounts(view, self._same_persons(judged_accounts))
        self._view = view
        self.announced = now
        recounted &= self._tallies.keys() | now.keys()
        changed = self._learn_standing()
        older = self._count_ages(after, until, recounted)
        self._count(recounted, self._window.ages)
        return recounted | older | changed

    # ---- from the beginning ------------------------------------------------------------------------------

    def _must_begin_again(self, before: AsOfView, view: AsOfView) -> bool:
        if view.as_of < before.as_of or view.position < before.position:
            return True
        if view.position != before.position and queries.is_changed(view, before.position, self._until):
            return True
        return any(_between(self._changes.renewals, before.as_of, view.as_of))

    def _begin(self, view: AsOfView) -> Set[str]:
        gone = self._tallies.keys()
        self._changes = RecordChanges(view._replace(as_of=self._until), view.as_of)
        self._last = view.last_row(Reaction)
        self._view = view
        self._tallies = {}
        self._judge(view)
        self._standing = self._known_voices()
        self.announced = queries.measured_papers(view, self._window)
        self._count(self.announced.keys(), self._window.ages)
        return gone | self.announced.keys()

    def _judge(self, view: AsOfView) -> None:
        """Reloads whose voices count."""
        self._people = engagement_queries.read_people(view, self._window.own_voices)
        with_standing = self._window.with_standing
        rule = attention.voice_rule(view, self._people, with_standing=with_standing)
        self._rule = rule._replace(known=None, vouching_once=self._window.vouching_once)

    @property
    def _youngest(self) -> int:
        return self._window.youngest or self._window.ages[0]

    def _same_persons(self, accounts: Set[int]) -> Sequence[int]:
        """The numbers of all accounts that belong to the same persons as the given ones."""
        stable = self._people.stable
        persons = {stable.get(account, account) for account in accounts}
        return sorted(accounts | persons | {account for account, person in stable.items() if person in persons})

    # ---- standing ----------------------------------------------------------------------------------------

    def _known_voices(self) -> Set[int] | None:
        assert self._view is not None
        return known_voices(self._view) if self._window.with_standing else None

    def _learn_standing(self) -> Set[str]:
        """Updates all rows with the voices that have standing now. Returns the papers whose rows changed."""
        before = self._standing
        now = self._known_voices()
        if now is None or now == before:
            return frozenset()
        self._standing = now
        newly_known = frozenset(now - (before or frozenset()))
        had_standing = before is not None
        return {
            paper
            for paper, tallies in self._tallies.items()
            if any([tally.learn(newly_known, had_standing=had_standing) for tally in tallies])
        }

    # ---- counting ----------------------------------------------------------------------------------------

    def _count_ages(self, after: int, until: int, recounted: Set[str]) -> Set[str]:
        """Counts papers that reached another age, at the ages they had not reached before."""
        by_ages = defaultdict(list)
        for paper, at in self.announced.items():
            # Also those that at the first cut were measured before the youngest age
            if paper not in recounted and (
                at + self._youngest * HOUR > after or any(after < at + age * HOUR <= until for age in self._window.ages)
            ):
                by_ages[tuple(age for age in self._window.ages if at + age * HOUR > after)].append(paper)
        for ages, papers in by_ages.items():
            for paper in papers:
                tallies = self._tallies.get(paper, ())
                self._tallies[paper] = [tally for tally in tallies if tally.row.peer]
            self._add(papers, ages)
        return {paper for papers in by_ages.values() for paper in papers}

    def _count(self, papers: Iterable[str], ages: tuple[int, ...]) -> None:
        """Counts papers from scratch, and drops those no longer measured."""
        for paper in papers:
            self._tallies.pop(paper, None)
        self._add(set(papers) & self.announced.keys(), ages)

    def _add(self, papers: Iterable[str], ages: tuple[int, ...]) -> None:
        """Adds the rows of papers at some ages."""
        assert self._view is not None
        view = self._view
        window = self._window._replace(ages=ages, youngest=self._youngest, with_standing=False)
        for chunk in statement_slices(sorted(papers)):
            posts_read = attention.read_posts(view, window._replace(papers=tuple(chunk)))
            posts = map(self._with_shared, posts_read)
            for group, reactions in attention.with_reactions(view, posts, self._people, self._last):
                for engagement in attention.count_by_network(group, reactions, self._rule):
                    tallies = self._tallies.setdefault(engagement.row.paper, [])
                    tallies.append(StandingTally(engagement, self._standing))

    def _with_shared(self, posts: list[PostAtAge]) -> list[PostAtAge]:
        """Posts, marked if they name other measured papers."""
        if not self._window.with_standing:
            return posts
        assert self._view is not None
        is_shared = self._changes.is_shared
        as_of = self._view.as_of
        return [
            post._replace(shared=1) if is_shared(post.post, post.paper, self.announced, as_of) else post
            for post in posts
        ]
