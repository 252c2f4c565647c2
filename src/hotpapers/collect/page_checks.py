"""Pages that are not believed, because their network has changed: entries that cannot be read, other dates, no counts.
Then it counts as partly read, and reading does not move on: what was missed is read once it can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from hotpapers.base.durations import duration
from hotpapers.base.errors import PartiallyRead
from hotpapers.base.ids.timestamps import SECOND
from hotpapers.base.model import HOUR, Post, Snapshot
from hotpapers.record.parsing import ParsedPayload

FEW = 3
"""Fewer entries than this may well be broken, or redated, by chance."""
SIMPLE = frozenset(("gone", "account", "reaction", "withdrawn"))
"""Kinds of payloads that say nothing about whether posts can be read."""
ZONES = HOUR // 4
"""Time zones differ by multiples of this, in microseconds."""


def check_dates(posts: Iterable[tuple[Post, Post | None]]) -> None:
    """Raises PartiallyRead if the network now writes its times in another zone: those of most known posts have changed
    by the same quarter hours. `posts`: as they are listed now, and as they are in the record."""
    shifts = Counter(
        post.created_at - known.created_at for post, known in posts if known and not (post.gone or known.gone)
    )
    shift, number = next(iter(shifts.most_common(1)), (0, 0))
    if shift and shift % ZONES == 0 and number >= FEW and number * 2 > shifts.total():
        hours = duration(abs(shift) / SECOND)
        raise PartiallyRead(f"the dates of {number:,} known posts have changed by {hours}: its times have another zone")


class ReadableEntries:
    """How many entries of a round, or of a stretch of a stream, could be read."""

    def __init__(self) -> None:
        self.readable = self.unreadable = 0
        self.is_doubted = False

    def note(self, parsed: Sequence[ParsedPayload]) -> None:
        """Adds a page. It is doubted, with all pages after it, if none of its entries can be read, unless they are few
        and others could be."""
        parsed = [entry for entry in parsed if entry.payload.kind not in SIMPLE]
        unreadable = sum(bool(payload.problem) for payload in parsed)
        is_broken = unreadable == len(parsed) > (FEW - 1 if self.readable else 0)
        self.readable += len(parsed) - unreadable
        self.unreadable += unreadable
        self.is_doubted = self.is_doubted or is_broken

    @property
    def are_too_few(self) -> bool:
        """Whether none could be read yet, and too few came to tell why."""
        return not self.readable and 0 < self.unreadable < FEW

    @property
    def are_mostly_unreadable(self) -> bool:
        """Whether a stretch of a stream is doubted: single posts there may be anything."""
        return self.unreadable > self.readable and (self.unreadable >= FEW or not self.readable)

    @property
    def problem(self) -> PartiallyRead:
        """Why the pages are doubted."""
        total = self.readable + self.unreadable
        return PartiallyRead(f"{self.unreadable:,} of {total:,} entries could not be read: their format has changed")


def check_likes(snapshots: Sequence[Snapshot]) -> None:
    """Raises PartiallyRead if none of a round's answers has likes, or what counts as likes there: all networks have
    them."""
    if snapshots and all(snapshot.likes is None for snapshot in snapshots):
        raise PartiallyRead(f"no counts in {len(snapshots):,} answers: their format has changed")
