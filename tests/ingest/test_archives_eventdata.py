"""Crossref's Event Data: which events are posts, what happens to posts already known, and what the terms allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hotpapers.engagement.attention import read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.ingest.archives import ArchiveImporter, file_import, framing
from hotpapers.ingest.archives.eventdata import POSTS, _Event
from hotpapers.model import Mention, Post
from hotpapers.store import Record
from hotpapers.store.verify import check
from hotpapers.terms import TermsOverride, table
from tests.cli.run import good
from tests.conftest import data
from tests.ingest.archive_helpers import DAY, NOW, export_lines, file, import_one, lines, quarantine_of, terms_of
from tests.ingest.test_archives_workers import import_with_workers

EVENTS = "archives/eventdata-kettles.jsonl"


@pytest.mark.parametrize(
    ("source", "subject", "post"),
    [
        ("reddit", "https://reddit.com/r/science/comments/42p4xg/some_words/", ("reddit", "t3_42p4xg")),
        ("reddit", "http://www.reddit.com/r/science/comments/42p4xg", ("reddit", "t3_42p4xg")),
        ("reddit", "https://reddit.com/r/science/comments/42p4xg/some_words/cza1b2c", ("reddit", "t1_cza1b2c")),
        ("reddit", "https://reddit.com/r/science/comments/42p4xg/?x=1", ("reddit", "t3_42p4xg")),
        ("reddit", "https://reddit.com/r/science", ("", "")),
        ("reddit", "https://reddit.com.example/r/science/comments/42p4xg/", ("", "")),
        ("twitter", "http://twitter.com/Somebody/statuses/863621047475728386", ("x", "863621047475728386")),
        ("twitter", "https://twitter.com/Somebody/status/863621047475728386", ("x", "863621047475728386")),
        ("twitter", "twitter://status?id=863621047475728386", ("x", "863621047475728386")),
        ("twitter", "https://twitter.com", ("", "")),
        ("twitter", "https://twitter.com/Somebody/status/9999999999999999999", ("", "")),
        ("hackernews", "https://news.ycombinator.com/item?id=8863", ("hackernews", "8863")),
        ("hackernews", "https://news.ycombinator.com/user?id=8863", ("", "")),
    ],
)
def test_a_subject_is_the_post_that_the_live_source_knows(source: str, subject: str, post: tuple[str, str]) -> None:
    assert POSTS[source](_Event(subj_id=subject)) == post


def test_a_post_that_the_record_has_stays_as_it_is(record: Record) -> None:
    """The live reader knows more about it; only the other paper named by an event is added."""
    submission = {
        "name": "t3_1abc01", "id": "1abc01", "author": "ladle", "author_fullname": "t2_ladle", "title": "Kettles",
        "created_utc": 1_781_078_400, "url": "https://arxiv.org/abs/2606.01001v2", "retrieved_on": 1_781_078_460,
    }  # fmt: skip
    import_one(record, "reddit", lines([json.dumps(submission).encode()]))
    import_one(record, "eventdata", data(EVENTS))
    posts = [row.item for row in record.view().latest(Post)]
    [post] = [item for item in posts if isinstance(item, Post) and item.post == "reddit:t3_1abc01"]
    assert (post.account, post.text) == ("reddit:t2_ladle", "Kettles") and record.count(Post) == 6
    papers = {row.item.paper for row in record.view().latest(Mention) if row.item.post == post.post}  # type: ignore[attr-defined]
    assert papers == {"arxiv:2606.01001", "arxiv:2606.01007"}


def test_those_who_are_not_named_are_one_voice(record: Record) -> None:
    """Two submissions of one paper by unknown accounts."""
    line = data(EVENTS).read_bytes().splitlines()[0]
    import_one(record, "eventdata", data(EVENTS).read_bytes() + lines([line.replace(b"1abc01", b"1abc09")]))
    voices = {
        (row.paper, row.network): (row.voices, row.reposts)
        for row in read_engagement(record.view(), MeasurementWindow(posted_from=0))
    }
    assert voices["arxiv:2606.01001", "x"] == (2, 0)  # one posted, one reposted
    assert voices["arxiv:2606.01004", "hackernews"] == (1, 0)
    assert voices["arxiv:2606.01001", "reddit"] == (1, 0)


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 2])
def test_stopped_between_networks_it_goes_on(
    record: Record, other_record: Record, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch belongs to one network; after an interruption between two, the next import adds the second."""
    import_one(other_record, "eventdata", data(EVENTS))
    ingest, calls = Record.ingest, list[str]()

    def stop_at_second(self: Record, *args: Any, source: str, **kwargs: Any) -> Any:
        calls.append(source)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return ingest(self, *args, source=source, **kwargs)

    monkeypatch.setattr(file_import, "MOST_SEEN", 2)
    monkeypatch.setattr(framing, "BLOCK", 700)
    with monkeypatch.context() as patch:
        patch.setattr(Record, "ingest", stop_at_second)
        with pytest.raises(KeyboardInterrupt):
            import_with_workers(record, "eventdata", data(EVENTS).read_bytes(), count)
    import_with_workers(record, "eventdata", data(EVENTS).read_bytes(), count)
    assert export_lines(record) == export_lines(other_record)
    assert not check(record.database, record.hasher).findings


def test_a_network_that_is_not_to_be_read_is_left_out(record: Record) -> None:
    archive_file = file(data(EVENTS))
    terms = table({"reddit": TermsOverride(read="no")})
    ArchiveImporter(record, "eventdata", [archive_file], terms, NOW).take(archive_file)
    posts = {row.item.post.partition(":")[0] for row in record.view().latest(Post)}  # type: ignore[attr-defined]
    assert posts == {"x", "hackernews"}
    assert terms_of("eventdata") != terms


def test_what_cannot_be_read_is_kept_as_long_as_the_strictest_network_allows(record: Record) -> None:
    import_one(record, "eventdata", data(EVENTS))
    rows = quarantine_of(record, "eventdata")
    assert [row.keep_until - row.seen_at for row in rows] == [2 * DAY, 2 * DAY]


def test_what_was_passed_over_is_counted_by_any_number_of_processes(tmp_path: Path) -> None:
    for workers in ("1", "2"):
        output = good("import", "eventdata", data(EVENTS), "--workers", workers, "--store", tmp_path / f"{workers}.db")
        assert output == (
            "13 lines read; added: 6 posts, 7 mentions, 2 reactions, 0 snapshots\n"
            "7 events about papers ignored: another source 1, links taken back 1, newsfeed 2, reddit 1,"
            " wikipedia 1, withdrawn by Crossref 1\n"
            "6 mentioned papers not in the record\n"
            "2 unreadable; see `hotpapers quarantine`\n"
        )
