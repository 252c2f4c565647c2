"""The attacks, one a file: how to write one is told in `campaign`."""

from __future__ import annotations

from hotpapers.evaluation.attacks.campaign import Attack
from hotpapers.evaluation.attacks.catalogue import (
    author_and_friends,
    bots_boost,
    clock_lies,
    deleted_afterwards,
    known_posters_bought_likes,
    lifted,
    likes_and_reposts,
    likes_one_network,
    likes_spread,
    likes_under_honest,
    old_paper,
    outage,
    popular_post,
    puppets_rewritten,
    puppets_same_words,
    ring,
    rival_chorus,
    rival_reference,
    slow_drip,
    small_field,
)

ATTACKS: tuple[Attack, ...] = (
    likes_one_network.ATTACK,
    likes_spread.ATTACK,
    likes_and_reposts.ATTACK,
    likes_under_honest.ATTACK,
    lifted.ATTACK,
    puppets_same_words.ATTACK,
    puppets_rewritten.ATTACK,
    ring.ATTACK,
    author_and_friends.ATTACK,
    known_posters_bought_likes.ATTACK,
    bots_boost.ATTACK,
    slow_drip.ATTACK,
    deleted_afterwards.ATTACK,
    clock_lies.ATTACK,
    small_field.ATTACK,
    old_paper.ATTACK,
    popular_post.ATTACK,
    outage.ATTACK,
    rival_chorus.ATTACK,
    rival_reference.ATTACK,
)
