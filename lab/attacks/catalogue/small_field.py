"""Likes and posts for a paper of a field in which few papers are talked about."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack
from lab.attacks.catalogue.likes_spread import run

ATTACK = Attack(
    "small field",
    "bought likes, spread, for a paper in an archive with few others",
    run,
    knobs=SPREAD,
    small_field=True,
)
