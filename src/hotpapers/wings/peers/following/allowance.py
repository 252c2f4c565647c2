"""Limits on how much is fetched from a followed site, so no log, whatever it lists, can fill the disk.

The day's amounts are kept in `fetched.json`, in the site's folder.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from hotpapers.base.errors import RequestRefused
from hotpapers.base.model import DAY
from hotpapers.wings.peers.following.site_log import FollowedSite
from hotpapers.wings.proof import log_files

FILE = "fetched.json"


class FetchedAmount(NamedTuple):
    """Files, their bytes as sent (compressed), and their lines."""

    files: int
    bytes: int
    lines: int

    def __str__(self) -> str:
        return f"{self.files:,} files, {self.bytes // 1_000_000:,} MB or {self.lines:,} lines"

    def plus(self, other: FetchedAmount) -> FetchedAmount:
        """The sum of both."""
        return FetchedAmount(self.files + other.files, self.bytes + other.bytes, self.lines + other.lines)

    def is_beyond(self, most: FetchedAmount) -> bool:
        """Whether any of the amounts has reached its limit."""
        return any(here >= limit for here, limit in zip(self, most, strict=True))


NOTHING = FetchedAmount(0, 0, 0)
MAX_IN_ROUND = FetchedAmount(2_500, 500_000_000, 10_000_000)
"""Beyond this, a round leaves the rest to the next one. 90 days of hourly files are 2,160 files."""
MAX_IN_DAY = FetchedAmount(5_000, 1_000_000_000, 20_000_000)
"""Beyond this, the rest waits for the next day, UTC."""


class _DayFetched(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file. `day`: days since 1970."""

    day: int
    fetched: FetchedAmount


class Allowance:
    """What may still be fetched from a site in this round and on this day."""

    def __init__(self, site: FollowedSite, at: int) -> None:
        self._site, self._day = site, at // DAY
        self._round, self._today = NOTHING, self._fetched_today()
        self._written, self.refusal = self._today, ""

    def check(self) -> None:
        """Raises RequestRefused if nothing more may be fetched; `refusal` then names the site and the reason."""
        for amount, most, period in (
            (self._today, MAX_IN_DAY, "per day; the rest waits for tomorrow"),
            (self._round, MAX_IN_ROUND, "per round; the rest waits for the next one"),
        ):
            if amount.is_beyond(most):
                self.refusal = f"{self._site.name}: lists more than the {most} fetched {period}"
                raise RequestRefused(self.refusal)

    def note(self, *, files: int = 0, bytes: int = 0, lines: int = 0) -> None:
        """Count what was fetched, even if it turns out to be unusable."""
        more = FetchedAmount(files, bytes, lines)
        self._round, self._today = self._round.plus(more), self._today.plus(more)

    def note_refused(self) -> None:
        """Count a file that the site refuses, for this round only: a log may list a million of them, but those that
        stay away must not use up every day's amount."""
        self._round = self._round.plus(FetchedAmount(1, 0, 0))

    def save(self) -> None:
        """Save the day's amount, after the fetched data went in: even a process that is killed often makes progress."""
        if self._today == self._written:
            return
        self._written = self._today
        day_fetched = msgspec.json.encode(_DayFetched(day=self._day, fetched=self._today))
        log_files.write_text_file(self._site.folder / FILE, day_fetched.decode())

    def _fetched_today(self) -> FetchedAmount:
        try:
            day_fetched = msgspec.json.decode((self._site.folder / FILE).read_bytes(), type=_DayFetched)
        except (OSError, msgspec.MsgspecError):
            return NOTHING
        return day_fetched.fetched if day_fetched.day == self._day else NOTHING
