"""Posts that a subreddit no longer lists stay missing."""

from __future__ import annotations

from hotpapers.base.model import HOUR
from hotpapers.wings.reddit.source import RedditSettings, RedditSource
from tests.collect.job_setup import collect_setup
from tests.collect.sources.net import START
from tests.collect.test_gaps import run_rounds, state
from tests.wings.feeds.test_gaps import full_feed


def test_posts_that_a_subreddit_no_longer_lists_stay_missing(sqlite_url: str) -> None:
    source = RedditSource(RedditSettings(subreddits=("one",)))
    hours = (0, 0.3, 6, 6.3, 6.6)
    answers = [full_feed(round(START + hour * HOUR)) for hour in hours]
    with collect_setup(sqlite_url, lambda url: answers.pop(0), source=source) as setup:
        run_rounds(setup, *hours)
        assert state(setup, "reddit", 1, 5) == "partial"
        assert state(setup, "reddit", 5.8, 6.5) == "complete"
