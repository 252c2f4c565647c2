"""Two sites' issues of the same days, place by place, and why they differ.

What makes them differ is tried out: the issues of one site are chosen anew, by the functions of the program, with its
own papers and counts but with the references of the other, on all networks or on some.
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
"""Networks of which a new site cannot learn what was said days before."""

Issues = Mapping[str, Sequence[str]]
"""The papers of each day's issue, in their order."""
Peers = tuple[VoiceHistogram, ...]


class DayTalk(NamedTuple):
    """What a site's issue of a day was chosen from."""

    content: IssueContent
    talk: RankingInput

    @property
    def tells_standing(self) -> bool:
        """Whether the record was old enough to know somebody."""
        return any(one.known is not None for candidate in self.talk.candidates for one in candidate.attention)


class Site(NamedTuple):
    """A site that ran: what its issues were chosen from, by day."""

    store: Path
    days: Mapping[str, DayTalk]

    @property
    def issues(self) -> Issues:
        """As they were frozen."""
        return {day: [entry.paper for entry in one.content.entries] for day, one in self.days.items()}


def site(store: Path) -> Site:
    """A site by its store."""
    with Record(str(store), create=False) as record:
        contents = (editions(record, NAME, day)[0].content for day in frozen_days(record, NAME))
        return Site(store, {one.day: DayTalk(one, _talk(record, one)) for one in contents})


def _talk(record: Record, content: IssueContent) -> RankingInput:
    view = record.view(content.as_of, content.position)
    return collect_input(view, content.publication, CandidateWindow(content.from_at), ())


# ---- how many are the same ---------------------------------------------------------------------------------


class Compared(NamedTuple):
    """Issues of some days: how many, how many places they have, at how many of these both have the same paper; how many
    papers both have in the same issue, and in any of them; in how many issues the first paper is the same."""

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
    """The issues of some days that both have."""
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


# ---- why others differ -------------------------------------------------------------------------------------


class Causes(NamedTuple):
    """Issues of a new site and of an older one. `as_they_are`; `alike`: those of them in which neither tells standing,
    or both do; of these again with the older one's references on networks whose lists can be read back, and on all; and
    where both sites compare with a law that is fitted to their own papers."""

    as_they_are: Compared = Compared()
    alike: Compared = Compared()
    listed: Compared = Compared()
    whole: Compared = Compared()
    law: Compared = Compared()

    def __add__(self, other: object) -> Causes:
        assert isinstance(other, Causes)
        return Causes(*(a + b for a, b in zip(self, other, strict=True)))

    def lines(self) -> list[str]:
        """In words."""
        return [
            f"as they are: {self.as_they_are}",
            f"where both, or neither, know accounts: {self.alike.same} of {self.alike.places} in the same place",
            f"  with the older site's references on networks that tell the past: {self.listed.same} of "
            f"{self.listed.places}",
            f"  with all of its references: {self.whole.same} of {self.whole.places}",
            f"  both with a law fitted to their own papers: {self.law.same} of {self.law.places}",
        ]


def causes(new: Site, old: Site, since: str) -> Causes:
    """Why the issues of days from `since` on differ."""
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
    """A site's issues, each with the references of another on some networks, from the first day that both have on."""

    def peers(day: str, own: Peers) -> Peers:
        if day not in old.days:
            return own
        theirs = (peer for peer in old.days[day].talk.peers if peer.network in networks)
        return (*(peer for peer in own if peer.network not in networks), *theirs)

    return _chosen(new, peers)


def with_law(peers: Peers) -> Peers:
    """References as a law has them that is fitted to theirs."""
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
            shown[day] = {one.paper: one.voices for one in (*picked.fresh, *picked.ongoing)}
            issues[day] = [one.paper for one in picked.fresh]
    return issues


def _in_sight(before: str, day: str) -> bool:
    """Whether an issue looks at the one of a day before."""
    first = datetime.date.fromisoformat(day) - datetime.timedelta(days=EARLIER_DAYS)
    return first.isoformat() <= before < day


def with_references(talk: RankingInput, peers: Peers) -> RankingInput:
    """A talk with other references. A paper that does not stand in its reference is not taken out of it."""
    there = {(one.network, one.age, one.archive, voices) for one in peers for voices, _ in one.counts}

    def placed(candidate: Candidate, one: Attention) -> Attention:
        stands = one.own is None or (one.network, one.age, candidate.archive, one.own) in there
        return one if stands else msgspec.structs.replace(one, own=None)

    candidates = (
        msgspec.structs.replace(one, attention=tuple(placed(one, attention) for attention in one.attention))
        for one in talk.candidates
    )
    return RankingInput(candidates=tuple(candidates), peers=peers)
