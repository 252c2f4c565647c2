"""Bought likes for a paper that people talk about anyway."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack
from lab.attacks.catalogue.likes_spread import run

ATTACK = Attack(
    "lifted from place 20",
    "bought likes, spread, for the paper that is at place 20 without them",
    run,
    knobs=SPREAD,
    at_place=20,
)
