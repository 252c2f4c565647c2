"""Accounts that like and repost one post on each network."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """Each account likes and reposts the one post on its network."""
    for network, count in campaign.shares(accounts):
        campaign.post_and_react(campaign.accounts(count), network.name, ("like", "repost"))


ATTACK = Attack(
    "likes and reposts", "accounts that like and repost, spread over the sparsest networks", run, knobs=SPREAD
)
