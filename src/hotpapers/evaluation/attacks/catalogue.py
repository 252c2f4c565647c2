"""The attacks that come with the program; `campaign` describes how to write one."""

from __future__ import annotations

from hotpapers.evaluation.attacks.campaign import SPREAD, Attack, AttackedNetwork, Campaign
from hotpapers.evaluation.worlds import made_up_text
from hotpapers.model import HOUR

# ---- bought likes ------------------------------------------------------------------------------------------


def like_on_one_network(campaign: Campaign, accounts: int) -> None:
    """One account posts, the others like that post."""
    network = campaign.networks[campaign.knobs["network"] % len(campaign.networks)].name
    campaign.post_and_react(campaign.accounts(accounts), network)


def spread_likes(campaign: Campaign, accounts: int) -> None:
    """On each network, one account posts and the others like that post."""
    for network, count in campaign.shares(accounts):
        campaign.post_and_react(campaign.accounts(count), network.name)


def like_and_repost(campaign: Campaign, accounts: int) -> None:
    """Each account likes and reposts the one post on its network."""
    for network, count in campaign.shares(accounts):
        campaign.post_and_react(campaign.accounts(count), network.name, ("like", "repost"))


def like_honest_posts(campaign: Campaign, accounts: int) -> None:
    """An honest account has posted about the target; the accounts like that post, and their own posts elsewhere."""
    honest = {post.network: post.id for post in campaign.target.posts}
    for network, count in campaign.shares(accounts):
        if count:
            liking = campaign.accounts(count)
            post = honest.get(network.name) or campaign.post(liking.pop(), network.name)
            campaign.react_all(liking, post, hours=20)


def drip_slowly(campaign: Campaign, accounts: int) -> None:
    """Likes come evenly, in portions, until shortly before an age."""
    for network, count in campaign.shares(accounts):
        if count:
            poster, *others = campaign.accounts(count)
            post = campaign.post(poster, network.name, hours=0.1)
            for n in range(PORTIONS):
                hours = 0.1 + (campaign.knobs["age"] - 0.2) * (n + 1) / PORTIONS
                campaign.react_all(others[n::PORTIONS], post, hours=hours)


PORTIONS = 24
"""The number of moments at which slow likes come."""

# ---- many posts --------------------------------------------------------------------------------------------


def repeat_words(campaign: Campaign, accounts: int) -> None:
    """Each account posts the same words."""
    for network, count in campaign.shares(accounts):
        for account in campaign.accounts(count):
            campaign.post(account, network.name, text="The one paper of the week that nobody should miss, read it now")


def rewrite_words(campaign: Campaign, accounts: int) -> None:
    """Each account posts different words, some hours apart."""
    for network, count in campaign.shares(accounts):
        for n, account in enumerate(campaign.accounts(count)):
            hours = 1 + campaign.knobs["hours"] * (n % 8) / 8
            campaign.post(account, network.name, hours=hours, text=made_up_text(account))


def form_ring(campaign: Campaign, accounts: int) -> None:
    """On each network, all post, and all like and repost the others' posts."""
    for network, count in campaign.shares(min(accounts, MOST_IN_RING)):
        members = campaign.accounts(count)
        posts = {member: campaign.post(member, network.name) for member in members}
        for member, post in posts.items():
            others = [other for other in members if other != member]
            campaign.react_all(others, post)
            campaign.react_all(others, post, type="repost")


MOST_IN_RING = 160
"""The most members of a ring, as each of them likes all the others."""


def delete_afterwards(campaign: Campaign, accounts: int) -> None:
    """Accounts post and like; deletions after the issue closed do not affect it. One account in ten is found out
    earlier, and its post removed."""
    for network, count in campaign.shares(accounts):
        for n, account in enumerate(campaign.accounts(count)):
            post = campaign.post(account, network.name, text=made_up_text(account))
            if n % 10 == 9:
                campaign.delete(post)


def misdate_posts(campaign: Campaign, accounts: int) -> None:
    """Posts dated before the paper was announced, or a day ahead."""
    for network, count in campaign.shares(accounts):
        for account in campaign.accounts(count):
            campaign.post(account, network.name, hours=campaign.knobs["hours"], text=made_up_text(account))


# ---- special accounts --------------------------------------------------------------------------------------


def ask_friends(campaign: Campaign, accounts: int) -> None:
    """On each network, the author posts and friends react."""
    for network, count in campaign.shares(accounts):
        if count:
            author, friends = campaign.account(author=True), campaign.accounts(count - 1)
            campaign.post_and_react([author, *friends], network.name, ("like", "repost"))


