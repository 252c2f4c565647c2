"""Tables for research contain what the issues were built from, and nobody's words."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.errors import InputError, UsageError
from hotpapers.base.model import (
    BEGAN,
    HOUR,
    READ_BACK,
    Alias,
    Item,
    Measurement,
    Mention,
    Paper,
    Publication,
    Reaction,
    Snapshot,
    Tally,
    Verdict,
)
from hotpapers.discussion.moderation.bots.review import withdraw_rows
from hotpapers.issues import freeze
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.wings.tables.commands import write_tables
from hotpapers.wings.tables.describe import DESCRIPTIONS
from hotpapers.wings.tables.schema import SCHEMA_VERSION, TABLES
from tests.cli.run import good, misuse
from tests.conftest import ROOT
from tests.disks import small_disk
from tests.issues.made import DAY, background, counts, issue, judged, key, moment, paper, post, posts_about, read, write
from tests.wings.tables.recounts import ask, recounted, rescored

TODAY = moment(DAY)
NAMED = Publication(
    publication="daily", title="The Daily Dozen", threshold=1, own=("bluesky:@us", "bluesky:nobody"), observed_at=0
)
BOTH = ("bluesky", "mastodon")
SHARED = "The same kettle on two stoves: both of them whistle"


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF") if opened.database.name == "sqlite" else None
        write(
            opened, NAMED, background(networks=("bluesky", "mastodon")),
            [item for n in range(1, 9) for item in paper(n)],
            [item for n in range(1, 7) for item in posts_about(n, 5 + 3 * n, TODAY + n * HOUR // 2)],
            [item for n in range(2, 6) for item in posts_about(n, 4 + n, TODAY + HOUR, "mastodon")],
            post(3, "bluesky:second", TODAY + 2 * HOUR, text="A second kettle on the same stove, warmer"),
            counts("bluesky:second", 7, TODAY + 3 * HOUR, 2), counts("bluesky:second", 9, TODAY + 4 * HOUR, 3),
            post(4, "bluesky:bot", TODAY + HOUR, text="New paper by a program"),
            judged("bluesky:by-bot", "bot"),
            Alias(account="bluesky:@us", stable="bluesky:us", observed_at=TODAY),
            judged("bluesky:4", "doubtful", key(4), "words"), judged("bluesky:4", "sound", key(4), "operator"),
            *(post(5, f"{name}:shared", TODAY + HOUR, text=SHARED) for name in BOTH),
            Tally(paper=key(7), network="x", method="weekly/1", reposts=3, likes=40, observed_at=TODAY),
            read("bluesky", TODAY - HOUR, TODAY + 9 * HOUR),
        )  # fmt: skip
        yield opened


@pytest.fixture
def tables(record: Record, tmp_path: Path) -> Path:
    """The tables of a record with two issues."""
    issue(record, NAMED)
    folder = tmp_path / "tables"
    write_tables(record, folder, TODAY + 72 * HOUR)
    return folder


def test_the_counts_of_an_issue_are_those_of_the_posts(tables: Path, record: Record) -> None:
    counts = list(recounted(tables))
    assert [count for count in counts if count.printed != count.recounted] == []
    networks = [count.network for count in counts if count.name == "bots"]
    assert networks.count("bluesky") >= 5 and networks.count("mastodon") >= 4
    assert sum(count.printed for count in counts if count.name == "bots") == 1
    entries = ask(tables, "SELECT paper, score, voices FROM entries WHERE lane = 'entries' ORDER BY place")
    content = issue(record, NAMED)
    assert entries == [(entry.paper.removeprefix("arxiv:"), entry.score, entry.voices) for entry in content.entries]


@pytest.mark.parametrize("ranking", ["classic/1", "rarity/1", "rarity/2"])
def test_scores_can_be_recomputed(record: Record, tmp_path: Path, ranking: str) -> None:
    content = issue(record, msgspec.structs.replace(NAMED, ranking=ranking))
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    scores = rescored(tmp_path)
    assert [(paper, printed) for paper, printed, _ in scores] == [
        (entry.paper.removeprefix("arxiv:"), entry.score) for entry in content.entries
    ]
    assert [score for score in scores if score[1] != score[2]] == []
    counted = ask(tmp_path, "SELECT DISTINCT counted_as FROM entry_counts ORDER BY ALL")
    assert counted == [("likes" if ranking == "rarity/2" else None,)]


def test_an_issue_keeps_its_counts_when_a_judgment_changes(record: Record, tmp_path: Path) -> None:
    issue(record, NAMED)
    [bot] = [verdict for verdict in record.view().items(Verdict) if verdict.judgement == "bot"]
    write(record, msgspec.structs.replace(bot, judgement="human", observed_at=TODAY + 20 * HOUR))
    write_tables(record, tmp_path / "tables", TODAY + 72 * HOUR)
    assert [count for count in recounted(tmp_path / "tables") if count.printed != count.recounted] == []
    sql = f"SELECT judgement FROM verdicts WHERE rule = '{bot.rule}' ORDER BY observed_at"
    assert ask(tmp_path / "tables", sql) == [("bot",), ("human",)]


BEFORE, AFTER = TODAY + 5 * HOUR, TODAY + 20 * HOUR
"""Moments before and after the one up to which the papers of today are counted."""


def close(record: Record, kind: type[Item], where: str) -> None:
    withdraw_rows(record, record.view().latest(kind, where), at=AFTER)


def read_again(record: Record) -> None:
    """As a newer parser reads a raw payload again."""
    close(record, Snapshot, "t.likes = 9")
    write(record, counts("bluesky:second", 5, TODAY + 4 * HOUR, 3))


def shared(network: str, at: int, **changed: object) -> Item:
    """A later observation of the post that is on two networks."""
    [first, _] = post(5, f"{network}:shared", TODAY + HOUR, text=SHARED)
    return msgspec.structs.replace(first, observed_at=at, **changed)


LEARNED_BEFORE: dict[str, Callable[[Record], object]] = {
    "counts": lambda record: write(record, counts("bluesky:2", 50, BEFORE, 3)),
    "a post": lambda record: write(record, post(2, "bluesky:late", BEFORE)),
    "an edit": lambda record: write(record, shared("mastodon", BEFORE, text="Something else about the same paper")),
    "a deletion": lambda record: write(record, shared("bluesky", BEFORE, gone="deleted", account="", text="")),
    "a bot": lambda record: write(record, judged("mastodon:by-2", "bot", rule="list", at=BEFORE)),
    "no bot": lambda record: write(record, judged("bluesky:by-bot", "human", rule="operator", at=BEFORE)),
    "a withdrawn verdict": lambda record: close(record, Verdict, "t.judgement = 'bot'"),
    "a doubt": lambda record: write(record, judged("bluesky:2", "doubtful", key(2), at=BEFORE)),
    "an alias": lambda record: write(
        record, Alias(account="mastodon:by-2", stable="bluesky:by-2", observed_at=BEFORE)
    ),
    "another reading": read_again,
    "no mention": lambda record: close(record, Mention, f"t.post IN ({NUMBERED})"),
}  # fmt: skip
"""What may be learned after an issue, but was observed before it closed."""
NUMBERED = "SELECT id FROM identity WHERE key = 'bluesky:second'"


@pytest.mark.long
@pytest.mark.parametrize("learned", LEARNED_BEFORE)
def test_each_edition_has_the_counts_of_what_it_knew(record: Record, tmp_path: Path, learned: str) -> None:
    issue(record, NAMED)
    LEARNED_BEFORE[learned](record)
    freeze.freeze_issue(record, NAMED, DAY, again=True, reason="made up", at=TODAY + 60 * HOUR)
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    assert [count for count in recounted(tmp_path) if count.printed != count.recounted] == []
    sql = """SELECT paper, network, voices, reposts, likes, bots FROM entry_counts WHERE edition = {}
        EXCEPT SELECT paper, network, voices, reposts, likes, bots FROM entry_counts WHERE edition = {}"""
    assert ask(tmp_path, sql.format(1, 2)) + ask(tmp_path, sql.format(2, 1)) != []


LEARNED_AFTER: dict[str, Callable[[Record], object]] = {
    "an edit": lambda record: write(record, shared("mastodon", AFTER, text="Something else about the same paper")),
    "deletions": lambda record: write(
        record, *(shared(name, AFTER, gone="deleted", account="", text="", created_at=0) for name in BOTH)
    ),
    "a doubt": lambda record: write(record, judged("bluesky:4", "doubtful", key(4), "operator", AFTER)),
    "a forgotten post": lambda record: forget_key(record, "bluesky:shared"),
    "a forgotten person": lambda record: forget_key(record, "mastodon:by-shared"),
}
"""What may be learned after an issue has closed."""


@pytest.mark.parametrize("learned", LEARNED_AFTER)
def test_an_issue_has_the_counts_of_its_moment(record: Record, tmp_path: Path, learned: str) -> None:
    issue(record, NAMED)
    LEARNED_AFTER[learned](record)
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    assert [count for count in recounted(tmp_path) if count.printed != count.recounted] == []


def test_a_weekly_issue_counts_its_own_time_for_papers_that_were_announced_before_or_later(
    store_url: str, tmp_path: Path
) -> None:
    """A paper may be replaced only after the issue, or announced at the very moment at which its time begins."""
    weekly = msgspec.structs.replace(NAMED, window="weekly")
    starts, cut = moment("2024-04-29T08:00"), moment("2024-05-06T08:00")
    with Record(store_url) as record:
        write(record, weekly, background(networks=BOTH), paper(2, at=starts), paper(3, "2024-05-01"))
        for number in (1, 2, 3):
            write(record, post(number, f"mastodon:early{number}", starts - HOUR))
            write(record, posts_about(number, 4, starts + HOUR, "mastodon"))
        content = issue(record, weekly, "2024-05-06")
        assert (content.from_at, content.as_of) == (starts, cut)
        write(record, paper(1, at=cut + HOUR, type="replacement"))
        write_tables(record, tmp_path, cut + 72 * HOUR)
    counts = list(recounted(tmp_path))
    assert [count for count in counts if count.printed != count.recounted] == []
    voices = {count.paper[-1]: count.printed for count in counts if count.name == "voices"}
    assert voices == {"1": 4, "2": 4, "3": 5}


def test_what_was_said_before_a_network_was_read_counts_by_when_it_was_said(record: Record, tmp_path: Path) -> None:
    began = TODAY + 7 * HOUR
    for number, at in enumerate((TODAY + 5 * HOUR, TODAY + 6 * HOUR, TODAY + 6 * HOUR + 1)):
        write(record, post(2, f"lobsters:{number}", at, observed_at=began))
    write(record, counts("lobsters:0", 4, began), read("lobsters", began, began, reason=BEGAN))
    write(record, read("lobsters", began + 1, began + 1, reason=READ_BACK, at=began))
    issue(record, NAMED)
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    assert ask(tmp_path, "SELECT voices FROM entry_counts WHERE network = 'lobsters'") == [(6,)]
    assert [count for count in recounted(tmp_path) if count.printed != count.recounted] == []


def test_each_text_of_an_edited_post_has_a_number_of_its_own(record: Record, tmp_path: Path) -> None:
    """One person elsewhere repeats the first text, another one the second: only the latter's counts with it."""
    old, new = "Three whistles on an old stove: all of them are heard", "Nobody hears any of the old stove's whistles"
    [first, mention] = post(6, "bluesky:edited", TODAY + HOUR, text=old)
    edit = msgspec.structs.replace(first, text=new, observed_at=TODAY + 2 * HOUR)
    others = [post(6, f"mastodon:{name}", TODAY + HOUR, text=text) for name, text in (("a", old), ("b", new))]
    write(record, first, mention, edit, *others)
    issue(record, NAMED)
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    assert [count for count in recounted(tmp_path) if count.printed != count.recounted] == []
    sql = "SELECT post_number FROM post_history GROUP BY 1 HAVING count(DISTINCT text_number) = 2"
    assert len(ask(tmp_path, sql)) == 1


