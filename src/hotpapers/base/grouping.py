"""Pairs of a key and a value, with the values of a key brought together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def lists_by_key(pairs: Iterable[tuple[Key, Value]]) -> defaultdict[Key, list[Value]]:
    """Each key's values, in the order of the pairs."""
    result = defaultdict(list)
    for key, value in pairs:
        result[key].append(value)
    return result


def sets_by_key(pairs: Iterable[tuple[Key, Value]]) -> defaultdict[Key, set[Value]]:
    """Each key's different values."""
    result = defaultdict(set)
    for key, value in pairs:
        result[key].add(value)
    return result