def vouch_and_like(campaign: Campaign, accounts: int) -> None:
    """On each network, a share of the accounts is aged and posts; all others, most of them fresh, like the first post.

    Networks that name who likes are avoided if there are others: new accounts count little there."""
    unnamed = [network for network in campaign.networks if not network.names_accounts]
    networks = (unnamed or list(campaign.networks))[: campaign.knobs["networks"]]
    for network, count in zip(networks, _split(accounts, networks, campaign.knobs["power"]), strict=True):
        _post_and_like(campaign, network.name, count)


def _post_and_like(campaign: Campaign, network: str, accounts: int) -> None:
    """A share of the accounts has standing and posts; all others like the first post."""
    posting = max(round(accounts * campaign.knobs["aged_share"]), min(accounts, 1))
    aged, fresh = campaign.accounts(posting, aged=True), campaign.accounts(accounts - posting, aged=False)
    posts = [campaign.post(account, network) for account in aged]
    if posts:
        campaign.react_all([*aged[1:], *fresh], posts[0])


def _split(accounts: int, networks: list[AttackedNetwork], power: float) -> list[int]:
    """Split accounts in proportion to a power of what is usual on each network."""
    weights = [network.usual**power for network in networks]
    totals = [int(accounts * sum(weights[:n]) / sum(weights)) for n in range(len(networks) + 1)]
    return [end - start for start, end in zip(totals, [*totals[1:-1], accounts], strict=False)]


def boost_by_bots(campaign: Campaign, accounts: int) -> None:
    """Bots post, and bots like these posts."""
    for network, count in campaign.shares(accounts):
        bots = campaign.accounts(count, bot=True)
        posts = [campaign.post(bot, network.name) for bot in bots[:3]]
        if posts:
            campaign.react_all(bots[3:], posts[0])


def share_popular_posts(campaign: Campaign, accounts: int) -> None:
    """The most liked posts about the rival link the target too; each needs a popular account to join in."""
    popular = sorted(campaign.rival.posts, key=lambda post: -post.likes)
    for post in popular[:accounts]:
        campaign.share(post)
    for account in campaign.accounts(max(accounts - len(popular), 0)):
        campaign.post(account, campaign.networks[0].name)


# ---- networks that cannot be read --------------------------------------------------------------------------


def use_outage(campaign: Campaign, accounts: int) -> None:
    """The busiest network cannot be read; likes are bought on the others."""
    campaign.cut_off(campaign.networks[-1].name)
    spread_likes(campaign, accounts)


def use_blackout(campaign: Campaign, accounts: int) -> None:
    """Only the sparsest networks can be read. On each, a share of the accounts has standing and posts; all others like
    the first post."""
    for network in campaign.networks[campaign.knobs["networks"] :]:
        campaign.cut_off(network.name)
    for network, count in campaign.shares(accounts):
        _post_and_like(campaign, network.name, count)


# ---- a rival pushed down -----------------------------------------------------------------------------------


def repeat_supporters(campaign: Campaign, accounts: int) -> None:
    """Each account repeats everything the rival's supporters said on a network, minutes later or backdated; the
    accounts are split evenly among networks."""
    for network, count in campaign.shares(accounts):
        supporting_posts = [post for post in campaign.rival.posts if post.network == network.name]
        for account in campaign.accounts(min(count, MOST_IN_CHORUS)):
            for post in supporting_posts:
                hours = (post.at - campaign.rival.announced_at) / HOUR + campaign.knobs["later"]
                campaign.post(account, network.name, hours=hours, text=post.text, paper=campaign.rival)


MOST_IN_CHORUS = 20
"""The most accounts in a chorus on a network, as only a paper's latest thousand posts are examined."""


def like_earlier_papers(campaign: Campaign, accounts: int) -> None:
    """The accounts like as many earlier papers as the knob says, on the network where the rival is strongest."""
    network = max(campaign.rival.posts, key=lambda post: post.likes).network
    liking = campaign.accounts(accounts)
    for paper in campaign.earlier_papers[: campaign.knobs["papers"]]:
        post = campaign.post(liking[0], network, paper=paper)
        campaign.react_all(liking[1:], post, paper=paper)


