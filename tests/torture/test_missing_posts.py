"""A network that reports everything as gone is believed until it says otherwise."""

from __future__ import annotations

import pytest

from hotpapers.model import HOUR, Post
from tests.loopback.clock import moment
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.script import MINUTE, PaperReference
from tests.torture import agree
from tests.torture.rounds import bench
from tests.torture.table import ALL, Telling

MADE = moment("2026-03-10T06:00")
DENIALS = {
    "bluesky": "empty", "hackernews": "empty", "huggingface": "404", "lobsters": "404", "mastodon": "404",
    "reddit": "empty", "x": "empty",
}  # fmt: skip


@pytest.mark.parametrize("network", DENIALS if ALL else ("lobsters", "x"))
def test_what_was_said_to_be_gone_comes_back(network: str, sqlite_url: str, told: Telling) -> None:
    moss = paper("2603.00001", "2026-03-10")
    one = message(account(network, "ada"), MADE, "On moss, at length", PaperReference(moss.id), final_likes=50)
    with bench(network, sqlite_url, ManualScript([moss], [one]), MADE - 5 * MINUTE) as site:
        site.until(MADE + HOUR if network != "bluesky" else MADE + 10 * MINUTE)
        [post] = agree.latest(site.record, Post).values()
        assert not post.gone and post.text
        site.clock.to(MADE + 6 * HOUR - MINUTE)
        site.loopback.plan.add(f"{network if network != 'bluesky' else 'bluesky.view'}={DENIALS[network]}")
        counts = {name: rounds for name, rounds in site.jobs.items() if name.endswith("/counts")}
        site.only(counts).until(MADE + 7 * HOUR)
        [gone] = agree.latest(site.record, Post).values()
        assert gone.gone
        site.loopback.plan.clear()
        site.clock.to(MADE + 24 * HOUR - MINUTE)
        site.only(counts).until(MADE + 25 * HOUR)
        [back] = agree.latest(site.record, Post).values()
        told.row("said to be gone, and there again", 1)
        assert (back.gone, back.text, back.links) == ("", post.text, post.links)
