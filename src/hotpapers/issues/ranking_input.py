"""The ranking's input for a daily, weekly or monthly publication: candidates with their attention, and the papers they
are compared with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from hotpapers.base.model import (
    DAY,
    HOUR,
    MAX_INTEGER,
    Attention,
    Candidate,
    NetworkForecast,
    Publication,
    RankingInput,
    VoiceHistogram,
)
from hotpapers.base.papers.categories import is_on, servers_of
from hotpapers.discussion.engagement import attention, measurement
from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.issues import collectors, ranking
from hotpapers.issues.forecasts import CurveCollector
from hotpapers.issues.queries import read_since
from hotpapers.issues.ranking import rarity_1
from hotpapers.record import AsOfView


class CandidateWindow(NamedTuple):
    """Which papers may be candidates: those announced after `start` and up to `end`, and the papers of earlier issues.
    `with_days`: references say over how many days their papers were announced."""

    start: int
    earlier_papers: Collection[str]
    with_days: bool
    end: int
    vouching_once: bool


ReferenceKey = tuple[str, int, str]
"""Network, age and archive of the papers compared with."""


EngagementReader = Callable[[AsOfView, measurement.MeasurementWindow], Iterable[Engagement]]


def collect_input(
    view: AsOfView,
    publication: Publication,
    span: CandidateWindow,
    own_voices: tuple[int, ...],
    curves: CurveCollector | None,
    read: EngagementReader = attention.read_engagement,
) -> RankingInput:
    """The ranking's input for a publication of our own, measured at the papers' ages. `curves` gets all rows too;
    `read`: how attention is counted."""
    needs = ranking.needs_of(publication.ranking)
    window = measured_window(publication, span.start, own_voices, span.end)
    window = window._replace(vouching_once=span.vouching_once)
    peers = PeerCounts()
    candidates = []
    since = read_since(view)
    servers = servers_of(publication.categories)
    own_rows = (without_late_peer(engagement, since) for engagement in read(view, window))
    better_rows = collectors.with_better_counts(view, window, own_rows)
    all_rows = (row for row in better_rows if is_on(row.paper, row.archive, servers))
    for _, group in groupby(all_rows, key=attrgetter("paper")):
        rows = list(group)
        if curves is not None:
            curves.add(rows)
        peers.add(peers_of(rows, needs))
        candidate = candidate_of(rows, span.start, span.earlier_papers, view.as_of, needs)
        if candidate is not None and candidate.announced_at <= span.end:
            candidates.append(candidate)
    histograms = peers.histograms(view.as_of, with_days=span.with_days)
    return RankingInput(candidates=tuple(candidates), peers=histograms)


def measured_window(
    publication: Publication, start: int, own_voices: tuple[int, ...], end: int = MAX_INTEGER
) -> measurement.MeasurementWindow:
    """The scope of measurement for a publication's issue whose window is from `start` to `end`."""
    needs = ranking.needs_of(publication.ranking)
    posted_from = None if publication.window == "daily" else start
    return measurement.MeasurementWindow(
        youngest=needs.ages[0],
        with_standing=needs.with_standing,
        networks=publication.networks,
        own_voices=own_voices,
        candidates_from=start,
        posted_from=posted_from,
        posted_until=end,
    )


def without_late_peer(engagement: Engagement, since: Mapping[str, int]) -> Engagement:
    """Exclude as a peer any paper announced before its network was first read: its counts are too low."""
    if engagement.announced_at >= since.get(engagement.network, 0):
        return engagement
    return engagement._replace(peer=0)


class Peer(NamedTuple):
    """A paper that others are compared with: its reference, its voices, and when it was announced."""

    reference: ReferenceKey
    voices: int
    announced_at: int


def peers_of(rows: Iterable[Engagement], needs: ranking.RankingNeeds) -> list[Peer]:
    """A paper's contributions to a ranking's references, by its rows."""
    return [
        Peer((row.network, row.age, row.archive), voices, row.announced_at)
        for row in rows
        if row.peer and row.age in needs.ages and (voices := compared_voices(row, needs))
    ]


