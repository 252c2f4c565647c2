"""The line below an issue's date: what was read, and what was not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hotpapers.base.model import HOUR, NOT_READ, NetworkReading
from hotpapers.base.papers.arxiv import calendar
from hotpapers.base.text import timestamps
from hotpapers.publish.view import phrases
from tests.publish.render.sample import OWN_READER

ISSUE = OWN_READER.issue("daily", "2021-01-14")
AS_OF = ISSUE.content.as_of


def facts_line(*readings: NetworkReading) -> str:
    content = replace(ISSUE.content, readings=readings)
    return phrases.facts(replace(ISSUE, content=content))[2]


def reading(network: str, state: str, reason: str = "", since: int | None = None) -> NetworkReading:
    return NetworkReading(network=network, state=state, reason=reason, since=since)  # type: ignore[arg-type]


def test_networks_of_which_the_same_is_known_are_told_together() -> None:
    since = AS_OF - 2 * HOUR
    partial = [reading(name, "partial", NOT_READ, since) for name in ("bluesky", "lobsters")]
    reddit = reading("reddit", "refused", "HTTP 403", since)
    at = timestamps.minute_of(since)[11:]
    partial_text, unknown_text = f"Bluesky, Lobsters: a gap from {at}", f"Reddit: since {at}, HTTP 403"
    assert facts_line(*partial, reading("x", "complete"), reddit) == (
        f"1 network read, 2 only in part ({partial_text}), 1 not at all ({unknown_text})"
    )


def test_a_network_without_a_reason_is_named_alone() -> None:
    assert facts_line(reading("bluesky", "unknown"), reading("x", "unknown", NOT_READ)) == (
        "0 networks read, 2 not at all (Bluesky; X (Twitter): not read)"
    )


@pytest.mark.parametrize(("day", "is_said"), [("2021-01-14", True), ("2021-01-18", True), ("2026-11-27", False)])
def test_no_hours_are_counted_from_an_announcement_that_there_was_not(day: str, *, is_said: bool) -> None:
    """On a holiday other servers' papers may be counted as announced."""
    moved = calendar.announced_at(day) + 7 * HOUR
    issue = replace(ISSUE, content=replace(ISSUE.content, day=day, as_of=moved, announced=9))
    assert ("7 hours of discussion since the announcement" in phrases.facts(issue)) is is_said


def test_ordinals() -> None:
    ordinals = [phrases.format_ordinal(n) for n in (1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 23, 100, 101, 111, 1013)]
    assert " ".join(ordinals) == "1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 23rd 100th 101st 111th 1,013th"


@pytest.mark.parametrize(
    ("window", "day", "name", "heading"),
    [
        ("daily", "2021-01-14", "14 January 2021", "Thursday, 14 January 2021"),
        ("listing", "2021-01-14", "14 January 2021", "Thursday, 14 January 2021"),
        ("weekly", "2026-11-23", "16–22 November 2026", ""),
        ("weekly", "2026-10-05", "28 September – 4 October 2026", ""),
        ("weekly", "2027-01-04", "28 December 2026 – 3 January 2027", ""),
        ("monthly", "2021-01-01", "December 2020", ""),
    ],
)
def test_an_issue_is_called_by_the_time_that_it_covers(window: str, day: str, name: str, heading: str) -> None:
    assert phrases.issue_name(window, day) == name
    assert phrases.issue_heading(window, day) == (heading or name)
