"""Where an issue of our own gets its ranking's input: from the whole record, unless many days are made in a row."""

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
