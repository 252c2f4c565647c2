"""Importing archives: every format, imports repeated, interrupted and resumed, refused files, truncated files, old
events."""

from __future__ import annotations

import codecs
import html
import json
from pathlib import Path

import pytest

from hotpapers.errors import InputError
from hotpapers.ingest.archives import HEAD, ImportedFile, event_import, file_import, framing
from hotpapers.issues import freeze
from hotpapers.model import DAY, Issue, Mention, Paper, Post, Publication, Reaction, Verdict
from hotpapers.privacy.forget import forget
from hotpapers.store import Record
from hotpapers.store.batches import cursor_of
from hotpapers.store.raw_archive import SHORTEST
from hotpapers.store.verify import check
from hotpapers.terms import TERMS
from hotpapers.transfer.jsonl import importer
from tests.conftest import ROOT, data
from tests.ingest import archives_made as made
from tests.ingest.archives_made import NOW, SEEN, comments, exported, file, lines, set_apart, take, take_one, talk
from tests.sources import bluesky_events as bluesky

SHAPES = {
    "jetstream-kettles": "jetstream", "hackernews-shapes": "hackernews", "reddit-dump": "reddit",
    "x-second": "x", "x-first": "x", "arxiv-snapshot": "arxiv", "eventdata-kettles": "eventdata",
}  # fmt: skip


# ---- formats -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_becomes_what_the_source_reads(record: Record, name: str) -> None:
    done = take_one(record, SHAPES[name], data(f"archives/{name}.jsonl"))
    made.same(f"{name}.items.jsonl", exported(record))
    said = [
        done._replace(file=name)._asdict(),
        [one.reason for one in set_apart(record, SHAPES[name].replace("jetstream", "bluesky"))],
    ]
    made.same(f"{name}.told.json", json.dumps(said, indent=1).encode() + b"\n")
    assert not check(record.database, record.hasher).findings


@pytest.mark.parametrize("name", SHAPES)
def test_twice_is_once_whatever_the_file_is_called(record: Record, name: str) -> None:
    content = data(f"archives/{name}.jsonl").read_bytes()
    take_one(record, SHAPES[name], content)
    before, position = exported(record), record.head.position
    again = take_one(record, SHAPES[name], content)
    assert again.posts == again.mentions == again.snapshots == again.reactions == again.gone == 0
    for more in (content + b"\n", b"\n" + content):  # as new files: everything is read again, nothing is added
        take_one(record, SHAPES[name], more)
    assert (exported(record), record.head.position) == (before, position)


@pytest.mark.parametrize("name", SHAPES)
def test_a_mark_of_the_encoding_is_no_part_of_a_line(record: Record, other: Record, name: str) -> None:
    content = data(f"archives/{name}.jsonl").read_bytes()
    plain = take_one(record, SHAPES[name], content)
    marked = b"".join(codecs.BOM_UTF8 + line for line in content.splitlines(keepends=True))
    assert take_one(other, SHAPES[name], marked) == plain
    assert exported(other) == exported(record)


def test_words_of_reddit_are_what_was_written_whether_a_dump_escapes_them_or_not(record: Record) -> None:
    written = [
        ("Lids & spouts", "> 3 < 4 &amp;\n\narxiv.org/abs/2606.01001?a=1&b=2"),
        ("Tea", "arxiv.org/abs/2606.01001"),
    ]
    dump = [
        {"id": f"lid{n}", "author": "cup", "created_utc": 1_767_300_000, "title": title, "selftext": text}
        for n, (title, text) in enumerate(written)
    ]
    escaped = [one | {key: html.escape(str(one[key]), quote=False) for key in ("title", "selftext")} for one in dump]
    for lines_of_dump in (dump, escaped):
        take_one(record, "reddit", lines(json.dumps(one).encode() for one in lines_of_dump))
        texts = {row.item.text for row in record.view().latest(Post)}  # type: ignore[attr-defined]
        assert texts == {f"{title}\n\n{text}" for title, text in written}
    assert len([line for line in exported(record).splitlines() if b'"kind":"post"' in line]) == 2


def test_lines_with_some_id_are_not_taken_for_reddits(record: Record) -> None:
    with pytest.raises(
        InputError, match=r"not in the format reddit: .* created_utc is missing\); it looks like Crossref's"
    ):
        take_one(record, "reddit", b'{"id":"e1","subj_id":"","obj_id":"","source_id":""}\n')


