"""Accounts that are judged bots post, like and repost."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """Bots post, and bots like these posts."""
    for network, count in campaign.shares(accounts):
        bots = campaign.accounts(count, bot=True)
        posts = [campaign.post(bot, network.name) for bot in bots[:3]]
        if posts:
            campaign.react_all(bots[3:], posts[0])


ATTACK = Attack(
    "bots",
    "accounts that the rules judge to be bots post and like",
    run,
    knobs={"networks": (1, 4, 9)},
    aged=(False,),
)
