"""A paper's attention since its announcement as a small curve of 120 × 24, and the same in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from hotpapers.model import Attention
from hotpapers.ranking import words

WIDTH, HEIGHT = 120, 24
EDGE = 2
"""Pixels of margin around the curve, for its line width and the dot at its end."""


class Sparkline(NamedTuple):
    """A curve: the points of an SVG polyline, its last point, and a description."""

    points: str
    end: tuple[str, str]
    description: str


def voices_by_age(history: Iterable[Attention], until: int) -> list[tuple[int, int]]:
    """(hours, voices on all networks) for each moment up to `until`, ascending."""
    by_age: Counter[int] = Counter()
    for attention in history:
        if attention.until <= until:
            by_age[attention.age] += attention.voices
    return sorted(by_age.items())


def spark(history: Iterable[Attention], until: int) -> Sparkline | None:
    """The curve up to `until`; None if fewer than two moments are known or there are no voices."""
    known = voices_by_age(history, until)
    most = max((voices for _, voices in known), default=0)
    if len(known) < 2 or not most:
        return None
    width, height = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    drawn = [
        (f"{EDGE + width * age / known[-1][0]:.4g}", f"{HEIGHT - EDGE - height * voices / most:.3g}")
        for age, voices in [(0, 0), *known]
    ]
    return Sparkline(" ".join(f"{x},{y}" for x, y in drawn), drawn[-1], _description(known))


def _description(known: list[tuple[int, int]]) -> str:
    """`Voices since the announcement: 4 after 1 hour, 18 after 3 hours, 40 after 6 hours.`"""
    rows_with_voices = [row for row in known if row[1]]
    picked = dict.fromkeys([rows_with_voices[0], rows_with_voices[len(rows_with_voices) // 2], rows_with_voices[-1]])
    parts = ", ".join(f"{words.number(voices)} after {words.count_noun(age, 'hour')}" for age, voices in picked)
    return f"Voices since the announcement: {parts}."
