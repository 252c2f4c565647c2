"""Which ranked papers go into an issue, and which of earlier issues are still talked about, by versioned rules; and
whether its reference is young, so that places are provisional. The order is that of `ranking/scoring.py`.

`threshold/1`  those that reach the publication's threshold
`least/1`      those, and while the reference is young at least `least_entries` of the best with 3 voices or more
`least/2`      the same, without papers that were withdrawn before the issue closed
`least/3`      the same, but once regulars are known, papers that fewer than two of them talked about fill up the lines
               below the entries: a few new accounts are enough to be among these; from papers that reach the threshold,
               `rarity_2.vouched_limit` takes points off
`least/4`      the same, with each voice vouching on one network alone (see `attention.py`); prices say that one account
               is enough for three voices, where likes and reposts have no names
`least/5`      the same, without papers that a publisher's notice had taken back before the issue closed

An issue names the rule that chose its papers and is verified by that rule; issues frozen before rules had names used
`threshold/1`. A rule stays in the code forever; a changed rule gets a new name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Set
from itertools import islice
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from hotpapers.base.errors import IssueError
from hotpapers.base.model import (
    MAX_INTEGER,
    Candidate,
    IssueContent,
    Paper,
    Price,
    Publication,
    RankingInput,
    ReferenceSize,
    ScoredCandidate,
    VoiceHistogram,
    taken_back,
)
from hotpapers.issues import ranking
from hotpapers.issues.ranking import rarity_1
from hotpapers.issues.ranking.price import NOTHING
from hotpapers.issues.ranking.rarity_2 import MIN_KNOWN_VOICES, known_voices
from hotpapers.issues.ranking.scoring import with_ties
from hotpapers.issues.wanted_papers import matching_papers
from hotpapers.record import AsOfView, RowOf

THRESHOLD_1, LEAST_1, LEAST_2, LEAST_3, LEAST_4 = "threshold/1", "least/1", "least/2", "least/3", "least/4"
LEAST_5 = "least/5"
LATEST = LEAST_5
VOUCHING_ONCE = (LEAST_4, LEAST_5)
"""The rules by which a voice vouches for a paper on one network alone."""
WITH_REGULARS = (LEAST_3, *VOUCHING_ONCE)
"""The rules that give papers a line for lack of regulars."""
MIN_VOICES = rarity_1.MIN_VOICES
"""The fewest voices of a paper shown below the threshold."""
MAX_ONGOING_PAPERS = 5
ONGOING_GROWTH = 3
"""A paper from an earlier issue is still talked about if it gained this many voices since it was last shown."""


def check_rule(rule: str) -> None:
    """Raises IssueError for an unknown rule."""
    if rule not in (THRESHOLD_1, LEAST_1, LEAST_2, *WITH_REGULARS):
        raise IssueError(f"its papers were chosen by {rule!r}, which this version does not know; update hotpapers")


def reference_size(publication: Publication, peers: Iterable[VoiceHistogram]) -> ReferenceSize | UnsetType:
    """The largest reference that an issue's papers are compared with; ties go to the one with most days. UNSET for a
    ranking that compares nothing."""
    if not publication.ranking.startswith("rarity/"):
        return UNSET
    papers = Counter[tuple[str, int]]()
    days = defaultdict[tuple[str, int], int](int)
    for peer in peers:
        key = (peer.network, peer.age)
        papers[key] += sum(n for voices, n in peer.counts if voices >= rarity_1.least_voices(peer.age))
        days[key] = max(days[key], peer.days or 0)
    sizes = [
        ReferenceSize(
            network=network, age=age, papers=n, days=days[network, age], young=is_young(n, days[network, age])
        )
        for (network, age), n in sorted(papers.items())
    ]
    no_reference = ReferenceSize(network="", age=0, papers=0, days=0, young=True)
    return max(sizes, key=lambda size: (not size.young, size.papers, size.days), default=no_reference)


def is_young(papers: int, days: int) -> bool:
    """Whether a reference has too few papers or too few days for stable places."""
    return papers < rarity_1.ENOUGH or days < rarity_1.ENOUGH_DAYS


def least_papers(publication: Publication, compared: ReferenceSize | UnsetType) -> int:
    """How many papers an issue shows regardless of their scores."""
    if compared is UNSET or not compared.young:
        return 0
    return publication.least_entries or 0


# ---- the papers of an issue --------------------------------------------------------------------------------


class SelectedEntries(NamedTuple):
    """The scored papers that an issue takes from the ranking: `entries` are new, `further` those beyond the
    publication's `most_entries` or without two regulars, `ongoing` those of earlier issues that are still talked about,
    `papers` their metadata."""

    entries: tuple[ScoredCandidate, ...]
    further: tuple[ScoredCandidate, ...]
    ongoing: tuple[ScoredCandidate, ...]
    papers: dict[str, RowOf[Paper] | None]


def pick_entries(
    view: AsOfView,
    publication: Publication,
    ranking_input: RankingInput,
    earlier_voices: dict[str, int],
    least_entries: int,
    rule: str,
    earlier_lines: Collection[str],
) -> SelectedEntries:
    """The papers in the publication's fields that reach the threshold, the best `most_entries` of them as entries; but
    at least the best `least_entries`, if that many are talked about. `earlier_voices`: those of papers in earlier
    issues; `earlier_lines`: see `papers_in_lines`. `rule`: see the module."""

    by_notice = taken_back((), view.notices()) if rule == LEAST_5 else {}

    def matching_rows(papers: Iterable[str]) -> dict[str, RowOf[Paper] | None]:
        rows = matching_papers(view, publication, papers)
        if rule not in (LEAST_2, *WITH_REGULARS):
            return rows
        withdrawn = {paper for paper, row in rows.items() if row is not None and row.item.is_withdrawn}
        return {paper: row for paper, row in rows.items() if paper not in withdrawn and paper not in by_notice}

    ranked = ranking.rank(ranking_input, publication.ranking)
    passing = [candidate for candidate in ranked if candidate.score >= publication.least_score]
    matching = matching_rows(candidate.paper for candidate in passing)
    fitting = [candidate for candidate in passing if candidate.paper in matching]
    entries = [candidate for candidate in fitting if candidate.paper not in earlier_voices]
    ongoing = [
        candidate
        for candidate in fitting
        if candidate.voices >= earlier_voices.get(candidate.paper, MAX_INTEGER) + ONGOING_GROWTH
    ]
    unvouched = unvouched_papers(rule, ranking_input)
    skipped = earlier_voices.keys() | (unvouched & frozenset(earlier_lines))
    candidates = ranked[len(passing) :]
    next_best = (
        candidate for candidate in candidates if candidate.voices >= MIN_VOICES and candidate.paper not in skipped
    )

    def fits(paper: str) -> bool:
        row = matching_rows([paper])
        matching.update(row)
        return bool(row)

    filling = fill_up(next_best, least_entries - len(entries), unvouched, fits)
    entries += filling.entries
    most = min(publication.most_entries or MAX_INTEGER, len(entries))  # lines never become entries
    tied = with_ties([*entries, *filling.lines])
    return SelectedEntries(tied[:most], tied[most:], with_ties(ongoing[:MAX_ONGOING_PAPERS]), matching)


class Filling(NamedTuple):
    """The papers that fill up an issue: `entries`, and those that get a line for lack of regulars."""

    entries: tuple[ScoredCandidate, ...]
    lines: tuple[ScoredCandidate, ...]


def fill_up(
    next_best: Iterable[ScoredCandidate], wanted: int, unvouched: Set[str], fits: Callable[[str], bool]
) -> Filling:
    """The first `wanted` papers below the threshold that fit; `fits` is asked about no more than necessary."""
    fitting = (candidate for candidate in next_best if fits(candidate.paper))
    chosen = tuple(islice(fitting, max(wanted, 0)))
    entries = tuple(candidate for candidate in chosen if candidate.paper not in unvouched)
    lines = tuple(candidate for candidate in chosen if candidate.paper in unvouched)
    return Filling(entries, lines)


def unvouched_papers(rule: str | UnsetType, ranking_input: RankingInput) -> frozenset[str]:
    """The papers that may not fill up an issue's entries by a rule: those that fewer than two regulars talked about.
    Empty while it is unknown who is one."""

    def is_unvouched(candidate: Candidate) -> bool:
        known = known_voices(candidate.attention)
        return known is not None and known < MIN_KNOWN_VOICES

    if rule not in WITH_REGULARS:
        return frozenset()
    return frozenset(candidate.paper for candidate in ranking_input.candidates if is_unvouched(candidate))


def without_counted_as(chosen: SelectedEntries) -> SelectedEntries:
    """The entries as they were frozen before parts had a unit."""

    def stripped(candidate: ScoredCandidate) -> ScoredCandidate:
        parts = (msgspec.structs.replace(part, counted_as=UNSET, known=UNSET) for part in candidate.parts)
        return msgspec.structs.replace(candidate, parts=tuple(parts))

    entries = tuple(map(stripped, chosen.entries))
    further = tuple(map(stripped, chosen.further))
    ongoing = tuple(map(stripped, chosen.ongoing))
    return chosen._replace(entries=entries, further=further, ongoing=ongoing)


def least_price(rule: str, candidate: Candidate) -> Price:
    """The fewest accounts, and regulars among them, with which an issue lists a paper whatever its score."""
    if rule not in WITH_REGULARS:
        return NOTHING
    known = known_voices(candidate.attention) or 0
    accounts = MIN_VOICES if rule == LEAST_3 else 1
    return Price(accounts=accounts, known=MIN_KNOWN_VOICES if known >= MIN_KNOWN_VOICES else 0)


def last_voices(earlier: Iterable[IssueContent]) -> dict[str, int]:
    """How many voices each paper had when last shown, as an entry or as still talked about. Lines for lack of regulars
    do not count, or whoever buys one would keep the paper from becoming an entry."""
    voices: dict[str, int] = {}
    for content in earlier:
        lines = _lines(content)
        voices |= {entry.paper: entry.voices for entry in content.all_entries if entry.paper not in lines}
    return voices


def papers_in_lines(earlier: Iterable[IssueContent]) -> frozenset[str]:
    """The papers that earlier issues have in a line below their entries for lack of regulars."""
    return frozenset().union(*map(_lines, earlier))


def _lines(content: IssueContent) -> frozenset[str]:
    if content.choice not in WITH_REGULARS:
        return frozenset()
    least = content.publication.least_score
    entries = content.further or ()
    return frozenset(entry.paper for entry in entries if entry.score < least)
