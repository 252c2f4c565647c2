"""Compare two sites' issues of the same days, place by place, and find out why they differ.

Causes are found by experiment: the issues of one site are selected again by the program's own functions, with that
site's papers and counts but the other site's references, on all networks or on some.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from hotpapers.issues import selection
from hotpapers.issues.build import EARLIER_DAYS, choose
from hotpapers.issues.freeze import editions
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.ranking_input import CandidateWindow, collect_input
from hotpapers.model import Attention, Candidate, IssueContent, RankingInput, VoiceHistogram
from hotpapers.store import Record
from tools.measure_borrowed import fitted

NAME = "daily"
UNLISTED = frozenset({"bluesky", "x"})
"""Networks whose past a new site cannot read."""

Issues = Mapping[str, Sequence[str]]
"""The papers of each day's issue, in order."""
Peers = tuple[VoiceHistogram, ...]


class DayTalk(NamedTuple):
    """What a site selected an issue from."""

    content: IssueContent
    talk: RankingInput

    @property
    def tells_standing(self) -> bool:
        """Whether the record was old enough to know any accounts."""
        return any(one.known is not None for candidate in self.talk.candidates for one in candidate.attention)


class Site(NamedTuple):
    """A site that ran: what its issues were selected from, by day."""

    store: Path
    days: Mapping[str, DayTalk]

    @property
    def issues(self) -> Issues:
        """The issues as they were frozen."""
        return {day: [entry.paper for entry in one.content.entries] for day, one in self.days.items()}


def site(store: Path) -> Site:
    """Load a site from its store."""
    with Record(str(store), create=False) as record:
        contents = (editions(record, NAME, day)[0].content for day in frozen_days(record, NAME))
        return Site(store, {one.day: DayTalk(one, _talk(record, one)) for one in contents})


def _talk(record: Record, content: IssueContent) -> RankingInput:
    view = record.view(content.as_of, content.position)
    return collect_input(view, content.publication, CandidateWindow(content.from_at), ())


# ---- how many agree ----------------------------------------------------------------------------------------


