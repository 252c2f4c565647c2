"""Bought likes under an honest account's post, and elsewhere under posts of one's own."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """An honest account has posted about the target; the accounts like that post, and their own posts elsewhere."""
    honest = {post.network: post.id for post in campaign.target.posts}
    for network, count in campaign.shares(accounts):
        if count:
            liking = campaign.accounts(count)
            post = honest.get(network.name) or campaign.post(liking.pop(), network.name)
            campaign.react_all(liking, post, hours=20)


ATTACK = Attack(
    "likes, honest post",
    "bought likes under a known account's honest post, and elsewhere under one's own posts",
    run,
    knobs=SPREAD,
    known_post=True,
)
