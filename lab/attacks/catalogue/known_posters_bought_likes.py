"""A few accounts with standing post and vouch, and many new ones like one of their posts."""

from __future__ import annotations

from lab.attacks.campaign import Attack, AttackedNetwork, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    """On each network, a share of the accounts is aged and posts; all others, most of them fresh, like the first post.

    Networks that name who likes are avoided if there are others: new accounts count little there."""
    unnamed = [network for network in campaign.networks if not network.names_accounts]
    networks = (unnamed or list(campaign.networks))[: campaign.knobs["networks"]]
    for network, count in zip(networks, split(accounts, networks, campaign.knobs["power"]), strict=True):
        post_and_like(campaign, network.name, count)


def post_and_like(campaign: Campaign, network: str, accounts: int) -> None:
    """A share of the accounts has standing and posts; all others like the first post."""
    posting = max(round(accounts * campaign.knobs["aged_share"]), min(accounts, 1))
    aged, fresh = campaign.accounts(posting, aged=True), campaign.accounts(accounts - posting, aged=False)
    posts = [campaign.post(account, network) for account in aged]
    if posts:
        campaign.react_all([*aged[1:], *fresh], posts[0])


def split(accounts: int, networks: list[AttackedNetwork], power: float) -> list[int]:
    """Split accounts in proportion to a power of what is usual on each network."""
    weights = [network.usual**power for network in networks]
    totals = [int(accounts * sum(weights[:n]) / sum(weights)) for n in range(len(networks) + 1)]
    return [end - start for start, end in zip(totals, [*totals[1:-1], accounts], strict=False)]


ATTACK = Attack(
    "aged posters, fresh likes",
    "a few accounts with standing post, and fresh ones like their posts",
    run,
    knobs={"networks": (1, 2, 3, 5, 8), "power": (0, 0.5, 1, 1.5), "aged_share": (0.02, 0.05, 0.085, 0.1, 0.3)},
    aged=(False,),
    many_posts=True,
)
