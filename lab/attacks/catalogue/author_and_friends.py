"""The author's own account posts, and friends like and repost it."""

from __future__ import annotations

from lab.attacks.campaign import SPREAD, Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """On each network, the author posts and friends react."""
    for network, count in campaign.shares(accounts):
        if count:
            author, friends = campaign.account(author=True), campaign.accounts(count - 1)
            campaign.post_and_react([author, *friends], network.name, ("like", "repost"))


ATTACK = Attack("author and friends", "the author's own account posts, friends like and repost it", run, knobs=SPREAD)
