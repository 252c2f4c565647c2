"""Forecasts of how many voices papers will have after a week, from the curves of older papers in the record.

Forecasts are shown next to the score and are never part of it: no ranking uses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR, Entry, NetworkForecast
from hotpapers.issues.engagement.attention import Engagement
from hotpapers.issues.forecast.calibration import calibrate, predict
from hotpapers.issues.forecast.curves import AGES, FINAL, Curve
from hotpapers.issues.ranking.words import count_noun, network_name, number


class PaperCurves(NamedTuple):
    """What forecasts need from a paper: the `curves` it contributes, and the `early` rows for its own forecasts."""

    curves: tuple[Curve, ...]
    early: tuple[Engagement, ...]


def curves_of(rows: Iterable[Engagement]) -> PaperCurves:
    """The curves from one paper's rows by age. Only rows measured exactly at an age count, as among peers."""
    peer_rows = [row for row in rows if row.peer]
    early = tuple(row for row in peer_rows if row.age in AGES)
    curves = (
        _curve(row, final) for final in peer_rows if final.age == FINAL for row in early if row.network == final.network
    )
    return PaperCurves(tuple(curves), early)


def forecasts_of(
    curves: Iterable[Curve], early: Mapping[str, Sequence[Engagement]], as_of: int
) -> dict[str, tuple[NetworkForecast, ...]]:
    """For each paper with early rows that is six hours to a week old, its forecasts, ordered by network."""
    table = calibrate(curves)
    result = {}
    for paper, rows in early.items():
        if young := [row for row in rows if _reached(row, as_of) == row.age]:
            result[paper] = tuple(
                NetworkForecast(
                    network=row.network,
                    age=row.age,
                    voices=row.voices,
                    papers=table.papers.get((row.network, row.age), 0),
                    forecast=predict(table, row.network, row.archive, row.voices, row.age),
                )
                for row in sorted(young, key=lambda row: row.network)
            )
    return result


class CurveCollector:
    """Collects what forecasts need from the engagement of all papers. Each paper's rows must come together."""

    def __init__(self, as_of: int) -> None:
        self._as_of = as_of
        self._curves: list[Curve] = []
        self._early: dict[str, tuple[Engagement, ...]] = {}

    def add(self, rows: Sequence[Engagement]) -> None:
        paper_curves = curves_of(rows)
        self._curves.extend(paper_curves.curves)
        if early := tuple(row for row in paper_curves.early if _reached(row, self._as_of) == row.age):
            self._early[early[0].paper] = early

    def forecasts(self, papers: Iterable[str]) -> dict[str, tuple[NetworkForecast, ...]]:
        """For each of the papers that is six hours to a week old, its forecasts, ordered by network."""
        return forecasts_of(self._curves, {paper: self._early.get(paper, ()) for paper in papers}, self._as_of)


def _reached(row: Engagement, as_of: int) -> int:
    """The latest age that the paper has reached, in hours; 0 before the first."""
    return max((age for age in (*AGES, FINAL) if row.announced_at + age * HOUR <= as_of), default=0)


def _curve(early: Engagement, final: Engagement) -> Curve:
    return Curve(early.network, early.archive, early.age, early.announced_at // DAY, early.voices, final.voices)


# ---- in words ------------------------------------------------------------------------------------------


def sentence(network_forecast: NetworkForecast) -> str:
    """A forecast as a plain sentence, or why there is none."""
    name, age = network_name(network_forecast.network), network_forecast.age
    if network_forecast.forecast is None:
        papers = count_noun(network_forecast.papers, "paper")
        return f"No forecast for {name}: of {papers} followed there from {age} h to a week, too few match."
    forecast = network_forecast.forecast
    papers = count_noun(forecast.papers, "paper") + ("" if forecast.among == "all" else f" of {forecast.among}")
    class_size = (
        number(forecast.least)
        if forecast.least == forecast.most
        else f"{number(forecast.least)} to {number(forecast.most)}"
    )
    voices = count_noun(forecast.high, "voice")
    if forecast.low < forecast.high:
        voices = f"{number(forecast.low)} to {voices}"
    return (
        f"On {name}, {voices} after a week in nine of ten cases, "
        f"median {number(forecast.median)}: based on {papers} that had {class_size} at {age} h."
    )


def known(entry: Entry) -> tuple[NetworkForecast, ...]:
    """An entry's forecasts for the networks that have one."""
    return tuple(item for item in entry.forecasts or () if item.forecast is not None)


def sentences(entry: Entry) -> tuple[str, ...]:
    """An entry's forecasts as sentences, or one sentence that there are none."""
    forecasts = entry.forecasts or ()
    if known(entry) or not forecasts:
        return tuple(map(sentence, known(entry)))
    names = ", ".join(network_name(network_forecast.network) for network_forecast in forecasts)
    return (f"No forecast for {names}: too few papers like this one were followed for a week.",)