class Compared(NamedTuple):
    """Agreement over some days: issues, places, and places with the same paper in both; papers that both have in the
    same issue, and in any of them; issues with the same first paper."""

    days: int = 0
    places: int = 0
    same: int = 0
    both: int = 0
    ever: int = 0
    first: int = 0

    def __add__(self, other: object) -> Compared:
        assert isinstance(other, Compared)
        return Compared(*(a + b for a, b in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return (
            f"of {self.places} places in {self.days} issues {self.ever} have a paper that the other site showed in "
            f"these days, {self.both} in the same issue, {self.same} in the same place; "
            f"first papers the same: {self.first}"
        )


def compare(one: Issues, other: Issues, days: Sequence[str]) -> Compared:
    """Compare the issues of some days that both sites have."""
    result = Compared(ever=len(set.intersection(*({p for day in days for p in some[day]} for some in (one, other)))))
    for day in days:
        ours, theirs = one[day], other[day]
        result += Compared(
            days=1,
            places=max(len(ours), len(theirs)),
            same=sum(a == b for a, b in zip(ours, theirs, strict=False)),
            both=len(set(ours) & set(theirs)),
            first=ours[:1] == theirs[:1],
        )
    return result


# ---- why the others differ ---------------------------------------------------------------------------------


class Causes(NamedTuple):
    """Agreement of a new site with an older one: `as_they_are`; `alike`: where both know accounts or neither does; of
    these, `listed` and `whole`: with the older site's references on networks with readable history, or on all; `law`:
    with both sites using a law fitted to their own papers."""

    as_they_are: Compared = Compared()
    alike: Compared = Compared()
    listed: Compared = Compared()
    whole: Compared = Compared()
    law: Compared = Compared()

    def __add__(self, other: object) -> Causes:
        assert isinstance(other, Causes)
        return Causes(*(a + b for a, b in zip(self, other, strict=True)))

    def lines(self) -> list[str]:
        """A description in words."""
        return [
            f"as they are: {self.as_they_are}",
            f"where both, or neither, know accounts: {self.alike.same} of {self.alike.places} in the same place",
            f"  with the older site's references on networks that tell the past: {self.listed.same} of "
            f"{self.listed.places}",
            f"  with all of its references: {self.whole.same} of {self.whole.places}",
            f"  both with a law fitted to their own papers: {self.law.same} of {self.law.places}",
        ]


def causes(new: Site, old: Site, since: str) -> Causes:
    """Find out why the issues from day `since` on differ."""
    days = [day for day in sorted(set(new.days) & set(old.days)) if day >= since]
    alike = [day for day in days if new.days[day].tells_standing == old.days[day].tells_standing]
    networks = {peer.network for one in old.days.values() for peer in one.talk.peers}
    listed, whole = (chosen_again(new, old, some) for some in (networks - UNLISTED, networks))
    law_new, law_old = (_chosen(some, lambda _, own: with_law(own)) for some in (new, old))
    return Causes(
        as_they_are=compare(new.issues, old.issues, days),
        alike=compare(new.issues, old.issues, alike),
        listed=compare(listed, old.issues, alike),
        whole=compare(whole, old.issues, alike),
        law=compare(law_new, law_old, alike),
    )


def chosen_again(new: Site, old: Site, networks: set[str]) -> Issues:
    """Select a site's issues again with another site's references on some networks, where the other has that day."""

    def peers(day: str, own: Peers) -> Peers:
        if day not in old.days:
            return own
        theirs = (peer for peer in old.days[day].talk.peers if peer.network in networks)
        return (*(peer for peer in own if peer.network not in networks), *theirs)

    return _chosen(new, peers)


def with_law(peers: Peers) -> Peers:
    """References computed from a law that is fitted to them."""
    tables: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    days: dict[tuple[str, int], int] = defaultdict(int)
    for one in peers:
        where = (one.network, one.age)
        tables[where].update(dict(one.counts))
        days[where] = max(days[where], one.days or 0)
    return tuple(
        VoiceHistogram(
            network=network, age=age, archive="", counts=tuple(sorted(counts.items())), days=days[network, age]
        )
        for (network, age), counts in fitted(tables, {}).items()
    )


def _chosen(site: Site, peers: Callable[[str, Peers], Peers]) -> Issues:
    shown: dict[str, dict[str, int]] = {}
    issues: dict[str, list[str]] = {}
    with Record(str(site.store), create=False) as record:
        for day, (content, talk) in sorted(site.days.items()):
            held = {paper: voices for before, some in shown.items() if _in_sight(before, day)
                    for paper, voices in some.items()}  # fmt: skip
            changed = with_references(talk, peers(day, talk.peers))
            publication = content.publication
            enough = selection.least_papers(publication, selection.reference_size(publication, changed.peers))
            view = record.view(content.as_of, content.position)
            picked = choose(view, publication, changed, held, enough)
            shown[day] = {one.paper: one.voices for one in (*picked.entries, *picked.ongoing)}
            issues[day] = [one.paper for one in picked.entries]
    return issues


def _in_sight(before: str, day: str) -> bool:
    """Whether an issue takes an earlier day's issue into account."""
    first = datetime.date.fromisoformat(day) - datetime.timedelta(days=EARLIER_DAYS)
    return first.isoformat() <= before < day


def with_references(talk: RankingInput, peers: Peers) -> RankingInput:
    """Ranking input with other references. A paper that is not in its reference is not subtracted from it."""
    there = {(one.network, one.age, one.archive, voices) for one in peers for voices, _ in one.counts}

    def placed(candidate: Candidate, one: Attention) -> Attention:
        stands = one.own is None or (one.network, one.age, candidate.archive, one.own) in there
        return one if stands else msgspec.structs.replace(one, own=None)

    candidates = (
        msgspec.structs.replace(one, attention=tuple(placed(one, attention) for attention in one.attention))
        for one in talk.candidates
    )
    return RankingInput(candidates=tuple(candidates), peers=peers)
