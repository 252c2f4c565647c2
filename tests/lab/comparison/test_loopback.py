"""Two whole programs on one loopback internet with faults, and the comparison of their stores."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from hotpapers.base.model import DAY, Post, Verdict
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.wings.tables.commands import write_tables
from lab.comparison.compare import Comparison, compare_collectors
from lab.comparison.extract import Period, extract_lines
from lab.comparison.facts import CollectorFacts, read_facts
from lab.comparison.lines import PostLine, encode_line
from tests.cli.run import good
from tests.lab.comparison.collectors import KEY, Week, facts_of, run_week
from tests.lab.comparison.lies import counts_of, inject_lies
from tests.wings.tables.recounts import recounted
from tests.years.test_years import MEMORY

pytestmark = pytest.mark.long

SMALL = Week(days=2, papers=15, faults=60)


class Stores(NamedTuple):
    """The two sites' stores: one read streams, the other polled."""

    stream: Path
    poll: Path


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    disk = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hotpapers-compare-", dir=disk) as folder:
        random.seed(SMALL.seed)  # the waits between retries are random
        yield Stores(*(run_week(SMALL, Path(folder) / name, streams=name == "stream") for name in Stores._fields))


@pytest.fixture(scope="module")
def facts(stores: Stores) -> tuple[CollectorFacts, CollectorFacts]:
    return facts_of(stores.stream, SMALL), facts_of(stores.poll, SMALL)


@pytest.fixture(scope="module")
def comparison(facts: tuple[CollectorFacts, CollectorFacts]) -> Comparison:
    return compare_collectors(*facts)


def test_every_difference_is_explained(comparison: Comparison) -> None:
    assert comparison.counts > 100 and comparison.left_out == ()
    assert len(comparison.networks) == 8
    assert comparison.unexplained == ()
    causes = Counter(cause for difference in comparison.differences for cause in difference.causes)
    assert causes["coverage"] and causes["moment"] and set(causes) <= {"coverage", "moment"}


def test_voices_are_those_that_rankings_count(stores: Stores, facts: tuple[CollectorFacts, CollectorFacts]) -> None:
    for store, own_facts in zip(stores, facts, strict=True):
        with Record(str(store), create=False) as record:
            ranked_voices = {
                (row.paper, row.network, row.age): row.voices
                for row in read_engagement(record.view(SMALL.ends), MeasurementWindow())
                if row.peer and row.announced_at > own_facts.header.since
            }
        assert ranked_voices == counts_of(own_facts)


def test_every_count_of_an_issue_is_that_of_the_research_tables(stores: Stores, tmp_path: Path) -> None:
    """But for voices on Bluesky, which names who reacted while no table does."""
    for name, store in stores._asdict().items():
        with Record(str(store), create=False) as record:
            tables = write_tables(record, tmp_path / name, SMALL.ends)
            rows = {file.table.name: file.rows for file in tables.files}
            names_who_reacted = bool(record.database.rows("SELECT 1 FROM reaction LIMIT 1"))
        counts = list(recounted(tmp_path / name))
        assert len(counts) == 4 * rows["entry_counts"] > 100
        differing = [count for count in counts if count.printed != count.recounted]
        assert not differing or names_who_reacted
        assert {(count.network, count.name) for count in differing} <= {("bluesky", "voices")}


def test_a_file_holds_no_word_name_or_key(stores: Stores) -> None:
    for store in stores:
        with Record(str(store), create=False) as record:
            lines = list(extract_lines(record, Period(SMALL.begins - DAY, SMALL.ends), KEY))
            file_text = b"".join(map(encode_line, lines)).decode()
            posts = [row.item for row in record.view().latest(Post)]
        assert len(posts) > 50 and any(isinstance(line, PostLine) and line.readings for line in lines)
        for post in posts:
            own_id = post.post.partition(":")[2]
            for secret in (post.post, own_id, post.account, post.handle, post.name, post.text):
                is_number = secret.replace(".", "").isdigit()  # such as moments and papers
                assert len(secret) < 6 or is_number or secret not in file_text


# ---- what an operator does to one of the two -------------------------------------------------------------


@pytest.fixture
def poll_copy(stores: Stores, tmp_path: Path) -> Path:
    """A copy of the second store that a test may change."""
    return Path(shutil.copy(stores.poll, tmp_path))


