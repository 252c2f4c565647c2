"""Importing archives: every format, imports repeated, interrupted and resumed, refused files, truncated files, old
events."""

from __future__ import annotations

import codecs
import gc
import html
import json
from pathlib import Path

import pytest

from hotpapers.base.errors import InputError
from hotpapers.base.model import DAY, Issue, Mention, Paper, Post, Publication, Reaction, Verdict
from hotpapers.base.network_terms import TERMS
from hotpapers.issues import freeze
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl import importer
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from hotpapers.record.verify import check_record
from hotpapers.wings.archives import batch as archive_batch
from hotpapers.wings.archives import file_import, framing
from hotpapers.wings.archives.imported_file import HEAD, ImportedFile
from hotpapers.wings.archives.jetstream_filter import PostKeys
from tests.collect.sources import bluesky_events as bluesky
from tests.conftest import ROOT, data
from tests.wings.archives.archive_helpers import (
    DAY_START,
    NOW,
    SEEN_AT,
    ProgramStopped,
    assert_same,
    bluesky_day,
    comments,
    export_lines,
    file,
    import_files,
    import_one,
    lines,
    quarantine_of,
    stop_before,
)

FORMAT_OF = {
    "jetstream-kettles": "jetstream", "hackernews-shapes": "hackernews", "reddit-dump": "reddit",
    "x-second": "x", "arxiv-snapshot": "arxiv",
}  # fmt: skip


# ---- formats -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMAT_OF)
def test_every_shape_becomes_what_the_source_reads(record: Record, name: str) -> None:
    result = import_one(record, FORMAT_OF[name], data(f"archives/{name}.jsonl"))
    assert_same(f"{name}.items.jsonl", export_lines(record))
    summary = [
        result._replace(file=name)._asdict(),
        [row.reason for row in quarantine_of(record, FORMAT_OF[name].replace("jetstream", "bluesky"))],
    ]
    assert_same(f"{name}.told.json", json.dumps(summary, indent=1).encode() + b"\n")
    assert not check_record(record.database, record.hasher).findings


@pytest.mark.parametrize("name", FORMAT_OF)
def test_twice_is_once_whatever_the_file_is_called(record: Record, name: str) -> None:
    content = data(f"archives/{name}.jsonl").read_bytes()
    import_one(record, FORMAT_OF[name], content)
    export, position = export_lines(record), record.head.position
    result = import_one(record, FORMAT_OF[name], content)
    assert result.posts == result.mentions == result.snapshots == result.reactions == result.gone == 0
    # as new files: everything is read again, nothing is added
    for longer_content in (content + b"\n", b"\n" + content):
        import_one(record, FORMAT_OF[name], longer_content)
    assert (export_lines(record), record.head.position) == (export, position)


@pytest.mark.parametrize("name", FORMAT_OF)
def test_a_mark_of_the_encoding_is_no_part_of_a_line(record: Record, other_record: Record, name: str) -> None:
    content = data(f"archives/{name}.jsonl").read_bytes()
    result = import_one(record, FORMAT_OF[name], content)
    content_with_marks = b"".join(codecs.BOM_UTF8 + line for line in content.splitlines(keepends=True))
    assert import_one(other_record, FORMAT_OF[name], content_with_marks) == result
    assert export_lines(other_record) == export_lines(record)


def test_words_of_reddit_are_what_was_written_whether_a_dump_escapes_them_or_not(record: Record) -> None:
    texts = [
        ("Lids & spouts", "> 3 < 4 &amp;\n\narxiv.org/abs/2606.01001?a=1&b=2"),
        ("Tea", "arxiv.org/abs/2606.01001"),
    ]
    dump = [
        {"id": f"lid{n}", "author": "cup", "created_utc": 1_767_300_000, "title": title, "selftext": text}
        for n, (title, text) in enumerate(texts)
    ]
    escaped_dump = [
        entry | {key: html.escape(str(entry[key]), quote=False) for key in ("title", "selftext")} for entry in dump
    ]
    for entries in (dump, escaped_dump):
        import_one(record, "reddit", lines(json.dumps(entry).encode() for entry in entries))
        recorded_texts = {row.item.text for row in record.view().latest(Post)}
        assert recorded_texts == {f"{title}\n\n{text}" for title, text in texts}
    assert len([line for line in export_lines(record).splitlines() if b'"kind":"post"' in line]) == 2


