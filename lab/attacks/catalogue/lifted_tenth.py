"""Bought likes for a paper in the first ten."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack
from lab.attacks.catalogue.likes_spread import run

ATTACK = Attack(
    "lifted from place 10",
    "bought likes, spread, for the paper that is at place 10 without them",
    run,
    knobs=SPREAD,
    goals=("first",),
    at_place=10,
)
