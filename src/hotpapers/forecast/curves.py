"""What the record knows of papers that were seen through: voices at an age, and a week in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

AGES = (6, 24, 72)
"""Hours after the announcement from which voices are forecast."""
FINAL = 168
"""Hours after the announcement for which they are."""
ENOUGH = 60
"""Fewer curves of like size say nothing."""


class Curve(NamedTuple):
    """One paper on one network: `voices` at an `age` in hours, `later` voices at 168 h.

    `archive`: its primary one, empty where it is unknown. `day`: of its announcement, counted from 1970-01-01.
    """

    network: str
    archive: str
    age: int
    day: int
    voices: int
    later: int


class SizeClass(NamedTuple):
    """Curves of like size: those with `least` to `most` voices at their age."""

    least: int
    most: int
    curves: tuple[Curve, ...]


def growth(curve: Curve) -> int:
    """Later voices for each voice at the age, in thousandths, rounded down. There must be a voice."""
    return 1000 * curve.later // curve.voices


def week(curve: Curve) -> int:
    """The week of the announcement, from Monday, counted from 1970."""
    return (curve.day + 3) // 7


def doubling(voices: int) -> int:
    """Which doubling a number of voices is in: 1 → 1, 2 to 3 → 2, 4 to 7 → 3, 8 to 15 → 4."""
    return voices.bit_length()


def size_classes(curves: Iterable[Curve]) -> list[SizeClass]:
    """The curves in classes of one or more whole doublings of their voices, the greatest first.

    From the top down: doublings are joined until there are ENOUGH curves; what is left over joins the last class.
    None where there are too few in all. Where the borders lie depends on the voices at the age alone, as a Mondrian
    taxonomy must (Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005, §4.5).
    """
    by: dict[int, list[Curve]] = defaultdict(list)
    for curve in curves:
        by[doubling(curve.voices)].append(curve)
    groups: list[list[int]] = [[]]
    for step in sorted(by, reverse=True):
        groups[-1].append(step)
        if sum(len(by[joined]) for joined in groups[-1]) >= ENOUGH:
            groups.append([])
    left = groups.pop()
    if groups:
        groups[-1] += left
    return [
        SizeClass(1 << (steps[-1] - 1), (1 << steps[0]) - 1, tuple(curve for step in steps for curve in by[step]))
        for steps in groups
    ]
