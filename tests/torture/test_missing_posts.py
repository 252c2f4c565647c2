"""A network that reports everything as gone is believed only where it names what is gone, and until it returns it."""

from __future__ import annotations

import pytest

from hotpapers.base.model import HOUR, Post
from tests.loopback.clock import moment
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.script import MINUTE, PaperReference
from tests.torture import comparison
from tests.torture.source_jobs import source_jobs
from tests.torture.table import ALL, Report

POSTED_AT = moment("2026-03-10T06:00")
DENIALS = {
    "bluesky": "empty", "hackernews": "empty", "huggingface": "404", "lobsters": "404", "mastodon": "404",
    "reddit": "empty", "x": "empty",
}  # fmt: skip
BELIEVED = ("bluesky",)
"""Networks that are believed at once: each post is asked for by its address. Others must first return another post."""


@pytest.mark.parametrize("network", DENIALS if ALL else ("lobsters", "x"))
def test_a_post_reported_as_gone_comes_back(network: str, sqlite_url: str, report: Report) -> None:
    moss = paper("2603.00001", "2026-03-10")
    original = message(
        account(network, "ada"), POSTED_AT, "On moss, at length", PaperReference(moss.id), final_likes=50
    )
    with source_jobs(network, sqlite_url, ManualScript([moss], [original]), POSTED_AT - 5 * MINUTE) as site:
        site.run_until(POSTED_AT + HOUR if network != "bluesky" else POSTED_AT + 10 * MINUTE)
        [recorded_post] = comparison.latest_observations(site.record, Post).values()
        assert not recorded_post.gone and recorded_post.text
        site.clock.to(POSTED_AT + 6 * HOUR - MINUTE)
        site.loopback.plan.add(f"{network if network != 'bluesky' else 'bluesky.view'}={DENIALS[network]}")
        count_jobs = {name: job_loop for name, job_loop in site.jobs.items() if name.endswith("/counts")}
        site.with_jobs(count_jobs).run_until(POSTED_AT + 7 * HOUR)
        [reported_post] = comparison.latest_observations(site.record, Post).values()
        assert bool(reported_post.gone) is (network in BELIEVED)
        site.loopback.plan.clear()
        site.clock.to(POSTED_AT + 24 * HOUR - MINUTE)
        site.with_jobs(count_jobs).run_until(POSTED_AT + 25 * HOUR)
        [returned_post] = comparison.latest_observations(site.record, Post).values()
        report.add_row("reported as gone, and found again", int(bool(reported_post.gone)))
        assert (returned_post.gone, returned_post.text, returned_post.links) == (
            "",
            recorded_post.text,
            recorded_post.links,
        )
