"""X's budget: an account on which each request's maximum cost is booked before it is sent. Pure.

Money is counted in millionths of the currency of the operator's budget and prices, so sums are exact.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from hotpapers.base.errors import RetryLater
from hotpapers.base.model import DAY, HOUR
from hotpapers.base.text import timestamps
from hotpapers.wings.x.objects import XResponse

TRIES = 3
"""Most tries for one response, each of which a server may charge for (`ClientLimits.tries`)."""
QUIET = 3 * HOUR
"""Microseconds without a post for which an empty search is believed."""
MARGIN = HOUR
"""Microseconds around the turn of a month without requests, so it is always clear which month pays."""


class BudgetState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cursor. `since`: the last id of the millisecond in which the newest post read was created.
    `spent`: what was spent in `month` (UTC), in millionths.

    `newest`, `until`: of an interrupted search, what `since` will be, and the first id of the millisecond of the oldest
    post read. Older posts are still to be read.

    `confirmed`: when the search last showed that it still finds known posts, in µs.

    `asking`: a request of unknown cost is under way. If the stored cursor says so, that request was interrupted.
    """

    since: str = ""
    newest: str = ""
    until: str = ""
    month: str = ""
    spent: int = 0
    confirmed: int = 0
    asking: bool = False

    @classmethod
    def of(cls, cursor: str | None) -> BudgetState:
        """The stored account."""
        return msgspec.json.decode(cursor, type=cls) if cursor else cls()

    @property
    def cursor(self) -> str:
        """The account as stored."""
        return msgspec.json.encode(self).decode()

    def after_page(self, ids: Sequence[str], *, is_last: bool) -> BudgetState:
        """After a page of a search. If there are more and the next request fails, this one need not be paid for
        again."""
        newest = max([self.since, self.newest, *map(end_of, ids)], key=lambda id: int(id or 0))
        if is_last:
            return msgspec.structs.replace(self, since=newest, newest="", until="")
        if ids:
            until = start_of(min(ids, key=int))
            return msgspec.structs.replace(self, newest=newest, until=until)
        return self

    def is_check_due(self, now: int) -> bool:
        """Whether to see, after an empty answer, if the search still finds the newest known post, which costs money:
        after three hours of silence, and then whenever it has lasted twice as long."""
        newest_at = timestamps.of_x_post(self.since)
        confirmed_at = max(self.confirmed, newest_at)
        return now - confirmed_at >= max(confirmed_at - newest_at, QUIET)

    def this_month(self, now: int) -> BudgetState:
        """The account as of now. A new month starts with nothing spent; a clock that was set back starts no month.

        Raises RetryLater around the turn of a month.
        """
        later = timestamps.as_utc(now + MARGIN)
        if timestamps.as_utc(now - MARGIN).month != later.month:
            turn = int(later.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()) * 1_000_000
            raise RetryLater(min(turn + MARGIN - now, HOUR) / 1e6, "no requests around the turn of the month")
        month = f"{timestamps.as_utc(now):%Y-%m}"
        if month <= self.month:
            return self
        return msgspec.structs.replace(self, month=month, spent=0)

    def affordable(self, limits: Budget, now: int) -> int:
        """How many posts a request may return: a month's budget is released day by day, and each try may be charged."""
        today = timestamps.as_utc(now)
        free = limits.limit * today.day // calendar.monthrange(today.year, today.month)[1]
        return max(0, free - self.spent) // (TRIES * limits.max_post_cost)

    def charged(self, cost: int, *, asking: bool = False) -> BudgetState:
        """The account with a cost: the most that a request can cost while it is under way, what it did cost after
        it."""
        return msgspec.structs.replace(self, spent=self.spent + cost, asking=asking)


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """`limit`: what may be spent in a month. `post`, `author`: the cost of a returned one. All in millionths."""

    limit: int
    post: int
    author: int = 0

    @classmethod
    def from_prices(cls, limit: int, price: float, author_price: float = 0.0) -> Budget:
        """A budget from the operator's prices."""
        return cls(limit=limit, post=to_millionths(price), author=to_millionths(author_price))

    @property
    def max_post_cost(self) -> int:
        """The most that a post can cost: each may come with an author of its own."""
        return self.post + self.author

    def cost(self, response: XResponse) -> int:
        return len(response.data) * self.post + len(response.users) * self.author


def to_millionths(amount: float, *, up: bool = True) -> int:
    """An amount as written in the settings, in millionths: prices rounded up, budgets down."""
    millionths = (Decimal(str(amount)) * 1_000_000).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return int(millionths)


def start_of(id: str) -> str:
    """The first identifier of the millisecond in which a post was created, so that cursors name no posts."""
    return str(int(id) >> 22 << 22)


def id_before(id: str) -> str:
    """The last identifier before that millisecond."""
    return str((int(id) >> 22 << 22) - 1)


def end_of(id: str) -> str:
    """The last one."""
    return str((((int(id) >> 22) + 1) << 22) - 1)


def next_day(now: int) -> int:
    """When the next day begins, UTC."""
    return (now // DAY + 1) * DAY
