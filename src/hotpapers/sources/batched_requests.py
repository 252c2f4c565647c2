"""Fetching many known posts, a request at a time: one failure doesn't affect the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hotpapers.errors import NetError, RetryLater
from hotpapers.model import PayloadPage

GONE = (404, 410)
"""Statuses of a post that no longer exists."""
IN_A_ROW = 5
"""This many failures in a row mean that the network fails, not single posts."""

T = TypeVar("T")


def ids_in(keys: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """The distinct ids in the keys that match."""
    return list(dict.fromkeys(match[1] for match in map(pattern.fullmatch, keys) if match))


def one_by_one(items: Iterable[T], ask: Callable[[T], PayloadPage]) -> Iterator[PayloadPage]:
    """A page for each item, skipping single failures.

    Raises RetryLater at once, and the last failure if every item failed or several failed in a row: the rest would fail
    too, and is fetched later.
    """
    any_answer, in_a_row = False, 0
    last_failure: NetError | None = None
    for item in items:
        try:
            page = ask(item)
        except RetryLater:
            raise
        except NetError as problem:
            last_failure, in_a_row = problem, in_a_row + 1
            if in_a_row == IN_A_ROW:
                raise
            continue
        any_answer, in_a_row = True, 0
        yield page
    if last_failure is not None and not any_answer:
        raise last_failure
