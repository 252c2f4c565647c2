"""The attacks, one per file; `campaign` describes how to write one."""

from __future__ import annotations

from importlib import import_module

from lab.attacks.campaign import Attack

_FILES = """
likes_one_network likes_spread likes_and_reposts likes_under_honest lifted lifted_tenth lifted_second puppets_same_words
puppets_rewritten ring
author_and_friends known_posters_bought_likes bots_boost slow_drip deleted_afterwards clock_lies small_field old_paper
popular_post outage blackout rival_chorus rival_reference
"""

ATTACKS: tuple[Attack, ...] = tuple(import_module(f"{__name__}.{file}").ATTACK for file in _FILES.split())
