"""Fetching many known posts, a request at a time: one failure doesn't affect the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.model import PayloadPage

GONE = (404, 410)
"""Statuses of a post that no longer exists."""
IN_A_ROW = 5
"""This many failures in a row mean that the network fails, not single posts."""
REFUSALS_IN_A_ROW = 100
"""So many refusals in a row mean it: each may concern only its post, in a subreddit gone private, say."""

T = TypeVar("T")


def ids_in(keys: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """The distinct ids in the keys that match."""
    return list(dict.fromkeys(match[1] for match in map(pattern.fullmatch, keys) if match))


def one_by_one(items: Iterable[T], ask: Callable[[T], PayloadPage]) -> Iterator[PayloadPage]:
    """A page for each item, skipping single failures.

    Raises RetryLater at once, and the last failure if every item failed or several failed in a row: the rest would fail
    too, and is fetched later.
    """
    any_answer, failures, refusals = False, 0, 0
    last_failure: NetError | None = None
    for item in items:
        try:
            page = ask(item)
        except RetryLater:
            raise
        except NetError as problem:
            last_failure = problem
            if isinstance(problem, RequestRefused):
                refusals += 1
            else:
                failures += 1
            if failures == IN_A_ROW or refusals == REFUSALS_IN_A_ROW:
                raise
            continue
        any_answer, failures, refusals = True, 0, 0
        yield page
    if last_failure is not None and not any_answer:
        raise last_failure
