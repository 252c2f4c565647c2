"""Accounts that like and repost, on each network one post."""

from __future__ import annotations

from hotpapers.evaluation.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """Each account likes and reposts the one post on its network."""
    for network, many in campaign.shares(accounts):
        campaign.post_and_react(campaign.accounts(many), network.name, ("like", "repost"))


ATTACK = Attack(
    "likes and reposts", "accounts that like and repost, spread over the sparsest networks", run,
    knobs={"networks": (1, 2, 4, 9), "by": ("even", "usual")},
)  # fmt: skip
