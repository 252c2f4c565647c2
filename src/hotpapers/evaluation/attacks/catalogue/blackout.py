"""All networks but the sparsest fail on the day, and likes are bought there."""

from __future__ import annotations

from hotpapers.evaluation.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """Only the sparsest networks can be read. On each, a share of the accounts has standing and posts; all others like
    the first post."""
    for network in campaign.networks[campaign.knobs["networks"] :]:
        campaign.cut_off(network.name)
    for network, count in campaign.shares(accounts):
        posting = max(round(count * campaign.knobs["aged_share"]), min(count, 1))
        aged, fresh = campaign.accounts(posting, aged=True), campaign.accounts(count - posting, aged=False)
        posts = [campaign.post(account, network.name) for account in aged]
        if posts:
            campaign.react_all([*aged[1:], *fresh], posts[0])


ATTACK = Attack(
    "blackout", "accounts with standing post and fresh ones like it, while only the sparsest networks can be read", run,
    knobs={"networks": (1, 2, 3), "aged_share": (0.1, 0.3, 0.6, 1)}, aged=(False,),
)  # fmt: skip
