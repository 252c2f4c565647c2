"""Evaluating forecasts: no future data is used, the figures match their definitions, and real votes meet the goals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Forecast
from hotpapers.issues.forecasts import Curve
from lab.curves import MeasuredCurve
from lab.forecast import (
    ENOUGH_CASES,
    KNOWN_AFTER,
    WINDOW,
    ForecastCase,
    VoiceRange,
    held_out,
    pinball_loss,
    rows,
    scores,
)
from tests.issues.forecast import samples


def measured_curves(number: int = 3000, days: int = 120, seed: int = 5) -> list[MeasuredCurve]:
    """Made-up curves with their fields."""
    return [
        MeasuredCurve(curve, (curve.archive,) if curve.archive else ()) for curve in samples.curves(seed, number, days)
    ]


# ---- week by week --------------------------------------------------------------------------------------


def test_a_forecast_knows_only_what_was_known_before_its_week() -> None:
    """Changes to papers of the ten days before a week, of that week or later leave its forecasts the same."""
    curves = measured_curves()
    monday = samples.FIRST_DAY + 85 - (samples.FIRST_DAY + 85 + 3) % 7
    changed = [
        row._replace(curve=row.curve._replace(later=9 * row.curve.later))
        if row.curve.day >= monday - KNOWN_AFTER or row.curve.day < monday - WINDOW
        else row
        for row in curves
    ]
    before, after = ([case for case in held_out(selection) if 0 <= case.measured.curve.day - monday < 7]
                     for selection in (curves, changed))  # fmt: skip
    assert len(before) > 100 and all(case.forecast for case in before)
    assert [(case.forecast, case.usual) for case in before] == [(case.forecast, case.usual) for case in after]
    later = [case.forecast for case in held_out(changed) if case.measured.curve.day >= monday + 21]
    assert later != [case.forecast for case in held_out(curves) if case.measured.curve.day >= monday + 21]


def test_each_paper_with_a_voice_is_forecast_once() -> None:
    silent_curve = MeasuredCurve(Curve("bluesky", "cs", 6, samples.FIRST_DAY, 0, 5), ())
    cases = list(held_out([*measured_curves(500), silent_curve]))
    assert sorted(case.measured for case in cases) == sorted(measured_curves(500))
    assert cases[0].forecast is None and cases[0].usual is None, "the first week has none before it"


def test_usual_growth_is_the_count_times_the_quantiles_of_growth() -> None:
    known_curves = [MeasuredCurve(Curve("bluesky", "", 6, samples.FIRST_DAY, 10, 10 + n), ()) for n in range(1, 101)]
    later_curve = MeasuredCurve(Curve("bluesky", "", 6, samples.FIRST_DAY + 30, 20, 50), ())
    assert list(held_out([*known_curves, later_curve]))[-1].usual == VoiceRange(30, 120, 210)


# ---- figures -------------------------------------------------------------------------------------------


@given(st.integers(0, 500), st.tuples(*[st.integers(0, 500)] * 3))
def test_pinball_loss_as_it_is_defined(later: int, forecast: tuple[int, int, int]) -> None:
    quantiles = (Fraction(5, 100), Fraction(50, 100), Fraction(95, 100))
    losses = (max(q * (later - bound), (q - 1) * (later - bound)) for q, bound in zip(quantiles, forecast, strict=True))
    assert Fraction(pinball_loss(later, VoiceRange(*forecast)), 100) == sum(losses)


def case(later: int, field: str = "cs", *, forecast_known: bool = True) -> ForecastCase:
    """A paper forecast to get 10 to 30 voices, median 20; 10 to 50 by usual growth."""
    forecast = Forecast(10, 20, 30, 60, "all", 4, 7) if forecast_known else None
    return ForecastCase(MeasuredCurve(Curve("bluesky", "", 6, 1, 5, later), (field,)), forecast, VoiceRange(10, 20, 50))


def test_a_score_by_hand() -> None:
    cases = [*[case(20)] * 180, *[case(9)] * 8, *[case(40)] * 12, *[case(9, forecast_known=False)] * 50]
    all_result, field = scores(cases)
    assert (all_result.field, field.field, field.cases, field.without, field.width) == ("all", "cs", 200, 50, 20)
    assert (field.covered, field.below, field.above, field.usual_covered) == (90.0, 4.0, 6.0, 96.0)
    forecast_loss = 180 * (0.5 + 0 + 0.5) + 8 * (0.95 + 5.5 + 0.05 * 21) + 12 * (1.5 + 10 + 9.5)
    usual_loss = 180 * (0.5 + 0 + 1.5) + 8 * (0.95 + 5.5 + 0.05 * 41) + 12 * (1.5 + 10 + 0.5)
    assert field.loss == round(forecast_loss / 600, 3) and field.usual_loss == round(usual_loss / 600, 3)
    assert field.gain == round(100 - 100 * field.loss / field.usual_loss, 1) < 20 and not field.is_met
    assert field._replace(usual_loss=2.0).is_met and not field._replace(usual_loss=2.0, covered=92.1).is_met


def test_fields_with_few_forecasts_are_left_out() -> None:
    cases = [*[case(20)] * ENOUGH_CASES, *[case(20, "math")] * (ENOUGH_CASES - 1)]
    assert [(result.field, result.cases) for result in scores(cases)] == [("all", 399), ("cs", 200)]
    assert scores([]) == [] and len(rows([])) == 1


def test_a_forecast_without_loss_gains_nothing() -> None:
    [result, _] = scores(
        [ForecastCase(case(5).measured, Forecast(5, 5, 5, 60, "all", 4, 7), VoiceRange(5, 5, 5))] * 200
    )
    assert (result.loss, result.gain, result.is_met) == (0.0, 0.0, False)


@pytest.mark.long
def test_made_up_papers_of_later_weeks_lie_within() -> None:
    results = scores(held_out(measured_curves(20_000, 200)))
    assert {result.field for result in results} == {"all", "cs", "math", "hep-th", "astro-ph"}
    assert all(86 < result.covered < 96 for result in results), results


@pytest.mark.parametrize("number", [0, 1, 59])
def test_a_thin_record_forecasts_nothing(number: int) -> None:
    assert [case.forecast for case in held_out(measured_curves(number))] == [None] * number
