"""Moments in microseconds since 1970 UTC: parsing what networks and people write, and formatting them as we show them.

A time without a zone is UTC, never the machine's local time. Also makes timestamp identifiers of the AT Protocol
(https://atproto.com/specs/tid), and reads the moments in X's ids.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hotpapers.base.text.accents import without_accents
from hotpapers.base.text.patterns import lazy_pattern

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


MAX_DATE_CHARS = 120
_ZONE_HOURS = (
    "UTC=0 UT=0 GMT=0 Z=0 WET=0 WEST=1 BST=1 CET=1 MET=1 MEZ=1 WAT=1 CEST=2 MEST=2 MESZ=2 EET=2 CAT=2 SAST=2 EEST=3 "
    "MSK=3 EAT=3 TRT=3 PKT=5 NPT=5.75 WIB=7 ICT=7 HKT=8 SGT=8 PHT=8 AWST=8 JST=9 KST=9 ACST=9.5 AEST=10 ACDT=10.5 "
    "AEDT=11 NZST=12 NZDT=13 NST=-3.5 NDT=-2.5 AST=-4 ADT=-3 EST=-5 EDT=-4 CST=-6 CDT=-5 MST=-7 MDT=-6 PST=-8 PDT=-7 "
    "AKST=-9 AKDT=-8 HST=-10 BRT=-3 ART=-3"
)
"""Hours east of UTC of zones by their common names; of several with a name, the American one of RFC 5322."""
_ZONES = {name: float(hours) for name, hours in (part.split("=") for part in _ZONE_HOURS.split())}
MAX_ZONE_MINUTES = 14 * 60
_MONTH_STEMS = (
    "jan ene gen ιαν янв", "feb fev φεβ фев", "mar mae maa mrt μαρ мар", "apr abr avr απρ апр",
    "may mai mag mei maj μαι маи мая", "jun juin giu ιουν июн", "jul juil lug ιουλ июл", "aug ago aou αυγ авг",
    "sep set sze σεπ сен", "oct okt ott out οκτ окт", "nov νοε ноя", "dec dez dic des δεκ дек",
)  # fmt: skip
"""How months begin in European languages, without accents."""
_MONTH_NUMBERS = {stem: number for number, stems in enumerate(_MONTH_STEMS, 1) for stem in stems.split()}
MAX_FILLER_CHARS = 4
"""Letters of words such as *th*, *de*, *at*, *alle*, which are passed over."""
_SINCE_EPOCH = lazy_pattern(r"(\d{9,16})(?:\.\d+)?", re.ASCII)
_EPOCH_UNITS = ((9, 10, SECOND), (12, 13, 1000), (15, 16, 1))
"""Digits of a number of seconds, milliseconds or microseconds since 1970, and its unit in µs."""
_COMMENT = lazy_pattern(r"[(\[](?:([A-Za-z]{1,5})|[^()\[\]]*)[)\]]")
_OFFSET = r"(?:(?:gmt|utc?|z)? ?(?P<hours>[+-]\d{1,2}):?(?P<minutes>\d\d)?(?![\d:]))"
_CLOCK = lazy_pattern(
    r"(?<![\d:])(?P<hour>\d{1,2})[:h](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?(?: ?(?:uhr|h)\b)?"
    rf"(?: ?(?P<half>[ap])\.? ?m\b\.?)?"
    rf"(?: ?(?:{_OFFSET}|(?P<zone>[a-z]{{1,5}})\b)(?: m=[+-]\S+| [A-Z]{{1,5}}\b(?! \d)| [+-]\d\d(?:\d\d)?\b){{0,3}})?",
    re.IGNORECASE,
)
"""A time of day with its zone: an offset, maybe followed by the zone's name as Go writes it, or a name."""
_DAY_ZONE = lazy_pattern(r" ?(?:(?P<hours>[+-]\d\d):(?P<minutes>\d\d)|(?P<zone>[A-Z]{3,5}|Z))$")
_NUMERIC = lazy_pattern(r"(?:[^\W\d]{2,12}\.?,? )?(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ,]*", re.ASCII)
_ASIAN = lazy_pattern(r"(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")
_TOKEN = lazy_pattern(r"\d+|[^\W\d_]+")


def parse_claimed(text: str) -> int | None:
    """The moment of a date as feeds and servers write it: the forms of RFC 5322, ISO 8601, Unix, JavaScript and Go, as
    people do in several languages, or as a number since 1970. A time without a zone, or with an unknown one (RFC 5322
    §4.3), is UTC. None if it is impossible, or may be two days, such as 3/4/2020."""
    spaced = _COMMENT.sub(r" \1 ", text[:MAX_DATE_CHARS].replace("\u2212", "-"))
    text = " ".join(_ASIAN.sub(r"\1-\2-\3 ", spaced).split())
    if number := _SINCE_EPOCH.fullmatch(text):
        units = (unit for least, most, unit in _EPOCH_UNITS if least <= len(number[1]) <= most)
        return next((int(number[1]) * unit for unit in units), None)
    if text.isdecimal():
        return None
    at = parse_iso(text)
    return _of_parts(text) if at is None else at


