"""A cache limited in bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """A value that knows how many bytes it takes."""

    @property
    def size(self) -> int:
        """Bytes."""


K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Sized)


class ByteCache(Generic[K, V]):
    """Values with up to `most` bytes together, the oldest dropped first. `size`: the bytes of all."""

    def __init__(self, most: int) -> None:
        self._most, self.size = most, 0
        self.values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, *, renew: bool = False) -> V | None:
        """The value of a key, or None. `renew`: it counts as new from now on."""
        if renew and key in self.values:
            self.values.move_to_end(key)
        return self.values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keeps the value of a new key, unless it takes more than an eighth of the cache."""
        if value.size > self._most // 8 or key in self.values:
            return
        self.values[key] = value
        self.size += value.size
        while self.size > self._most:
            self.size -= self.values.popitem(last=False)[1].size

    def clear(self) -> None:
        """Drops all values."""
        self.values.clear()
        self.size = 0