def test_in_both_databases(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as one, Record(str(tmp_path / "plain.db")) as plain:
        for record in (one, plain):
            take_one(record, "jetstream", lines(talk()))
            take_one(record, "x", data("archives/x-second.jsonl"))
        assert exported(one) == exported(plain)
        assert not check(one.database, one.hasher).findings


def test_the_moment_of_a_dump_is_the_one_in_its_lines_or_else_the_one_that_is_given(record: Record) -> None:
    take_one(record, "hackernews", data("archives/hackernews-shapes.jsonl"))
    moments = {row.item.post: row.item.observed_at for row in record.view().latest(Mention)}  # type: ignore[attr-defined]
    assert moments.pop("hackernews:90000007") == 1_709_856_000_000_000
    assert set(moments.values()) == {SEEN}


def test_a_dump_cannot_have_been_made_before_what_is_in_it(record: Record) -> None:
    line = {
        "id": 7,
        "by": "cup",
        "type": "comment",
        "parent": 1,
        "time": 1_767_300_000,
        "text": "arxiv.org/abs/2512.00001",
    }
    take_one(record, "hackernews", json.dumps(line).encode(), seen_at=SEEN)
    [row] = record.view().latest(Post)
    assert row.item.observed_at == 1_767_300_000_000_000


def test_an_old_wording_does_not_come_after_the_new_one(record: Record) -> None:
    """X numbers each wording of a post and can return any of them: the older one here was retrieved later."""
    take_one(record, "x", data("archives/x-second.jsonl"))
    [row] = record.view().latest(Post, "t.post = (SELECT id FROM identity WHERE key = ?)", ("x:1577000000000000001",))
    assert isinstance(row.item, Post) and row.item.text.startswith("Now without the typo")


# ---- Bluesky, in the order of the archive ----------------------------------------------------------------


def count(record: Record) -> dict[str, int]:
    return {kind.__name__: record.count(kind) for kind in (Post, Mention, Reaction, Verdict)}


def test_a_days_talk_is_sifted_as_if_it_came_now(record: Record) -> None:
    done = take_one(record, "jetstream", lines(talk()))
    assert (done.lines, done.posts, done.mentions, done.gone) == (len(talk()), 16, 14, 3)
    likes = [row.item for row in record.view().latest(Reaction) if isinstance(row.item, Reaction)]
    assert sum(one.withdrawn for one in likes) == 4 and len(likes) == 26
    assert [row.item.reason for row in record.view().latest(Verdict)] == ["edited: no longer names it"] * 2  # type: ignore[attr-defined]


def test_how_much_goes_in_at_once_makes_no_difference(
    record: Record, other: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_one(record, "jetstream", lines(talk(30)))
    monkeypatch.setattr(event_import, "MOST_SEEN", 1)
    take_one(other, "jetstream", lines(talk(30)))
    assert exported(other) == exported(record)


def test_the_frames_of_the_relay_say_the_same(record: Record) -> None:
    at, when = 1_783_036_800_000_000, "2026-07-03T00:00:00.000Z"
    post = bluesky.commit_frame(
        bluesky.ANNA, f"app.bsky.feed.post/{bluesky.tid(at)}", bluesky.post("arxiv.org/abs/2606.01000"), 1, when
    )
    like = {"subject": {"cid": "bafyrei", "uri": bluesky.at_uri(bluesky.ANNA, at)}}
    liked = bluesky.commit_frame(bluesky.BERT, "app.bsky.feed.like/3aaaaaaaaaa2b", like, 2, when)
    odd = bluesky.frame("#info", {"name": "OutdatedCursor"})
    frames = [post, odd, b"\xa0", liked]
    content = b"".join(len(one).to_bytes(4, "little") + one for one in frames)
    done = take_one(record, "firehose", content + b"\x05\x00")
    assert (done.lines, done.posts, done.reactions, done.quarantined, done.cut) == (4, 1, 1, 1, True)
    assert take_one(record, "firehose", content + b"\x05\x00").whole
    with pytest.raises(InputError, match=r"no frame at byte \d+: impossible length 4,294,967,295; the 4 lines before"):
        take_one(record, "firehose", content + b"\xff" * 8)
    with pytest.raises(InputError, match=r"^archive\.jsonl: no frame at byte 0: impossible length"):
        take_one(record, "firehose", lines(talk()))


def test_who_is_tracked_is_who_was_tracked_then(record: Record) -> None:
    """A post of 40 days before is no longer tracked, a later one not yet, although both are in the record."""
    early, late = made.TALK - 40 * DAY, made.TALK + 2 * DAY
    for at in (early, late):
        take_one(record, "jetstream", bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01001"), time=at))
    likes = [
        bluesky.reaction_event(bluesky.BERT, bluesky.at_uri(bluesky.ANNA, at), time=made.TALK) for at in (early, late)
    ]
    assert take_one(record, "jetstream", lines(likes)).reactions == 0
    liked_then = bluesky.reaction_event(bluesky.BERT, bluesky.at_uri(bluesky.ANNA, early), time=early + 2 * DAY)
    assert take_one(record, "jetstream", lines([*likes, liked_then])).reactions == 1


def test_a_post_that_is_followed_no_more_can_still_be_gone(record: Record) -> None:
    early = made.TALK - 40 * DAY
    deletions = [
        bluesky.create(who, None, rkey=bluesky.tid(early), time=made.TALK) for who in (bluesky.ANNA, bluesky.BERT)
    ]
    take_one(record, "jetstream", bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01001"), time=early))
    assert take_one(record, "jetstream", lines(deletions)).gone == 1


@pytest.mark.parametrize("moment", [0, -5, NOW + 2 * 3_600_000_000, 10**18])
def test_an_event_at_no_moment_is_set_apart(record: Record, moment: int) -> None:
    good = bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01001"), time=made.TALK)
    bad = good.replace(str(made.TALK).encode(), str(moment).encode())
    done = take_one(record, "jetstream", lines([good, bad]))
    assert (done.posts, done.quarantined) == (1, 1)
    assert "impossible time" in set_apart(record, "bluesky")[0].reason


# ---- interrupted and resumed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 9, 20, 33, 50, 71])
def test_stopped_and_gone_on_with_is_the_same_as_in_one_go(
    record: Record, other: Record, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "BLOCK", 1)
    monkeypatch.setattr(file_import, "MOST_SEEN", 4)
    content = lines(comments(76))
    take_one(record, "hackernews", content)
    with pytest.raises(made.Stopped):
        take(other, "hackernews", file(content, after=after))
    done = take_one(other, "hackernews", content)
    assert done.before + done.lines == 76 and (done.before > 0) == (after > 9)
    assert exported(other) == exported(record)
    assert not check(other.database, other.hasher).findings


@pytest.mark.parametrize("after", [0, 30, 60])
def test_several_files_are_gone_on_with_in_the_one_in_which_it_stopped(
    record: Record, other: Record, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "BLOCK", 1)
    monkeypatch.setattr(file_import, "MOST_SEEN", 4)
    parts = [lines(comments(40)), lines(comments(60, 40)), lines(comments(50, 100))]
    take(record, "hackernews", *map(file, parts))
    with pytest.raises(made.Stopped):
        take(other, "hackernews", file(parts[0]), file(parts[1], after=after), file(parts[2]))
    first, second, third = take(other, "hackernews", *map(file, parts))
    assert first.whole and third.lines == 50 and (after == 0 or second.before > 0)
    assert exported(other) == exported(record)
    assert [one.whole for one in take(other, "hackernews", *map(file, parts[:2]))] == [
        False,
        False,
    ]  # a different set of files


@pytest.mark.parametrize("batch", [0, 1, 2, 5, 9])
def test_events_are_gone_on_with_in_the_moment_in_which_it_stopped(
    record: Record, other: Record, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A like in one file is withdrawn in the next; the order of the files makes no difference."""
    monkeypatch.setattr(event_import, "MOST_SEEN", 4)
    whole = [*talk(12), *talk(12, 1)]
    parts = [file(lines(whole[:40])), file(lines(whole[40:100])), file(lines(whole[100:]))]
    take(record, "jetstream", *parts)
    with monkeypatch.context() as patch:
        made.stop_before(patch, batch)
        with pytest.raises(made.Stopped):
            take(other, "jetstream", *parts)
    done = take(other, "jetstream", *reversed(parts))
    assert sum(one.before for one in done) > 4 * batch - 4 and sum(one.before + one.lines for one in done) == len(whole)
    assert exported(other) == exported(record) and not check(other.database, other.hasher).findings
    assert [one.whole for one in take(other, "jetstream", *parts)] == [True] * 3
    again = take(other, "jetstream", *parts[:2])  # a different set of files
    assert not any(one.whole or one.posts or one.reactions or one.gone for one in again)


def test_other_files_begin_anew_and_change_nothing(record: Record) -> None:
    one, two, three = (lines(talk(3, day)) for day in (0, 1, 2))
    take(record, "jetstream", file(one), file(three))
    before = exported(record)
    done = take(record, "jetstream", file(one), file(two), file(three))
    assert [part.whole for part in done] == [False] * 3 and [part.posts > 0 for part in done] == [False, True, False]
    assert len(exported(record)) > len(before)


def test_a_file_that_has_grown_is_read_from_where_it_ended(record: Record) -> None:
    whole = lines(comments(100))
    end = len(lines(comments(99)))
    done = take_one(record, "hackernews", whole[: end + 10])
    assert done.cut and done.lines == 99
    more = take_one(record, "hackernews", whole)
    assert more.before > 90 and more.before + more.lines == 100 and not more.cut


def test_a_file_of_events_that_has_grown_brings_the_rest(record: Record, other: Record) -> None:
    whole = lines(talk(40))
    end = len(lines(talk(39)))
    done = take_one(record, "jetstream", whole[: end + 100])
    assert done.cut and done.lines == len(talk(39))
    more = take_one(record, "jetstream", whole)
    assert (more.lines, more.cut) == (len(talk(40)), False) and 0 < more.posts < 3
    take_one(other, "jetstream", whole)
    assert exported(record) == exported(other)


def test_a_file_that_is_another_one_from_there_on_is_read_from_its_beginning(record: Record) -> None:
    content = lines(talk(40))
    take_one(record, "jetstream", content)
    assert take_one(record, "jetstream", content).whole
    changed = content.replace(b"Nothing but weather", b"Nothing but whether")
    head = content[:HEAD]
    done = take_one(record, "jetstream", head + changed[HEAD:].replace(b"bafyrei", b"bafyreg"))
    assert (done.whole, done.before, done.lines) == (False, 0, len(talk(40)))
    shorter = take_one(record, "jetstream", content[:5000])
    assert shorter.before == 0


def test_after_a_refused_file_nothing_is_skipped(record: Record) -> None:
    """Otherwise a second run of the command would not report the refusal again."""
    files = [file(lines(talk(2))), file(b"<html>"), file(lines(talk(2, 1)))]
    for _ in range(2):
        importer_ = file_import.ArchiveImporter(record, "jetstream", files, TERMS["bluesky"], NOW)
        first, refused, last = importer_.results()
        assert isinstance(refused, InputError) and "a page of HTML" in str(refused)
        assert isinstance(first, ImportedFile) and isinstance(last, ImportedFile)
        assert first.before + first.lines == len(talk(2)) and last.before + last.lines == len(talk(2, 1))


def test_after_a_refused_file_of_lines_nothing_is_skipped(record: Record) -> None:
    files = [file(lines(comments(9))), file(b"<html>"), file(lines(comments(9, 9)))]
    for _ in range(2):
        importer_ = file_import.ArchiveImporter(record, "hackernews", files, TERMS["hackernews"], NOW)
        _, refused, last = importer_.results()
        assert isinstance(refused, InputError) and "a page of HTML" in str(refused)
        assert isinstance(last, ImportedFile) and last.lines == 9


def test_standard_input_is_not_known_again(record: Record) -> None:
    piped = file(lines(talk(2)))._replace(head=b"")
    take(record, "jetstream", piped)
    assert cursor_of(record.database, "import:jetstream") is None
    [again] = take(record, "jetstream", piped)
    assert again.lines == len(talk(2)) and again.posts == 0


def test_a_cursor_of_another_program_is_passed_over(record: Record) -> None:
    record.append(
        [Paper(paper="arxiv:2606.01000", title="Kettles", observed_at=1)], source="import:jetstream", cursor="7"
    )
    assert take_one(record, "jetstream", lines(talk(2))).lines == len(talk(2))


# ---- unreadable input -----------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_kept_a_while_from_now_on_with_its_reason(record: Record) -> None:
    content = data("archives/reddit-dump.jsonl").read_bytes()
    done = take_one(record, "reddit", content)
    apart = set_apart(record, "reddit")
    assert done.quarantined == len(apart) == 3
    assert {one.seen_at for one in apart} == {NOW} and {one.keep_until for one in apart} == {NOW + SHORTEST}
    assert apart[0].reason == "InputError: not a submission or comment: 't9_zzaa05'"


def test_what_the_source_cannot_read_is_set_apart_too(record: Record) -> None:
    bad = bluesky.create(bluesky.ANNA, {"text": 5, "why": "arxiv.org/abs/2606.01000"}, time=made.TALK)
    good = bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01000"), time=made.TALK)
    assert take_one(record, "jetstream", lines([bad, good])).quarantined == 1
    assert set_apart(record, "bluesky")[0].seen_at == NOW


def test_an_entry_that_would_be_read_by_itself_is_set_apart_all_the_same(record: Record) -> None:
    page = {"data": [{"id": "1500000000000000001"}, {"id": "ten", "limit": {}}]}
    assert take_one(record, "x", json.dumps(page).encode()).quarantined == 1
    assert set_apart(record, "x")[0].reason == "InputError: cannot be read"


def test_a_line_without_end_is_passed_over_and_bounded(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LONGEST", 2_000)
    monkeypatch.setattr(framing, "BLOCK", 300)
    good = list(talk(1))
    done = take_one(record, "jetstream", lines([good[0], b'{"did":"' + b"x" * 10_000, good[2]]))
    assert (done.lines, done.posts, done.reactions, done.quarantined, done.cut) == (3, 1, 1, 1, False)
    assert take_one(record, "jetstream", lines(good)[: len(good[0]) + 1] + b'{"did":"' + b"x" * 10_000).posts == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!doctype html>\n<p>busy</p>", "a page of HTML or XML"),
        (b"BZh91AY&SY", "bzip2: unpack it first (bzcat FILE | hotpapers import FORMAT -)"),
        (b"\xfd7zXZ\x00", "xz: unpack it first (xzcat FILE | hotpapers import FORMAT -)"),
        (b"PK\x03\x04", "a zip file: unpack it first"),
        (b":\xa2eroots\x81\xd8*", "an AT Protocol repository: hotpapers import car"),
        (b'{"subj_id":"","obj_id":"","source_id":""}\n', "Crossref's Event Data: hotpapers import eventdata"),
        (b'{"pages":[],"source-id":""}\n', "evidence records of Crossref's Event Data: hotpapers import eventdata"),
        (b"SQLite format 3\x00", "a SQLite database"),
        (b'---\ntitle: Hot Papers 2021-01-14', "an issue in Markdown: hotpapers import classic"),
        (b"window.YTD.tweets.part0 = [\n", "X's archive of a user's own posts, which is not supported"),
        (b'{\n "id": 7\n}', "JSON spread over several lines: put each object on a line of its own (jq -c)"),
        (b"id,by,time\n7,cup,8\n", "a CSV table: convert its rows to lines of JSON first"),
        (b"just words\n", "something other than lines of JSON"),
        (b'{"kind":"post","observed_at":7}\n', "lines written by `hotpapers export`: hotpapers import jsonl"),
        (b'{"did":"did:plc:x","time_us":5,"kind":"commit"}\n', "Jetstream events: hotpapers import jetstream"),
        (b'{"subreddit":"kettles","created_utc":5}\n', "Reddit submissions or comments: hotpapers import reddit"),
        (b'{"id_str":"7","user":{},"text":""}\n', "posts from X: hotpapers import x"),
        (b'{"objectID":null,"title":""}\n', "JSON in an unknown format"),
        (b"[1, 2]\n", "JSON in an unknown format"),
        (b"\xfe{\n", "something other than lines of JSON"),
        (
            b"\xff\xfe{\x00\n",
            "UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8 FILE | hotpapers import FORMAT -)",
        ),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_and_told_what_it_looks_like(
    record: Record, content: bytes, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        take_one(record, "hackernews", content)
    reason = str(refused.value)
    assert reason.startswith("archive.jsonl: not in the format hackernews: none of its lines can be read (")
    assert reason.endswith(f"; it looks like {said}")
    assert record.head.position == 0 and not set_apart(record, "hackernews")


def test_a_table_of_no_format_that_reads_tables_is_refused(record: Record) -> None:
    with pytest.raises(InputError, match="a Parquet file, supported for Hacker News only: convert its rows to lines"):
        take_one(record, "reddit", b"PAR1")


def test_a_hundred_lines_that_cannot_be_read_are_enough(record: Record) -> None:
    words = [b"line %d" % n for n in range(200)]
    with pytest.raises(InputError, match="none of its first 100 lines can be read"):
        take_one(record, "x", lines(words))
    assert not set_apart(record, "x")
    good = b'{"id":"1500000000000000001","text":"arxiv.org/abs/2202.01111","author_id":"7"}'
    done = take_one(record, "x", lines([*words[:99], good, *words]))
    assert (done.posts, done.quarantined, done.lines) == (1, 299, 300)


def test_an_empty_file_is_no_mistake(record: Record) -> None:
    for content in (b"", b"\n \n"):
        done = take_one(record, "reddit", content)
        assert (done.lines, done.whole, done.cut) == (0, False, False)


# ---- terms, forgetting, issues ----------------------------------------------------------------------------------


def raw(record: Record) -> list[str]:
    return [row[0] for row in record.database.rows("SELECT kind FROM raw ORDER BY kind")]


def test_what_is_old_is_not_kept_raw_what_is_new_is_as_long_as_the_network_allows(
    record: Record, tmp_path: Path
) -> None:
    content = lines(talk(3))
    take_one(record, "jetstream", content)
    assert raw(record) == []
    now = made.TALK + 3 * DAY
    with Record(str(tmp_path / "young.db")) as young:
        take_one(young, "jetstream", content, now=now)
        assert raw(young) == ["post"] * 3
        [kept] = {row[0] for row in young.database.rows("SELECT source FROM raw")}
        assert kept == "bluesky"


def test_what_was_forgotten_stays_out(record: Record) -> None:
    content = lines(talk(4))
    take_one(record, "jetstream", content)
    forget(record, f"bluesky:{bluesky.ANNA}")
    done = take_one(record, "jetstream", b"\n" + content)
    assert done.refused > 0 and done.posts + done.mentions > 0
    assert bluesky.ANNA.encode() not in exported(record)


def test_what_is_gone_is_not_brought_back_by_a_dump_that_seems_younger(record: Record, tmp_path: Path) -> None:
    """Its lines have no times, so it is taken to be as recent as its file."""
    dump = data("archives/hackernews-shapes.jsonl").read_bytes().splitlines(keepends=True)
    alive, gone = dump[1], b'{"deleted":true,"id":90000002,"time":1709287260,"retrieved_at":"2025-01-01"}\n'
    take_one(record, "hackernews", alive + gone, seen_at=NOW - DAY)
    assert not record.count(Mention)
    with Record(str(tmp_path / "steps.db")) as steps:
        take_one(steps, "hackernews", alive, seen_at=1_735_000_000_000_000)
        take_one(steps, "hackernews", gone)
        done = take_one(steps, "hackernews", alive, seen_at=NOW - DAY)
        assert done.posts == 0 and steps.count(Post) == 2


def test_a_late_import_changes_no_frozen_issue(record: Record) -> None:
    importer.import_lines(record, "talk", (ROOT / "docs" / "examples" / "talk.jsonl").read_bytes().splitlines())
    publication = Publication(publication="daily", title="Kettles", categories=("cs",), threshold=300, observed_at=1)
    record.append([publication], source="settings")
    frozen = freeze.freeze(record, publication, "2025-03-11")
    at = 1_741_660_000_000_000
    people = [f"{bluesky.ANNA}{n}" for n in range(9)]
    posts = [bluesky.create(who, bluesky.post("arxiv.org/abs/2503.99905"), time=at + n) for n, who in enumerate(people)]
    assert take_one(record, "jetstream", lines(posts)).posts == 9
    assert not check(record.database, record.hasher).findings
    [row] = record.view().latest(Issue)
    assert isinstance(row.item, Issue) and list(freeze.check_issue(record, row.item)) == []
    again = freeze.freeze(record, publication, "2025-03-11", again=True, reason="an archive was found")
    assert again.digest != frozen.digest
