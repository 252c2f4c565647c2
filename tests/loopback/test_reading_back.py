"""Networks read for the first time give what was said before, as far back as they remember."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hotpapers import announcement_days as calendar
from hotpapers.errors import Stopped
from hotpapers.model import DAY, HOUR, Announcement, BackfillingSource, PayloadPage
from hotpapers.sources.bluesky import EDGE
from tests.loopback import expected
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.loopnet import LoopClient
from tests.loopback.reading import items_in, make, of, posts_in
from tests.loopback.script import Said, there
from tests.loopback.world import World

WORLD = World(1, "2026-02-23")
NOW = moment("2026-03-12T15:00")
WEEK = NOW - 7 * DAY
TOLD = {
    "hackernews": WEEK,
    "lobsters": WEEK,
    "huggingface": WEEK,
    "reddit": WEEK,
    "mastodon": WEEK,
    "bluesky": NOW - DAY + EDGE,
}
"""How far back each network has everything."""
LATEST = HOUR // 4
"""Messages from this last period may come later."""
HELD_BACK = 0.1
"""The share of a day's papers announced later than usual, which OAI-PMH does not show."""


def back(name: str, since: int = WEEK, now: int = NOW) -> tuple[BackfillingSource, LoopClient, list[PayloadPage]]:
    """The pages of a network that is read for the first time."""
    http = LoopClient(WORLD, SteppedClock(now), stop_at=now + HOUR)
    source = make(name, http.bases)
    assert isinstance(source, BackfillingSource)
    pages: list[PayloadPage] = []
    try:
        for page in source.pages_since(http, None, since):
            pages.append(page)
    except Stopped:
        pass
    return source, http, pages


@pytest.mark.parametrize("name", TOLD)
def test_all_that_was_said_is_told(name: str) -> None:
    source, http, pages = back(name)
    since = next(page.since for page in pages if page.since is not None)
    assert abs(since - TOLD[name]) <= HOUR // 60
    found = posts_in(items_in(source, pages))  # type: ignore[arg-type]
    said = expected.naming_papers(WORLD, name, TOLD[name] + HOUR // 60, NOW - LATEST)
    wanted = {expected.key(one, http.bases) for one in said if _is_findable(one)}
    assert wanted
    assert wanted <= set(found)


def _is_findable(said: Said) -> bool:
    """Whether a message exists and still says what it said at first."""
    return expected.surely_found(said) and there(said, NOW) and said.edited_at > NOW


@pytest.mark.parametrize(
    "when", ["2026-03-12T15:00", "2026-03-14T10:00", "2026-03-16T02:00", "2026-03-10T00:30"],
    ids=["a working day", "a weekend", "a Sunday evening in New York", "before the day's feed"],
)  # fmt: skip
def test_a_week_of_announcements_is_told_at_once(when: str) -> None:
    now = moment(when)
    source, _, pages = back("arxiv", now - 7 * DAY, now)
    announced = of(Announcement, items_in(source, pages))  # type: ignore[arg-type]
    last = max(one.day for one in announced)
    assert last == calendar.current(now)
    first = calendar.date_at(now - 7 * DAY).isoformat()
    days = list(calendar.between((date.fromisoformat(first) - timedelta(days=1)).isoformat(), last))
    for day in [*days, last]:
        wanted = {one.paper for one in expected.announced(WORLD, day) if one.type == "new"}
        missing = wanted - {one.paper for one in announced if one.day == day}
        assert len(missing) <= len(wanted) * HELD_BACK, day
