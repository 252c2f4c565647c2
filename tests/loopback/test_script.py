"""The script and its laws: the guarantees on which comparisons with a record rely."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers import mentions
from hotpapers.base.papers.arxiv import calendar as days
from tests.loopback import ids, message_text, script
from tests.loopback.clock import RunningClock, SteppedClock, moment
from tests.loopback.expected import NETWORKS
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.script import (
    NEVER,
    SECOND,
    Account,
    Message,
    PaperReference,
    count_reactions,
    counts,
    reaction_time,
)
from tests.loopback.world import World

WORLD = World(1, "2026-02-23")
ADA = Account("bluesky", "did:plc:a", "ada", "Ada")


def all_messages(world: World, first: int, last: int) -> Iterator[Message]:
    for network in NETWORKS:
        for day in range(first, last):
            yield from world.messages(network, day)


# ---- laws ------------------------------------------------------------------------------------------------


@given(st.integers(1, 500), st.integers(1, 30), st.integers(-10, 20 * 24 * 3600))
def test_the_count_of_reactions_matches_their_times(final: int, hours: int, seconds: int) -> None:
    message = Message("bluesky", "1", 10**15, ADA, "", half_life=hours * HOUR)
    now = message.at + seconds * SECOND
    assert count_reactions(message, now, final) == sum(
        reaction_time(message, n, final) <= now for n in range(1, final + 1)
    )


def test_half_of_the_remaining_reactions_come_in_each_half_life() -> None:
    message = Message("bluesky", "1", 10**15, ADA, "", final_likes=999, half_life=8 * HOUR)
    assert [count_reactions(message, message.at + n * 8 * HOUR, 999) for n in range(4)] == [0, 500, 750, 875]
    assert count_reactions(message, NEVER, 999) == 999 and counts(message, NEVER).likes == 999 - 99, (
        "every tenth is withdrawn"
    )


@given(st.integers(0, 400), st.integers(0, 3 * 24 * 3600))
def test_counts_are_never_negative_and_only_likes_fall(final_likes: int, seconds: int) -> None:
    message = Message("bluesky", "1", 10**15, ADA, "", final_likes=final_likes)
    before, after = (counts(message, message.at + s * SECOND) for s in (seconds, seconds + 600))
    assert min(before) >= 0 and all(b <= a for b, a in zip(before[1:], after[1:], strict=True))


def test_deleted_messages_and_those_of_absent_accounts_are_not_visible() -> None:
    message = Message("x", "1", 100, ADA._replace(gone_from=200, gone_until=300), "", gone_at=400)
    assert [script.is_visible(message, now) for now in (99, 100, 199, 200, 299, 300, 399, 400)] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("network", [network for network in NETWORKS if network != "huggingface"])
def test_an_identifier_contains_its_creation_time(network: str) -> None:
    at = moment("2026-03-10T09:00:07")
    assert ids.creation_time(network, ids.message_id(network, at)) == at
    assert ids.creation_time(network, "not one!") is None


@pytest.mark.parametrize("form", message_text.ADDRESSES)
def test_the_program_finds_every_form(form: str) -> None:
    address = message_text.address(PaperReference("2603.00123", form, version=2 if form in ("abs", "pdf") else 0))
    assert [mention.id for mention in mentions.find(f"See {address} today")] == ["2603.00123"]


# ---- the made-up world -----------------------------------------------------------------------------------


def test_a_seed_always_gives_the_same_world_in_any_order_of_days() -> None:
    twin = World(1, "2026-02-23")
    first_day = WORLD.first_day + 10
    backwards = {d: twin.messages("bluesky", d) for d in range(first_day + 4, first_day - 1, -1)}
    assert all(backwards[d] == WORLD.messages("bluesky", d) for d in backwards)
    assert twin.papers("2026-03-10") == WORLD.papers("2026-03-10") and twin.papers("2026-03-10")
    assert World(2, "2026-02-23").papers("2026-03-10") != WORLD.papers("2026-03-10")


def test_identifiers_are_unique_on_their_network_and_in_order() -> None:
    messages = list(all_messages(WORLD, WORLD.first_day, WORLD.first_day + 30))
    names = [(message.network, message.id) for message in messages]
    assert len(names) > 2000 and len(set(names)) == len(names)
    for network in NETWORKS:
        moments = [message.at for message in messages if message.network == network]
        assert all(a < b for a, b in pairwise(moments)) and not any(at % SECOND for at in moments)


def test_everything_happens_somewhere() -> None:
    messages = list(all_messages(WORLD, WORLD.first_day, WORLD.first_day + 40))
    assert {message.network for message in messages} == set(NETWORKS)
    forms = {(reference.form, reference.place) for message in messages for reference in message.references}
    assert {"abs", "pdf", "html", "doi", "alphaxiv", "huggingface", "prose"} == {form for form, _ in forms}
    assert {"link", "card", "text"} == {place for _, place in forms}
    assert all(
        any(getattr(message, field) for message in messages)
        for field in ("reply_to", "quotes", "limits", "story", "edit")
    )
    assert {"deleted", "removed"} == {message.gone_reason for message in messages if message.gone_at < NEVER}
    assert any(not message.references for message in messages) and any(message.author.bot for message in messages)
    suspended = [account for network in NETWORKS for account in WORLD.accounts(network) if account.gone_from < NEVER]
    assert suspended and any(account.gone_until < NEVER for account in suspended)
    campaign = [message for message in messages if message.words.startswith("The most important")]
    assert len(campaign) >= 12 and len({message.author for message in campaign}) == 12, "a dozen accounts say the same"
    posts = {
        (message.network, message.words, message.author.name, message.papers)
        for message in messages
        if message.references
    }
    assert any(
        ("mastodon", *content) in posts and ("x", *content) in posts
        for network, *content in posts
        if network == "bluesky"
    )


def test_papers_are_numbered_by_the_month_of_the_evening_of_their_announcement() -> None:
    labels = list(days.labels_between("2026-03-25", "2026-04-08", extra_holidays=()))
    numbers = [paper.id for label in labels for paper in WORLD.papers(label)]
    march = [int(id[5:]) for id in numbers if id.startswith("2603.")]
    april = [int(id[5:]) for id in numbers if id.startswith("2604.")]
    assert april == list(range(1, len(april) + 1)) and march == list(range(march[0], march[0] + len(march)))
    assert WORLD.papers("2026-04-01")[0].id.startswith("2603."), "announced on the evening of 31 March"
    assert all(WORLD.paper(paper.id) == paper for label in labels for paper in WORLD.papers(label))
    assert not WORLD.papers("2026-03-07") and not WORLD.papers("2026-06-22"), "a Saturday, and after a holiday"
    assert WORLD.paper("2603.99999") is None and WORLD.paper("hep-th/9901001") is None


def test_most_papers_are_announced_on_the_day_that_follows_from_their_submission() -> None:
    papers = [
        paper
        for label in days.labels_between("2026-03-01", "2026-07-31", extra_holidays=())
        for paper in WORLD.papers(label)
    ]
    delayed = [paper for paper in papers if days.announced_for(paper.versions[0].submitted_at) != paper.label]
    assert 0.01 < len(delayed) / len(papers) < 0.08
    later_versions = [v for paper in papers for v in paper.versions[1:]]
    assert later_versions and all(days.has_announcement(v.label) for v in later_versions)
    assert all(a.label < b.label for paper in papers for a, b in pairwise(paper.versions))


def test_further_versions_are_announced_once() -> None:
    versions = [
        (paper.id, n)
        for label in days.labels_between("2026-04-01", "2026-05-01", extra_holidays=())
        for paper, n in WORLD.replacements(label)
    ]
    assert len(versions) > 50 and len(set(versions)) == len(versions)
    paper, n = WORLD.replacements("2026-04-14")[0]
    assert (
        paper.version_at(days.announced_at("2026-04-14"))
        == n
        == paper.version_at(days.announced_at("2026-04-14") - 1) + 1
    )


def test_a_world_begins_and_ends() -> None:
    short = World(1, "2026-03-02", days=3)
    assert not short.papers("2026-02-27") and short.papers("2026-03-02") and not short.papers("2026-03-05")
    message_counts = [len(short.messages("bluesky", short.first_day + n)) for n in range(-1, 5)]
    assert message_counts[0] == 0 and min(message_counts[1:4]) > 0 and message_counts[4:] == [0, 0]


def test_a_world_goes_on_for_years() -> None:
    world = World(7, "2026-01-01", papers=10)
    message_count = sum(len(world.messages("bluesky", world.first_day + n)) for n in range(0, 730, 10))
    assert message_count > 300


# ---- a script written by hand, and clocks ------------------------------------------------------------------


def test_a_manual_script_contains_what_was_written() -> None:
    moss = paper("2603.00001", "2026-03-10", "2026-03-12")
    ada = account("hackernews", "ada")
    at = moment("2026-03-10T09:00")
    post = message(ada, at, "On moss", moss, final_likes=3)
    script = ManualScript([moss], [post])
    assert script.papers("2026-03-10") == [moss] and script.paper(moss.id) == moss
    assert script.replacements("2026-03-12") == [(moss, 2)] and not script.papers("2026-03-12")
    assert list(script.messages("hackernews", at // DAY)) == [post] and list(script.accounts("hackernews")) == [ada]
    assert post.papers == {moss.id} and not script.messages("x", at // DAY)
    with pytest.raises(AssertionError, match="two messages in one second"):
        ManualScript([moss], [post, post])


def test_clocks() -> None:
    seconds = iter([10.0, 10.0, 12.0])
    running = RunningClock(10**15, 600, lambda: next(seconds))
    assert (running.now(), running.now()) == (10**15, 10**15 + 1200 * SECOND)
    stepped = SteppedClock(5)
    stepped.advance(1.5)
    stepped.to(7)
    assert stepped.now() == 5 + 1_500_000
    assert moment("2026-03-10") == moment("2026-03-10T01:00+01:00") == 1_773_100_800_000_000
