"""Moments in microseconds since 1970 UTC: parsing what networks and people write, and formatting them as we show them.

A time without a zone is UTC, never the machine's local time. Also makes timestamp identifiers of the AT Protocol
(https://atproto.com/specs/tid), and reads the moments in X's ids.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""Microseconds."""
_MONTHS = "January February March April May June July August September October November December"
MONTHS = tuple(_MONTHS.split())
LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""The last moment of the year 9999, beyond which there are no dates."""
X_EPOCH_MS = 1_288_834_974_657
"""The epoch of the milliseconds in X's ids (4 November 2010, 01:42:54.657 UTC)."""
_X_MS_SHIFT = 22
"""The lower bits of an id of X say which machine made it."""


def from_datetime(date: datetime) -> int:
    """A date and time as a moment."""
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def parse_iso(text: str) -> int | None:
    """The moment of `2026-07-04T14:38:07.517Z` or `2026-07-04` (ISO 8601, RFC 3339); None for anything else."""
    try:
        return from_datetime(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def parse(text: str) -> int | None:
    """Like parse_iso, and also `Thu, 12 Oct 2023 12:07:05 GMT` (RFC 5322, HTTP)."""
    text = text.strip()
    at = parse_iso(text)
    if at is not None:
        return at
    from email.utils import parsedate_to_datetime  # a sixth of the time to import the store

    try:
        return from_datetime(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def whole_seconds(at: int) -> int:
    """A moment without fractions of a second."""
    return at // SECOND * SECOND


def is_over(since: int, duration: int, at: int) -> bool:
    """Whether a duration since a moment is over. A moment in the future was noted while a clock was ahead: then too."""
    return not since <= at < since + duration


def as_utc(at: int) -> datetime:
    """A moment as a date and time in UTC, without fractions of a second."""
    return _EPOCH + timedelta(seconds=at // SECOND)


def rfc3339(at: int) -> str:
    """A moment as programs read it: `2026-07-04T14:38:07Z`."""
    return f"{as_utc(at):%Y-%m-%dT%H:%M:%SZ}"


def day_of(at: int) -> str:
    """The day of a moment in UTC: `2026-07-04`."""
    return as_utc(at).date().isoformat()


def minute_of(at: int, zone: str = "UTC") -> str:
    """A moment as people read it: `2026-07-04 14:38 UTC`, `2026-07-04 20:23 Asia/Kathmandu`."""
    moment = as_utc(at) if zone == "UTC" else as_utc(at).astimezone(ZoneInfo(zone))
    return f"{moment:%Y-%m-%d %H:%M} {zone}"


def is_day(text: str) -> bool:
    """Whether a text is a day as it is stored and compared, `2026-07-04`: other forms of ISO 8601 would equal none."""
    try:
        return datetime.fromisoformat(text).date().isoformat() == text
    except ValueError:
        return False


def midnight(day: str) -> int:
    """The beginning of a day in UTC. Raises ValueError if it is not a day."""
    return from_datetime(datetime.combine(datetime.fromisoformat(day).date(), datetime.min.time(), UTC))


def of_x_post(id: str) -> int:
    """The moment at which X made an id, in whole milliseconds."""
    return ((int(id) >> _X_MS_SHIFT) + X_EPOCH_MS) * 1000


_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


def tid(moment: int, clock: int) -> str:
    """The TID of a moment (µs since 1970) and a clock's number (0 to 1023)."""
    number = (moment & (2**53 - 1)) << 10 | clock & 1023
    return "".join(_DIGITS[number >> shift & 31] for shift in range(60, -1, -5))
