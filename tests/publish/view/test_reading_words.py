"""When networks were not read, in words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hotpapers.base.model import HOUR, NOT_READ, IssueContent, NetworkReading, ReadingGap
from hotpapers.publish.view import glance, phrases, reading_words
from hotpapers.wings.announce.announcement import unknown_networks
from tests.issues.made import moment
from tests.publish.render.sample import OWN_READER

ISSUE = OWN_READER.issue("daily", "2021-01-14")
ENTRY = ISSUE.content.entries[0]
FROM, CUT = moment("2026-11-19T08:00"), moment("2026-11-23T08:00")


def gap(start: str, end: str, state: str = "unknown") -> ReadingGap:
    return ReadingGap(from_at=moment(start), until_at=moment(end), state=state)  # type: ignore[arg-type]


def reading(network: str, *gaps: ReadingGap, reason: str = NOT_READ) -> NetworkReading:
    state = "partial" if gaps else "complete"
    return NetworkReading(network=network, state=state, reason=reason if gaps else "", gaps=gaps)  # type: ignore[arg-type]


def content_of(*readings: NetworkReading) -> IssueContent:
    return replace(
        ISSUE.content, readings=readings, period="since-previous/1", read_from=FROM, as_of=CUT, day="2026-11-23"
    )


LOSS = gap("2026-11-20T08:17", "2026-11-21T04:51")
READ = reading("x")


def test_two_gaps_that_fill_the_span_are_one() -> None:
    before, after = gap("2026-11-19T08:00", "2026-11-20T03:00"), gap("2026-11-20T03:00", "2026-11-23T07:02", "refused")
    refused = replace(reading("bluesky", before, after), state="refused", reason="403")
    content = content_of(READ, refused)
    assert reading_words.readings_text(content, with_reasons=False) == "1 network read; Bluesky not reachable"
    assert glance.summary_line(replace(ISSUE, content=content)).endswith(" · 1 network · Bluesky could not be read")
    assert unknown_networks(content) == "Unknown: Bluesky."
    assert unknown_networks(content_of(READ, reading("bluesky", after))) == "In part: Bluesky."


@pytest.mark.parametrize(
    ("last", "text", "line"),
    [
        (gap("2026-11-19T08:00", "2026-11-23T08:00"), "Bluesky not at all", "1 network · Bluesky not read"),
        (
            gap("2026-11-19T08:00", "2026-11-23T07:02", "refused"), "Bluesky not reachable",
            "1 network · Bluesky could not be read",
        ),
        (
            gap("2026-11-22T08:00", "2026-11-23T07:02", "refused"),
            "Bluesky not reachable since 22 November 08:00 UTC", "2 networks · Bluesky only in part",
        ),
        (
            gap("2026-11-20T08:00", "2026-11-20T09:02", "refused"),
            "Bluesky not reachable from 20 November 08:00 to 20 November 09:02 UTC",
            "2 networks · Bluesky only in part",
        ),
        (
            gap("2026-11-19T08:00", "2026-11-23T08:00", "partial"), "Bluesky only in part",
            "2 networks · Bluesky only in part",
        ),
    ],
)  # fmt: skip
def test_the_line_below_the_date_and_the_statistics_say_the_same(last: ReadingGap, text: str, line: str) -> None:
    refused = replace(reading("bluesky", last), state=last.state if last.state != "unknown" else "partial", reason="")
    content = content_of(READ, refused)
    assert reading_words.readings_text(content, with_reasons=False) == f"1 network read; {text}"
    assert glance.summary_line(replace(ISSUE, content=content)).partition(" · ")[2] == line


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        ([READ], "1 network read"),
        (
            [READ, reading("bluesky", LOSS)],
            "1 network read; Bluesky not from 20 November 08:17 to 21 November 04:51 UTC",
        ),
        (
            [READ, reading("bluesky", LOSS), reading("lobsters", gap("2026-11-20T08:03", "2026-11-21T05:20"))],
            "1 network read; Bluesky, Lobsters not from 20 November 08:03 to 21 November 05:20 UTC",
        ),
        (
            [reading("bluesky", LOSS), reading("lobsters", gap("2026-11-20T06:00", "2026-11-21T05:20"))],
            "no network read in full; Bluesky not from 20 November 08:17 to 21 November 04:51 UTC; "
            "Lobsters not from 20 November 06:00 to 21 November 05:20 UTC",
        ),
        (
            [READ, reading("mastodon", gap("2026-11-19T08:00", "2026-11-21T05:20", "partial"))],
            "1 network read; Mastodon only in part before 21 November 05:20 UTC",
        ),
        (
            [READ, reading("reddit", gap("2026-11-22T07:00", "2026-11-23T08:00", "refused"), reason="HTTP 403")],
            "1 network read; Reddit not reachable since 22 November 07:00 UTC (HTTP 403)",
        ),
        (
            [reading("reddit", gap("2026-11-19T08:00", "2026-11-23T08:00"))],
            "no network read in full; Reddit not at all",
        ),
        (
            [READ, reading("bluesky", gap("2026-11-19T12:00", "2026-11-19T14:00"), LOSS)],
            "1 network read; Bluesky not from 20 November 08:17 to 21 November 04:51 UTC and in 1 shorter gap",
        ),
    ],
)
def test_what_was_read_and_when_the_rest_was_not(readings: list[NetworkReading], text: str) -> None:
    issue = replace(ISSUE, content=content_of(*readings))
    assert text in phrases.facts(issue)
    assert text.removesuffix(" (HTTP 403)") in phrases.facts(issue, with_reasons=False)


def test_a_known_loss_is_never_a_read_network() -> None:
    assert glance.summary_line(replace(ISSUE, content=content_of(READ, reading("bluesky", LOSS)))).endswith(
        "2 networks · Bluesky only in part"
    )


def test_since_when_each_network_is_known() -> None:
    announced = moment("2026-11-16")
    entry = replace(ENTRY, announced_at=announced)
    began = {"bluesky": moment("2026-11-17T09:00"), "lobsters": moment("2026-11-17T10:00"), "x": announced - HOUR}
    readings = [replace(reading(network), began=at) for network, at in began.items()]
    readings.append(replace(reading("reddit"), began=moment("2026-11-19")))
    assert reading_words.known_since(content_of(*readings), entry) == (
        "Bluesky, Lobsters: known since 17 November",
        "Reddit: known since 19 November",
    )
    assert reading_words.known_since(content_of(*readings), replace(entry, announced_at=0)) == ()
    assert reading_words.known_since(ISSUE.content, entry) == ()
