"""Popular posts about the day's first paper that link the target too."""

from __future__ import annotations

from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """The most liked posts about the rival link the target too; each needs a popular account to join in."""
    popular = sorted(campaign.rival.posts, key=lambda post: -post.likes)
    for post in popular[:accounts]:
        campaign.share(post)
    for account in campaign.accounts(max(accounts - len(popular), 0)):
        campaign.post(account, campaign.networks[0].name)


ATTACK = Attack("popular posts", "popular posts about the paper at place 1 that link the target too", run, aged=(True,))
