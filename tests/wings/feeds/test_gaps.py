"""Entries that a feed no longer lists stay missing."""

from __future__ import annotations

import pytest

from hotpapers.base.text.timestamps import as_utc
from hotpapers.record.batches import cursor_of
from hotpapers.wings.feeds.source import FeedsSettings, FeedsSource
from tests.collect.job_setup import collect_setup
from tests.collect.sources.net import Reply
from tests.collect.test_gaps import run_rounds, state

MINUTE = 60 * 1_000_000


def full_feed(newest: int) -> bytes:
    """A feed of the newest posts, a minute apart."""
    entries = "".join(
        f"<entry><id>t3_{n}</id><title>wool</title>"
        f"<published>{as_utc(newest - n * MINUTE).isoformat()}</published></entry>"
        for n in range(25)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>".encode()


@pytest.mark.parametrize(("urls", "outage"), [(("https://a.example/feed",), 6), (("https://a.example/feed",), 0.5),
                                              (("https://a.example/feed", "https://b.example/feed"), 6)])  # fmt: skip
def test_a_feed_that_turned_over_while_nothing_was_read_is_read_in_part(
    sqlite_url: str, urls: tuple[str, ...], outage: float
) -> None:
    """Its 25 entries, a minute apart, reach back 25 minutes. A shorter outage loses nothing."""

    def respond(url: str) -> Reply:
        return full_feed(setup.http.now() - MINUTE)

    with collect_setup(sqlite_url, respond, source=FeedsSource(FeedsSettings(urls=urls))) as setup:
        run_rounds(setup, 0, 0.3, outage + 0.1, outage + 0.4, outage + 0.7)
        assert state(setup, "feeds", 0, 0.3) == "complete"
        assert state(setup, "feeds", 0.3, outage) == ("partial" if outage == 6 else "complete")
        assert state(setup, "feeds", outage, outage + 0.6) == "complete"
        assert "example" not in (cursor_of(setup.record.database, "feeds") or "example")