def test_an_issue_does_not_count_its_own_publication(record: Record, tmp_path: Path) -> None:
    for number, account in enumerate(("bluesky:us", "bluesky:@us"), 2):
        write(record, post(number, f"bluesky:own{number}", TODAY + HOUR, account, text="In the issue of today"))
    content = issue(record, NAMED)
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    assert [count for count in recounted(tmp_path) if count.printed != count.recounted] == []
    assert {entry.paper for entry in content.entries} >= {key(2), key(3)}
    assert ask(tmp_path, "SELECT len(own_numbers) FROM issues") == [(1,)]
    forget_key(record, "bluesky:@us")
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    assert ask(tmp_path, "SELECT own_numbers FROM issues") == [([],)]


def test_counts_by_other_collectors_are_named(record: Record, tmp_path: Path) -> None:
    """Mastodon was not read in full here."""
    other = Measurement(
        source="neighbor", paper=key(2), network="mastodon", age=6, until_at=TODAY + 6 * HOUR, voices=70, reposts=8,
        likes=60, bots=0, known=None, authors=0, counted=60, unread=0, observed_at=TODAY + 7 * HOUR,
    )  # fmt: skip
    write(record, other)
    issue(record, NAMED)
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    sql = "SELECT paper, network, voices FROM entry_counts WHERE collector = 'neighbor'"
    assert ask(tmp_path, sql) == [("2405.00002", "mastodon", 70)]
    assert [count for count in recounted(tmp_path) if count.printed != count.recounted] == []


