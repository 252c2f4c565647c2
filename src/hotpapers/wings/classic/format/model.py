"""The parts of a classic issue: immutable values, with free text kept verbatim; and printed times, which are Japan
time."""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct

from hotpapers.base.errors import NotClassic
from hotpapers.base.model import TextLink
from hotpapers.base.text import timestamps

TALLY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")
CREATED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})")

# Japan has had no daylight saving time since 1951.
_JAPAN = 9 * 3600 * timestamps.SECOND


class ClassicPost(Struct, frozen=True):
    """A post as an item shows it. `text` and `name` are plain text: entities are resolved, `<br>` is a newline.

    `id` is the network's decimal id, `handle` has no @, `lang` is the network's own code (including `und`, `in`), `rtl`
    means right-to-left text. `links`, with entities resolved, are in order and don't overlap.
    """

    id: str
    handle: str
    name: str
    lang: str
    rtl: bool
    text: str
    links: tuple[TextLink, ...]


class ClassicItem(Struct, frozen=True):
    """One paper of an issue. Title, authors and abstract are as printed.

    `number` counts from 1. `tallied` is the printed time of the tally ("MM/DD/YYYY HH:MM:SS", Japan time). `paper` is
    the arXiv identifier without a version.
    """

    number: int
    title: str
    authors: tuple[str, ...]
    reposts: int
    likes: int
    tallied: str
    paper: str
    categories: tuple[str, ...]
    abstract: str
    posts: tuple[ClassicPost, ...]


class ClassicIssue(Struct, frozen=True):
    """A whole file: `date` "YYYY-MM-DD"; `made` "YYYY-MM-DDTHH:MM:SS", as printed without its ".Z" (Japan time);
    `lead`, the number of extra blank lines between the front matter and the first item."""

    date: str
    made: str
    lead: int
    items: tuple[ClassicItem, ...]


# ---- times -----------------------------------------------------------------------------------------------


def printed_moment(printed: str) -> int:
    """The time printed as "12/23/2020 10:50:00" or "2020-12-23T10:50:00" (Japan time), as integer µs UTC.

    Raises NotClassic for any other form and for times that do not exist.
    """
    if match := TALLY.fullmatch(printed):
        month, day, year, hour, minute, second = map(int, match.groups())
    elif match := CREATED.fullmatch(printed):
        year, month, day, hour, minute, second = map(int, match.groups())
    else:
        raise NotClassic(f"{printed[:40]!r} is not a time")
    try:
        date = datetime(year, month, day, hour, minute, second)
        return timestamps.from_datetime(date) - _JAPAN
    except ValueError as error:
        raise NotClassic(f"{printed!r} is not a valid time: {error}") from None


def printed_tally(micros: int) -> str:
    """A time (µs UTC) as tallies print it: "12/23/2020 10:50:00", Japan time, rounded down to seconds."""
    local_time = _in_japan(micros)
    return f"{local_time.month:02}/{local_time.day:02}/{local_time.year:04} {local_time:%H:%M:%S}"


def printed_made(micros: int) -> str:
    """A time (µs UTC) as the front matter prints it, without ".Z": "2020-12-23T10:50:00", Japan time."""
    local_time = _in_japan(micros)
    return f"{local_time.year:04}-{local_time.month:02}-{local_time.day:02}T{local_time:%H:%M:%S}"


def post_day(id: str) -> str:
    """The UTC day of a Twitter id, as posts show it: "December 22, 2020". The id must be decimal and fit 63 bits."""
    day = timestamps.as_utc(timestamps.of_x_post(id))
    month = timestamps.MONTHS[day.month - 1]
    return f"{month} {day.day}, {day.year}"


def _in_japan(micros: int) -> datetime:
    try:
        return timestamps.as_utc(micros + _JAPAN)
    except OverflowError:
        raise NotClassic(f"outside the years 1 to 9999: {micros}") from None
