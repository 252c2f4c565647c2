"""A record with eight Fridays' issues; in the last, eight of fifteen papers are about Kettle Lattices."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from hotpapers.base.model import HOUR, Item
from hotpapers.record import Record
from tests.issues.made import DAILY, frozen, moment, paper, posts_about, write

FRIDAYS = [(date(2024, 3, 22) + timedelta(weeks=n)).isoformat() for n in range(8)]
WEEK = "2024-W19"
"""The last."""
PUBLICATION = msgspec.structs.replace(DAILY, threshold=0)
A_WEEK, BURST = 15, 8
"""Papers of an issue, and of those the ones in the burst."""


def fill(record: Record, days: list[str] = FRIDAYS) -> None:
    """Writes the papers and posts, and freezes the issues."""
    items: list[Item] = [PUBLICATION]
    for week, day in enumerate(FRIDAYS):
        for n in range(A_WEEK + 1):  # the first has fewest voices, and no place
            number, is_about = 100 * week + n + 1, day == FRIDAYS[-1] and 0 < n <= BURST
            title = f"Kettle Lattices, {number}" if is_about else f"Notes {number}"
            abstract = "We boil the kettle lattices." if is_about else f"We pour into the blue cup {number}."
            items += paper(number, day, title=title, abstract=abstract)
            items += posts_about(number, 10 + n, moment(day) + HOUR)
    write(record, items)
    for day in days:
        frozen(record, PUBLICATION, day)