def _loudest(own_facts: CollectorFacts, other_facts: CollectorFacts, network: str) -> PostLine:
    shared = (post for mark, post in own_facts.posts.items() if mark in other_facts.posts and post.network == network)
    return max(shared, key=lambda post: (len(post.papers) and len(post.readings), post.post))


def test_one_operator_s_verdict_is_a_difference_of_rules(
    facts: tuple[CollectorFacts, CollectorFacts], poll_copy: Path
) -> None:
    post = _loudest(facts[1], facts[0], "mastodon")
    with Record(str(poll_copy), create=False) as record:
        [account] = {row.item.account for row in record.view().latest(Post) if KEY.of_key(row.item.post) == post.post}
        record.append(
            [Verdict(subject=account, about="", rule="operator", judgement="bot", version=1, reason="a program",
                     observed_at=SMALL.ends - 1)], source="operator",
        )  # fmt: skip
    result = compare_collectors(facts[0], facts_of(poll_copy, SMALL))
    assert result.unexplained == ()
    assert "rule" in {cause for difference in result.differences for cause in difference.causes}


def test_what_one_operator_forgot_still_compares_equal(
    facts: tuple[CollectorFacts, CollectorFacts], comparison: Comparison, poll_copy: Path
) -> None:
    with Record(str(poll_copy), create=False) as record:
        view = record.view()
        accounts = {row.item.account for row in view.latest(Post) if row.item.account}
        for account in sorted(accounts)[:20]:
            forget_key(record, account, at=SMALL.ends)
    own_facts = facts_of(poll_copy, SMALL)
    assert sum(mark.startswith("~") for mark in own_facts.posts) >= 20
    result = compare_collectors(facts[0], own_facts)
    assert result.unexplained == ()
    assert result.counts == comparison.counts


def test_lies_are_unexplained(facts: tuple[CollectorFacts, CollectorFacts]) -> None:
    """Except for lies that may be true: where the other collector was blind, or between two of its readings."""
    counts_by_kind = dict(inject_lies(facts, 40, SMALL.seed))
    assert all(counts.changed > 10 for counts in counts_by_kind.values())
    assert counts_by_kind["dropped"].unexplained >= 0.8 * counts_by_kind["dropped"].changed
    assert counts_by_kind["invented"].unexplained >= 0.8 * counts_by_kind["invented"].changed
    assert counts_by_kind["raised"].unexplained >= 0.4 * counts_by_kind["raised"].changed


# ---- the command -----------------------------------------------------------------------------------------


def test_stores_exports_and_files_say_the_same(stores: Stores, tmp_path: Path) -> None:
    export, key = tmp_path / "export.jsonl.zst", tmp_path / "shared.key"
    page, own_file, other_file = tmp_path / "page.md", tmp_path / "ours.jsonl.zst", tmp_path / "theirs.jsonl"
    span = ("--since", "2026-03-08", "--until", "2026-03-11")
    plain = good("lab", "compare", stores.stream, stores.poll, *span)
    assert " 0 unexplained" in plain and "Mastodon" in plain
    good("export", "--all-words", "--store", stores.poll, "--output", export)
    assert good("lab", "compare", stores.stream, export, *span) == plain
    good("lab", "compare", "--new-key", key)
    good("lab", "compare", "--extract", own_file, "--key", key, "--store", stores.stream, *span)
    good("lab", "compare", "--extract", other_file, "--key", key, "--store", stores.poll, *span)
    report = msgspec.json.decode(good("lab", "compare", own_file, other_file, "--json", "--output", page))
    assert report["networks"] and not [difference for difference in report["differences"] if difference["unexplained"]]
    assert good("lab", "compare", own_file, stores.poll, "--key", key, *span).splitlines()[2:] == plain.splitlines()[2:]
    assert page.read_text("utf-8").startswith("# Two collectors compared") and "| Mastodon |" in page.read_text("utf-8")


def test_lines_can_be_read_as_they_are_made(stores: Stores) -> None:
    with Record(str(stores.poll), create=False) as record:
        own_facts = read_facts(extract_lines(record, Period(SMALL.begins - DAY, SMALL.ends), KEY), "the store")
    assert own_facts.header.check == KEY.check and own_facts.posts
