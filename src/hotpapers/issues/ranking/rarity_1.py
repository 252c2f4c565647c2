"""`rarity/1`: of the papers that people talk about on a network, how many get this much?

For a paper with x voices on a network, P other papers that are talked about there (3 voices or more, at the same
age, of the same archive, announced in the 90 days to the cut) and k of them with at least x, the part is
log10((P + 1) / (k + 1)), rounded once to integer millipoints. The score is the sum over the networks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from hotpapers.base.grouping import group_by
from hotpapers.base.model import Attention, RankingInput, ScoreComponent, ScoredCandidate, VoiceHistogram
from hotpapers.base.papers.categories import group_of
from hotpapers.issues.ranking.scoring import ordered

NAME = "rarity/1"
MIN_VOICES = 3
"""With fewer voices than this, a paper scores nothing on a network."""
ENOUGH = 500
"""A reference with fewer papers is widened: from the archive to its group, then to all."""
ENOUGH_DAYS = 84
"""A reference that goes back this many days is complete: 90 days, less a week at the start in which nothing may have
been announced."""

_EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)


@lru_cache(maxsize=65536)
def rarity_millipoints(papers: int, atleast: int) -> int:
    """log10((papers + 1) / (atleast + 1)) in integer millipoints: 28 digits, half-even, the same on every machine."""
    ratio = _EXACT.divide(_EXACT.create_decimal(papers + 1), _EXACT.create_decimal(atleast + 1))
    product = _EXACT.multiply(_EXACT.log10(ratio), _EXACT.create_decimal(1000))
    return int(product.to_integral_value(ROUND_HALF_EVEN))


def least_voices(age: int) -> int:
    """The fewest voices of a paper in a reference; in listings (age 0), every paper counts."""
    return MIN_VOICES if age else 0


class VoiceReference(NamedTuple):
    """Papers by voices: `voices` is ascending, and `papers_below[i]` papers have fewer than `voices[i]`; `papers` in
    all, over `days` days."""

    voices: tuple[int, ...]
    papers_below: tuple[int, ...]
    papers: int
    days: int | UnsetType

    def atleast(self, x: int) -> int:
        """How many papers have x voices or more."""
        index = bisect_left(self.voices, x)
        return self.papers - (self.papers_below[index] if index < len(self.papers_below) else self.papers)


@lru_cache(maxsize=512)
def _reference(peers: tuple[VoiceHistogram, ...]) -> VoiceReference:
    counts = defaultdict[int, int](int)
    days = []
    for peer in peers:
        if peer.days is not UNSET:
            days.append(peer.days)
        for voices, papers in peer.counts:
            if voices >= least_voices(peer.age):
                counts[voices] += papers
    ascending = sorted(counts)
    sums = [0, *accumulate(counts[voices] for voices in ascending)]
    papers_below = tuple(sums[:-1])
    return VoiceReference(tuple(ascending), papers_below, sums[-1], max(days) if days else UNSET)


class ReferenceTable:
    """All references of a ranking, each computed once, by network, age and group of papers."""

    def __init__(self, peers: Iterable[VoiceHistogram]) -> None:
        self._peers = group_by(peers, lambda peer: (peer.network, peer.age))
        self._references: dict[tuple[str, int, str], VoiceReference] = {}

    def find(self, attention: Attention, archive: str) -> tuple[str, VoiceReference]:
        """The name of the narrowest reference with enough other papers, and the reference."""
        own = _own_voices(attention)
        for among in (archive, f"{group_of(archive)} group"):
            reference = self._of(attention, among)
            if archive and reference.papers - (own is not None) >= ENOUGH:
                return among, reference
        return "all", self._of(attention, "all")

    def _of(self, attention: Attention, among: str) -> VoiceReference:
        key = (attention.network, attention.age, among)
        if key not in self._references:
            network_peers = self._peers.get((attention.network, attention.age), [])
            self._references[key] = _reference(
                tuple(p for p in network_peers if among in ("all", p.archive, f"{group_of(p.archive)} group"))
            )
        return self._references[key]


def _own_voices(attention: Attention) -> int | None:
    """The voices with which the paper itself is in its reference; None if it is not."""
    if attention.own is not None and attention.own >= least_voices(attention.age):
        return attention.own
    return None


def part_of(attention: Attention, archive: str, references: ReferenceTable) -> ScoreComponent:
    """One network's part of a paper's score."""
    among, reference = references.find(attention, archive)
    own = _own_voices(attention)
    papers = reference.papers - (own is not None)
    atleast = reference.atleast(attention.voices) - (own is not None and own >= attention.voices)
    score = rarity_millipoints(papers, atleast) if attention.voices >= MIN_VOICES else 0
    return ScoreComponent(
        network=attention.network,
        rule="rarity",
        score=score,
        voices=attention.voices,
        papers=papers,
        atleast=atleast,
        among=among,
        age=attention.age,
        until=attention.until,
        own=attention.own,
        days=reference.days,
    )


def rank(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Candidates by score, descending; ties by more voices, then earlier announcement, then id."""
    references = ReferenceTable(inputs.peers)
    return ordered(
        inputs,
        lambda candidate: tuple(part_of(attention, candidate.archive, references) for attention in candidate.attention),
    )