class PeerCounts:
    """How many papers have how many voices, and when the papers compared with were announced, by reference."""

    def __init__(self) -> None:
        self._counts = defaultdict[ReferenceKey, Counter[int]](Counter)
        self._announced = defaultdict[ReferenceKey, Counter[int]](Counter)

    def add(self, peers: Iterable[Peer], times: int = 1) -> None:
        """Add papers `times` times; -1 removes them."""
        for reference, voices, announced_at in peers:
            self._counts[reference][voices] += times
            if voices >= rarity_1.least_voices(reference[1]):
                self._announced[reference][announced_at] += times

    def histograms(self, as_of: int, *, with_days: bool) -> tuple[VoiceHistogram, ...]:
        """The references as of a moment. `with_days`: include the number of days from the first announcement of a paper
        compared with up to the cut, rounded up."""
        result = []
        for reference, counter in sorted(self._counts.items()):
            counts = tuple(sorted((voices, papers) for voices, papers in counter.items() if papers))
            if counts:
                network, age, archive = reference
                days = self._days(reference, as_of) if with_days else msgspec.UNSET
                result.append(VoiceHistogram(network=network, age=age, archive=archive, counts=counts, days=days))
        return tuple(result)

    def _days(self, reference: ReferenceKey, as_of: int) -> int:
        first = min((at for at, papers in self._announced[reference].items() if papers), default=None)
        return 0 if first is None else max(1, -((first - as_of) // DAY))


def compared_voices(row: Engagement, needs: ranking.RankingNeeds) -> int:
    """The number of voices by which a ranking compares a paper."""
    return row.counted if needs.with_standing else row.voices


def candidate_of(
    rows: Sequence[Engagement], start: int, earlier_papers: Collection[str], cut: int, needs: ranking.RankingNeeds
) -> Candidate | None:
    """The candidate from one paper's rows: at the greatest age reached, or with the posts in the window; None if the
    paper is too old."""
    paper = rows[0].paper
    announced_at = max(row.announced_at for row in rows)
    current = [row for row in rows if not row.announced_at]
    if not current:
        if announced_at <= start and paper not in earlier_papers:
            return None
        reached_ages = [age for age in needs.ages if announced_at + age * HOUR <= cut]
        current = [row for row in rows if row.age == (reached_ages[-1] if reached_ages else needs.ages[0])]
    voices_as_peers = {(row.network, row.age): compared_voices(row, needs) for row in rows if row.peer}
    attentions = (attention_of(row, voices_as_peers.get((row.network, row.age))) for row in current)
    return Candidate(paper=paper, archive=rows[0].archive, announced_at=announced_at, attention=tuple(attentions))


def attention_of(row: Engagement, own: int | None = None) -> Attention:
    """A paper's engagement on a network, as rankings and histories use it. `own`: see `Attention`."""
    return Attention(
        network=row.network,
        until=row.until,
        age=row.age,
        voices=row.voices,
        reposts=row.reposts,
        likes=row.likes,
        bots=row.bots,
        known=row.known,
        authors=row.authors,
        counted=row.counted,
        counted_as=row.counted_as,
        collector=row.collector,
        method="",
        own=own,
    )


def networks_of(inputs: RankingInput) -> set[str]:
    """The networks in a ranking's input."""
    networks = {peer.network for peer in inputs.peers}
    return networks | {attention.network for candidate in inputs.candidates for attention in candidate.attention}


# ---- the input with forecasts ---------------------------------------------------------------------------

Forecasts = Callable[[Iterable[str]], dict[str, tuple[NetworkForecast, ...]]]


class CollectedInput(NamedTuple):
    """A ranking's input, and a function that makes forecasts for papers from it; None if there are no forecasts."""

    inputs: RankingInput
    forecasts: Forecasts | None


InputReader = Callable[[AsOfView, Publication, CandidateWindow, tuple[int, ...]], CollectedInput]
"""Collects a publication's input as of a view: the papers that may be candidates, and the papers that they are compared
with. The last argument: numbers of the publication's own accounts."""


def collect_with_forecasts(
    view: AsOfView, publication: Publication, span: CandidateWindow, own_voices: tuple[int, ...]
) -> CollectedInput:
    """Read the input from the whole record."""
    curves = CurveCollector(view.as_of) if has_forecasts(publication) else None
    inputs = collect_input(view, publication, span, own_voices, curves)
    return CollectedInput(inputs, curves.forecasts if curves else None)


def has_forecasts(publication: Publication) -> bool:
    """Whether the papers of a publication's issues have forecasts."""
    return publication.window == "daily" and ranking.needs_of(publication.ranking).with_standing
