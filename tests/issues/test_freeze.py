"""Frozen issues: they never change, are corrected by new editions, rebuild identically anywhere, and verify."""

from __future__ import annotations

import datetime
import hashlib
import json
import multiprocessing
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest

from hotpapers.base.errors import IssueError, NotFound, UsageError
from hotpapers.base.model import HOUR, Alias, Coverage, Issue, Item, Publication, RawPayload
from hotpapers.base.papers.announcement_days import calendar
from hotpapers.base.settings import BotSettings
from hotpapers.issues import build, freeze, windows
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.judged_freezing import judge_and_freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.record.issue_contents import decode_content
from hotpapers.record.record import Record
from hotpapers.record.verify import check_record
from tests.issues.listed import listed
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    counts,
    frozen,
    judged,
    key,
    moment,
    more_talk,
    numbers,
    paper,
    post,
    posts_about,
    read,
    write,
)
from tests.parsing import parse_all

TODAY = moment(DAY)
LATER = TODAY + 72 * HOUR


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def fortnight() -> list[Item]:
    """Two days with entries on two networks, a bot and a reading."""
    monday = moment("2024-05-06")
    return [
        DAILY,
        *background(networks=("bluesky", "mastodon")),
        *paper(1, "2024-05-06"), *posts_about(1, 50, monday), *posts_about(1, 20, monday, "mastodon"),
        *paper(2), *posts_about(2, 40, TODAY), *paper(3), *posts_about(3, 40, TODAY), *post(3, "bluesky:bot", TODAY),
        judged("bluesky:by-bot", "bot"), read("bluesky", monday, monday + 8 * HOUR),
        read("bluesky", monday + 8 * HOUR, TODAY + 9 * HOUR, at=TODAY),
    ]  # fmt: skip


def all_issues(record: Record) -> list[Issue]:
    return [row.item for row in record.view().latest(Issue)]


def problems_of(record: Record, issues: Sequence[Issue] = ()) -> list[str]:
    """What verifying these issues finds; by default, all issues."""
    return [str(finding) for item in issues or all_issues(record) for finding in freeze.check_issue(record, item)]


# ---- once and again ----------------------------------------------------------------------------------------


def test_frozen_twice_is_frozen_once(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, fortnight())
        first = frozen(record)
        position = record.head.position
        write(record, more_talk(2, 90, TODAY + HOUR))
        assert freeze.freeze_issue(record, DAILY, DAY, at=LATER) == first
        assert record.head.position == position + 1
        assert freeze.list_editions(record, "daily", DAY) == [first]
        assert issues_queries.frozen_days(record, "daily") == [DAY]
        assert first.digest == build.digest_of(first.content)
        assert problems_of(record) == []


