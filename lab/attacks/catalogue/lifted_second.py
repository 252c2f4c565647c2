"""Bought likes for the runner-up, which people talk about nearly as much as the first paper."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack
from lab.attacks.catalogue.likes_spread import run

ATTACK = Attack(
    "lifted from place 2",
    "bought likes, spread, for the paper that is at place 2 without them",
    run,
    knobs=SPREAD,
    goals=("first",),
    at_place=2,
)
