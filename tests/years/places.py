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

from hotpapers.base.model import MAX_INTEGER, Attention, Candidate, IssueContent, RankingInput, VoiceHistogram
from hotpapers.issues import selection
from hotpapers.issues.build import EARLIER_DAYS
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.ranking_input import CandidateWindow, collect_input
from hotpapers.issues.selection import LATEST, pick_entries
from hotpapers.record import Record
from lab.measure_borrowed import fitted

NAME = "daily"
UNLISTED = frozenset({"bluesky", "x"})
"""Networks whose past a new site cannot read."""

Issues = Mapping[str, Sequence[str]]
"""The papers of each day's issue, in order."""
Peers = tuple[VoiceHistogram, ...]


class IssueInput(NamedTuple):
    """What a site selected an issue from."""

    content: IssueContent
    ranking_input: RankingInput

    @property
    def knows_accounts(self) -> bool:
        """Whether the record was old enough to know any accounts."""
        candidates = self.ranking_input.candidates
        return any(attention.known is not None for candidate in candidates for attention in candidate.attention)


class Site(NamedTuple):
    """A site that ran: what its issues were selected from, by day."""

    store: Path
    days: Mapping[str, IssueInput]

    @property
    def issues(self) -> Issues:
        """The issues as they were frozen."""
        return {day: [entry.paper for entry in issue_input.content.entries] for day, issue_input in self.days.items()}


def load_site(store: Path) -> Site:
    """Load a site from its store."""
    with Record(str(store), create=False) as record:
        contents = (list_editions(record, NAME, day)[0].content for day in frozen_days(record, NAME))
        return Site(store, {content.day: IssueInput(content, _ranking_input(record, content)) for content in contents})


def _ranking_input(record: Record, content: IssueContent) -> RankingInput:
    view = record.view(content.as_of, content.position)
    return collect_input(
        view,
        content.publication,
        CandidateWindow(content.from_at, earlier_papers=(), with_days=True, end=MAX_INTEGER, vouching_once=True),
        (),
        curves=None,
    )


# ---- how many agree ----------------------------------------------------------------------------------------