def _of_parts(text: str) -> int | None:
    """The moment of a day, and maybe a time within it, in either order."""
    clock = _CLOCK.search(text) or _DAY_ZONE.search(text)
    parts = clock.groupdict() if clock else {}
    rest = " ".join(f"{text[: clock.start()]} {text[clock.end() :]}".split()) if clock else text
    zone = parts.get("zone") or ""
    if zone.upper() not in _ZONES and (_month(without_accents(zone.lower())) or not zone.isupper()):
        rest = f"{zone} {rest}".strip()  # `10:22 MAR 11 2020`
    day = _numeric_day(rest) or _worded_day(rest)
    hour = _hour(int(parts.get("hour") or 0), (parts.get("half") or "").lower())
    minutes_east = _minutes_east(parts, zone)
    if day is None or hour is None or abs(minutes_east) > MAX_ZONE_MINUTES:
        return None
    second = int(parts.get("second") or 0)
    try:
        start = from_datetime(datetime(*day, hour, int(parts.get("minute") or 0), 59 if second == 60 else second))
    except ValueError:
        return None
    return start - 60 * minutes_east * SECOND


def _hour(hour: int, half: str) -> int | None:
    """The hour of a day by that of its half, `a` or `p`; 15 p.m. is 15."""
    if not half or (half == "p" and hour > 12):
        return hour
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half == "p" else 0)


def _minutes_east(parts: dict[str, str | None], zone: str) -> int:
    hours = parts.get("hours")
    if hours is None:
        return int(_ZONES.get(zone.upper(), 0) * 60)
    minutes = int(parts["minutes"] or 0)
    return int(hours) * 60 + (-minutes if hours.startswith("-") else minutes)


def _numeric_day(text: str) -> tuple[int, int, int] | None:
    match = _NUMERIC.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _worded_day(text: str) -> tuple[int, int, int] | None:
    """Year, month, day of `Thu, 12 Oct 2023`, `Oct 12th, 2023`, `2023 Oct 12`, `12 Oct 23`, `12 de octubre de 2023`."""
    parts = _TOKEN.findall(without_accents(text.lower()))
    tokens = [token for token in parts if token.isdecimal() or _month(token) or len(token) > MAX_FILLER_CHARS]
    is_day_named = bool(tokens) and tokens[0].isalpha() and any(map(_month, tokens[1:]))
    tokens = tokens[is_day_named:]
    numbers = [token for token in tokens if token.isdecimal()]
    months = list(filter(None, map(_month, tokens)))
    if (len(tokens), len(numbers), len(months)) != (3, 2, 1):
        return None
    year, day = sorted(numbers, key=len, reverse=True) if len(numbers[0]) > 2 else (numbers[1], numbers[0])
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    return (_full_year(year), months[0], int(day))


def _full_year(year: str) -> int:
    """A year of two digits is of 1969 to 2068."""
    if len(year) == 4:
        return int(year)
    return int(year) + (2000 if int(year) < 69 else 1900)


def _month(word: str) -> int:
    """The number of the month that a word names, in lower case and without accents; 0 if none."""
    return next((number for stem, number in _MONTH_NUMBERS.items() if word.startswith(stem)), 0)


def whole_seconds(at: int) -> int:
    """A moment without fractions of a second."""
    return at // SECOND * SECOND


def is_over(since: int, duration: int, at: int) -> bool:
    """Whether a duration since a moment is over. A moment in the future was noted while a clock was ahead: then too."""
    return not since <= at < since + duration


def as_utc(at: int) -> datetime:
    """A moment as a date and time in UTC, without fractions of a second."""
    return _EPOCH + timedelta(seconds=at // SECOND)


def format_rfc3339(at: int) -> str:
    """A moment as programs read it: `2026-07-04T14:38:07Z`."""
    return as_utc(at).isoformat()[:19] + "Z"


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


def start_of_day(day: str) -> int:
    """The beginning of a day in UTC. Raises ValueError if it is not a day."""
    return from_datetime(datetime.combine(datetime.fromisoformat(day).date(), datetime.min.time(), UTC))


def of_x_post(id: str) -> int:
    """The moment at which X made an id, in whole milliseconds."""
    return ((int(id) >> _X_MS_SHIFT) + X_EPOCH_MS) * 1000


_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


def make_tid(moment: int, clock: int) -> str:
    """The TID of a moment (µs since 1970) and a clock's number (0 to 1023)."""
    number = (moment & (2**53 - 1)) << 10 | clock & 1023
    return "".join(_DIGITS[number >> shift & 31] for shift in range(60, -1, -5))
