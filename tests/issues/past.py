"""A made-up archive of two months: papers, who discussed them on two networks, and what was learned later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hotpapers.base.model import HOUR, Item, Mention, Paper, Publication, Reaction
from hotpapers.record.record import Record
from tests.issues.made import counts, judged, key, moment, paper, post, posts_about, write

DAILY = Publication(
    publication="daily", title="The Daily Dozen", ranking="rarity/2", threshold=300, posts=2, least_entries=3,
    observed_at=0,
)  # fmt: skip
FIRST, LAST = date(2024, 5, 6), date(2024, 5, 24)
NAME = "daily@history"
DAYS = [day.isoformat() for n in range(19) if (day := FIRST + timedelta(days=n)).weekday() < 5]


def people(number: int, at: int) -> Iterator[Item]:
    """A post about a paper and its likes: more for some papers; one like is withdrawn."""
    yield from post(number, f"bluesky:{number}", at, account=f"bluesky:by-{number % 7}")
    for n in range(number * 37 % 23):
        liked = at + (n + 1) * HOUR * (1 + number % 5)
        yield Reaction(post=f"bluesky:{number}", account=f"bluesky:fan{(number * 5 + n * 3) % 40}", type="like",
                       observed_at=liked)  # fmt: skip
        if n == 11:
            yield Reaction(post=f"bluesky:{number}", account=f"bluesky:fan{(number * 5 + n * 3) % 40}", type="like",
                           withdrawn=True, observed_at=liked + HOUR)  # fmt: skip


def archive() -> Iterator[Item]:
    """Three weeks and the five before them, with six papers a day, discussed on two networks."""
    number = 0
    for n in range(-35, 19):
        day = FIRST + timedelta(days=n)
        if day.weekday() >= 5:
            continue
        for _ in range(6):
            number += 1
            at = moment(day.isoformat())
            yield from paper(number, day.isoformat(), ("cs.LG", "hep-th")[number % 2])
            yield from people(number, at + number % 9 * HOUR)
            if number % 3 == 0:
                yield from posts_about(number, 2 + number % 8, at + 2 * HOUR, "hackernews")
                yield counts(f"hackernews:{number}", 3 + number % 30, at + 50 * HOUR)


def lessons() -> Iterator[Item]:
    """What the record learned about them over time."""
    yield judged("bluesky:fan6", "bot", at=moment("2024-05-10T03:00"))
    yield judged("bluesky:160", "doubtful", key(160), at=moment("2024-05-14T03:00"))
    yield judged("bluesky:by-3", "author", key(171), "name", at=moment("2024-05-15T03:00"))
    yield Paper(paper=key(170), title="Another title", categories=("math.PR",), observed_at=moment("2024-05-16T03:00"))
    yield Mention(post="bluesky:165", paper=key(166), form="abs", observed_at=moment("2024-05-13T03:00"))
    yield from post(168, "bluesky:late", moment("2024-05-14T03:00"), observed_at=moment("2024-07-01"))


def fill(record: Record) -> Record:
    record.append([DAILY], source="settings", at=1)
    write(record, archive())
    write(record, lessons())
    return record
