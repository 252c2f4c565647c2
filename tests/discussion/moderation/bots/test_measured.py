"""The limits on real accounts, if the folder of real data is there: people are not judged bots."""

from __future__ import annotations

import csv
import datetime
import io
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import pytest
import zstandard

from hotpapers.base.model import DAY, Paper
from hotpapers.base.papers.mentions import own_words as words
from hotpapers.base.settings import BotRules
from hotpapers.base.text import timestamps
from hotpapers.discussion.moderation.bots import rules
from hotpapers.discussion.moderation.bots.rules import (
    RULES,
    AccountActivity,
    ObservedPost,
    TimedPost,
    gap_evenness,
    longest_rest,
)
from hotpapers.wings.classic import format as classic

pytestmark = pytest.mark.long

LIMITS = {name: int(getattr(BotRules(), name)) for name in RULES}
T = TypeVar("T")


def lines(file: Path, type: type[T]) -> Iterator[T]:
    """The lines of a zstd-compressed JSON Lines file."""
    decode = msgspec.json.Decoder(type).decode
    with file.open("rb") as compressed:
        decompressed = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(compressed)
        yield from map(decode, io.BufferedReader(decompressed, 2**20))


def two_week_windows(moments: Sequence[int]) -> Iterator[list[int]]:
    """The moments of every two weeks, starting on each day."""
    ordered = sorted(moments)
    for start in range(ordered[0], ordered[-1] + 1, DAY):
        yield ordered[bisect_left(ordered, start) : bisect_left(ordered, start + rules.DAYS * DAY)]


def at_worst(moments: Sequence[int]) -> AccountActivity:
    """What two weeks of an account look like if every post names another paper and is bare."""
    return AccountActivity(
        posts=len(moments),
        papers=len(moments),
        bare=len(moments),
        even=gap_evenness(moments),
        rest=longest_rest(moments),
        category="",
        covered=0,
        announced=0,
    )


def matching_rules(activity: AccountActivity) -> list[str]:
    return [name for name, rule in RULES.items() if rule(activity, LIMITS[name])]


def test_the_busiest_curator_is_a_person(shared: Path) -> None:
    """6,156 posts in two years, 631 within two weeks, 136 in one hour; treated as if all were bare."""
    with (shared / "data" / "curator-2017.csv").open(encoding="utf-8") as file:
        moments = [datetime.datetime.fromisoformat(row["posted_at"]) for row in csv.DictReader(file)]
    worst = [
        at_worst(window) for window in two_week_windows([int(moment.timestamp()) * 1_000_000 for moment in moments])
    ]
    assert max(activity.posts for activity in worst) > 600 and max(activity.even for activity in worst) > 30
    assert not [activity for activity in worst if matching_rules(activity)]


# ---- posts of 2020 to 2022, as shown by a publication ----------------------------------------------------------


class ArchivedPost(NamedTuple):
    """A post, its account, and the paper it is about."""

    post: ObservedPost
    handle: str
    paper: Paper


@pytest.fixture(scope="module")
def archive() -> list[ArchivedPost]:
    from tests.conftest import SHARED

    if not SHARED.is_dir():
        pytest.skip(f"the folder of real texts is absent: {SHARED}")
    posts = []
    for file in sorted((SHARED / "archive" / "posts").glob("*.md")):
        for item in classic.parse_classic(classic.decode_file(file.read_bytes())[0]).items:
            paper = Paper(paper="", title=item.title, authors=item.authors, abstract=item.abstract, observed_at=0)
            for post in item.posts:
                observed = ObservedPost(timestamps.of_x_post(post.id), post.id, (item.paper,), post.text)
                posts.append(ArchivedPost(observed, post.handle, paper))
    return posts


