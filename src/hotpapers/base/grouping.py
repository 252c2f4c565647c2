"""Values brought together by their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
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


def group_by(values: Iterable[Value], key_of: Callable[[Value], Key]) -> defaultdict[Key, list[Value]]:
    """The values with each key, in their order."""
    return lists_by_key((key_of(value), value) for value in values)
