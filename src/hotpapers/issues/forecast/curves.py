"""What the record knows about papers observed for a full week: voices at an age, and after the week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

AGES = (6, 24, 72)
"""Ages, in hours after the announcement, at which forecasts are made."""
FINAL = 168
"""The age, in hours after the announcement, that forecasts are for."""
ENOUGH = 60
"""The minimum number of curves of similar size."""


class Curve(NamedTuple):
    """One paper on one network: `voices` at an `age` in hours, `later` voices at 168 h.

    `archive`: its primary archive, empty if unknown. `day`: the day of its announcement, counted from 1970-01-01.
    """

    network: str
    archive: str
    age: int
    day: int
    voices: int
    later: int


class SizeClass(NamedTuple):
    """Curves of similar size: those with `least` to `most` voices at their age."""

    least: int
    most: int
    curves: tuple[Curve, ...]


def growth(curve: Curve) -> int:
    """Later voices per voice at the age, in thousandths, rounded down. There must be at least one voice."""
    return 1000 * curve.later // curve.voices


def week(curve: Curve) -> int:
    """The week of the announcement, from Monday, counted from 1970."""
    return (curve.day + 3) // 7


def doubling(voices: int) -> int:
    """The doubling that a number of voices belongs to: 1 → 1, 2 to 3 → 2, 4 to 7 → 3, 8 to 15 → 4."""
    return voices.bit_length()


def size_classes(curves: Iterable[Curve]) -> list[SizeClass]:
    """The curves in classes of one or more whole doublings of their voices, the largest first.

    From the top down, doublings are joined until there are ENOUGH curves; the remainder joins the last class. Empty if
    there are too few in all. The borders depend only on the voices at the age, as a Mondrian taxonomy requires (Vovk,
    Gammerman, Shafer: Algorithmic Learning in a Random World, 2005, §4.5).
    """
    by_doubling: dict[int, list[Curve]] = defaultdict(list)
    for curve in curves:
        by_doubling[doubling(curve.voices)].append(curve)
    groups: list[list[int]] = [[]]
    for step in sorted(by_doubling, reverse=True):
        groups[-1].append(step)
        if sum(len(by_doubling[step]) for step in groups[-1]) >= ENOUGH:
            groups.append([])
    remainder = groups.pop()
    if groups:
        groups[-1] += remainder
    return [
        SizeClass(
            1 << (steps[-1] - 1), (1 << steps[0]) - 1, tuple(curve for step in steps for curve in by_doubling[step])
        )
        for steps in groups
    ]
