"""When an account has standing: plain functions of moments and of the order in which the record learned things.

An account has standing at a moment if the record had seen it post about at least three papers, or react to posts that
name only one of them: the first at least 30 days earlier, the third at least a week earlier, so that today's talk does
not count. Nothing else is kept about an account, and nothing after its third paper changes anything.
"""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base.model import DAY

PAPERS = 3
"""Different papers that an account must have posted about or reacted to."""
KNOWN_FOR = 30 * DAY
"""Minimum µs since the first of them."""
SETTLED_FOR = 7 * DAY
"""Minimum µs since the third of them: a daily issue's papers are no older."""
ENOUGH_KNOWN = 100
"""While fewer accounts have standing, the record is too young or too small to tell, and every account counts."""


class PaperActivity(NamedTuple):
    """An account posted about a paper, or reacted to such a post, as observed at a moment (µs UTC), known since the
    batch at a position. Accounts and papers by number."""

    account: int
    paper: int
    observed_at: int
    position: int


class AccountHistory(NamedTuple):
    """What is kept of an account. `first_at`: when its first recorded activity was observed; `settled_at`: the latest
    observation among its first three papers; `papers`: the first and second paper, 0 for none yet; `position`: the
    batch that brought the third, 0 before."""

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
    """Whether an account has standing at a moment, µs UTC. For a record at a position, ask only about histories with a
    `position` no higher."""
    since, settled = known.first_at <= as_of - KNOWN_FOR, known.settled_at <= as_of - SETTLED_FOR
    return bool(known.position) and since and settled
