"""How an issue of our own gets its ranking's input: from the whole record, unless it is one of many days in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from hotpapers import ranking
from hotpapers.issues.forecasts import CurveCollector
from hotpapers.issues.ranking_input import CandidateWindow, collect_input
from hotpapers.model import NetworkForecast, Publication, RankingInput
from hotpapers.store.as_of import AsOfView

Forecasts = Callable[[Iterable[str]], dict[str, tuple[NetworkForecast, ...]]]


class CollectedInput(NamedTuple):
    """A ranking's input, and what makes the forecasts of some papers from it: None where there are none."""

    inputs: RankingInput
    forecasts: Forecasts | None


InputReader = Callable[[AsOfView, Publication, CandidateWindow, tuple[int, ...]], CollectedInput]
"""What collects the input of a publication as of a view: of the papers that may be candidates, with those that they are
compared with."""


def collect_with_forecasts(
    view: AsOfView, publication: Publication, span: CandidateWindow, own_voices: tuple[int, ...]
) -> CollectedInput:
    """From the whole record."""
    curves = CurveCollector(view.as_of) if has_forecasts(publication) else None
    inputs = collect_input(view, publication, span, own_voices, curves)
    return CollectedInput(inputs, curves.forecasts if curves else None)


def has_forecasts(publication: Publication) -> bool:
    """Whether the papers of a publication's issues have forecasts."""
    return publication.window == "daily" and ranking.needs_of(publication.ranking).with_standing