def test_what_is_known_of_a_deleted_post_stays(record: Record, tmp_path: Path) -> None:
    write(record, shared("mastodon", AFTER, gone="deleted", account="", text="", created_at=0))
    [unseen, mention] = post(5, "mastodon:never", 0)
    write(record, mention, msgspec.structs.replace(unseen, account="", text="", gone="deleted"))
    write_tables(record, tmp_path, TODAY + 72 * HOUR)
    sql = """SELECT network, gone, created_at::VARCHAR, account_number > 0, text_number > 0 FROM mentions
        WHERE gone OR text_number IN (SELECT text_number FROM mentions WHERE gone AND text_number > 0) ORDER BY ALL"""
    at = "2024-05-07 01:00:00"
    never = ("mastodon", True, None, False, False)
    assert ask(tmp_path, sql) == [("bluesky", False, at, True, True), ("mastodon", True, at, True, True), never]


def test_the_counts_by_age_are_those_of_the_posts(tables: Path) -> None:
    sql = """SELECT c.paper, c.network, c.voices, e.voices FROM counts AS c
        JOIN entry_counts AS e USING (paper, network, until)"""
    rows = ask(tables, sql)
    assert all(by_age == of_issue for _, _, by_age, of_issue in rows)
    old = "SELECT network, count(*), sum(voices)::BIGINT FROM counts WHERE age = 168 GROUP BY 1 ORDER BY 1"
    assert ask(tables, old) == [("bluesky", 100, 750), ("mastodon", 100, 750)]
    [(age,)] = ask(tables, "SELECT max(age) FROM counts WHERE paper = '2405.00001'")
    assert age == 72


