"""Old posts that an archive stamps with the day on which it collected them: each is of its own day."""

from __future__ import annotations

import pytest

from hotpapers.base.model import Mention, Post
from hotpapers.base.network_terms import TERMS
from hotpapers.base.text import timestamps
from hotpapers.collect import reprocessing
from hotpapers.collect.job_factory import ConfiguredSource
from hotpapers.collect.sources.bluesky import BlueskySettings, parser
from hotpapers.record import Record
from hotpapers.record.verify import check_record
from tests.collect.sources import bluesky_events as bluesky
from tests.collect.sources.bluesky_events import ANNA, BERT, tid
from tests.wings.archives.archive_helpers import DAY, PAPER_URL, import_one, lines

COLLECTED = 1_785_542_400_000_000
"""1 August 2026."""
JUNE_2023 = 1_686_000_000_000_000
CHOICE = ConfiguredSource("bluesky", BlueskySettings())


def backfill() -> bytes:
    """A post of each week since 2023, all of them collected within some seconds."""
    moments = range(JUNE_2023, COLLECTED, 7 * DAY)
    return lines(
        bluesky.create(ANNA, bluesky.post(PAPER_URL.format(1000 + n)), rkey=tid(at), time=COLLECTED + n)
        for n, at in enumerate(moments)
    )


def days(record: Record) -> list[str]:
    return sorted(timestamps.format_rfc3339(row.item.created_at)[:10] for row in record.view().latest(Post))


def test_every_post_of_a_backfill_is_of_the_day_of_its_key(record: Record) -> None:
    import_one(record, "jetstream", backfill())
    expected = [timestamps.format_rfc3339(at)[:10] for at in range(JUNE_2023, COLLECTED, 7 * DAY)]
    assert days(record) == expected and expected[0] == "2023-06-05"
    assert {row.item.observed_at // DAY for row in record.view().latest(Mention)} == {COLLECTED // DAY}


def test_reactions_to_a_post_that_was_old_when_it_was_collected_do_not_count(record: Record) -> None:
    """They did not come in the days that are measured."""
    uri = bluesky.at_uri(ANNA, JUNE_2023)
    post = bluesky.create(ANNA, bluesky.post(PAPER_URL.format(1000)), rkey=tid(JUNE_2023), time=COLLECTED)
    result = import_one(record, "jetstream", lines([post, bluesky.reaction_event(BERT, uri, time=COLLECTED + 5)]))
    assert (result.posts, result.reactions) == (1, 0)


def test_what_an_older_version_stored_stays_and_reparse_says_what_it_would_date_anew(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(parser, "FIRST_ACCOUNT", COLLECTED)
        import_one(record, "jetstream", backfill(), now=COLLECTED + DAY)
    assert set(days(record)) == {"2026-08-01"}
    old_view, head, count = record.view(), record.head, len(days(record))
    plan = reprocessing.plan(record, CHOICE, TERMS["bluesky"])
    assert (plan.closed, plan.added) == ({"post": count}, {"post": count}) and record.head == head
    reprocessing.reprocess(record, CHOICE, TERMS["bluesky"])
    assert days(record)[0] == "2023-06-05" and len(days(record)) == count
    assert {row.item.created_at // DAY for row in old_view.latest(Post)} == {COLLECTED // DAY}
    assert not check_record(record.database, record.hasher).findings
