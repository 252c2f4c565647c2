"""Scores forecasts of held-out weeks, made from earlier weeks alone, by coverage and pinball loss.

The pinball loss of a quantile (Koenker, Bassett: Regression Quantiles, 1978) is smallest on average for the true one;
here it is summed over 5, 50 and 95 %. The baseline is *usual growth*: today's count times the 5, 50 and 95 % quantiles
of how counts on the network grew from that age, whatever their size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.model import Forecast
from hotpapers.issues.forecasts import Curve, announcement_week, calibrate_table, curve_growth, predict_voices
from lab.curves import OWN_CLOCK, MeasuredCurve
from lab.text_tables import markdown_table

WINDOW = 90
"""The days before a week from which its forecasts are made; scores look back as far."""
KNOWN_AFTER = 10
"""The days after which a paper's last count is certainly known: the latest is at 240 h."""
ENOUGH_CASES = 200
"""The fewest forecasts for a field to be scored."""
ALL = "all"
COVERED = (88.0, 92.0)
"""The goal for the share of papers within their range, in percent."""
GAIN = 20.0
"""The goal for how far the loss is below that of usual growth, in percent."""
QUANTILES = (5, 50, 95)


class VoiceRange(NamedTuple):
    """Voices at 168 h: the 5, 50 and 95 % quantiles."""

    low: int
    median: int
    high: int


class ForecastCase(NamedTuple):
    """One paper of a held-out week: its forecast, and that by usual growth."""

    measured: MeasuredCurve
    forecast: Forecast | None
    usual: VoiceRange | None


class ForecastScore(NamedTuple):
    """How well forecasts for a network and field did. Shares are in percent, losses and width in voices.

    `without`: cases for which the record was too thin; the other figures leave these out. `width`: the median width of
    ranges.
    """

    network: str
    age: int
    field: str
    cases: int
    without: int
    covered: float
    below: float
    above: float
    loss: float
    width: int
    usual_covered: float
    usual_loss: float

    @property
    def gain(self) -> float:
        """How far the loss is below that of usual growth, in percent."""
        return round(100 * (1 - self.loss / self.usual_loss), 1) if self.usual_loss else 0.0

    @property
    def is_met(self) -> bool:
        """Whether both goals are met."""
        return COVERED[0] <= self.covered <= COVERED[1] and self.gain >= GAIN


# ---- week by week ----------------------------------------------------------------------------------------


def held_out(curves: Iterable[MeasuredCurve]) -> Iterator[ForecastCase]:
    """Each curve with voices at its age, forecast from the curves of the 90 days before its week that were complete."""
    by_day: dict[int, list[MeasuredCurve]] = defaultdict(list)
    for measured in curves:
        if measured.curve.voices > 0:
            by_day[measured.curve.day].append(measured)
    for first in sorted({7 * announcement_week(measured.curve) - 3 for some in by_day.values() for measured in some}):
        days = range(first - WINDOW, first - KNOWN_AFTER)
        known = [measured.curve for day in days for measured in by_day.get(day, ())]
        yield from _cases(known, [measured for day in range(first, first + 7) for measured in by_day.get(day, ())])


def _cases(known: Sequence[Curve], held_out_curves: Sequence[MeasuredCurve]) -> Iterator[ForecastCase]:
    table = calibrate_table(known)
    growths_by_key: dict[tuple[str, int], list[int]] = defaultdict(list)
    for curve in known:
        growths_by_key[curve.network, curve.age].append(curve_growth(curve))
    sorted_growths = {key: sorted(growths) for key, growths in growths_by_key.items()}
    for measured in held_out_curves:
        curve = measured.curve
        forecast = predict_voices(table, curve.network, curve.archive, curve.voices, curve.age)
        yield ForecastCase(measured, forecast, _usual(sorted_growths.get((curve.network, curve.age), ()), curve.voices))


