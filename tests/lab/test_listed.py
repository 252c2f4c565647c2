"""What an entry costs: planted attacks on the made-up week before and after a rule, and the cheapest attack found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from hotpapers.base.model import IssueContent
from hotpapers.issues import freeze, ranking, selection
from hotpapers.record.record import Record
from lab.attacks import listed_suite
from lab.attacks.campaign import Campaign
from lab.attacks.listed_suite import ListingPart
from lab.attacks.recorded_scene import RecordedScene
from lab.worlds import WorldLaw

RARITY_2 = ranking.RANKINGS["rarity/2"], ranking.needs_of("rarity/2")
DAY = "2026-03-06"
"""A quiet day before the made-up week, when the record knows regulars."""


@pytest.fixture(scope="module")
def record(demo_folder: Path) -> Iterator[Record]:
    with Record(str(demo_folder / "made-up-week" / "hotpapers.db"), create=False) as record:
        yield record


@pytest.fixture(scope="module")
def content(record: Record) -> IssueContent:
    return freeze.list_editions(record, "week", DAY)[-1].content


def is_listed(record: Record, content: IssueContent, attack: Callable[[Campaign], None], rule: str) -> bool:
    """Whether an attack makes a paper that nobody talks about an entry by a rule."""
    scene = RecordedScene(record, replace(content, choice=rule), [RARITY_2])
    target = scene.target(days_old=1, known_post=False, small_field=False)
    assert target is not None
    campaign = Campaign(target, target, (), scene.networks, aged=False, knobs={})
    attack(campaign)
    order = scene.order_after(scene.effect(campaign, RARITY_2[1]), *RARITY_2, whole=True)
    return target.paper in order


def three_posts(campaign: Campaign) -> None:
    for account in campaign.accounts(3):
        campaign.post(account, "bluesky")


def a_post_and_two_likes(campaign: Campaign) -> None:
    campaign.post_and_react(campaign.accounts(3), "mastodon")


def a_post_of_a_regular(campaign: Campaign) -> None:
    campaign.post_and_react([campaign.account(aged=True), *campaign.accounts(2)], "mastodon")


def two_regulars(campaign: Campaign) -> None:
    for account in [*campaign.accounts(2, aged=True), campaign.account()]:
        campaign.post(account, "bluesky")


@pytest.mark.parametrize("attack", [three_posts, a_post_and_two_likes, a_post_of_a_regular])
def test_three_accounts_bought_an_entry_and_do_no_longer(
    record: Record, content: IssueContent, attack: Callable[[Campaign], None]
) -> None:
    assert is_listed(record, content, attack, selection.LEAST_2)
    assert not is_listed(record, content, attack, selection.LEAST_3)


def test_two_regulars_still_make_an_entry(record: Record, content: IssueContent) -> None:
    assert is_listed(record, content, two_regulars, selection.LEAST_3)


def test_the_suite_tries_to_be_an_entry_of_a_store_s_publication(record: Record, content: IssueContent) -> None:
    scene = RecordedScene(record, content, [RARITY_2])
    assert scene.goals(("first",), RARITY_2[0]) == ("first", "listed")
    assert scene.goals(("first",), ranking.RANKINGS["classic/1"]) == ("first",)


@pytest.mark.long
@pytest.mark.parametrize("papers", [6, 20])
def test_no_attack_is_cheaper_than_the_printed_price(monkeypatch: pytest.MonkeyPatch, papers: int) -> None:
    """In small made-up records, whether they know regulars or not."""
    monkeypatch.setitem(listed_suite.RECORDS, "small", WorldLaw(papers=papers, days=3))
    before, after = listed_suite.run_part(ListingPart("small", 4)).costs
    assert before.new and before.new.accounts and before.new.dollars < 0.2
    if after.regulars:
        assert after.new is None and after.standing
        assert after.standing.aged >= 2, "the price that the issue prints"
        assert after.standing.dollars >= 2 * 0.85
    else:
        assert after == replace(before, rule=selection.LEAST_3)
