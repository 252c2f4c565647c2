"""Durations: in microseconds, in words, and measured; none is parsed."""

from __future__ import annotations

import time

HOUR = 3_600_000_000
"""Microseconds in an hour."""
DAY = 24 * HOUR
FOREVER = 2**53 - 1
"""The largest duration, µs: see `MAX_INTEGER` of the model."""
_UNITS = (("days", 86_400), ("h", 3_600), ("min", 60))


def format_duration(seconds: float) -> str:
    """A duration in the largest unit of which there are two: `40 s`, `12 min`, `5 h`, `3 days`."""
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.1g} s" if 0 < seconds < 1 else f"{max(seconds, 0):.0f} s"


def monotonic_seconds() -> float:
    """Seconds that never go back, whatever the clock is set to. They include time asleep where the system can count
    it."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)
