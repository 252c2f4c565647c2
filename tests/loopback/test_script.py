"""The script and its laws: the guarantees on which comparisons with a record rely."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers import announcement_days as days
from hotpapers.ids import mentions
from hotpapers.model import DAY, HOUR
from tests.loopback import ids, naming, script
from tests.loopback.clock import RunningClock, SteppedClock, moment
from tests.loopback.expected import NETWORKS
from tests.loopback.script import NEVER, SECOND, Account, Naming, Said, come_by, comes_at, counts
from tests.loopback.world import World
from tests.loopback.written import Written, account, paper, said

WORLD = World(1, "2026-02-23")
ADA = Account("bluesky", "did:plc:a", "ada", "Ada")


def everything(world: World, first: int, last: int) -> Iterator[Said]:
    for network in NETWORKS:
        for day in range(first, last):
            yield from world.said(network, day)


# ---- laws ------------------------------------------------------------------------------------------------


@given(st.integers(1, 500), st.integers(1, 30), st.integers(-10, 20 * 24 * 3600))
def test_as_many_have_come_as_came_until_then(final: int, hours: int, seconds: int) -> None:
    one = Said("bluesky", "1", 10**15, ADA, "", half=hours * HOUR)
    now = one.at + seconds * SECOND
    assert come_by(one, now, final) == sum(comes_at(one, n, final) <= now for n in range(1, final + 1))


def test_half_of_what_is_missing_comes_in_each_half() -> None:
    one = Said("bluesky", "1", 10**15, ADA, "", fame=999, half=8 * HOUR)
    assert [come_by(one, one.at + n * 8 * HOUR, 999) for n in range(4)] == [0, 500, 750, 875]
    assert come_by(one, NEVER, 999) == 999 and counts(one, NEVER).likes == 999 - 99, "every tenth is withdrawn"


@given(st.integers(0, 400), st.integers(0, 3 * 24 * 3600))
def test_counts_are_never_negative_and_only_likes_fall(fame: int, seconds: int) -> None:
    one = Said("bluesky", "1", 10**15, ADA, "", fame=fame)
    before, after = (counts(one, one.at + s * SECOND) for s in (seconds, seconds + 600))
    assert min(before) >= 0 and all(b <= a for b, a in zip(before[1:], after[1:], strict=True))


def test_who_is_away_and_what_is_deleted_is_not_there() -> None:
    one = Said("x", "1", 100, ADA._replace(left=200, back=300), "", gone_at=400)
    assert [script.there(one, now) for now in (99, 100, 199, 200, 299, 300, 399, 400)] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("network", [network for network in NETWORKS if network != "huggingface"])
def test_an_identifier_says_when_it_was_made(network: str) -> None:
    at = moment("2026-03-10T09:00:07")
    assert ids.made_at(network, ids.made(network, at)) == at
    assert ids.made_at(network, "not one!") is None


@pytest.mark.parametrize("form", naming.ADDRESSES)
def test_every_form_is_found(form: str) -> None:
    named = naming.address(Naming("2603.00123", form, version=2 if form in ("abs", "pdf") else 0))
    assert [one.id for one in mentions.find(f"See {named} today")] == ["2603.00123"]


# ---- the made-up world -----------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_world_in_whatever_order_it_is_asked() -> None:
    again = World(1, "2026-02-23")
    first = WORLD.first_day + 10
    backwards = {d: again.said("bluesky", d) for d in range(first + 4, first - 1, -1)}
    assert all(backwards[d] == WORLD.said("bluesky", d) for d in backwards)
    assert again.papers("2026-03-10") == WORLD.papers("2026-03-10") and again.papers("2026-03-10")
    assert World(2, "2026-02-23").papers("2026-03-10") != WORLD.papers("2026-03-10")


def test_identifiers_are_unique_on_their_network_and_in_order() -> None:
    found = list(everything(WORLD, WORLD.first_day, WORLD.first_day + 30))
    names = [(one.network, one.id) for one in found]
    assert len(names) > 2000 and len(set(names)) == len(names)
    for network in NETWORKS:
        moments = [one.at for one in found if one.network == network]
        assert all(a < b for a, b in pairwise(moments)) and not any(at % SECOND for at in moments)


def test_everything_happens_somewhere() -> None:
    found = list(everything(WORLD, WORLD.first_day, WORLD.first_day + 40))
    assert {one.network for one in found} == set(NETWORKS)
    forms = {(naming.form, naming.place) for one in found for naming in one.names}
    assert {"abs", "pdf", "html", "doi", "alphaxiv", "huggingface", "prose"} == {form for form, _ in forms}
    assert {"link", "card", "text"} == {place for _, place in forms}
    assert all(any(getattr(one, what) for one in found) for what in ("reply_to", "quotes", "limits", "story", "edit"))
    assert {"deleted", "removed"} == {one.why for one in found if one.gone_at < NEVER}
    assert any(not one.names for one in found) and any(one.by.bot for one in found)
    away = [one for network in NETWORKS for one in WORLD.accounts(network) if one.left < NEVER]
    assert away and any(one.back < NEVER for one in away)
    same = [one for one in found if one.words.startswith("The most important")]
    assert len(same) >= 12 and len({one.by for one in same}) == 12, "a dozen accounts say the same"
    across = {(one.network, one.words, one.by.name, one.papers) for one in found if one.names}
    assert any(
        ("mastodon", *rest) in across and ("x", *rest) in across for network, *rest in across if network == "bluesky"
    )


def test_papers_are_numbered_through_each_month_of_evenings_on_days_that_have_an_announcement() -> None:
    labels = list(days.between("2026-03-25", "2026-04-08"))
    numbers = [one.id for label in labels for one in WORLD.papers(label)]
    march = [int(id[5:]) for id in numbers if id.startswith("2603.")]
    april = [int(id[5:]) for id in numbers if id.startswith("2604.")]
    assert april == list(range(1, len(april) + 1)) and march == list(range(march[0], march[0] + len(march)))
    assert WORLD.papers("2026-04-01")[0].id.startswith("2603."), "announced on the evening of 31 March"
    assert all(WORLD.paper(one.id) == one for label in labels for one in WORLD.papers(label))
    assert not WORLD.papers("2026-03-07") and not WORLD.papers("2026-06-22"), "a Saturday, and after a holiday"
    assert WORLD.paper("2603.99999") is None and WORLD.paper("hep-th/9901001") is None


def test_most_papers_are_announced_when_their_submission_says() -> None:
    papers = [one for label in days.between("2026-03-01", "2026-07-31") for one in WORLD.papers(label)]
    held = [one for one in papers if days.announced_for(one.versions[0].submitted) != one.label]
    assert 0.01 < len(held) / len(papers) < 0.08
    later = [v for one in papers for v in one.versions[1:]]
    assert later and all(days.expected(v.label) for v in later)
    assert all(a.label < b.label for one in papers for a, b in pairwise(one.versions))


def test_further_versions_are_announced_once() -> None:
    told = [(one.id, n) for label in days.between("2026-04-01", "2026-05-01") for one, n in WORLD.replaced(label)]
    assert len(told) > 50 and len(set(told)) == len(told)
    one, n = WORLD.replaced("2026-04-14")[0]
    assert (
        one.version_at(days.announced_at("2026-04-14")) == n == one.version_at(days.announced_at("2026-04-14") - 1) + 1
    )


def test_a_world_begins_and_ends() -> None:
    short = World(1, "2026-03-02", days=3)
    assert not short.papers("2026-02-27") and short.papers("2026-03-02") and not short.papers("2026-03-05")
    talk = [len(short.said("bluesky", short.first_day + n)) for n in range(-1, 5)]
    assert talk[0] == 0 and min(talk[1:4]) > 0 and talk[4:] == [0, 0]


def test_a_world_goes_on_for_years() -> None:
    world = World(7, "2026-01-01", papers=10)
    said = sum(len(world.said("bluesky", world.first_day + n)) for n in range(0, 730, 10))
    assert said > 300


# ---- a script that is written down, and clocks -------------------------------------------------------------


def test_a_written_script_says_what_was_written() -> None:
    moss = paper("2603.00001", "2026-03-10", "2026-03-12")
    ada = account("hackernews", "ada")
    at = moment("2026-03-10T09:00")
    one = said(ada, at, "On moss", moss, fame=3)
    written = Written([moss], [one])
    assert written.papers("2026-03-10") == [moss] and written.paper(moss.id) == moss
    assert written.replaced("2026-03-12") == [(moss, 2)] and not written.papers("2026-03-12")
    assert list(written.said("hackernews", at // DAY)) == [one] and list(written.accounts("hackernews")) == [ada]
    assert one.papers == {moss.id} and not written.said("x", at // DAY)
    with pytest.raises(AssertionError, match="two messages in one second"):
        Written([moss], [one, one])


def test_clocks() -> None:
    seconds = iter([10.0, 10.0, 12.0])
    running = RunningClock(10**15, 600, lambda: next(seconds))
    assert (running.now(), running.now()) == (10**15, 10**15 + 1200 * SECOND)
    stepped = SteppedClock(5)
    stepped.advance(1.5)
    stepped.to(7)
    assert stepped.now() == 5 + 1_500_000
    assert moment("2026-03-10") == moment("2026-03-10T01:00+01:00") == 1_773_100_800_000_000
