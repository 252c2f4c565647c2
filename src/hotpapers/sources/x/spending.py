"""What X may cost: an account that is charged before each request with the most that it can cost. Pure.

Money is counted in millionths of the currency in which the operator gave budget and prices, so that sums are exact.
"""

from __future__ import annotations

import calendar
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from hotpapers.errors import RetryLater
from hotpapers.ids import timestamps
from hotpapers.model import DAY, HOUR
from hotpapers.sources.x.schemas import XResponse

TRIES = 3
"""How often a server is asked at most for one answer, and may charge for each (`Limits.tries` of the client)."""
MARGIN = HOUR
"""Microseconds around the turn of a month in which nothing is asked, so that no clock decides which month pays."""


class BudgetState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cursor. `since`: the last id of the millisecond in which the newest post was made that was read.
    `spent`: what was spent in `month` (UTC), in millionths.

    `asking`: a request is under way whose price is not known yet. Where that is read from the record, it broke off.
    `posts`: what older versions counted instead of money.
    """

    since: str = ""
    month: str = ""
    spent: int = 0
    asking: bool = False
    posts: int = 0


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """`limit`: what may be spent in a month. `post`, `author`: what one costs that is returned. All in millionths."""

    limit: int
    post: int
    author: int = 0

    @classmethod
    def from_prices(cls, limit: int, price: float, author_price: float = 0.0) -> Budget:
        """From the operator's prices."""
        return cls(limit=limit, post=millionths(price), author=millionths(author_price))

    @property
    def max_post_cost(self) -> int:
        """The most that a post costs: each may have an author of its own."""
        return self.post + self.author

    def cost(self, response: XResponse) -> int:
        return len(response.data) * self.post + len(response.users) * self.author


def millionths(amount: float, *, up: bool = True) -> int:
    """An amount as it was written, in millionths: prices rounded up, budgets down."""
    return int((Decimal(str(amount)) * 1_000_000).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))


def parse(cursor: str | None, price: int) -> BudgetState:
    """The account as it was kept; `price` is what a post cost where posts were counted."""
    account = msgspec.json.decode(cursor, type=BudgetState) if cursor else BudgetState()
    return msgspec.structs.replace(account, spent=account.spent + account.posts * price, posts=0)


def encode(account: BudgetState) -> str:
    """The account to be kept."""
    return msgspec.json.encode(account).decode()


# ---- months and days -----------------------------------------------------------------------------------


def this_month(account: BudgetState, now: int) -> BudgetState:
    """The account as of now. A new month begins with nothing spent; a clock that was set back begins none.

    Raises RetryLater around the turn of a month.
    """
    later = timestamps.as_utc(now + MARGIN)
    if timestamps.as_utc(now - MARGIN).month != later.month:
        turn = int(later.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()) * 1_000_000
        raise RetryLater(min(turn + MARGIN - now, HOUR) / 1e6, "the month turns, and nobody knows which one would pay")
    month = f"{timestamps.as_utc(now):%Y-%m}"
    if month <= account.month:
        return account
    return msgspec.structs.replace(account, month=month, spent=0)


def tomorrow(now: int) -> int:
    """When the next day begins, UTC."""
    return (now // DAY + 1) * DAY


def affordable(account: BudgetState, limits: Budget, now: int) -> int:
    """How many posts a request may return: a month's money becomes free day by day, and each try may be charged."""
    today = timestamps.as_utc(now)
    free = limits.limit * today.day // calendar.monthrange(today.year, today.month)[1]
    return max(0, free - account.spent) // (TRIES * limits.max_post_cost)


# ---- before and after a request --------------------------------------------------------------------------


def book(account: BudgetState, max_cost: int) -> BudgetState:
    """Before a request: all that it can cost, `most` for each try."""
    return msgspec.structs.replace(account, spent=account.spent + TRIES * max_cost, asking=True)


def settle(account: BudgetState, cost: int) -> BudgetState:
    """After it: what it did cost. `account` is as it was before the booking."""
    return msgspec.structs.replace(account, spent=account.spent + cost, asking=False)


def settle_failure(account: BudgetState, cost: int) -> BudgetState:
    """After one that broke off: what it may have cost. The next one is to be small."""
    return msgspec.structs.replace(account, spent=account.spent + cost, asking=cost > 0)
