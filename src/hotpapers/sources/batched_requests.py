"""Asking for many known posts, a request at a time: one that cannot be had spoils no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hotpapers.errors import NetError, RetryLater
from hotpapers.model import PayloadPage

GONE = (404, 410)
"""What is answered for a post that is no longer there."""
IN_A_ROW = 5
"""So many failures one after another are the network's, not those of single posts."""

T = TypeVar("T")


def ids_in(keys: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """The ids in those keys that have one, each once."""
    return list(dict.fromkeys(match[1] for match in map(pattern.fullmatch, keys) if match))


def one_by_one(items: Iterable[T], ask: Callable[[T], PayloadPage]) -> Iterator[PayloadPage]:
    """A page for each; none for what fails alone.

    Raises RetryLater at once, and what failed last where nothing came at all or several failed in a row: then the rest
    would fail too, and is asked for later.
    """
    any_answer, in_a_row = False, 0
    failed: NetError | None = None
    for item in items:
        try:
            page = ask(item)
        except RetryLater:
            raise
        except NetError as problem:
            failed, in_a_row = problem, in_a_row + 1
            if in_a_row == IN_A_ROW:
                raise
            continue
        any_answer, in_a_row = True, 0
        yield page
    if failed is not None and not any_answer:
        raise failed
