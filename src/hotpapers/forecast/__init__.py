"""Forecasts: how many voices a paper will have on a network a week after its announcement, from curves of the record.

curves        a paper's voices at an age and a week in; its growth; curves of like size
calibration   curves made a table of growth, by network, age, field and size: how wide ranges must be; a paper's range

A forecast stands beside a score, never in it. All of it is integer arithmetic, so it is the same on every machine.
Takes plain values and returns plain values: no clock, network or disk.
"""

from __future__ import annotations

from hotpapers.forecast.calibration import ForecastTable, GrowthRange, calibrate, predict
from hotpapers.forecast.curves import AGES, ENOUGH, FINAL, Curve
from hotpapers.model import Forecast

__all__ = ["AGES", "ENOUGH", "FINAL", "Curve", "Forecast", "ForecastTable", "GrowthRange", "calibrate", "predict"]
