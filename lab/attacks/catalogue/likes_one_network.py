"""Bought likes on one network, under a post of one's own."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """One account posts, the others like that post."""
    network = campaign.networks[campaign.knobs["network"] % len(campaign.networks)].name
    campaign.post_and_react(campaign.accounts(accounts), network)


ATTACK = Attack(
    "likes, one network", "bought likes on one network, under a post of one's own", run, knobs={"network": range(9)}
)
