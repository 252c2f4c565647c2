"""Forecasts: exact numbers, how often they hold, which papers they are based on, and when there is none."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Forecast
from hotpapers.discussion.engagement import measurement
from hotpapers.issues.forecasts import (
    AGES,
    ENOUGH,
    FINAL,
    ForecastTable,
    GrowthRange,
    calibrate_table,
    predict_voices,
    size_classes,
)
from tests.issues.forecast import samples


@pytest.fixture(scope="module")
def table() -> ForecastTable:
    return calibrate_table(samples.curves(7, 6000))


def test_ages_are_those_at_which_papers_are_measured() -> None:
    assert (*AGES, FINAL) == measurement.AGES


# ---- numbers -------------------------------------------------------------------------------------------


def test_a_forecast_follows_the_growth_of_similar_papers() -> None:
    mixed_curves = samples.identical_curves(50, 10, 15) + samples.identical_curves(50, 10, 30)
    assert predict_voices(calibrate_table(mixed_curves), "bluesky", "cs", 10) == Forecast(15, 15, 30, 100, "cs", 8, 15)
    assert predict_voices(calibrate_table(mixed_curves), "bluesky", "cs", 14) == Forecast(21, 21, 42, 100, "cs", 8, 15)


@given(st.integers(0, 4000), st.integers(0, 4000), st.integers(0, 4000), st.integers(1, 300))
def test_the_range_is_exactly_the_numbers_of_that_growth(a: int, b: int, c: int, voices: int) -> None:
    low, median, high = sorted((a, b, c))
    growth = GrowthRange("all", 1, 2**10 - 1, 100, low, median, high)
    table = ForecastTable({("bluesky", 6, "all", voices.bit_length()): growth}, {})
    prediction = predict_voices(table, "bluesky", "", voices)
    within = [later for later in range(5 * voices) if low <= 1000 * later // voices <= high]
    assert prediction is not None and prediction.low <= prediction.median <= prediction.high
    assert not within or (prediction.low, prediction.high) == (within[0], within[-1])


@given(st.integers(1, 511), st.integers(1, 511))
def test_of_two_papers_of_a_class_more_voices_forecast_no_less(a: int, b: int) -> None:
    table = calibrate_table(
        samples.identical_curves(100, 300, 500)
        + samples.identical_curves(100, 2, 5)
        + samples.identical_curves(100, 30, 45)
    )
    less, more = (predict_voices(table, "bluesky", "", voices) for voices in sorted((a, b)))
    if less and more and less.least == more.least:
        assert less.low <= more.low and less.median <= more.median and less.high <= more.high


# ---- how often they hold -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_nine_in_ten_papers_like_those_of_the_record_lie_within(seed: int) -> None:
    """In every archive and at every size; slightly more where voices are few, as nothing lies between 2 and 3."""
    table = calibrate_table(samples.curves(seed, 8000))
    within: dict[str | int, list[bool]] = defaultdict(list)
    for curve in samples.curves(seed + 100, 8000):
        prediction = predict_voices(table, curve.network, curve.archive, curve.voices)
        if prediction is not None:
            for cell in (curve.archive or "unknown", min(curve.voices, 16).bit_length()):
                within[cell].append(prediction.low <= curve.later <= prediction.high)
    assert len(within) == 5 + 5 and sum(map(len, within.values())) > 2 * 7900
    shares = {cell: sum(hits) / len(hits) for cell, hits in within.items()}
    assert all(0.86 < share < 0.97 for share in shares.values()), shares
    assert 0.89 < sum(map(sum, within.values())) / sum(map(len, within.values())) < 0.945


# ---- the papers they are based on ----------------------------------------------------------------------


def test_archive_then_group_then_all() -> None:
    curves = (
        samples.identical_curves(ENOUGH, 5, 10)
        + samples.identical_curves(ENOUGH - 1, 5, 20, "hep-th")
        + samples.identical_curves(9, 5, 20, "astro-ph")
    )
    table = calibrate_table(curves)
    predictions = {
        archive: predict_voices(table, "bluesky", archive, 6) for archive in ("cs", "hep-th", "quant-ph", "math", "")
    }
    bases = {
        archive: prediction and (prediction.among, prediction.papers) for archive, prediction in predictions.items()
    }
    assert bases == {
        "cs": ("cs", 60), "hep-th": ("physics group", 68), "quant-ph": ("physics group", 68), "math": ("all", 128),
        "": ("all", 128),
    }  # fmt: skip


def test_sizes_are_joined_from_the_greatest_down() -> None:
    curves = (
        samples.identical_curves(30, 100, 200)
        + samples.identical_curves(40, 20, 40)
        + samples.identical_curves(70, 5, 6)
        + samples.identical_curves(59, 1, 1)
    )
    sizes = [(size.least, size.most, len(size.curves)) for size in size_classes(curves)]
    assert sizes == [(16, 127, 70), (1, 7, 129)], "8 to 15 voices had none"
    assert [(size.least, size.most) for size in size_classes(curves[::2])] == [(1, 127)]
    assert size_classes(curves[::4]) == []


def test_an_archive_of_few_sizes_does_not_stand_for_others() -> None:
    """Papers of similar size in other fields come before papers of the same field and another size."""
    curves = (
        samples.identical_curves(40, 5, 10, "math")
        + samples.identical_curves(40, 20, 30, "math")
        + samples.identical_curves(100, 5, 50)
        + samples.identical_curves(60, 20, 30)
    )
    prediction = predict_voices(calibrate_table(curves), "bluesky", "math", 5)
    assert prediction is not None and (prediction.among, prediction.papers) == ("all", 140)


def test_networks_and_ages_stay_apart() -> None:
    day_old = [curve._replace(age=24) for curve in samples.identical_curves(100, 5, 5)]
    table = calibrate_table(
        samples.identical_curves(100, 5, 10) + samples.identical_curves(100, 5, 20, network="mastodon") + day_old
    )
    predictions = [
        predict_voices(table, *key) for key in (("bluesky", "cs", 5), ("mastodon", "cs", 5), ("bluesky", "cs", 5, 24))
    ]
    assert [prediction and prediction.median for prediction in predictions] == [10, 20, 5]


# ---- when there is none --------------------------------------------------------------------------------


def test_none_where_the_record_is_thin(table: ForecastTable) -> None:
    assert predict_voices(calibrate_table([]), "bluesky", "cs", 5) is None
    thin_table = calibrate_table(samples.identical_curves(ENOUGH - 1, 5, 10))
    assert predict_voices(thin_table, "bluesky", "cs", 5) is None and thin_table.papers == {("bluesky", 6): ENOUGH - 1}
    assert predict_voices(table, "lobsters", "cs", 5) is None and predict_voices(table, "bluesky", "cs", 5, 72) is None


def test_none_without_a_voice_or_with_more_than_any_had(table: ForecastTable) -> None:
    assert predict_voices(table, "bluesky", "cs", 511) is not None
    assert [predict_voices(table, "bluesky", "cs", voices) for voices in (0, -1, 512, 10**9)] == [None] * 4


def test_papers_without_a_voice_say_nothing() -> None:
    assert calibrate_table(
        samples.identical_curves(100, 5, 10) + samples.identical_curves(500, 0, 90)
    ) == calibrate_table(samples.identical_curves(100, 5, 10))


# ---- the same everywhere -------------------------------------------------------------------------------


def test_the_order_of_curves_does_not_matter(table: ForecastTable) -> None:
    curves = samples.curves(7, 6000)
    Random(1).shuffle(curves)
    assert calibrate_table(curves) == table


def test_tables_hold_only_whole_numbers_and_names(table: ForecastTable) -> None:
    parts = [part for key, growth in table.ranges.items() for part in (*key, *growth)]
    assert parts and {type(part) for part in parts} == {int, str}
