"""The line below an issue's date, and what it never says."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from hotpapers.base.model import NetworkReading, PrintedCount, PublishedIssue
from hotpapers.base.model.issues import NOT_READ
from hotpapers.publish.view import glance
from hotpapers.publish.view.issue_view import issue_view
from tests.publish.render.build import OWN, issue, own_entry, paper
from tests.publish.render.sample import TEA

REFUSED = NetworkReading(
    network="hackernews", state="refused", reason="https://hn.example answered 503 Service Unavailable", since=0
)


def issue_read_as(*readings: NetworkReading) -> PublishedIssue:
    plain = issue(OWN, "2021-01-14", [own_entry(1, TEA, [], [])])
    return msgspec.structs.replace(plain, content=msgspec.structs.replace(plain.content, readings=readings))


def reading(network: str, state: str, reason: str = "") -> NetworkReading:
    return msgspec.convert({"network": network, "state": state, "reason": reason}, NetworkReading)


@pytest.mark.parametrize(
    ("readings", "line"),
    [
        ([], "1 paper · no network read"),
        ([reading("x", "complete")], "1 paper · 1 network"),
        ([REFUSED], "1 paper · no network read · Hacker News could not be read"),
        (
            [reading("bluesky", "complete"), reading("mastodon", "partial", "2 of 3"), REFUSED],
            "1 paper · 2 networks · Mastodon only in part · Hacker News could not be read",
        ),
        (
            [reading("x", "complete"), *(reading(name, "unknown", NOT_READ) for name in ("reddit", "lobsters"))],
            "1 paper · 1 network · Reddit and Lobsters not read",
        ),
        (
            [reading("x", "complete"), *(reading(name, "refused") for name in ("reddit", "lobsters", "mastodon"))],
            "1 paper · 1 network · 3 networks could not be read",
        ),
        (
            [*(reading(name, "partial", "a gap") for name in ("reddit", "lobsters", "mastodon")), REFUSED],
            "1 paper · 3 networks · all only in part · Hacker News could not be read",
        ),
    ],
)
def test_the_line_names_what_was_not_read(readings: list[NetworkReading], line: str) -> None:
    assert glance.summary_line(issue_read_as(*readings)) == line


def test_pages_say_since_when_a_network_failed_but_not_what_its_server_answered() -> None:
    facts = issue_view(issue_read_as(REFUSED)).facts
    assert "1 not at all (Hacker News: since" in facts
    assert "503" not in facts and "hn.example" not in facts


def test_a_gap_is_told_as_one() -> None:
    gap = msgspec.structs.replace(reading("reddit", "partial", NOT_READ), since=0)
    assert "(Reddit: a gap from" in issue_view(issue_read_as(gap)).facts


@pytest.mark.parametrize(
    ("titles", "introduction", "subject"),
    [
        (["Tea"], "Tea", "Tea · 14 January"),
        (["Tea", "Poincar\\'e"], "Tea · Poincaré", "Tea and 1 more · 14 January"),
        (["A", "B", "C", "D", "E"], "A · B · C · and 2 more", "A and 4 more · 14 January"),
        (
            ["Kettle " * 40] * 3,
            " · ".join(["Kettle " * 11 + "Kettle…"] * 3),
            "Kettle " * 16 + "Kettle… and 2 more · 14 January",
        ),
    ],
)
def test_an_issue_is_introduced_by_its_first_titles(titles: list[str], introduction: str, subject: str) -> None:
    papers = [paper(f"2101.9990{n}", title) for n, title in enumerate(titles)]
    published = issue(OWN, "2021-01-14", [own_entry(n, item, [], []) for n, item in enumerate(papers, 1)])
    assert (glance.introduction(published), glance.subject(published)) == (introduction, subject)


def test_an_issue_without_papers_says_why() -> None:
    published = issue(OWN, "2021-01-14", [])
    assert glance.introduction(published) == issue_view(published).empty != ""
    assert glance.subject(published) == "No papers · 14 January"


@pytest.mark.parametrize(
    ("window", "subject"),
    [("weekly", "Tea · 4–10 January"), ("monthly", "Tea · December 2020"), ("daily", "Tea · 11 January")],
)
def test_a_subject_has_the_time_that_the_issue_covers(
    window: Literal["daily", "weekly", "monthly"], subject: str
) -> None:
    publication = msgspec.structs.replace(OWN, window=window)
    day = "2021-01-01" if window == "monthly" else "2021-01-11"
    assert glance.subject(issue(publication, day, [own_entry(1, paper("2101.99901", "Tea"), [], [])])) == subject


def test_a_count_of_another_collector_has_its_name() -> None:
    own = PrintedCount(network="bluesky", voices=40, reposts=0, likes=9, until=0)
    other = msgspec.structs.replace(own, network="x", voices=23, collector="first")
    entry = own_entry(1, TEA, [own, other], [])
    assert (
        glance.counts_line(entry.entry).replace("\u00a0", " ")
        == "People: Bluesky 40 · X (Twitter) 23 (as counted by first)"
    )
