"""All networks but the sparsest fail on the day, and likes are bought there."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign
from lab.attacks.catalogue.known_posters_bought_likes import post_and_like


def run(campaign: Campaign, accounts: int) -> None:
    """Only the sparsest networks can be read. On each, a share of the accounts has standing and posts; all others like
    the first post."""
    for network in campaign.networks[campaign.knobs["networks"] :]:
        campaign.cut_off(network.name)
    for network, count in campaign.shares(accounts):
        post_and_like(campaign, network.name, count)


ATTACK = Attack(
    "blackout",
    "accounts with standing post and fresh ones like it, while only the sparsest networks can be read",
    run,
    knobs={"networks": (1, 2, 3), "aged_share": (0.1, 0.3, 0.6, 1)},
    aged=(False,),
)
