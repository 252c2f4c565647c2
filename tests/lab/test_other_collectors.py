"""Attacks on a recorded issue that uses another collector's counts: they start from these, not from our own posts."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.model import HOUR, Measurement, RankingInput
from hotpapers.issues import freeze, ranking
from hotpapers.record.record import Record
from lab.attacks import least_costs, suite
from lab.attacks.campaign import Campaign
from lab.attacks.catalogue import ATTACKS
from lab.attacks.recorded_scene import RecordedScene
from tests.issues import made
from tests.issues.made import key, moment
from tests.lab.test_recorded import DAILY, RARITY_2, TODAY, candidate_papers, store

__all__ = ["store"]
VOICES = {2: 90, 4: 80, 53: 95}
YESTERDAY = moment("2024-05-06")
RANK, NEEDS = RARITY_2


def measurements() -> list[Measurement]:
    """Another collector's counts of two discussed papers, and of one about which we have nothing."""
    return [
        Measurement(
            source="neighbour", paper=key(number), network="bluesky", age=age, until_at=YESTERDAY + age * HOUR,
            voices=voices, reposts=0, likes=voices - 1, bots=0, known=40, authors=0, counted=voices, unread=0,
            observed_at=YESTERDAY + age * HOUR,
        )
        for number, voices in VOICES.items() for age in (6, 24)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def scene(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedScene]:
    """The issue as corrected with these counts."""
    file = tmp_path_factory.mktemp("followed") / "copy.db"
    shutil.copy(store, file)
    with Record(str(file), create=False) as record:
        record.append(measurements(), source="follow/neighbour")
        content = freeze.freeze_issue(
            record, DAILY, made.DAY, again=True, reason="counts", at=TODAY + 48 * HOUR
        ).content
        yield RecordedScene(record, content, [RARITY_2])


def attackers(scene: RecordedScene, target: int) -> Campaign:
    rival = scene.paper(scene.order(RANK, NEEDS)[0].paper)
    return Campaign(scene.paper(key(target)), rival, scene.earlier_papers, scene.networks, aged=True, knobs={})


def input_after(scene: RecordedScene, campaign: Campaign) -> RankingInput:
    return scene.input_after(scene.effect(campaign, NEEDS), NEEDS, candidate_papers(scene, NEEDS))


def voices_of(inputs: RankingInput, number: int) -> dict[str, tuple[int, str]]:
    [candidate] = [candidate for candidate in inputs.candidates if candidate.paper == key(number)]
    return {counts.network: (counts.voices, counts.collector) for counts in candidate.attention}


def test_an_honest_scene_is_the_issue(scene: RecordedScene) -> None:
    assert {entry.paper for entry in scene.content.entries} >= {key(number) for number in VOICES}
    order = [(entry.paper, entry.score) for entry in scene.order(RANK, NEEDS)]
    assert order == [(entry.paper, entry.score) for entry in scene.content.entries]


@pytest.mark.parametrize("target", VOICES)
def test_a_campaign_adds_to_the_counts_of_the_issue(scene: RecordedScene, target: int) -> None:
    campaign = attackers(scene, target)
    campaign.post_and_react(campaign.accounts(5), "bluesky")
    after = input_after(scene, campaign)
    assert voices_of(after, target)["bluesky"] == (VOICES[target] + 5, "neighbour")
    honest = scene._inputs[NEEDS]
    assert voices_of(after, target).get("mastodon") == voices_of(honest, target).get("mastodon")
    assert all(count >= 0 for peer in after.peers for _, count in peer.counts)
    peers = [Counter(dict(peer.counts)) for peer in after.peers if (peer.network, peer.age) == ("bluesky", 24)]
    assert sum(counts[VOICES[target]] for counts in peers) == 0


def test_an_idle_campaign_changes_nothing(scene: RecordedScene) -> None:
    campaign = attackers(scene, 4)
    campaign.react_all((), scene.paper(key(4)).posts[0].id)
    after = input_after(scene, campaign)
    assert campaign.posts and ranking.rank(after, "rarity/2") == ranking.rank(scene._inputs[NEEDS], "rarity/2")
    assert after.peers == scene._inputs[NEEDS].peers


def test_counts_made_before_an_outage_still_count(scene: RecordedScene) -> None:
    campaign = attackers(scene, 2)
    campaign.cut_off("bluesky")
    after = input_after(scene, campaign)
    assert all(count >= 0 for peer in after.peers for _, count in peer.counts)
    assert voices_of(after, 4).get("bluesky", (0, ""))[0] < VOICES[4]


def test_a_paper_that_only_another_collector_has_can_be_attacked(scene: RecordedScene) -> None:
    """It is at place 1, so all attacks know it."""
    attack = next(attack for attack in ATTACKS if attack.name == "lifted from place 2")
    assert scene.order(RANK, NEEDS)[0].paper == key(53)
    costs = least_costs.least_costs(scene, suite.contenders()["rarity/2"], attack, {}, aged=True)
    assert costs["first"] is not None
