"""What a week will bring to papers younger than that, from the curves of those in the record that are older.

Beside the score, never in it: no ranking looks at a forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hotpapers.engagement.attention import Engagement
from hotpapers.forecast import AGES, FINAL, Curve, calibrate, predict
from hotpapers.model import DAY, HOUR, Entry, NetworkForecast
from hotpapers.ranking.words import count_noun, network_name, number


class PaperCurves(NamedTuple):
    """What forecasts need of a paper: the `curves` that it brings, and the rows from which its own are `made`."""

    curves: tuple[Curve, ...]
    early: tuple[Engagement, ...]


def curves_of(rows: Iterable[Engagement]) -> PaperCurves:
    """Those of one paper's rows by age. Only rows that stand among peers count: those of the very moment of an age."""
    among = [row for row in rows if row.peer]
    early = tuple(row for row in among if row.age in AGES)
    curves = (
        _curve(row, final) for final in among if final.age == FINAL for row in early if row.network == final.network
    )
    return PaperCurves(tuple(curves), early)


def forecasts_of(
    curves: Iterable[Curve], early: Mapping[str, Sequence[Engagement]], as_of: int
) -> dict[str, tuple[NetworkForecast, ...]]:
    """For each paper with early rows that is six hours to a week old its networks' forecasts, by network."""
    table = calibrate(curves)
    result = {}
    for paper, rows in early.items():
        if young := [row for row in rows if _reached(row, as_of) == row.age]:
            result[paper] = tuple(
                NetworkForecast(
                    network=row.network, age=row.age, voices=row.voices,
                    papers=table.papers.get((row.network, row.age), 0),
                    forecast=predict(table, row.network, row.archive, row.voices, row.age),
                )
                for row in sorted(young, key=lambda row: row.network)
            )  # fmt: skip
    return result


class CurveCollector:
    """Takes the engagement of all papers, each paper's rows together; keeps what forecasts need of it."""

    def __init__(self, as_of: int) -> None:
        self._as_of = as_of
        self._curves: list[Curve] = []
        self._early: dict[str, tuple[Engagement, ...]] = {}

    def add(self, rows: Sequence[Engagement]) -> None:
        some = curves_of(rows)
        self._curves.extend(some.curves)
        if early := tuple(row for row in some.early if _reached(row, self._as_of) == row.age):
            self._early[early[0].paper] = early

    def forecasts(self, papers: Iterable[str]) -> dict[str, tuple[NetworkForecast, ...]]:
        """For each of the papers that is six hours to a week old its networks' forecasts, by network."""
        return forecasts_of(self._curves, {paper: self._early.get(paper, ()) for paper in papers}, self._as_of)


def _reached(row: Engagement, as_of: int) -> int:
    """The latest age that a row's paper has reached, in hours; 0 before the first."""
    return max((age for age in (*AGES, FINAL) if row.announced_at + age * HOUR <= as_of), default=0)


def _curve(early: Engagement, final: Engagement) -> Curve:
    return Curve(early.network, early.archive, early.age, early.announced_at // DAY, early.voices, final.voices)


# ---- in words ------------------------------------------------------------------------------------------


def sentence(of_network: NetworkForecast) -> str:
    """A forecast as a plain sentence, or that there is none and why."""
    name = network_name(of_network.network)
    if of_network.forecast is None:
        through = (
            f"{count_noun(of_network.papers, 'paper')} there {'was' if of_network.papers == 1 else 'were'} seen through"
        )
        return f"No forecast for {name}: {through} from {of_network.age} h to a week, too few of them like this one."
    forecast = of_network.forecast
    papers = count_noun(forecast.papers, "paper") + ("" if forecast.among == "all" else f" of {forecast.among}")
    had = (
        number(forecast.least)
        if forecast.least == forecast.most
        else f"{number(forecast.least)} to {number(forecast.most)}"
    )
    return (
        f"On {name} after a week {number(forecast.low)} to {number(forecast.high)} voices in nine of ten cases, "
        f"{number(forecast.median)} in the middle: so it went with {papers} that had {had} at {of_network.age} h."
    )


def sentences(entry: Entry) -> tuple[str, ...]:
    """What an entry says of the week to come: its forecasts, or in one sentence that there is none."""
    forecasts = entry.forecasts or ()
    forecast_sentences = tuple(
        sentence(network_forecast) for network_forecast in forecasts if network_forecast.forecast is not None
    )
    if forecast_sentences or not forecasts:
        return forecast_sentences
    names = ", ".join(network_name(network_forecast.network) for network_forecast in forecasts)
    return (f"No forecast for {names}: too few papers like this one were seen through a week.",)
