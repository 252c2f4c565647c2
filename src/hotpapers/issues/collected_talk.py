"""How an issue of our own comes by its talk: from the whole record, unless it is one of many days in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from hotpapers import ranking
from hotpapers.issues.forecasts import CurveCollector
from hotpapers.issues.ranking_input import CandidateWindow, collect_input
from hotpapers.model import NetworkForecast, Publication, RankingInput
from hotpapers.store.as_of import AsOfView

Forecasts = Callable[[Iterable[str]], dict[str, tuple[NetworkForecast, ...]]]


class CollectedTalk(NamedTuple):
    """A talk, and what makes the forecasts of some papers from it: None where there are none."""

    talk: RankingInput
    forecasts: Forecasts | None


TalkReader = Callable[[AsOfView, Publication, CandidateWindow, tuple[int, ...]], CollectedTalk]
"""What collects the talk of a publication as of a view: of the papers that may be candidates, with those that they are
compared with."""


def collect_talk(
    view: AsOfView, publication: Publication, span: CandidateWindow, own_voices: tuple[int, ...]
) -> CollectedTalk:
    """From the whole record."""
    curves = CurveCollector(view.as_of) if has_forecasts(publication) else None
    talk = collect_input(view, publication, span, own_voices, curves)
    return CollectedTalk(talk, curves.forecasts if curves else None)


def has_forecasts(publication: Publication) -> bool:
    """Whether the papers of a publication's issues have forecasts."""
    return publication.window == "daily" and ranking.measured_by(publication.ranking).with_standing
