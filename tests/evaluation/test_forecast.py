"""Evaluating forecasts: no future data is used, the figures match their definitions, and real votes meet the goals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.evaluation.curves import MeasuredCurve
from hotpapers.evaluation.forecast import (
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
from hotpapers.forecast import Curve, Forecast
from tests.forecast import made


def measured(number: int = 3000, days: int = 120, seed: int = 5) -> list[MeasuredCurve]:
    """Made-up curves with their fields."""
    return [MeasuredCurve(one, (one.archive,) if one.archive else ()) for one in made.curves(seed, number, days)]


# ---- week by week --------------------------------------------------------------------------------------


def test_a_forecast_knows_only_what_was_known_before_its_week() -> None:
    """Changes to papers of the ten days before a week, of that week or later leave its forecasts the same."""
    curves = measured()
    monday = made.FIRST_DAY + 85 - (made.FIRST_DAY + 85 + 3) % 7
    changed = [
        one._replace(curve=one.curve._replace(later=9 * one.curve.later))
        if one.curve.day >= monday - KNOWN_AFTER or one.curve.day < monday - WINDOW
        else one
        for one in curves
    ]
    before, after = ([one for one in held_out(some) if 0 <= one.measured.curve.day - monday < 7]
                     for some in (curves, changed))  # fmt: skip
    assert len(before) > 100 and all(one.forecast for one in before)
    assert [(one.forecast, one.usual) for one in before] == [(one.forecast, one.usual) for one in after]
    later = [one.forecast for one in held_out(changed) if one.measured.curve.day >= monday + 21]
    assert later != [one.forecast for one in held_out(curves) if one.measured.curve.day >= monday + 21]


def test_each_paper_with_a_voice_is_told_once() -> None:
    silent = MeasuredCurve(Curve("bluesky", "cs", 6, made.FIRST_DAY, 0, 5), ())
    cases = list(held_out([*measured(500), silent]))
    assert sorted(one.measured for one in cases) == sorted(measured(500))
    assert cases[0].forecast is None and cases[0].usual is None, "the first week has none before it"


def test_usual_growth_is_the_count_times_the_quantiles_of_growth() -> None:
    grown = [MeasuredCurve(Curve("bluesky", "", 6, made.FIRST_DAY, 10, 10 + n), ()) for n in range(1, 101)]
    held = MeasuredCurve(Curve("bluesky", "", 6, made.FIRST_DAY + 30, 20, 50), ())
    assert list(held_out([*grown, held]))[-1].usual == VoiceRange(30, 120, 210)


# ---- figures -------------------------------------------------------------------------------------------


@given(st.integers(0, 500), st.tuples(*[st.integers(0, 500)] * 3))
def test_pinball_loss_as_it_is_defined(later: int, said: tuple[int, int, int]) -> None:
    quantiles = (Fraction(5, 100), Fraction(50, 100), Fraction(95, 100))
    losses = (max(q * (later - told), (q - 1) * (later - told)) for q, told in zip(quantiles, said, strict=True))
    assert Fraction(pinball_loss(later, VoiceRange(*said)), 100) == sum(losses)


def case(later: int, field: str = "cs", *, told: bool = True) -> ForecastCase:
    """A paper forecast to get 10 to 30 voices, median 20; 10 to 50 by usual growth."""
    forecast = Forecast(10, 20, 30, 60, "all", 4, 7) if told else None
    return ForecastCase(MeasuredCurve(Curve("bluesky", "", 6, 1, 5, later), (field,)), forecast, VoiceRange(10, 20, 50))


def test_a_score_by_hand() -> None:
    cases = [*[case(20)] * 180, *[case(9)] * 8, *[case(40)] * 12, *[case(9, told=False)] * 50]
    whole, field = scores(cases)
    assert (whole.field, field.field, field.cases, field.without, field.width) == ("all", "cs", 200, 50, 20)
    assert (field.covered, field.below, field.above, field.usual_covered) == (90.0, 4.0, 6.0, 96.0)
    ours = 180 * (0.5 + 0 + 0.5) + 8 * (0.95 + 5.5 + 0.05 * 21) + 12 * (1.5 + 10 + 9.5)
    usual = 180 * (0.5 + 0 + 1.5) + 8 * (0.95 + 5.5 + 0.05 * 41) + 12 * (1.5 + 10 + 0.5)
    assert field.loss == round(ours / 600, 3) and field.usual_loss == round(usual / 600, 3)
    assert field.gain == round(100 - 100 * field.loss / field.usual_loss, 1) < 20 and not field.is_met
    assert field._replace(usual_loss=2.0).is_met and not field._replace(usual_loss=2.0, covered=92.1).is_met


def test_fields_with_few_forecasts_are_left_out() -> None:
    cases = [*[case(20)] * ENOUGH_CASES, *[case(20, "math")] * (ENOUGH_CASES - 1)]
    assert [(one.field, one.cases) for one in scores(cases)] == [("all", 399), ("cs", 200)]
    assert scores([]) == [] and len(rows([])) == 1


def test_votes_without_any_loss_gain_nothing() -> None:
    [one, _] = scores([ForecastCase(case(5).measured, Forecast(5, 5, 5, 60, "all", 4, 7), VoiceRange(5, 5, 5))] * 200)
    assert (one.loss, one.gain, one.is_met) == (0.0, 0.0, False)


@pytest.mark.long
def test_made_up_papers_of_later_weeks_lie_within() -> None:
    found = scores(held_out(measured(20_000, 200)))
    assert {one.field for one in found} == {"all", "cs", "math", "hep-th", "astro-ph"}
    assert all(86 < one.covered < 96 for one in found), found


@pytest.mark.parametrize("number", [0, 1, 59])
def test_a_thin_record_forecasts_nothing(number: int) -> None:
    assert [one.forecast for one in held_out(measured(number))] == [None] * number
