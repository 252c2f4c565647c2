"""Up to when a collector had read a network, according to its own coverage."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from hotpapers.comparison.lines import CoverageLine


class NetworkCoverage:
    """How one network was read."""

    def __init__(self, lines: Iterable[CoverageLine]) -> None:
        lines = list(lines)
        complete = [line for line in lines if line.state == "complete" and not line.counts]
        self._complete = sorted(complete, key=lambda line: (line.from_at, line.until_at))
        self._starts = [line.from_at for line in self._complete]
        self._longest = max((line.until_at - line.from_at for line in self._complete), default=0)
        self._gaps = merged((line.from_at, line.until_at) for line in lines if line.state != "complete")

    def read_at(self, moment: int) -> int | None:
        """When everything said by a moment had been read; None for never."""
        return min((line.at for line in self._containing(moment)), default=None)

    def _containing(self, moment: int) -> Sequence[CoverageLine]:
        end = bisect_right(self._starts, moment)
        first = bisect_right(self._starts, moment - self._longest - 1)
        return [line for line in self._complete[first:end] if moment < line.until_at]

    def had_gap(self, start: int, end: int) -> bool:
        """Whether posts or counts were read only in part, or not at all, at any time between two moments."""
        first = bisect_right(self._gaps, start, key=lambda span: span[1])
        return first < len(self._gaps) and self._gaps[first][0] < end


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge spans that overlap or touch, ascending: a failure is recorded again with every attempt."""
    union: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union