OUTAGE = Attack(
    "outage", "bought likes, spread, while the busiest network cannot be read", use_outage,
    knobs={"networks": (1, 2, 4, 9)},
)  # fmt: skip
BLACKOUT = Attack(
    "blackout", "accounts with standing post and fresh ones like it, while only the sparsest networks can be read",
    use_blackout, knobs={"networks": (1, 2, 3), "aged_share": (0.1, 0.3, 0.6, 1)}, aged=(False,),
)  # fmt: skip
RIVAL_CHORUS = Attack(
    "rival, as a chorus", "the words of a rival's supporters repeated, to make them look like a chorus",
    repeat_supporters, knobs={"networks": (1, 4, 9), "later": (0.2, -0.2)}, goals=("rival out",), aged=(False,),
)  # fmt: skip
RIVAL_REFERENCE = Attack(
    "rival, by the reference", "papers of the previous 90 days liked, to make a rival's likes look usual",
    like_earlier_papers, knobs={"papers": (40,)}, goals=("rival out",), many_posts=True,
)  # fmt: skip
ATTACKS: tuple[Attack, ...] = (
    Attack(
        "likes, one network", "bought likes on one network, under a post of one's own", like_on_one_network,
        knobs={"network": range(9)},
    ),
    Attack("likes, spread", "bought likes, spread over the sparsest networks", spread_likes, knobs=SPREAD),
    Attack(
        "likes and reposts", "accounts that like and repost, spread over the sparsest networks", like_and_repost,
        knobs=SPREAD,
    ),
    Attack(
        "likes, honest post", "bought likes under a known account's honest post, and elsewhere under one's own posts",
        like_honest_posts, knobs=SPREAD, known_post=True,
    ),
    Attack(
        "lifted from place 20", "bought likes, spread, for the paper that is at place 20 without them", spread_likes,
        knobs=SPREAD, at_place=20,
    ),
    Attack(
        "lifted from place 10", "bought likes, spread, for the paper that is at place 10 without them", spread_likes,
        knobs=SPREAD, goals=("first",), at_place=10,
    ),
    Attack(
        "lifted from place 2", "bought likes, spread, for the paper that is at place 2 without them", spread_likes,
        knobs=SPREAD, goals=("first",), at_place=2,
    ),
    Attack(
        "puppets, same words", "accounts that post the same words within an hour", repeat_words,
        knobs={"networks": (1, 4, 9)}, many_posts=True,
    ),
    Attack(
        "puppets, rewritten", "accounts that post, each in different words, over some hours", rewrite_words,
        knobs={"networks": (1, 4, 9), "hours": (5,)}, many_posts=True,
    ),
    Attack(
        "ring", "every account posts, and likes and reposts all the others' posts", form_ring,
        knobs={"networks": (1, 2, 4, 9)}, many_posts=True,
    ),
    Attack(
        "author and friends", "the author's own account posts, friends like and repost it", ask_friends, knobs=SPREAD
    ),
    Attack(
        "aged posters, fresh likes", "a few accounts with standing post, and fresh ones like their posts",
        vouch_and_like, aged=(False,), many_posts=True,
        knobs={"networks": (1, 2, 3, 5, 8), "power": (0, 0.5, 1, 1.5), "aged_share": (0.02, 0.04, 0.06, 0.1, 0.3)},
    ),
    Attack(
        "bots", "accounts that the rules judge to be bots post and like", boost_by_bots,
        knobs={"networks": (1, 4, 9)}, aged=(False,),
    ),
    Attack(
        "slow drip", "likes that come evenly until shortly before 6, 24 or 72 hours", drip_slowly,
        knobs={"networks": (1, 2, 4, 9), "age": (6, 24, 72)}, days_old=(0, 1, 3),
    ),
    Attack(
        "deleted afterwards", "accounts that post until the issue is frozen, and delete it all afterwards",
        delete_afterwards, knobs={"networks": (1, 4, 9)}, many_posts=True,
    ),
    Attack(
        "clock lies", "posts dated before the announcement, or a day ahead", misdate_posts,
        knobs={"networks": (1, 9), "hours": (-24, 48)}, many_posts=True,
    ),
    Attack(
        "small field", "bought likes, spread, for a paper in an archive with few others", spread_likes,
        knobs=SPREAD, small_field=True,
    ),
    Attack(
        "old paper", "bought likes, spread, for a paper that is five days old", spread_likes, knobs=SPREAD,
        days_old=(5,),
    ),
    Attack(
        "popular posts", "popular posts about the paper at place 1 that link the target too", share_popular_posts,
        aged=(True,),
    ),
    OUTAGE,
    BLACKOUT,
    RIVAL_CHORUS,
    RIVAL_REFERENCE,
)  # fmt: skip
