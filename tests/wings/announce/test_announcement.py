"""The content of announcements: short reasons, missing information, titles without TeX."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import NetworkReading, PrintedCount
from hotpapers.publish.view import phrases
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.publish.view.tex import plain_line
from hotpapers.wings.announce.announcement import build_announcement, unknown_networks
from tests.publish.render.build import NOON, OWN, PlainIssueReader, issue, own_entry, paper
from tests.publish.render.sample import LISTED_READER, OWN_READER
from tests.wings.announce.samples import DAY, FULL, FULL_READER, SITE_CONFIG


def count(network: str, voices: int, **fields: Any) -> PrintedCount:
    return PrintedCount(network=network, voices=voices, until=NOON, **{"reposts": 0, "likes": 0, **fields})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([], ""),
        ([count("bluesky", 1)], "People: Bluesky\u00a01"),
        ([count("bluesky", 40), count("reddit", 1204)], "People: Reddit\u00a01,204 · Bluesky\u00a040"),
        ([count("bluesky", 40), count("reddit", 0, bots=2)], "People: Bluesky\u00a040"),
        ([count("x", 0, reposts=12, likes=28, method="search")], "Reposts and likes: X (Twitter)\u00a040"),
    ],
)  # fmt: skip
def test_counts_are_in_one_line_with_the_largest_first(counts: list[PrintedCount], expected: str) -> None:
    published = issue(OWN, DAY, [own_entry(1, paper("2101.99901", "Kettles"), counts, [])])
    assert build_announcement(published, NOBODY).lines[0].counts == expected


def test_unread_networks_are_named() -> None:
    assert unknown_networks(OWN_READER.issue("daily", DAY).content) == "Unknown: Reddit. In part: Mastodon."
    assert unknown_networks(OWN_READER.issue("daily", "2021-01-13").content) == ""
    readings = (NetworkReading(network="x", state="unknown"), NetworkReading(network="reddit", state="refused"))
    issue_reader = PlainIssueReader([OWN], [issue(OWN, DAY, [], readings=readings)])
    assert unknown_networks(issue_reader.issue("daily", DAY).content) == "Unknown: X (Twitter), Reddit."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Schr\"odinger's  Kettle", "Schrödinger's Kettle"),
        (r"On $x \le \alpha$ and ``T\'ea''", "On x ≤ α and “Téa”"),
        ("two\nlines\x00 and \u202emore", "two lines and more"),
        (r"costs \$5", "costs $5"),
    ],
)
def test_titles_are_shown_without_tex(text: str, expected: str) -> None:
    assert plain_line(text) == expected


@given(st.text(max_size=50), st.integers(2, 60))
def test_long_texts_are_cut(text: str, length: int) -> None:
    assert len(phrases.cut_text(text, length)) <= length
    assert (
        phrases.cut_text(text, length) == text if len(text) <= length else phrases.cut_text(text, length).endswith("…")
    )


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("On kettles, and on tea", 20, "On kettles, and on…"), ("On kettles, and on tea", 12, "On kettles…"),
        ("Thermodynamics", 8, "Thermod…"), ("a Thermodynamics", 12, "a Thermodyn…"), ("kettle", 6, "kettle"),
        ("水壶与茶的热力学研究", 6, "水壶与茶的…"),
    ],
)  # fmt: skip
def test_a_text_is_cut_between_words_if_it_has_any(text: str, length: int, expected: str) -> None:
    assert phrases.cut_text(text, length) == expected


def test_links_lead_to_the_site_or_to_arxiv() -> None:
    published = FULL_READER.issue("daily", FULL)
    assert build_announcement(published, SITE_CONFIG).lines[0].url == "https://papers.example/daily/paper/2101.99911/"
    assert build_announcement(published, SITE_CONFIG).url == "https://papers.example/daily/2021-01-19/"
    assert build_announcement(published, NOBODY).lines[0].url == "https://arxiv.org/abs/2101.99911"
    assert build_announcement(published, NOBODY).url == ""
    other_paper = paper("2101.99901", " ", authors=())
    other_paper = msgspec.structs.replace(other_paper, paper="biorxiv:1")
    issue_reader = PlainIssueReader([OWN], [issue(OWN, DAY, [own_entry(1, other_paper, [], [])])])
    paper_lead = phrases.opening(other_paper).text
    [line] = build_announcement(issue_reader.issue("daily", DAY), SITE_CONFIG).lines
    assert line == (1, "biorxiv:1", "", paper_lead, "", "")


def test_a_correction_says_why_and_an_empty_issue_too() -> None:
    assert build_announcement(LISTED_READER.issue("hot-papers", DAY), NOBODY).correction == (
        "Corrected: The survey was of to-do lists, and not a paper."
    )
    assert build_announcement(OWN_READER.issue("daily", "2021-01-13"), NOBODY).empty == "Nothing was announced."
