"""The talk of a daily publication as of one cut after another: what `collect_input` and `CurveCollector` make of the
whole record at every cut, from the papers of which something changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from hotpapers import ranking
from hotpapers.engagement.attention import Engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.engagement.over_days import EngagementOverDays
from hotpapers.issues import ranking_input
from hotpapers.issues.collected_talk import CollectedTalk, has_forecasts
from hotpapers.issues.forecasts import PaperCurves, curves_of, forecasts_of
from hotpapers.issues.queries import read_since
from hotpapers.model import Candidate, NetworkForecast, Publication, RankingInput
from hotpapers.store.as_of import AsOfView

NO_CURVES = PaperCurves((), ())


class TalkOverDays:
    """A `TalkReader` for one publication of daily issues, asked for cuts up to `until`. Where they ascend, each goes on
    from the one before."""

    def __init__(self, until: int) -> None:
        self._until = until
        self._window = MeasurementWindow()
        self._begin(MeasurementWindow())

    def _begin(self, window: MeasurementWindow) -> None:
        self._window = window
        self._engagement = EngagementOverDays(window, self._until)
        self._since: Mapping[str, int] = {}
        self._counts = ranking_input.PeerCounts()
        self._peers: dict[str, Sequence[ranking_input.Peer]] = {}
        self._curves: dict[str, PaperCurves] = {}

    def __call__(
        self, view: AsOfView, publication: Publication, span: ranking_input.CandidateWindow, own_voices: tuple[int, ...]
    ) -> CollectedTalk:
        self._measured = ranking.measured_by(publication.ranking)
        window = ranking_input.measured_window(publication, 0, own_voices)
        if window != self._window:
            self._begin(window)
        changed = set(self._engagement.move_to(view))
        since = read_since(view)
        if since != self._since:
            changed |= self._engagement.announced.keys()
            self._since = since
        for paper in changed:
            self._take_in(paper)
        talk = RankingInput(
            candidates=tuple(self._candidates(view, span)),
            peers=self._counts.histograms(view.as_of, with_days=span.with_days),
        )
        return CollectedTalk(talk, partial(self._forecasts, view.as_of) if has_forecasts(publication) else None)

    def _rows(self, paper: str) -> list[Engagement]:
        return [ranking_input.among_peers(row, self._since) for row in self._engagement.rows(paper)]

    def _take_in(self, paper: str) -> None:
        """Counts a paper as what it is now among those that others are compared with."""
        self._counts.add(self._peers.pop(paper, ()), -1)
        self._curves.pop(paper, None)
        if rows := self._rows(paper):
            self._peers[paper] = ranking_input.peers_among(rows, self._measured)
            self._counts.add(self._peers[paper])
            self._curves[paper] = curves_of(rows)

    def _candidates(self, view: AsOfView, span: ranking_input.CandidateWindow) -> Iterator[Candidate]:
        for paper, announced_at in self._engagement.announced.items():
            if (announced_at > span.start or paper in span.held) and (rows := self._rows(paper)):
                candidate = ranking_input.candidate_of(rows, span.start, span.held, view.as_of, self._measured)
                if candidate is not None:
                    yield candidate

    def _forecasts(self, as_of: int, papers: Iterable[str]) -> dict[str, tuple[NetworkForecast, ...]]:
        curves = chain.from_iterable(some.curves for some in self._curves.values())
        return forecasts_of(curves, {paper: self._curves.get(paper, NO_CURVES).early for paper in papers}, as_of)
