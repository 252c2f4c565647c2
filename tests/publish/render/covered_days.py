"""Weekly and monthly issues by their days, and the searches by day that find them."""

from __future__ import annotations

from datetime import timedelta

from hotpapers.base.model import Window
from hotpapers.issues.windows import named_days

LONG_ISSUES: list[tuple[Window, str, str]] = [
    ("weekly", "2021-01-18", "11–17 January 2021"),
    ("weekly", "2021-03-01", "22–28 February 2021"),
    ("weekly", "2021-02-01", "25–31 January 2021"),
    ("weekly", "2021-02-03", "27 January – 2 February 2021"),
    ("weekly", "2021-01-04", "28 December 2020 – 3 January 2021"),
    ("monthly", "2021-02-01", "January 2021"),
    ("monthly", "2021-01-01", "December 2020"),
]
"""Window, day and name."""


def searches_by_day(window: Window, day: str) -> dict[str, bool]:
    """Queries, each with whether it finds an issue by the days that it covers."""
    first, last = named_days(window, day)
    within = (first, last, str(first)[:7], str(last)[:4], f"{first}..{last}")
    outside = (f"date:{day}", f"from:{day}", f"to:{first - timedelta(days=1)}")
    return {**{f"date:{date}": True for date in within}, **dict.fromkeys(outside, False)}
