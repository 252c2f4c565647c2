"""Bought likes for a paper that is five days old."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack
from lab.attacks.catalogue.likes_spread import run

ATTACK = Attack(
    "old paper", "bought likes, spread, for a paper that is five days old", run, knobs=SPREAD, days_old=(5,)
)
