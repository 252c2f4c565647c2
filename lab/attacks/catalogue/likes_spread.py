"""Bought likes, spread over the networks where few talk."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """On each network, one account posts and the others like that post."""
    for network, count in campaign.shares(accounts):
        campaign.post_and_react(campaign.accounts(count), network.name)


ATTACK = Attack("likes, spread", "bought likes, spread over the sparsest networks", run, knobs=SPREAD)