def test_zones_told_otherwise_later_change_no_frozen_issue(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    write(record, fortnight())
    frozen(record)
    shifted = datetime.timezone(datetime.timedelta(hours=3))
    monkeypatch.setattr(windows, "ZoneInfo", lambda _: shifted)
    assert problems_of(record) == []


def test_a_correction_is_an_edition_and_both_stay_readable(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, fortnight())
        first = frozen(record)
        write(record, more_talk(3, 60, TODAY + HOUR))
        second = freeze.freeze_issue(record, DAILY, DAY, again=True, reason=" counts were misread ", at=LATER)
        assert (second.content.edition, second.content.replaces) == (2, first.digest)
        assert (second.content.reason, second.digest != first.digest) == ("counts were misread", True)
        assert numbers(first.content.entries) == [1, 2, 3]
        assert numbers(second.content.entries) == [1, 3, 2]
        assert freeze.list_editions(record, "daily", DAY) == [first, second]
        assert freeze.freeze_issue(record, DAILY, DAY) == second
        issue_reader = RecordIssueReader(record)
        latest, before = issue_reader.issue("daily", DAY), issue_reader.issue("daily", DAY, 1)
        assert (latest.content, before.content) == (second.content, first.content)
        assert latest.editions == before.editions == (first.digest, second.digest)
        assert [q.post.post for q in before.posts[key(3)]] == ["bluesky:3"]
        assert problems_of(record) == []


def test_a_correction_covers_what_its_issue_covered(record: Record) -> None:
    write(record, fortnight())
    first = frozen(record).content
    weekly = msgspec.structs.replace(DAILY, window="weekly", hour=20, zone="Asia/Tokyo", threshold=2)
    second = freeze.freeze_issue(record, weekly, DAY, again=True, reason="the threshold was wrong", at=LATER).content
    assert (second.from_at, second.as_of) == (first.from_at, first.as_of)
    assert second.publication == msgspec.structs.replace(DAILY, threshold=2)
    assert problems_of(record) == []


@pytest.mark.parametrize("categories", [("cs.LG",), ("biorxiv",), ("biorxiv", "cs.LG")])
def test_a_correction_keeps_the_moments_that_later_batches_or_settings_would_move(
    record: Record, categories: tuple[str, ...]
) -> None:
    write(record, fortnight())
    first = frozen(record).content
    read_later = Coverage(
        network="arxiv", from_at=calendar.announced_at(DAY), until_at=calendar.announced_at(DAY), state="complete",
        reason="", observed_at=first.as_of + HOUR,
    )  # fmt: skip
    write(record, read_later, posts_about(3, 90, first.as_of + HOUR // 2))
    changed = msgspec.structs.replace(DAILY, categories=categories)
    second = freeze.freeze_issue(record, changed, DAY, again=True, reason="why", at=LATER).content
    assert (second.from_at, second.as_of, second.until_at) == (first.from_at, first.as_of, first.until_at)
    assert problems_of(record) == []


def test_a_correction_is_judged_as_of_its_issues_close(record: Record) -> None:
    """Also if issues close later now: a correction does not wait for that."""
    write(record, fortnight())
    first = frozen(record).content
    later, bots = msgspec.structs.replace(DAILY, hour=20), BotSettings(bots=("bluesky:by-2",))
    at = first.as_of + HOUR
    second = judge_and_freeze(record, later, DAY, bots, again=True, reason="a bot was counted", at=at).content
    assert (numbers(first.entries), numbers(second.entries)) == ([1, 2, 3], [1, 3])
    assert problems_of(record) == []


def test_a_correction_reads_its_earlier_editions_once(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    write(record, fortnight())
    first = frozen(record).content
    read_content = Mock(wraps=decode_content)
    monkeypatch.setattr(freeze, "decode_content", read_content)
    judge_and_freeze(record, DAILY, DAY, BotSettings(), again=True, reason="why", at=first.as_of + HOUR)
    assert read_content.call_count == 1


def test_what_is_asked_of_freezing_must_make_sense(record: Record) -> None:
    write(record, fortnight())
    for again in (True, False):
        with pytest.raises(UsageError, match="--again --reason"):
            freeze.freeze_issue(record, DAILY, DAY, at=LATER, again=again, reason="why")
    frozen(record)
    for again, reason in ((True, ""), (True, "  "), (False, "why")):
        with pytest.raises(UsageError, match="--again --reason"):
            freeze.freeze_issue(record, DAILY, DAY, at=LATER, again=again, reason=reason)
    for day in ("2024-13-01", "today", "20240507", "2024-5-7", "", "0001-01-01", "9999-12-31"):
        with pytest.raises(UsageError, match="not a date"):
            freeze.freeze_issue(record, DAILY, day, at=LATER)
    listing = msgspec.structs.replace(DAILY, publication="other", window="listing")
    with pytest.raises(NotFound, match="other 2024-05-07: no listing"):
        freeze.freeze_issue(record, listing, DAY, at=LATER)


def test_the_publication_by_name(record: Record) -> None:
    with pytest.raises(NotFound, match="no publication yet"):
        freeze.publication_of(record, None)
    write(record, DAILY)
    assert freeze.publication_of(record, None) == DAILY
    other = Publication(publication="other", title="Other", observed_at=0)
    write(record, other, msgspec.structs.replace(DAILY, title="Another title", observed_at=1))
    assert freeze.publication_of(record, "daily").title == "Another title"
    assert freeze.publication_of(record, None).publication == "daily", "the first"
    with pytest.raises(NotFound, match="third: no such publication; there are: daily, other"):
        freeze.publication_of(record, "third")


# ---- two at once -------------------------------------------------------------------------------------------

DAYS = [f"2024-05-{day:02}" for day in (1, 2, 3, 6, 7, 8)]


def freeze_all(url: str) -> list[str]:
    """What the other process runs."""
    with Record(url) as record:
        return [frozen(record, day=day).digest for day in DAYS]


@pytest.mark.long
def test_two_processes_at_once_freeze_one_issue(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, fortnight())
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            first, second = pool.map(freeze_all, [store_url] * 2)
        assert first == second
        assert record.count(Issue) == len(DAYS)
        assert problems_of(record) == []
        assert check_record(record.database, record.hasher).findings == ()


def test_who_comes_second_gets_the_first_one_s_issue(
    record: Record, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process freezes just after ours has built the issue."""
    write(record, fortnight())
    first: list[freeze.FrozenIssue] = []

    def build_while_another_freezes(outer: Record, recipe: build.IssueRecipe) -> build.BuiltIssue:
        built = build.build_issue(outer, recipe)
        with monkeypatch.context() as undone, Record(sqlite_url) as inner:
            undone.setattr(freeze, "build_issue", build.build_issue)
            write(inner, paper(10 + recipe.edition))
            first.append(
                freeze.freeze_issue(inner, DAILY, DAY, again=recipe.edition > 1, reason=recipe.reason, at=LATER)
            )
        return built

    monkeypatch.setattr(freeze, "build_issue", build_while_another_freezes)
    assert frozen(record) == first[0]
    assert first[0].content.position == 2
    with pytest.raises(IssueError, match="another process"):
        freeze.freeze_issue(record, DAILY, DAY, again=True, reason="why", at=LATER)
    assert [issue.content.edition for issue in freeze.list_editions(record, "daily", DAY)] == [1, 2]


# ---- replay ------------------------------------------------------------------------------------------------


def test_what_comes_later_changes_no_frozen_issue(store_url: str) -> None:
    """Late observations, later verdicts, aliases, changed metadata, corrected earlier issues."""
    with Record(store_url) as record:
        write(record, fortnight())
        monday = frozen(record, day="2024-05-06")
        tuesday = frozen(record)
        late: list[Item] = [
            *more_talk(2, 99, TODAY + HOUR), *post(2, "mastodon:late", TODAY), *paper(2, "2024-01-01", "hep-th"),
            judged("bluesky:by-2", "bot"), judged("bluesky:3", "doubtful", key(3)), judged("bluesky:by-3", "hidden"),
            Alias(account="bluesky:by-2", stable="bluesky:by-3", observed_at=0),
            read("mastodon", TODAY, TODAY + HOUR, "refused"), *post(3, "bluesky:3", TODAY + 1, gone="deleted"),
        ]  # fmt: skip
        write(record, late)
        freeze.freeze_issue(record, DAILY, "2024-05-06", again=True, reason="the old one was wrong", at=LATER)
        assert problems_of(record) == []
        assert freeze.list_editions(record, "daily", DAY) == [tuesday]
        assert freeze.list_editions(record, "daily", "2024-05-06")[0] == monday
        again = freeze.freeze_issue(record, DAILY, DAY, again=True, reason="late counts", at=LATER)
        assert numbers(again.content.entries) != numbers(tuesday.content.entries)
        assert again.content.earlier[0].edition == 2


def better(likes: int) -> list[Item]:
    """What the readers make of the same raw payload."""
    return [*post(2, "bluesky:seen", TODAY), counts("bluesky:seen", likes, TODAY)]


def voices_of(issue: freeze.FrozenIssue, number: int = 2) -> int:
    (entry,) = [entry for entry in issue.content.entries if entry.paper == key(number)]
    return entry.voices


@pytest.mark.long
def test_a_better_reader_changes_no_frozen_issue(store_url: str) -> None:
    """Neither if it reads other counts nor if it reads nothing."""
    with Record(store_url) as record:
        write(record, fortnight())
        payload = RawPayload("post", "bluesky:seen", b"{}", TODAY)
        record.ingest(parse_all(lambda _: better(30), [payload]), source="made-up", at=TODAY)
        first = frozen(record)
        assert voices_of(first) == 71
        readers: list[list[Item]] = [better(10), []]
        for edition, items in enumerate(readers, 2):
            record.reprocess("made-up", lambda _, items=items: items, at=LATER)  # type: ignore[misc]
            assert problems_of(record) == []
            again = freeze.freeze_issue(record, DAILY, DAY, again=True, reason="read better", at=LATER)
            assert again.content.edition == edition
            assert voices_of(again) == (51, 40)[edition - 2]
        assert problems_of(record) == []


def test_a_post_of_our_own_may_be_forgotten_again_and_again(store_url: str) -> None:
    """Each time it is all that is known of its account, which is forgotten with it and then posts again."""
    own = "mastodon:by-x"
    own_publication = msgspec.structs.replace(DAILY, own=(own,))
    with Record(store_url) as record:
        write(record, own_publication, background(), paper(1), posts_about(1, 50, TODAY))
        for number in range(3):
            write(record, post(1, f"mastodon:{number}", TODAY, own))
            forget_key(record, f"mastodon:{number}")
        write(record, post(1, "mastodon:9", TODAY, own))
        (count,) = frozen(record, own_publication).content.entries[0].counts
        assert (count.network, len(record.voices_of([own]))) == ("bluesky", 4)
        assert problems_of(record) == []


@pytest.mark.long
def test_what_was_forgotten_still_verifies_and_ranks_alike(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, fortnight())
        long = "A made-up sentence that is long enough to be told from others"
        write(record, post(2, "bluesky:zz", TODAY, text=long), post(2, "mastodon:aa", TODAY + 1, text=long))
        first = frozen(record)
        for account in ("bluesky:by-2", "bluesky:by-zz"):
            forget_key(record, account)
        assert problems_of(record) == []
        again = freeze.freeze_issue(record, DAILY, DAY, again=True, reason="once more", at=LATER)
        ranked = [msgspec.structs.replace(entry, posts=()) for entry in first.content.entries]
        assert [msgspec.structs.replace(entry, posts=()) for entry in again.content.entries] == ranked
        assert again.content.entries[1].posts != first.content.entries[1].posts  # without text nothing is quoted
        assert problems_of(record) == []
        assert RecordIssueReader(record).issue("daily", DAY, 1).posts[key(2)] == ()


# ---- the same anywhere -----------------------------------------------------------------------------------------


def moved(source: str, target: str, records_only: bool = False) -> None:
    with Record(source) as origin, Record(target) as copy:
        import_lines(copy, "made-up.jsonl", record_lines(origin, records_only=records_only))


@pytest.mark.long
def test_the_same_batches_give_the_same_digests_in_both_databases(
    sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """A record frozen in SQLite moves to PostgreSQL and back: it verifies, and freezes identically."""
    with Record(sqlite_url) as record:
        write(record, fortnight())
        monday = frozen(record, day="2024-05-06")
    moved(sqlite_url, postgres_url)
    with Record(postgres_url) as record:
        assert problems_of(record) == []
        tuesday = frozen(record)
    with Record(sqlite_url) as record:
        assert frozen(record) == tuesday
    back = str(tmp_path / "back.db")
    moved(postgres_url, back)
    with Record(back) as record:
        assert freeze.list_editions(record, "daily", "2024-05-06") == [monday]
        assert freeze.list_editions(record, "daily", DAY) == [tuesday]
        assert problems_of(record) == []


def test_the_same_items_give_the_same_issue_in_a_store_of_its_own(store_url: str, tmp_path: Path) -> None:
    """Only the hashes of posts differ, as their salts are random."""

    def bare(content: object) -> object:
        plain = msgspec.to_builtins(content)
        return plain | {"chain": "", "entries": [entry | {"posts": len(entry["posts"])} for entry in plain["entries"]]}

    issues = []
    for url in (store_url, str(tmp_path / "other.db")):
        with Record(url) as record:
            write(record, fortnight())
            issues.append(bare(frozen(record).content))
    assert issues[0] == issues[1]


# ---- verifying -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        (
            "UPDATE snapshot SET likes = 20 WHERE post = (SELECT id FROM identity WHERE key = 'bluesky:2')",
            r"entries\[arxiv:2405.00002\]\.counts\[bluesky\]\.likes is 39, rebuilt 20",
        ),
        (
            "DELETE FROM snapshot WHERE post = (SELECT id FROM identity WHERE key = 'bluesky:2')",
            r"entries\[arxiv:2405.00002\] is .* rebuilt null",
        ),
        (
            "DELETE FROM announcement WHERE paper = (SELECT id FROM identity WHERE key = 'arxiv:2405.00002')",
            r"entries\[arxiv:2405.00002\] is .* rebuilt null",
        ),
        ("DELETE FROM verdict", r"entries\[arxiv:2405.00003\]\.counts\[bluesky\]\.bots is 1, rebuilt 0"),
        (
            "UPDATE paper SET title = 'X' WHERE paper = (SELECT id FROM identity WHERE key = 'arxiv:2405.00003')",
            r"entries\[arxiv:2405.00003\]\.metadata is",
        ),
        (
            "UPDATE post SET text = 'X' WHERE post = (SELECT id FROM identity WHERE key = 'bluesky:3')",
            r"entries\[arxiv:2405.00003\]\.posts\[1\] is",
        ),
        ("DELETE FROM coverage", r"readings\[bluesky\]\.state is \"complete\", rebuilt \"unknown\""),
        ("DELETE FROM issue WHERE day = '2024-05-06'", r"earlier\[2024-05-06\] is .* rebuilt null"),
        ("UPDATE issue SET digest = 'x' WHERE day = '2024-05-07'", "its digest does not match its content"),
        ("UPDATE issue SET content = '{}' WHERE day = '2024-05-07'", "its content cannot be read"),
        ("DELETE FROM batch WHERE position > 1", "was built from batch 4, which is missing"),
    ],
)
def test_what_was_changed_is_named(record: Record, sql: str, named: str) -> None:
    write(record, fortnight())
    write(record, post(1, "bluesky:other", TODAY))
    frozen(record, day="2024-05-06")
    write(record, paper(4), posts_about(4, 60, TODAY), post(4, "mastodon:4", TODAY))
    frozen(record)
    issues = all_issues(record)
    assert problems_of(record) == []
    record.database.run(sql)
    text = "\n".join(problems_of(record, [*all_issues(record), *issues]))
    assert re.search(named, text), text
    assert all(line.startswith("issue: daily 2024-05-0") for line in text.splitlines())


def test_a_content_that_no_database_can_look_up_is_named(record: Record) -> None:
    write(record, fortnight())
    frozen(record)
    [item] = all_issues(record)
    content = json.loads(item.content)
    content["publication"]["networks"] = ["a\0b"]
    text = json.dumps(content)
    forged = msgspec.structs.replace(item, content=text, digest=hashlib.sha256(text.encode()).hexdigest())
    [finding] = problems_of(record, [forged])
    assert "its content has U+0000" in finding
    content["publication"]["networks"], content["publication"]["title"] = [], r"an escaped \u0000"
    escaped = msgspec.structs.replace(item, content=json.dumps(content))
    assert "U+0000" not in "".join(problems_of(record, [escaped]))


@pytest.mark.parametrize("position", [10**30, -(10**30)])
def test_a_content_from_no_possible_batch_is_named(record: Record, position: int) -> None:
    write(record, fortnight())
    frozen(record)
    [item] = all_issues(record)
    text = json.dumps({**json.loads(item.content), "position": position})
    forged = msgspec.structs.replace(item, content=text, digest=hashlib.sha256(text.encode()).hexdigest())
    assert "its content does not say from which batch it was built" in problems_of(record, [forged])[0]


def test_many_differences_are_counted(record: Record) -> None:
    write(record, fortnight())
    for number in range(20, 60):
        write(record, paper(number), posts_about(number, number, TODAY))
    frozen(record)
    record.database.run(
        "UPDATE snapshot SET likes = likes + 1 WHERE post IN (SELECT id FROM identity WHERE key LIKE 'bluesky:_')"
    )
    record.database.run(
        "UPDATE snapshot SET likes = likes + 1 WHERE post IN (SELECT id FROM identity WHERE key LIKE 'bluesky:__')"
    )
    lines_found = problems_of(record)
    assert len(lines_found) == 11
    assert lines_found[-1].endswith("more differences")


def test_a_listing_without_its_counts_cannot_be_rebuilt(record: Record) -> None:
    publication = listed(record, {1: (30, 40), 2: (10, 45)})
    frozen(record, publication)
    record.database.run("DELETE FROM tally WHERE paper = (SELECT id FROM identity WHERE key = ?)", (key(2),))
    assert problems_of(record) == [
        f"issue: listed {DAY} edition 1: cannot be rebuilt: listed {DAY} #2: the record has no counts for {key(2)}"
    ]