class Agreement(NamedTuple):
    """Agreement over some days: issues, places, and places with the same paper in both; papers that both have in the
    same issue, and in any of them; issues with the same first paper."""

    days: int = 0
    places: int = 0
    same_place: int = 0
    same_issue: int = 0
    any_issue: int = 0
    same_first: int = 0

    def __add__(self, other: object) -> Agreement:
        assert isinstance(other, Agreement)
        return Agreement(*(a + b for a, b in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return (
            f"of {self.places} places in {self.days} issues {self.any_issue} have a paper that the other site showed "
            f"on these days, {self.same_issue} in the same issue, {self.same_place} in the same place; "
            f"first papers the same: {self.same_first}"
        )


def compare(first_site: Issues, second_site: Issues, days: Sequence[str]) -> Agreement:
    """Compare the issues of some days that both sites have."""
    first_all, second_all = ({paper for day in days for paper in issues[day]} for issues in (first_site, second_site))
    result = Agreement(any_issue=len(first_all & second_all))
    for day in days:
        first_papers, second_papers = first_site[day], second_site[day]
        result += Agreement(
            days=1,
            places=max(len(first_papers), len(second_papers)),
            same_place=sum(a == b for a, b in zip(first_papers, second_papers, strict=False)),
            same_issue=len(set(first_papers) & set(second_papers)),
            same_first=first_papers[:1] == second_papers[:1],
        )
    return result


# ---- why the other places differ ---------------------------------------------------------------------------


class Causes(NamedTuple):
    """Agreement of a new site with an older one: `unchanged`: of the issues as they are; `alike_days`: where both know
    accounts or neither does; of these, `listed_references` and `all_references`: with the older site's references on
    networks with readable history, or on all; `fitted_laws`: with both sites using a law fitted to their own papers."""

    unchanged: Agreement = Agreement()
    alike_days: Agreement = Agreement()
    listed_references: Agreement = Agreement()
    all_references: Agreement = Agreement()
    fitted_laws: Agreement = Agreement()

    def __add__(self, other: object) -> Causes:
        assert isinstance(other, Causes)
        return Causes(*(a + b for a, b in zip(self, other, strict=True)))

    def lines(self) -> list[str]:
        """A description in words."""
        return [
            f"as they are: {self.unchanged}",
            f"where both, or neither, know accounts: {self.alike_days.same_place} of {self.alike_days.places} "
            "in the same place",
            "  with the older site's references on networks with readable history: "
            f"{self.listed_references.same_place} of {self.listed_references.places}",
            f"  with all of its references: {self.all_references.same_place} of {self.all_references.places}",
            f"  both with a law fitted to their own papers: {self.fitted_laws.same_place} of {self.fitted_laws.places}",
        ]


def causes(new: Site, old: Site, since: str) -> Causes:
    """Find out why the issues from day `since` on differ."""
    days = [day for day in sorted(set(new.days) & set(old.days)) if day >= since]
    alike_days = [day for day in days if new.days[day].knows_accounts == old.days[day].knows_accounts]
    networks = {peer.network for issue_input in old.days.values() for peer in issue_input.ranking_input.peers}
    with_listed, with_all = (select_again(new, old, chosen) for chosen in (networks - UNLISTED, networks))
    new_with_law, old_with_law = (_select(site, lambda _, own: with_fitted_law(own)) for site in (new, old))
    return Causes(
        unchanged=compare(new.issues, old.issues, days),
        alike_days=compare(new.issues, old.issues, alike_days),
        listed_references=compare(with_listed, old.issues, alike_days),
        all_references=compare(with_all, old.issues, alike_days),
        fitted_laws=compare(new_with_law, old_with_law, alike_days),
    )


def select_again(new: Site, old: Site, networks: set[str]) -> Issues:
    """Select a site's issues again with another site's references on some networks, where the other has that day."""

    def peers(day: str, own: Peers) -> Peers:
        if day not in old.days:
            return own
        other_peers = (peer for peer in old.days[day].ranking_input.peers if peer.network in networks)
        return (*(peer for peer in own if peer.network not in networks), *other_peers)

    return _select(new, peers)


def with_fitted_law(peers: Peers) -> Peers:
    """References computed from a law that is fitted to them."""
    tables: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    days: dict[tuple[str, int], int] = defaultdict(int)
    for peer in peers:
        key = (peer.network, peer.age)
        tables[key].update(dict(peer.counts))
        days[key] = max(days[key], peer.days or 0)
    return tuple(
        VoiceHistogram(
            network=network, age=age, archive="", counts=tuple(sorted(counts.items())), days=days[network, age]
        )
        for (network, age), counts in fitted(tables, {}).items()
    )


def _select(site: Site, peers: Callable[[str, Peers], Peers]) -> Issues:
    shown: dict[str, dict[str, int]] = {}
    issues: dict[str, list[str]] = {}
    with Record(str(site.store), create=False) as record:
        for day, (content, ranking_input) in sorted(site.days.items()):
            considered = (voices for earlier_day, voices in shown.items() if _is_considered(earlier_day, day))
            earlier_voices = {paper: count for voices in considered for paper, count in voices.items()}
            changed_input = with_references(ranking_input, peers(day, ranking_input.peers))
            publication = content.publication
            least_papers = selection.least_papers(
                publication, selection.reference_size(publication, changed_input.peers)
            )
            view = record.view(content.as_of, content.position)
            chosen = pick_entries(
                view, publication, changed_input, earlier_voices, least_papers, rule=LATEST, earlier_lines=()
            )
            shown[day] = {entry.paper: entry.voices for entry in (*chosen.entries, *chosen.ongoing)}
            issues[day] = [entry.paper for entry in chosen.entries]
    return issues


def _is_considered(earlier_day: str, day: str) -> bool:
    """Whether an issue takes an earlier day's issue into account."""
    first_day = datetime.date.fromisoformat(day) - datetime.timedelta(days=EARLIER_DAYS)
    return first_day.isoformat() <= earlier_day < day


def with_references(ranking_input: RankingInput, peers: Peers) -> RankingInput:
    """Ranking input with other references. A paper that is not in its reference is not subtracted from it."""
    reference_counts = {(peer.network, peer.age, peer.archive, voices) for peer in peers for voices, _ in peer.counts}

    def with_reference(candidate: Candidate, attention: Attention) -> Attention:
        count = (attention.network, attention.age, candidate.archive, attention.own)
        is_in_reference = attention.own is None or count in reference_counts
        return attention if is_in_reference else msgspec.structs.replace(attention, own=None)

    candidates = (
        msgspec.structs.replace(
            candidate, attention=tuple(with_reference(candidate, attention) for attention in candidate.attention)
        )
        for candidate in ranking_input.candidates
    )
    return RankingInput(candidates=tuple(candidates), peers=peers)
