"""What is no time zone, and which one may be meant."""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from hotpapers.base.suggestions import did_you_mean

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)


def zone_problem(zone: str) -> str:
    """Why a time zone cannot be used; empty if it can."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if offset := _OFFSET.fullmatch(zone.strip()):
            return f"{zone!r} is not a time zone but a distance from UTC; {_zones_at(offset)}"
        zones = available_timezones() if zone[:1].isalpha() else ()
        meant = did_you_mean(zone, zones, 0.75) or "write one such as Europe/Zurich"
        return f"{zone!r} is not a time zone; {meant}"
    return ""


_PLACES = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago",
    "America/New_York", "America/Caracas", "America/Sao_Paulo", "Europe/London", "Europe/Zurich", "Africa/Cairo",
    "Europe/Istanbul", "Asia/Tehran", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka",
    "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Adelaide", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
_DAYS = (datetime.datetime(2026, 1, 1), datetime.datetime(2026, 7, 1))


def _zones_at(offset: re.Match[str]) -> str:
    """What to write for a distance from UTC: a place there, whose clocks may change, or the fixed distance, which has
    the opposite sign in the names of zones."""
    sign = offset[1]
    hours = int(offset[2])
    minutes = int(offset[3] or 0)
    distance = datetime.timedelta(hours=hours, minutes=minutes) * (1 if sign == "+" else -1)
    place = next((name for name in _PLACES if _standard_offset(name) == distance), "")
    fixed = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if not minutes and hours <= 12 else ""
    ways = [f"a place there, such as {place}"] if place else []
    ways += [f"{fixed}, which has the opposite sign"] if fixed else []
    return f"write {' or '.join(ways)}" if ways else "write a place, such as Europe/Zurich"


def _standard_offset(zone: str) -> datetime.timedelta:
    """A zone's distance from UTC without daylight saving time."""
    return min(day.replace(tzinfo=ZoneInfo(zone)).utcoffset() or datetime.timedelta() for day in _DAYS)
