"""Reddit's feeds of the operator's own account: the token in their addresses is sent, and appears nowhere else."""

from __future__ import annotations

import pytest

from hotpapers.base.errors import SettingsError
from hotpapers.collect.job_factory import read_settings, secrets_of
from hotpapers.wings.reddit.source import RedditSettings, RedditSource
from tests.collect.sources.net import ScriptedClient
from tests.loopback.reddit import FEED_TOKEN, FEED_USER

PARAMS = f"?feed={FEED_TOKEN}&user={FEED_USER}"
ENTRY = (
    '<entry><id>t3_moss</id><title>arXiv:2603.00001</title><link href="https://www.reddit.com/x{}"/>'
    "<published>2026-01-01T00:00:00Z</published><author><name>/u/anna</name></author></entry>"
)
FEED = '<feed xmlns="http://www.w3.org/2005/Atom"><title>new</title>{}</feed>'


def test_the_token_is_sent_and_not_stored() -> None:
    body = FEED.format(ENTRY.format(PARAMS.replace("&", "&amp;"))).encode()
    addresses = ("https://www.reddit.com/r/a/new/.rss", "https://www.reddit.com/comments/moss/.rss")
    http = ScriptedClient({address + PARAMS: body for address in addresses})
    source = RedditSource(RedditSettings(subreddits=("a",), feed_token=FEED_TOKEN, feed_user=FEED_USER))
    pages = [*source.pages(http, None), *source.counts(http, ["reddit:t3_moss"])]
    bodies = [payload.body for page in pages for payload in page.payloads]
    assert len(bodies) == 2 and not any(FEED_TOKEN.encode() in body for body in bodies)


def test_it_is_a_secret_that_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"feed_token": "env:OWN_FEEDS", "feed_user": FEED_USER}
    with pytest.raises(SettingsError, match=r"source.reddit.feed_token: the environment variable OWN_FEEDS is not set"):
        read_settings("reddit", table, "")
    monkeypatch.setenv("OWN_FEEDS", FEED_TOKEN)
    settings = read_settings("reddit", table, "")
    assert isinstance(settings, RedditSettings) and settings.feed_token == FEED_TOKEN
    assert secrets_of(settings) == [FEED_TOKEN]


def test_a_token_without_a_name_is_refused() -> None:
    with pytest.raises(SettingsError, match="feed_token and feed_user belong together"):
        read_settings("reddit", {"feed_token": FEED_TOKEN}, "")
