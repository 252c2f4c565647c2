"""Bought likes for the runner-up: people talk about it nearly as much as about the first paper."""

from __future__ import annotations

from hotpapers.evaluation.attacks.campaign import SPREAD, Attack
from hotpapers.evaluation.attacks.catalogue.likes_spread import run

ATTACK = Attack(
    "lifted from place 2", "bought likes, spread, for the paper that stands at place 2 by itself", run,
    knobs=SPREAD, goals=("first",), at_place=2,
)  # fmt: skip
