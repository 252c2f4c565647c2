"""A paper's forecast, read off a table."""

from __future__ import annotations

from hotpapers.forecast.calibration import ForecastTable, GrowthRange, group_name
from hotpapers.forecast.curves import AGES, doubling
from hotpapers.model import Forecast


def predict(table: ForecastTable, network: str, archive: str, voices: int, age: int = AGES[0]) -> Forecast | None:
    """The forecast for a paper with so many voices on a network at an age in hours.

    From the narrowest of archive, group and all papers of which there are enough of like size. None where even all are
    too few, where none of them had so many voices, and without a voice.
    """
    if voices < 1:
        return None
    fields = (archive, group_name(archive)) if archive else ()
    for among in (*fields, "all"):
        if (grown := table.ranges.get((network, age, among, doubling(voices)))) is not None:
            return _forecast(grown, voices)
    return None


def _forecast(grown: GrowthRange, voices: int) -> Forecast:
    """Exactly the numbers whose growth, rounded down to thousandths, lies in the range; where no whole number does, the
    next one above."""
    low = -(-grown.low * voices // 1000)
    high = max(low, -(-(grown.high + 1) * voices // 1000) - 1)
    median = min(max(low, (grown.median * voices + 500) // 1000), high)
    return Forecast(low, median, high, grown.papers, grown.among, grown.least, grown.most)