def _usual(growths: Sequence[int], voices: int) -> VoiceRange | None:
    """Today's count times the quantiles of growth, rounded. `growths`: in thousandths, ascending."""
    if not growths:
        return None
    factors = (growths[-(-len(growths) * quantile // 100) - 1] for quantile in QUANTILES)
    return VoiceRange(*((factor * voices + 500) // 1000 for factor in factors))


# ---- scores ----------------------------------------------------------------------------------------------


def scores(cases: Iterable[ForecastCase]) -> list[ForecastScore]:
    """A score for each network and age, and for each of their fields with enough forecasts."""
    cells: dict[tuple[str, int, str], list[ForecastCase]] = defaultdict(list)
    for case in cases:
        for field in (ALL, *case.measured.fields):
            cells[case.measured.curve.network, case.measured.curve.age, field].append(case)
    results = (_score(*key, some) for key, some in sorted(cells.items(), key=lambda cell: _place(cell[0])))
    return [score for score in results if score is not None]


def _place(key: tuple[str, int, str]) -> tuple[str, int, bool, str]:
    network, age, field = key
    return network, age, field != ALL, field


def _score(network: str, age: int, field: str, cases: Sequence[ForecastCase]) -> ForecastScore | None:
    checks = [
        (case.measured.curve.later, VoiceRange(given.low, given.median, given.high), usual)
        for case in cases
        if (given := case.forecast) is not None and (usual := case.usual) is not None
    ]
    if len(checks) < ENOUGH_CASES:
        return None
    below = sum(later < forecast.low for later, forecast, _ in checks)
    above = sum(later > forecast.high for later, forecast, _ in checks)
    usual_within = sum(usual.low <= later <= usual.high for later, _, usual in checks)
    widths = sorted(forecast.high - forecast.low for _, forecast, _ in checks)
    return ForecastScore(
        network=network,
        age=age,
        field=field,
        cases=len(checks),
        without=len(cases) - len(checks),
        covered=_share(len(checks) - below - above, checks),
        below=_share(below, checks),
        above=_share(above, checks),
        loss=_mean_loss((later, forecast) for later, forecast, _ in checks),
        width=widths[len(widths) // 2],
        usual_covered=_share(usual_within, checks),
        usual_loss=_mean_loss((later, usual) for later, _, usual in checks),
    )


def _share(number: int, of: Sequence[object]) -> float:
    return round(100 * number / len(of), 1)


def _mean_loss(pairs: Iterable[tuple[int, VoiceRange]]) -> float:
    losses = [pinball_loss(later, forecast_range) for later, forecast_range in pairs]
    return round(sum(losses) / len(losses) / 300, 3)


def pinball_loss(later: int, forecast_range: VoiceRange) -> int:
    """The sum of the three quantiles' pinball losses, in hundredths of voices: integers, so the order of addition does
    not matter."""
    pairs = zip(QUANTILES, forecast_range, strict=True)
    return sum(
        (later - voices) * quantile if later >= voices else (voices - later) * (100 - quantile)
        for quantile, voices in pairs
    )


# ---- as a table ------------------------------------------------------------------------------------------

HEAD = (
    "network",
    "from",
    "field",
    "papers",
    "none",
    "within",
    "below",
    "above",
    "width",
    "loss",
    "usual within",
    "usual loss",
    "less",
    "met",
)


def rows(scores_of_cells: Iterable[ForecastScore]) -> list[tuple[str, ...]]:
    """The scores as the cells of a table, with a header row."""
    return [HEAD, *map(_row, scores_of_cells)]


def _row(score: ForecastScore) -> tuple[str, ...]:
    return (
        score.network,
        f"{score.age} h",
        score.field,
        f"{score.cases:,}",
        f"{score.without:,}",
        f"{score.covered:.1f} %",
        f"{score.below:.1f} %",
        f"{score.above:.1f} %",
        f"{score.width:,}",
        f"{score.loss:.2f}",
        f"{score.usual_covered:.1f} %",
        f"{score.usual_loss:.2f}",
        f"{score.gain:.1f} %",
        "yes" if score.is_met else "no",
    )


def page(scores_of_cells: Sequence[ForecastScore]) -> str:
    """The scores over all fields, as a page of the docs."""
    shown = [HEAD.index(name) for name in ("network", "from", "papers", "within", "less", "met")]
    lines = rows(score for score in scores_of_cells if score.field == ALL)
    head, *cells = [[line[column] for column in shown] for line in lines]
    return _PAGE.replace("TABLE", markdown_table(head, cells))


_PAGE = f"""\
# Forecasts

Nothing has to be set: `hotpapers run` learns forecasts from its own record.

From six hours after a paper's announcement, an issue forecasts its voices on a network after a week from the count
alone: *12 to 90, median 34*. The forecast is never part of the [score](ranking.md).

The forecast comes from the growth of papers of the last {WINDOW} days with similarly many voices
([exactly](../reference/rebuilding.md#forecasts)): split conformal prediction (Lei et al. 2018), with ranges widened
until nine in ten papers of the record's own weeks are within. Without enough papers or weeks, or for more voices than
any had, there is no forecast.

## Held-out weeks

Each week was forecast from the {WINDOW} days before it, without the last {KNOWN_AFTER}. The method was chosen on these
same weeks. `python -m lab forecast --output` writes this page, and prints all figures.

TABLE

*Within*: papers within their range. *Less*: how much lower the mean pinball loss of the 5, 50 and 95 % quantiles is
than that of usual growth from that age on that network. *Met*: {COVERED[0]:.0f} to {COVERED[1]:.0f} % are within, and
the loss is {GAIN:.0f} % less.

**huggingface** has upvotes in the daily papers, 2025-04 to 2026-08. In some months hardly more than eight in ten were
within: when habits change, ranges are wrong until newer papers are a week old. **hackernews** has votes for stories on
the front page, 2020-11 to 2022-11, few about papers; **{OWN_CLOCK}** starts six hours after each was first
seen. Votes are not voices: no series of voices on Bluesky or Mastodon was available.
"""
