"""A rival pushed down: fresh accounts repeat its supporters' words to make them look like a chorus."""

from __future__ import annotations

from hotpapers.base.model import HOUR
from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """Each account repeats everything the rival's supporters said on a network, minutes later or backdated; the
    accounts are split evenly among networks."""
    for network, count in campaign.shares(accounts):
        supporting_posts = [post for post in campaign.rival.posts if post.network == network.name]
        for account in campaign.accounts(min(count, MOST)):
            for post in supporting_posts:
                hours = (post.at - campaign.rival.announced_at) / HOUR + campaign.knobs["later"]
                campaign.post(account, network.name, hours=hours, text=post.text, paper=campaign.rival)


MOST = 20
"""The most accounts in a chorus on a network: as many make one of any words, so more would change nothing."""

ATTACK = Attack(
    "rival, as a chorus",
    "the words of a rival's supporters repeated, to make them look like a chorus",
    run,
    knobs={"networks": (1, 4, 9), "later": (0.2, -0.2)},
    goals=("rival out",),
    aged=(False,),
)
