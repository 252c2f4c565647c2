"""Engagement at one cut after another, each from the one before: for issues of many days in a row.

queries   what changes from cut to cut, and whom it concerns: all of this package's SQL
changes   which papers are to be counted again
reader    the rows of `engagement.attention.read_engagement`, cut after cut
"""

from __future__ import annotations

from hotpapers.engagement.over_days.reader import EngagementOverDays

__all__ = ["EngagementOverDays"]