def test_lines_with_some_id_are_not_taken_for_reddits(record: Record) -> None:
    with pytest.raises(
        InputError, match=r"not in the format reddit: .* created_utc is missing\); it looks like Jetstream"
    ):
        import_one(record, "reddit", b'{"id":"e1","did":"","time_us":0}\n')


def test_in_both_databases(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as first_record, Record(str(tmp_path / "plain.db")) as second_record:
        for record in (first_record, second_record):
            import_one(record, "jetstream", lines(bluesky_day()))
            import_one(record, "x", data("archives/x-second.jsonl"))
        assert export_lines(first_record) == export_lines(second_record)
        assert not check_record(first_record.database, first_record.hasher).findings


def test_the_moment_of_a_dump_is_the_one_in_its_lines_or_else_the_one_that_is_given(record: Record) -> None:
    import_one(record, "hackernews", data("archives/hackernews-shapes.jsonl"))
    moments = {row.item.post: row.item.observed_at for row in record.view().latest(Mention)}
    assert moments.pop("hackernews:90000007") == 1_709_856_000_000_000
    assert set(moments.values()) == {SEEN_AT}


def test_a_dump_cannot_have_been_made_before_what_is_in_it(record: Record) -> None:
    line = {
        "id": 7,
        "by": "cup",
        "type": "comment",
        "parent": 1,
        "time": 1_767_300_000,
        "text": "arxiv.org/abs/2512.00001",
    }
    import_one(record, "hackernews", json.dumps(line).encode(), seen_at=SEEN_AT)
    [row] = record.view().latest(Post)
    assert row.item.observed_at == 1_767_300_000_000_000


def test_an_old_wording_does_not_come_after_the_new_one(record: Record) -> None:
    """X numbers each version of a post and can return any of them: here the older one was retrieved later."""
    import_one(record, "x", data("archives/x-second.jsonl"))
    [row] = record.view().latest(Post, "t.post = (SELECT id FROM identity WHERE key = ?)", ("x:1577000000000000001",))
    assert row.item.text.startswith("Now without the typo")


# ---- Bluesky, in the order of the archive ----------------------------------------------------------------


def count(record: Record) -> dict[str, int]:
    return {kind.__name__: record.count(kind) for kind in (Post, Mention, Reaction, Verdict)}


def test_a_days_talk_is_sifted_as_if_it_came_now(record: Record) -> None:
    result = import_one(record, "jetstream", lines(bluesky_day()))
    assert (result.lines, result.posts, result.mentions, result.gone) == (len(bluesky_day()), 16, 14, 3)
    likes = [row.item for row in record.view().latest(Reaction)]
    assert sum(like.withdrawn for like in likes) == 4 and len(likes) == 26
    assert [row.item.reason for row in record.view().latest(Verdict)] == ["edited: no longer names it"] * 2


def test_how_much_goes_in_at_once_makes_no_difference(
    record: Record, other_record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_one(record, "jetstream", lines(bluesky_day(30)))
    monkeypatch.setattr(archive_batch, "MAX_BATCH_FINDINGS", 1)
    import_one(other_record, "jetstream", lines(bluesky_day(30)))
    assert export_lines(other_record) == export_lines(record)


def test_who_is_tracked_is_who_was_tracked_then(record: Record) -> None:
    """A post from 40 days earlier is no longer tracked, and a later one not yet, although both are in the record."""
    early_time, late_time = DAY_START - 40 * DAY, DAY_START + 2 * DAY
    for at in (early_time, late_time):
        import_one(record, "jetstream", bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01001"), time=at))
    likes = [
        bluesky.reaction_event(bluesky.BERT, bluesky.at_uri(bluesky.ANNA, at), time=DAY_START)
        for at in (early_time, late_time)
    ]
    assert import_one(record, "jetstream", lines(likes)).reactions == 0
    early_like = bluesky.reaction_event(
        bluesky.BERT, bluesky.at_uri(bluesky.ANNA, early_time), time=early_time + 2 * DAY
    )
    assert import_one(record, "jetstream", lines([*likes, early_like])).reactions == 1


def test_a_post_that_is_followed_no_more_can_still_be_gone(record: Record) -> None:
    early_time = DAY_START - 40 * DAY
    deletions = [
        bluesky.create(did, None, rkey=bluesky.tid(early_time), time=DAY_START) for did in (bluesky.ANNA, bluesky.BERT)
    ]
    import_one(
        record, "jetstream", bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01001"), time=early_time)
    )
    assert import_one(record, "jetstream", lines(deletions)).gone == 1


@pytest.mark.parametrize("moment", [0, -5, NOW + 2 * 3_600_000_000, 10**18])
def test_an_event_at_no_moment_is_set_apart(record: Record, moment: int) -> None:
    event = bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01001"), time=DAY_START)
    bad_event = event.replace(str(DAY_START).encode(), str(moment).encode())
    result = import_one(record, "jetstream", lines([event, bad_event]))
    assert (result.posts, result.quarantined) == (1, 1)
    assert "impossible time" in quarantine_of(record, "bluesky")[0].reason


# ---- interrupted and resumed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("line_limit", [0, 1, 9, 20, 33, 50, 71])
def test_stopped_and_gone_on_with_is_the_same_as_in_one_go(
    record: Record, other_record: Record, line_limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "BLOCK", 1)
    monkeypatch.setattr(archive_batch, "MAX_BATCH_FINDINGS", 4)
    content = lines(comments(76))
    import_one(record, "hackernews", content)
    with pytest.raises(ProgramStopped):
        import_files(other_record, "hackernews", file(content, line_limit=line_limit))
    result = import_one(other_record, "hackernews", content)
    assert result.before + result.lines == 76 and (result.before > 0) == (line_limit > 9)
    assert export_lines(other_record) == export_lines(record)
    assert not check_record(other_record.database, other_record.hasher).findings


@pytest.mark.parametrize("line_limit", [0, 30, 60])
def test_several_files_are_gone_on_with_in_the_one_in_which_it_stopped(
    record: Record, other_record: Record, line_limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "BLOCK", 1)
    monkeypatch.setattr(archive_batch, "MAX_BATCH_FINDINGS", 4)
    parts = [lines(comments(40)), lines(comments(60, 40)), lines(comments(50, 100))]
    import_files(record, "hackernews", *map(file, parts))
    with pytest.raises(ProgramStopped):
        import_files(other_record, "hackernews", file(parts[0]), file(parts[1], line_limit=line_limit), file(parts[2]))
    first, second, third = import_files(other_record, "hackernews", *map(file, parts))
    assert first.whole and third.lines == 50 and (line_limit == 0 or second.before > 0)
    assert export_lines(other_record) == export_lines(record)
    results = import_files(other_record, "hackernews", *map(file, parts[:2]))  # a different set of files
    assert [result.whole for result in results] == [False, False]


@pytest.mark.parametrize("batch", [0, 1, 2, 5, 9])
def test_events_are_gone_on_with_in_the_moment_in_which_it_stopped(
    record: Record, other_record: Record, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A like in one file is withdrawn in the next; the order of the files makes no difference."""
    monkeypatch.setattr(archive_batch, "MAX_BATCH_FINDINGS", 4)
    events = [*bluesky_day(12), *bluesky_day(12, 1)]
    parts = [file(lines(events[:40])), file(lines(events[40:100])), file(lines(events[100:]))]
    import_files(record, "jetstream", *parts)
    with monkeypatch.context() as patch:
        stop_before(patch, batch)
        with pytest.raises(ProgramStopped):
            import_files(other_record, "jetstream", *parts)
    results = import_files(other_record, "jetstream", *reversed(parts))
    assert sum(result.lines for result in results) == len(events), "all are read again"
    assert all((result.stored_until > 0, result.before) == (batch > 0, 0) for result in results)
    assert export_lines(other_record) == export_lines(record)
    assert not check_record(other_record.database, other_record.hasher).findings
    assert [result.whole for result in import_files(other_record, "jetstream", *parts)] == [True] * 3
    second_results = import_files(other_record, "jetstream", *parts[:2])  # a different set of files
    assert not any(result.whole or result.posts or result.reactions or result.gone for result in second_results)


def test_a_reaction_recorded_while_files_are_read_can_be_withdrawn(record: Record, tmp_path: Path) -> None:
    day = bluesky_day(2)
    deletion = next(line for line in day if b'"operation": "delete"' in line)
    import_files(record, "jetstream", file(lines(day[:1])))
    path = tmp_path / "deletions.jsonl"
    path.write_bytes(lines([deletion]))
    likes = [file(lines(day[2:3]))]

    def record_like(count: int) -> None:
        if likes:
            import_files(record, "jetstream", likes.pop())

    archive_file = file(path)._replace(path=str(path))
    list(file_import.import_archives(record, "jetstream", [archive_file], TERMS["bluesky"], NOW, record_like))
    assert b'"withdrawn":true' in export_lines(record) and not likes


def test_the_keys_of_posts_are_kept_no_longer_than_the_import(record: Record) -> None:
    def kept() -> list[PostKeys]:
        gc.collect()
        return [value for value in gc.get_objects() if isinstance(value, PostKeys)]

    before = kept()
    import_files(record, "jetstream", file(lines(bluesky_day(3))))
    assert len(kept()) == len(before)


def test_other_files_begin_anew_and_change_nothing(record: Record) -> None:
    day_1, day_2, day_3 = (lines(bluesky_day(3, day)) for day in (0, 1, 2))
    import_files(record, "jetstream", file(day_1), file(day_3))
    export = export_lines(record)
    results = import_files(record, "jetstream", file(day_1), file(day_2), file(day_3))
    assert [result.whole for result in results] == [False] * 3
    assert [result.posts > 0 for result in results] == [False, True, False]
    assert len(export_lines(record)) > len(export)


def test_a_file_that_has_grown_is_read_from_where_it_ended(record: Record) -> None:
    content = lines(comments(100))
    end = len(lines(comments(99)))
    first = import_one(record, "hackernews", content[: end + 10])
    assert first.cut and first.lines == 99
    second = import_one(record, "hackernews", content)
    assert second.before > 90 and second.before + second.lines == 100 and not second.cut


def test_a_file_of_events_that_has_grown_brings_the_rest(record: Record, other_record: Record) -> None:
    content = lines(bluesky_day(40))
    end = len(lines(bluesky_day(39)))
    first = import_one(record, "jetstream", content[: end + 100])
    assert first.cut and first.lines == len(bluesky_day(39))
    second = import_one(record, "jetstream", content)
    assert (second.lines, second.cut) == (len(bluesky_day(40)), False) and 0 < second.posts < 3
    import_one(other_record, "jetstream", content)
    assert export_lines(record) == export_lines(other_record)


def test_a_file_that_is_another_one_from_there_on_is_read_from_its_beginning(record: Record) -> None:
    content = lines(bluesky_day(40))
    import_one(record, "jetstream", content)
    assert import_one(record, "jetstream", content).whole
    changed_content = content.replace(b"Nothing but weather", b"Nothing but whether")
    head = content[:HEAD]
    result = import_one(record, "jetstream", head + changed_content[HEAD:].replace(b"bafyrei", b"bafyreg"))
    assert (result.whole, result.before, result.lines) == (False, 0, len(bluesky_day(40)))
    second_result = import_one(record, "jetstream", content[:5000])
    assert second_result.before == 0


def test_after_a_refused_file_nothing_is_skipped(record: Record) -> None:
    """Otherwise a second run of the command would not report the refusal again."""
    files = [file(lines(bluesky_day(2))), file(b"<html>"), file(lines(bluesky_day(2, 1)))]
    for _ in range(2):
        importer_ = file_import.import_archives(record, "jetstream", files, TERMS["bluesky"], NOW)
        first, error, last = importer_
        assert isinstance(error, InputError) and "a page of HTML" in str(error)
        assert isinstance(first, ImportedFile) and isinstance(last, ImportedFile)
        assert first.before + first.lines == len(bluesky_day(2)) and last.before + last.lines == len(bluesky_day(2, 1))


def test_after_a_refused_file_of_lines_nothing_is_skipped(record: Record) -> None:
    files = [file(lines(comments(9))), file(b"<html>"), file(lines(comments(9, 9)))]
    for _ in range(2):
        importer_ = file_import.import_archives(record, "hackernews", files, TERMS["hackernews"], NOW)
        _, error, last = importer_
        assert isinstance(error, InputError) and "a page of HTML" in str(error)
        assert isinstance(last, ImportedFile) and last.lines == 9


def test_standard_input_is_not_known_again(record: Record) -> None:
    stdin = file(lines(bluesky_day(2)))._replace(head=b"")
    import_files(record, "jetstream", stdin)
    assert cursor_of(record.database, "import:jetstream") is None
    [result] = import_files(record, "jetstream", stdin)
    assert result.lines == len(bluesky_day(2)) and result.posts == 0


def test_a_cursor_of_another_program_is_passed_over(record: Record) -> None:
    record.append(
        [Paper(paper="arxiv:2606.01000", title="Kettles", observed_at=1)], source="import:jetstream", cursor="7"
    )
    assert import_one(record, "jetstream", lines(bluesky_day(2))).lines == len(bluesky_day(2))


# ---- terms, forgetting, issues ----------------------------------------------------------------------------------


def raw_kinds(record: Record) -> list[str]:
    return [row[0] for row in record.database.rows("SELECT kind FROM raw ORDER BY kind")]


def test_what_is_old_is_not_kept_raw_what_is_new_is_as_long_as_the_network_allows(
    record: Record, tmp_path: Path
) -> None:
    content = lines(bluesky_day(3))
    import_one(record, "jetstream", content)
    assert raw_kinds(record) == []
    now = DAY_START + 3 * DAY
    with Record(str(tmp_path / "young.db")) as young_record:
        import_one(young_record, "jetstream", content, now=now)
        assert raw_kinds(young_record) == ["post"] * 3
        [source] = {row[0] for row in young_record.database.rows("SELECT source FROM raw")}
        assert source == "bluesky"


def test_what_was_forgotten_stays_out(record: Record) -> None:
    content = lines(bluesky_day(4))
    import_one(record, "jetstream", content)
    forget_key(record, f"bluesky:{bluesky.ANNA}")
    result = import_one(record, "jetstream", b"\n" + content)
    assert result.refused > 0 and result.posts == result.mentions == 0
    assert bluesky.ANNA.encode() not in export_lines(record)


def test_what_is_gone_is_not_brought_back_by_a_dump_that_seems_younger(record: Record, tmp_path: Path) -> None:
    """Its lines have no times, so they are taken to be as recent as the file."""
    dump = data("archives/hackernews-shapes.jsonl").read_bytes().splitlines(keepends=True)
    post, deletion = dump[1], b'{"deleted":true,"id":90000002,"time":1709287260,"retrieved_at":"2025-01-01"}\n'
    import_one(record, "hackernews", post + deletion, seen_at=NOW - DAY)
    assert not record.count(Mention)
    with Record(str(tmp_path / "steps.db")) as second_record:
        import_one(second_record, "hackernews", post, seen_at=1_735_000_000_000_000)
        import_one(second_record, "hackernews", deletion)
        result = import_one(second_record, "hackernews", post, seen_at=NOW - DAY)
        assert result.posts == 0 and second_record.count(Post) == 2


def test_a_late_import_changes_no_frozen_issue(record: Record) -> None:
    importer.import_lines(record, "talk", (ROOT / "docs" / "examples" / "talk.jsonl").read_bytes().splitlines())
    publication = Publication(publication="daily", title="Kettles", categories=("cs",), threshold=300, observed_at=1)
    record.append([publication], source="settings")
    issue = freeze.freeze_issue(record, publication, "2025-03-11")
    at = 1_741_660_000_000_000
    people = [f"{bluesky.ANNA}{n}" for n in range(9)]
    posts = [bluesky.create(did, bluesky.post("arxiv.org/abs/2503.99905"), time=at + n) for n, did in enumerate(people)]
    assert import_one(record, "jetstream", lines(posts)).posts == 9
    assert not check_record(record.database, record.hasher).findings
    [row] = record.view().latest(Issue)
    assert list(freeze.check_issue(record, row.item)) == []
    second_issue = freeze.freeze_issue(record, publication, "2025-03-11", again=True, reason="an archive was found")
    assert second_issue.digest != issue.digest