def test_the_first_papers_of_a_long_record_are_counted_too(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        write(record, NAMED, background(), paper(1), posts_about(1, 5, TODAY))
        write_tables(record, tmp_path / "tables", TODAY + 90 * 24 * HOUR)
    first = "announced_at = TIMESTAMP '2024-04-15'"
    sql = f"SELECT age, count(DISTINCT paper) FROM counts WHERE {first} GROUP BY 1 ORDER BY 1"
    assert ask(tmp_path / "tables", sql) == [(6, 100), (24, 100), (72, 100), (168, 100)]


def test_no_other_paper_changes_the_counts_of_a_paper(store_url: str, tmp_path: Path) -> None:
    """Here, a bot is recognized only two months later."""
    rows = []
    with Record(store_url) as record:
        write(record, paper(1), posts_about(1, 5, TODAY), post(1, "bluesky:bot", TODAY + HOUR))
        write(record, judged("bluesky:by-bot", "bot", at=moment("2024-07-25")))
        for n, day in enumerate(("2024-04-25", "2024-04-05", "2024-03-15", "2024-02-25")):
            write_tables(record, tmp_path / str(n), moment("2024-11-15"))
            rows.append(ask(tmp_path / str(n), "SELECT * FROM counts WHERE paper = '2405.00001' ORDER BY age"))
            write(record, paper(100 + n, day))
    assert rows == [rows[0]] * 4 and rows[0]


def test_the_title_is_that_of_the_publication(store_url: str, tmp_path: Path) -> None:
    afterwards = msgspec.structs.replace(NAMED, publication="daily@history", title="The Daily Dozen, made afterwards")
    with Record(store_url) as record:
        write(record, NAMED, afterwards)
        write_tables(record, tmp_path, TODAY)
    assert json.loads((tmp_path / "datapackage.json").read_text())["title"] == "The Daily Dozen"


def test_counts_that_were_never_read_are_unknown(store_url: str, tmp_path: Path) -> None:
    like = Reaction(post="bluesky:first", account="bluesky:who", type="like", observed_at=TODAY + 2 * HOUR)
    with Record(store_url) as record:
        write(
            record, paper(1), post(1, "bluesky:first", TODAY + HOUR), like, posts_about(1, 5, TODAY + HOUR, "mastodon"),
            read("mastodon", TODAY - HOUR, TODAY + 7 * HOUR),
        )  # fmt: skip
        write_tables(record, tmp_path / "tables", TODAY + 7 * HOUR)
    rows = ask(tmp_path / "tables", "SELECT network, voices, reposts, likes FROM counts ORDER BY network")
    assert rows == [("bluesky", 2, None, None), ("mastodon", 5, 0, 4)]


@pytest.mark.long
def test_every_column_is_there_and_keys_are_keys(tables: Path) -> None:
    for table in TABLES:
        described = ask(tables, f"DESCRIBE {table.name}")
        assert [(row[0], row[1]) for row in described] == [(column.name, column.type) for column in table.columns]
        key = ", ".join(table.key)
        assert ask(tables, f"SELECT {key} FROM {table.name} GROUP BY {key} HAVING count(*) > 1") == []
        assert ask(tables, f"SELECT count(*) > 0 FROM {table.name}") == [(True,)]
        empty = " OR ".join(f"{column} IS NULL" for column in table.key)
        assert not table.is_key_complete or ask(tables, f"SELECT {key} FROM {table.name} WHERE {empty}") == []
    [row] = ask(tables, "SELECT doi, primary_category, categories, observed_at FROM papers WHERE paper = '2405.00001'")
    assert row[:3] == ("10.48550/arXiv.2405.00001", "cs.LG", ["cs.LG"]) and str(row[3]) == "2024-05-07 00:00:00"


@pytest.mark.long
def test_nobodys_words_or_names_are_in_them(tables: Path) -> None:
    for table in TABLES:
        for row in ask(tables, f"SELECT * FROM {table.name}"):
            assert not any(word in str(row) for word in ("kettle", "cups boil", "by-", "Made-up paper", "made up"))


def test_nobody_is_zero_only_where_a_network_was_read_in_full(store_url: str, tmp_path: Path) -> None:
    """Also beside a bot."""
    end = TODAY + 25 * HOUR
    with Record(store_url) as record:
        write(record, paper(1), paper(2), posts_about(1, 5, TODAY + HOUR), read("bluesky", TODAY - HOUR, end))
        write(record, read("mastodon", TODAY - HOUR, TODAY + 10 * HOUR), read("lobsters", TODAY + 8 * HOUR, end))
        write(record, post(1, "lobsters:bot", TODAY + 9 * HOUR), judged("lobsters:by-bot", "bot"))
        write_tables(record, tmp_path, end)
    rows = ask(tmp_path, "SELECT * EXCLUDE (until, announced_at) FROM counts ORDER BY paper, network, age")
    zero, unknown = (0, 0, 0, 0), (None, None, None, None)
    day, hour = 24 * 3600, 3600
    assert [row[1:] for row in rows if row[0].endswith("1")] == [
        ("bluesky", 6, 5, 0, 4, 0, "complete", 0), ("bluesky", 24, 5, 0, 4, 0, "complete", 0),
        ("lobsters", 6, *unknown, "before", 6 * hour), ("lobsters", 24, *unknown[:3], 1, "partial", 8 * hour),
        ("mastodon", 6, *zero, "complete", 0), ("mastodon", 24, *unknown, "partial", day - 10 * hour),
    ]  # fmt: skip
    assert [row[3:7] for row in rows if row[0].endswith("2") and row[1] == "bluesky"] == [zero, zero]


def test_settings_parts_and_readings_of_issues(tables: Path) -> None:
    settings = "categories, include, networks, threshold, least_entries, most_entries, young, latest"
    [row] = ask(tables, f"SELECT {settings} FROM issues")
    assert row == ([], [], [], 1, 0, None, True, True)
    assert ask(tables, "SELECT count(*) FROM entries WHERE filled_up") == [(0,)]
    sql = """SELECT lane, place, e.score, sum(p.points)::BIGINT FROM entries AS e
        JOIN parts AS p USING (publication, day, edition, lane, place) GROUP BY ALL"""
    scores = ask(tables, sql)
    assert scores and all(score == points for _, _, score, points in scores)
    assert ("bluesky", True) in ask(tables, "SELECT network, unread >= 0 FROM readings")


@pytest.mark.long
def test_the_same_record_has_the_same_tables(record: Record, tmp_path: Path) -> None:
    first, again = (write_tables(record, tmp_path / name, TODAY) for name in ("a", "b"))
    assert first == again
    write(record, paper(99))
    changed = write_tables(record, tmp_path / "a", TODAY)  # replaces the earlier ones
    assert changed.digest != first.digest and changed.files[0].rows == first.files[0].rows + 1


def test_the_descriptions_say_what_the_files_are(tables: Path, record: Record) -> None:
    package = json.loads((tables / "datapackage.json").read_text())
    for resource in package["resources"]:
        content = (tables / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}" and resource["bytes"] == len(content)
    assert f"position {record.head.position} with the chain value {record.head.chain.hex()}" in package["description"]
    shapes = json.loads((tables / "croissant.json").read_text())
    fields = {field["@id"] for shape in shapes["recordSet"] for field in shape["field"]}
    assert {key["@id"] for shape in shapes["recordSet"] for key in shape["key"]} <= fields
    assert len(fields) == sum(len(table.columns) for table in TABLES)


@pytest.mark.long
def test_what_is_there_stays_where_new_tables_cannot_be_written(record: Record, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        write_tables(record, disk, TODAY)
        before = {file.name: file.read_bytes() for file in disk.iterdir()}
        write(record, paper(99))
        (disk / "others").write_bytes(bytes(shutil.disk_usage(disk).free - 30_000))
        with pytest.raises(UsageError, match="cannot be written: No space left on device"):
            write_tables(record, disk, TODAY)
        (disk / "others").unlink()
        assert {file.name: file.read_bytes() for file in disk.iterdir()} == before


def test_a_value_that_fits_no_column_is_named(sqlite_url: str, tmp_path: Path) -> None:
    """Imported items may have any version."""
    with Record(sqlite_url) as record:
        record.append([Paper(paper=key(1), title="", version=2**31, observed_at=0)], source="test")
        with pytest.raises(InputError, match=r"^papers.parquet: a value does not fit .*rows.jsonl.*2147483648$"):
            write_tables(record, tmp_path / "tables", TODAY)


def test_what_the_page_shows_runs(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "wings" / "tables.md").read_text("utf-8")
    sql = page.partition("```sql\n")[2].partition("```")[0]
    monkeypatch.chdir(tables.parent)
    assert ask(tables, sql) == [("bluesky", 100, 7.5), ("mastodon", 100, 7.5)]


def test_polars_reads_them(tables: Path) -> None:
    papers = library("polars").read_parquet(tables / "papers.parquet")
    [(count,)] = ask(tables, f"SELECT count(*) FROM '{tables / 'papers.parquet'}'")
    assert papers["paper"].n_unique() == papers.height == count


def library(name: str) -> Any:
    """A library that reads the tables or checks them against a standard; too large to install for all tests."""
    return pytest.importorskip(name, reason=f"{name} is not there: `make test-tables` fetches it, and runs this test")


def test_frictionless_takes_the_package(tables: Path) -> None:
    """Only the metadata: its Parquet reader turns integer columns with gaps into floats."""
    package = library("frictionless").Package
    described = json.loads((tables / "datapackage.json").read_text())
    assert list(package.metadata_validate(described)) == []
    assert len(package(str(tables / "datapackage.json")).resources) == len(TABLES)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # mlcroissant uses deprecated features of its libraries
def test_croissant_reads_every_table(tables: Path) -> None:
    dataset = library("mlcroissant").Dataset(jsonld=str(tables / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors and not dataset.metadata.ctx.issues.warnings
    for table in TABLES:
        row = next(iter(dataset.records(table.name)))
        assert row.keys() == {f"{table.name}/{column.name}" for column in table.columns}


def test_the_page_has_every_table_with_its_key() -> None:
    page = " ".join((ROOT / "docs" / "wings" / "tables.md").read_text("utf-8").split())
    assert f"version {SCHEMA_VERSION};" in page
    for table in TABLES:
        assert f"* `{table.name}` ({', '.join(f'`{column}`' for column in table.key)}): {table.meaning}" in page


@pytest.mark.long
def test_the_command(record: Record, store_url: str, tmp_path: Path) -> None:
    out = good("export", "--format", "tables", "--output", tmp_path / "o'out [1]*", "--store", store_url)
    assert "papers: 108 rows\n" in out and "digest " in out
    assert len(list((tmp_path / "o'out [1]*").iterdir())) == len(TABLES) + len(DESCRIPTIONS)
    assert "add --output DIR" in misuse("export", "--format", "tables", "--store", store_url)


@pytest.mark.long
def test_the_command_prints_nothing_but_its_result(record: Record, store_url: str, tmp_path: Path) -> None:
    """DuckDB's bindings complain at exit about objects that were not collected."""
    command = [sys.executable, "-m", "hotpapers", "export", "--format", "tables", "--store", store_url]
    ran = subprocess.run([*command, "--output", tmp_path / "out"], capture_output=True, text=True, check=True)
    assert ran.stderr == "" and ran.stdout.startswith("papers: 108 rows")
