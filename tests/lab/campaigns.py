"""A campaign that has done nothing yet: three sparse networks, a target, and a rival with one post."""

from __future__ import annotations

from typing import Any

from lab.attacks.campaign import AttackedNetwork, Campaign
from lab.worlds import BEGINS, PaperPost, WorldPaper

PAPER = WorldPaper("arxiv:1", "cs", 90, 1.0, ())
RIVAL = WorldPaper("arxiv:2", "cs", 90, 5.0, (PaperPost(5, "x", 77, BEGINS, ""),))
SPARSE = tuple(AttackedNetwork(name, usual, names_accounts=False) for name, usual in (("x", 3), ("y", 5), ("z", 12)))


def campaign(*, aged: bool = False, **knobs: Any) -> Campaign:
    return Campaign(PAPER, RIVAL, (), SPARSE, aged=aged, knobs=knobs)
