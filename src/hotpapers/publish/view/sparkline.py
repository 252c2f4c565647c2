"""A paper's attention since its announcement as a small curve of 120 × 24, and the same in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.base.model import Attention
from hotpapers.base.text.words import count_noun, format_number

WIDTH = 120
HEIGHT = 24
EDGE = 2
"""Pixels of margin around the curve, for its line width and the dot at its end."""


class Sparkline(NamedTuple):
    """A curve: the points of an SVG polyline, its last point, and a description."""

    points: str
    end: tuple[str, str]
    description: str


def history_curve(history: Iterable[Attention], until: int) -> Sparkline | None:
    """The curve up to `until`; None if fewer than two moments are known or there are no voices."""
    by_age = Counter[int]()
    for attention in history:
        if attention.until <= until:
            by_age[attention.age] += attention.voices  # on all networks
    counts = sorted(by_age.items())
    if len(counts) < 2 or not any(voices for _, voices in counts):
        return None
    # `People since the announcement: 4 after 1 hour, 18 after 3 hours, 40 after 6 hours.`
    rows_with_voices = [row for row in counts if row[1]]
    chosen_rows = dict.fromkeys(
        [rows_with_voices[0], rows_with_voices[len(rows_with_voices) // 2], rows_with_voices[-1]]
    )
    parts = ", ".join(f"{format_number(voices)} after {count_noun(age, 'hour')}" for age, voices in chosen_rows)
    return draw_curve([(0, 0), *counts], f"People since the announcement: {parts}.")


def draw_curve(counts: Sequence[tuple[int, int]], description: str) -> Sparkline:
    """The curve of some counts, each with its moment, from 0 to the last."""
    width = WIDTH - 2 * EDGE
    height = HEIGHT - 2 * EDGE
    last = counts[-1][0]
    most = max(1, *(count for _, count in counts))
    points = [
        (f"{EDGE + width * moment / last:.4g}", f"{HEIGHT - EDGE - height * count / most:.3g}")
        for moment, count in counts
    ]
    return Sparkline(" ".join(f"{x},{y}" for x, y in points), points[-1], description)
