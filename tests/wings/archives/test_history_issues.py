"""Issues of a past time made from what is left of it say so, verify, and are rebuilt; others do not change."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.publish.view import phrases
from hotpapers.record import Record
from tests.cli.run import good
from tests.cli.test_rebuild import assert_equal
from tests.collect.sources import bluesky_events as bluesky
from tests.issues.made import key, moment
from tests.issues.past import FIRST, LAST, NAME, fill
from tests.wings.archives.archive_helpers import import_one, lines
from tests.wings.history.test_past_days import flaws, frozen_period

DAY = moment("2024-05-14T15:00")
PAPERS = range(150, 170)
"""Of the days before, in the made-up archive."""


def posts_of_then() -> bytes:
    """A post about each of some papers, as the archive of Bluesky's history has it."""
    return lines(
        bluesky.create(
            f"did:plc:madeupsurvivor{number:011d}".replace("0", "a").replace("1", "b").replace("8", "h"),
            bluesky.post(f"https://arxiv.org/abs/{key(number).removeprefix('arxiv:')}"),
            time=DAY + number * 1_000_000,
        )
        for number in PAPERS
    )


@pytest.mark.long
def test_issues_from_what_is_left_of_a_time_say_so(sqlite_url: str, tmp_path: Path) -> None:
    with Record(sqlite_url) as record:
        fill(record)
        assert import_one(record, "bluesky", posts_of_then()).posts == len(PAPERS)
        contents = {content.day: content for content in frozen_period(record)}
        assert not flaws(record)
    numbers = {day: content.retrospective.survivors for day, content in contents.items() if content.retrospective}
    before = [day for day in numbers if day < "2024-05-14"]
    assert before and not any(numbers[day] for day in before) and numbers["2024-05-15"] in range(1, len(PAPERS) + 1)
    retrospective = contents["2024-05-15"].retrospective
    assert retrospective
    text = phrases.made_afterwards(retrospective)
    assert f"Of these posts, {numbers['2024-05-15']} come from an archive of what is left of that time" in text
    store = sqlite_url.removeprefix("sqlite:///")
    assert "what is left of that time" in good("issue", "2024-05-15", "--publication", NAME, "--store", store)
    assert_equal(Path(store), len(contents))


@pytest.mark.long
def test_the_same_posts_seen_when_they_came_are_no_survivors(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record)
        import_one(record, "jetstream", posts_of_then())
        for content in frozen_period(record, FIRST, LAST):
            assert content.retrospective and not content.retrospective.survivors
