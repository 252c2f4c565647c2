"""A network read for the first time yields what was posted before, as far back as it remembers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hotpapers.base.errors import Stopped
from hotpapers.base.model import DAY, HOUR, Announcement, PayloadPage, ReadingBackSource
from hotpapers.base.papers.arxiv import calendar
from hotpapers.collect.sources.bluesky import EDGE
from tests.loopback import expected
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.reading import items_in, items_of_type, make_source, posts_in
from tests.loopback.script import Message, is_visible
from tests.loopback.world import World

WORLD = World(1, "2026-02-23")
NOW = moment("2026-03-12T15:00")
WEEK = NOW - 7 * DAY
OLDEST = {
    "hackernews": WEEK,
    "lobsters": WEEK,
    "huggingface": WEEK,
    "reddit": WEEK,
    "mastodon": WEEK,
    "bluesky": NOW - DAY + EDGE,
}
"""From when on each network still has everything."""
LATEST = HOUR // 4
"""Messages from this last period may come later."""
LATE_SHARE = 0.1
"""The share of a day's papers announced later than usual, which OAI-PMH does not show."""


def read_back(
    name: str, since: int = WEEK, now: int = NOW
) -> tuple[ReadingBackSource, DirectClient, list[PayloadPage]]:
    """Read a network for the first time: the source, its client, and the pages."""
    http = DirectClient(WORLD, SteppedClock(now), stop_at=now + HOUR)
    source = make_source(name, http.bases)
    assert isinstance(source, ReadingBackSource)
    pages: list[PayloadPage] = []
    try:
        for page in source.pages_since(http, None, since):
            pages.append(page)
    except Stopped:
        pass
    return source, http, pages


@pytest.mark.parametrize("name", OLDEST)
def test_all_earlier_messages_are_read(name: str) -> None:
    source, http, pages = read_back(name)
    since = next(page.since for page in pages if page.since is not None)
    assert abs(since - OLDEST[name]) <= HOUR // 60
    posts = posts_in(items_in(source, pages))  # type: ignore[arg-type]
    messages = expected.messages_with_papers(WORLD, name, OLDEST[name] + HOUR // 60, NOW - LATEST)
    expected_keys = {expected.key(message, http.bases) for message in messages if _is_findable(message)}
    assert expected_keys
    assert expected_keys <= set(posts)


def _is_findable(message: Message) -> bool:
    """Whether a message exists and has not been edited."""
    return expected.is_findable(message) and is_visible(message, NOW) and message.edited_at > NOW


@pytest.mark.parametrize(
    "when", ["2026-03-12T15:00", "2026-03-14T10:00", "2026-03-16T02:00", "2026-03-10T00:30"],
    ids=["a working day", "a weekend", "a Sunday evening in New York", "before the day's feed"],
)  # fmt: skip
def test_a_week_of_announcements_is_read_at_once(when: str) -> None:
    now = moment(when)
    source, _, pages = read_back("arxiv", now - 7 * DAY, now)
    announcements = items_of_type(Announcement, items_in(source, pages))  # type: ignore[arg-type]
    last_day = max(announcement.day for announcement in announcements)
    assert last_day == calendar.latest_label(now)
    first_day = calendar.date_at(now - 7 * DAY).isoformat()
    days = list(
        calendar.labels_between(
            (date.fromisoformat(first_day) - timedelta(days=1)).isoformat(), last_day, extra_holidays=()
        )
    )
    for day in [*days, last_day]:
        papers = {
            announcement.paper for announcement in expected.announcements(WORLD, day) if announcement.type == "new"
        }
        missing = papers - {announcement.paper for announcement in announcements if announcement.day == day}
        assert len(missing) <= len(papers) * LATE_SHARE, day
