"""A record's comparison file from either database: its voices are the ones that rankings count."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import DAY, HOUR, Alias, Mention, Reaction, Verdict
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.keep.transfer import streams
from hotpapers.keep.transfer.jsonl import importer
from hotpapers.record import Record
from hotpapers.site.importing import lines_of
from lab.comparison import queries
from lab.comparison.extract import Period, extract_lines
from lab.comparison.facts import decode_file, read_facts
from lab.comparison.lines import encode_line
from tests.conftest import ROOT
from tests.issues.made import moment, paper, post
from tests.lab.comparison.collectors import KEY
from tests.lab.comparison.lies import counts_of

WEEK = ROOT / "src" / "hotpapers" / "site" / "demo" / "week.jsonl.zst"


@pytest.mark.long
def test_either_database_gives_the_same(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        with streams.open_input(str(WEEK)) as stream:
            importer.import_lines(record, "week", lines_of(stream))
        until = queries.last_observed(record.view())
        lines = extract_lines(record, Period(until - 30 * DAY, until), KEY)
        facts = read_facts(decode_file(map(encode_line, lines), "week"), "week")
        ranked_voices = {
            (row.paper, row.network, row.age): row.voices
            for row in read_engagement(record.view(until), MeasurementWindow())
            if row.peer and row.announced_at > facts.header.since
        }
    assert len(ranked_voices) > 500 and facts.bots
    assert counts_of(facts) == ranked_voices


def test_a_like_withdrawn_by_one_account_of_a_person_still_counts_by_the_other(store_url: str) -> None:
    at, name = moment("2024-05-07") + HOUR, "mastodon:1"
    likes = [
        Reaction(post=name, account=account, type="like", observed_at=at) for account in ("mastodon:@bo", "mastodon:7")
    ]
    withdrawal = msgspec.structs.replace(likes[0], withdrawn=True, observed_at=at + HOUR)
    alias = Alias(account="mastodon:@bo", stable="mastodon:7", observed_at=at)
    with Record(store_url) as record:
        record.append([*paper(1), *post(1, name, at), *likes, withdrawal, alias], source="test")
        [row] = read_engagement(record.view(at + 6 * HOUR), MeasurementWindow(ages=(6,)))
        lines = list(map(encode_line, extract_lines(record, Period(at - DAY, at + 6 * HOUR), KEY)))
    assert list(counts_of(read_facts(decode_file(lines, "file"), "file")).values()) == [row.voices] == [2]


def test_rules_and_forms_of_imported_items_may_have_any_name(store_url: str) -> None:
    """The file neither repeats these words nor is refused for them."""
    at, name = moment("2024-05-06") + HOUR, "bluesky:1"
    bot = Verdict(
        subject="bluesky:by-1", about="", rule="Ann_ said so", judgement="bot", version=1, reason="", observed_at=at
    )
    doubt = msgspec.structs.replace(bot, subject=name, about="arxiv:2405.00001", judgement="doubtful")
    with Record(store_url) as record:
        items = [
            *paper(1), *post(1, name, at), bot, doubt,
            Mention(post=name, paper="arxiv:2405.00001", form="by Ann_", observed_at=at - 1),
        ]  # fmt: skip
        record.append(items, source="test")
        lines = list(map(encode_line, extract_lines(record, Period(at - DAY, at + DAY), KEY)))
    facts = read_facts(decode_file(lines, "file"), "file")
    assert facts.forms == {"other"} and not any(b"Ann_" in line for line in lines)
    assert [*facts.bots.values(), *facts.doubtful.values()] == [{"other": 1}, {"other": 1}]
