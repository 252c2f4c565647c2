"""The rows of `engagement.attention.read_engagement` as of one cut after another.

What a paper had at a past moment is counted once and kept. From cut to cut those papers are counted again that came of
another age or of which the record learned something; and of all others it is only told which of their voices have
standing by now, of which more and more do. Memory holds the papers of 90 days: for each a row for each age and network,
and the numbers of its voices without standing.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from hotpapers.engagement import attention, queries
from hotpapers.engagement.attention import Engagement, NetworkTalk, PostAtAge
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.engagement.over_days.changes import RecordChanges, came_of_age, moved
from hotpapers.engagement.over_days.queries import announced, is_changed, papers_of_accounts
from hotpapers.model import Reaction
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import slices


class StandingTally:
    """A paper on a network at a mark: how many of its voices have standing, and which have not yet."""

    __slots__ = ("_known", "_talk", "_waiting", "row")

    def __init__(self, talk: NetworkTalk, standing: Set[int] | None) -> None:
        known = talk.vouching & standing if standing else frozenset[int]()
        self._talk, self._known = talk._replace(vouching=frozenset()), len(known)
        self._waiting = array("q", talk.vouching - known if known else talk.vouching)
        self.row = self._talk.with_known(None if standing is None else self._known)

    def learn(self, standing: frozenset[int], *, told_before: bool) -> bool:
        """Takes in who has got standing; whether that changes the row. `told_before`: whether anybody had it."""
        got = standing.intersection(self._waiting)
        if not got and told_before:
            return False
        if got:
            self._waiting = array("q", (voice for voice in self._waiting if voice not in got))
            self._known += len(got)
        self.row = self._talk.with_known(self._known)
        return True


class EngagementOverDays:
    """What a window measures as of cuts up to `until`. Where cuts and positions ascend, each goes on from the one
    before. The window has no `papers` and no `posted_from`."""

    def __init__(self, window: MeasurementWindow, until: int) -> None:
        self._window, self._until = window, until
        self._view: AsOfView | None = None
        self._tallies: dict[str, list[StandingTally]] = {}
        self._standing: Set[int] | None = None
        self.announced: Mapping[str, int] = {}

    def rows(self, paper: str) -> list[Engagement]:
        """A paper's rows by age and network; none where nobody spoke of it."""
        return [tally.row for tally in self._tallies.get(paper, ())]

    def move_to(self, view: AsOfView) -> Set[str]:
        """Goes on to a view; the papers whose rows may be others than before."""
        before = self._view
        if before is None or self._must_begin_again(before, view):
            return self._begin(view)
        after, until = before.as_of, view.as_of
        now = announced(view, self._window)
        judged = self._changes.judged(after, until)
        if judged.accounts or judged.papers:
            self._judge(view)
        turned = moved(self.announced, now)
        again = turned | judged.papers | self._changes.described(after, until)
        if self._window.with_standing:
            again |= self._changes.shared.beside(turned) | self._changes.shared.named_between(after, until)
        if judged.accounts:
            again |= papers_of_accounts(view, self._same_persons(judged.accounts))
        self._view, self.announced = view, now
        again &= self._tallies.keys() | now.keys()
        changed = self._learn_standing()
        aged = self._count_ages(after, until, again)
        self._count(again, self._window.ages)
        return again | aged | changed

    # ---- from the beginning ------------------------------------------------------------------------------

    def _must_begin_again(self, before: AsOfView, view: AsOfView) -> bool:
        if view.as_of < before.as_of or view.position < before.position:
            return True
        if view.position != before.position and is_changed(view, before.position, self._until):
            return True
        return self._changes.is_renewed(before.as_of, view.as_of)

    def _begin(self, view: AsOfView) -> Set[str]:
        gone = self._tallies.keys()
        self._changes = RecordChanges(view._replace(as_of=self._until), view.as_of)
        self._last = view.last_row(Reaction)
        self._view, self._tallies = view, {}
        self._judge(view)
        self._standing = self._known_voices()
        self.announced = announced(view, self._window)
        self._count(self.announced.keys(), self._window.ages)
        return gone | self.announced.keys()

    def _judge(self, view: AsOfView) -> None:
        """Reads anew whose voices count."""
        self._people = queries.people(view, self._window.own_voices)
        with_standing = self._window.with_standing
        self._rule = attention.voice_rule(view, self._people, with_standing=with_standing)._replace(known=None)

    @property
    def _youngest(self) -> int:
        return self._window.youngest or self._window.ages[0]

    def _same_persons(self, accounts: Set[int]) -> Sequence[int]:
        """The numbers of all accounts that are the same persons as some."""
        stable = self._people.stable
        persons = {stable.get(account, account) for account in accounts}
        return sorted(accounts | persons | {account for account, person in stable.items() if person in persons})

    # ---- standing ----------------------------------------------------------------------------------------

    def _known_voices(self) -> Set[int] | None:
        assert self._view is not None
        return attention.known_voices(self._view, self._people) if self._window.with_standing else None

    def _learn_standing(self) -> Set[str]:
        """Tells everybody's rows apart by who has standing now; the papers that this changes."""
        before, now = self._standing, self._known_voices()
        if now is None or now == before:
            return frozenset()
        self._standing = now
        got = frozenset(now if before is None else now - before)
        told_before = before is not None
        return {
            paper
            for paper, tallies in self._tallies.items()
            if any([tally.learn(got, told_before=told_before) for tally in tallies])
        }

    # ---- counting ----------------------------------------------------------------------------------------

    def _count_ages(self, after: int, until: int, besides: Set[str]) -> Set[str]:
        """Counts papers that came of another age at the ages that they had not reached before."""
        by_ages: dict[tuple[int, ...], list[str]] = defaultdict(list)
        aged = came_of_age(self.announced, self._window.ages, self._youngest, after, until)
        for paper, ages in aged:
            if paper not in besides:
                by_ages[ages].append(paper)
        for ages, papers in by_ages.items():
            for paper in papers:
                self._tallies[paper] = [tally for tally in self._tallies.get(paper, ()) if tally.row.peer]
            self._add(papers, ages)
        return {paper for papers in by_ages.values() for paper in papers}

    def _count(self, papers: Iterable[str], ages: tuple[int, ...]) -> None:
        """Counts some papers anew; those that are measured no longer are let go."""
        for paper in papers:
            self._tallies.pop(paper, None)
        self._add(set(papers) & self.announced.keys(), ages)

    def _add(self, papers: Iterable[str], ages: tuple[int, ...]) -> None:
        """Adds the rows of some papers at some ages."""
        for some in slices(sorted(papers)):
            for talk in self._talks(some, ages):
                self._tallies.setdefault(talk.row.paper, []).append(StandingTally(talk, self._standing))

    def _talks(self, papers: Sequence[str], ages: tuple[int, ...]) -> Iterator[NetworkTalk]:
        """`ages`: the last ones of the window, so that each is followed by the same as there."""
        assert self._view is not None
        view = self._view
        window = self._window._replace(papers=tuple(papers), ages=ages, youngest=self._youngest, with_standing=False)
        for some in attention.some_at_once(self._told_apart(spoken) for spoken in attention.read_posts(view, window)):
            reactions = (
                queries.reactions_to(view, attention.moments_of(some), self._people, self._last) if self._last else {}
            )
            yield from attention.count_talk(some, reactions, self._rule)

    def _told_apart(self, spoken: list[PostAtAge]) -> list[PostAtAge]:
        """Posts, with which of them name other papers that are measured too."""
        if not self._window.with_standing:
            return spoken
        assert self._view is not None
        shared, as_of = self._changes.shared, self._view.as_of
        return [
            post._replace(shared=1) if shared.is_shared(post.post, post.paper, self.announced, as_of) else post
            for post in spoken
        ]
