"""When an account has standing: plain functions of moments and of the order in which the record came to know it.

An account has standing at a moment if the record had seen it speak of three papers at least, or react to posts about
one of them alone: the first of them 30 days before or more, the third a week before or more, so that no talk of today
counts. Of an account nothing else is kept, and nothing after its third paper changes anything.
"""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.model import DAY

PAPERS = 3
"""Different papers that an account must have posted or reacted about."""
KNOWN_FOR = 30 * DAY
"""µs since the first of them."""
SETTLED_FOR = 7 * DAY
"""µs since the third of them: a daily issue's papers are no older."""
ENOUGH_KNOWN = 100
"""While fewer accounts have standing, the record is too young or too small to tell, and every account counts."""


class PaperActivity(NamedTuple):
    """An account posted about a paper, or reacted to a post about it, as observed at a moment (µs UTC), known from the
    batch at a position on. Accounts and papers by number."""

    account: int
    paper: int
    observed_at: int
    position: int


class AccountHistory(NamedTuple):
    """What is kept of an account. `first_at`: the observation that the record had of it first, `settled_at`: the latest
    one of its first papers; `papers`: the first and the second one, 0 for none yet; `position`: of the batch that
    brought the third one, 0 before."""

    account: int
    first_at: int
    settled_at: int
    papers: tuple[int, int]
    position: int = 0


def add_activity(known: AccountHistory | None, activity: PaperActivity) -> AccountHistory:
    """What is kept of an account after one more activity."""
    if known is None:
        return AccountHistory(activity.account, activity.observed_at, activity.observed_at, (activity.paper, 0))
    if known.position or activity.paper in known.papers:
        return known
    settled_at = max(known.settled_at, activity.observed_at)
    if not known.papers[1]:
        return known._replace(settled_at=settled_at, papers=(known.papers[0], activity.paper))
    return known._replace(settled_at=settled_at, position=activity.position)


def has_standing(known: AccountHistory, as_of: int) -> bool:
    """Whether an account has standing at a moment, µs UTC. Of a record at a position, ask of those alone whose
    `position` is not above it."""
    since, settled = known.first_at <= as_of - KNOWN_FOR, known.settled_at <= as_of - SETTLED_FOR
    return bool(known.position) and since and settled