def test_no_account_of_the_archive_is_judged(archive: list[ArchivedPost]) -> None:
    by_handle: dict[str, list[ArchivedPost]] = defaultdict(list)
    for item in archive:
        by_handle[item.handle].append(item)
    assert len(by_handle) > 1000
    busiest = max(by_handle.values(), key=len)
    for items in by_handle.values():
        worst = [at_worst(moments) for moments in two_week_windows([item.post.at for item in items])]
        assert not [activity for activity in worst if matching_rules(activity)]
    papers = {item.post.papers[0]: item.paper for item in busiest}
    assert 55 < 100 * rules.count_bare_posts([item.post for item in busiest], papers) / len(busiest) < 70, (
        "a curator adds words"
    )


def test_few_people_write_bare_titles_and_hardly_two_the_same_words(archive: list[ArchivedPost]) -> None:
    bare_posts = sum(words.is_bare(words.own_words(item.post.text, [item.paper])) for item in archive)
    assert 0.15 < bare_posts / len(archive) < 0.25
    by_paper: dict[str, list[ArchivedPost]] = defaultdict(list)
    for item in archive:
        by_paper[item.post.papers[0]].append(item)
    for items in by_paper.values():
        voices = [TimedPost(item.handle, item.post.post, 0, item.post.text) for item in items]
        assert not list(rules.chorus_posts(voices, items[0].paper, 3)), "as if all were said at once"


# ---- bots ------------------------------------------------------------------------------------------------------


class Metadata(msgspec.Struct):
    id: str
    title: str
    authors: list[str]
    abstract: str
    primary: str
    listed: str | None = None


class Sample(msgspec.Struct):
    author: str
    text: str
    link: str = ""


@pytest.fixture(scope="module")
def metadata() -> list[Metadata]:
    """The papers of 2025 and 2026."""
    from tests.conftest import SHARED

    if not SHARED.is_dir():
        pytest.skip(f"the folder of real texts is absent: {SHARED}")
    papers = lines(SHARED / "data" / "arxiv-metadata.jsonl.zst", Metadata)
    return [paper for paper in papers if paper.id[:2] in ("25", "26")]


def confidence(shared: Path) -> dict[str, str]:
    with (shared / "data" / "bots.csv").open(encoding="utf-8") as file:
        return {row["handle"]: row["confidence"] for row in csv.DictReader(file) if row["network"] == "bluesky"}


def test_posts_of_feed_bots_are_bare_and_others_are_not(shared: Path, metadata: list[Metadata]) -> None:
    papers = {
        known.id: Paper(
            paper="", title=known.title, authors=tuple(known.authors), abstract=known.abstract, observed_at=0
        )
        for known in metadata
    }
    confidences = confidence(shared)
    bare_by_confidence: dict[str, list[bool]] = defaultdict(list)
    for sample in lines(shared / "data" / "bluesky-papers-sample.jsonl.zst", Sample):
        match = re.search(r"\d{4}\.\d{5}", f"{sample.link} {sample.text}")
        if match and match[0] in papers:
            bare_by_confidence[confidences.get(sample.author, "other")].append(
                words.is_bare(words.own_words(sample.text, [papers[match[0]]]))
            )
    assert len(bare_by_confidence["certain"]) > 25 and all(bare_by_confidence["certain"])
    assert len(bare_by_confidence["unverified"]) > 10 and not any(bare_by_confidence["unverified"])


def test_feed_bots_pass_a_whole_category_on(shared: Path, metadata: list[Metadata]) -> None:
    """For two categories we have all papers of twelve days; their bots posted that many."""
    with (shared / "data" / "bots.csv").open(encoding="utf-8") as file:
        matches = {
            row["handle"]: re.search(r"(\d+) arXiv posts in 12 days", row["evidence"]) for row in csv.DictReader(file)
        }
    for handle, category in (("cscv-bot.bsky.social", "cs.CV"), ("cscl-bot.bsky.social", "cs.CL")):
        posts = matches[handle]
        days = sum(
            paper.primary == category and "2026-01-21" <= (paper.listed or "") <= "2026-02-02" for paper in metadata
        )
        assert posts and int(posts[1]) >= 0.95 * days > 300
