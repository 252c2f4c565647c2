"""Writing and viewing, in both databases: every kind, twice, changed, later, up to a cut, at a position."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore, InputError, IssueError, NotAStore
from hotpapers.record import Record, meta
from hotpapers.record import record as record_module
from hotpapers.record.batches import cursor_of, load_manifest
from hotpapers.record.database import FROM_0_1, Database
from hotpapers.record.identities import key_of
from hotpapers.record.item_rows import SPECS, read_row, select_columns
from tests.postgres import connect
from tests.record import made
from tests.record.made import AT, EVERY, OTHER

HOUR = model.HOUR


def test_every_kind_is_there_from_the_first_migration_on(store_url: str) -> None:
    assert [type(item) for item in EVERY] == list(model.KINDS)
    with Record(store_url) as record:
        assert record.append(EVERY, source="test") == (1, len(EVERY), 0, 0, 0, 0)
        assert made.everything(record) == list(EVERY)
        assert all(record.count(kind) == 1 for kind in model.KINDS)


def test_every_kind_with_its_defaults_comes_back_too(store_url: str) -> None:
    needed = {name: {f.name for f in msgspec.structs.fields(type(i)) if f.required} for i in EVERY for name in [i]}
    bare = [
        type(item)(**{name: value for name, value in msgspec.structs.asdict(item).items() if name in needed[item]})
        for item in EVERY
    ]
    with Record(store_url) as record:
        record.append(bare, source="test")
        assert made.everything(record) == bare


def test_receiving_twice_changes_nothing(store_url: str) -> None:
    with Record(store_url) as record:
        record.append(EVERY, source="test")
        before = record.head
        again = record.append([*EVERY, *EVERY], source="other")
        assert again == (None, 0, 2 * len(EVERY), 0, 0, 0)
        assert record.head == before
        assert made.everything(record) == list(EVERY)


def test_what_two_processes_close_is_closed_once(store_url: str) -> None:
    """Both read the row before either closes it."""
    verdict = next(item for item in EVERY if isinstance(item, model.Verdict))
    with Record(store_url) as record, Record(store_url) as other:
        record.append([verdict], source="test")
        for writer, rows in [(store, store.view().latest(model.Verdict)) for store in (record, other)]:
            writer.append([], source="test", at=AT, close=rows)
        assert record.head.position == 2
        assert record.view().latest(model.Verdict) == []
        assert not made.verified(record).findings


def test_the_same_item_twice_in_one_batch_is_one(store_url: str) -> None:
    with Record(store_url) as record:
        result = record.append([*EVERY, *EVERY], source="test")
        assert (result.added, result.known) == (len(EVERY), len(EVERY))
        assert made.everything(record) == list(EVERY)
        assert not made.verified(record).findings[1:]  # only the made-up issue cannot be rebuilt


def test_other_words_of_the_same_moment_become_a_later_observation(store_url: str) -> None:
    first = [item for item in EVERY if model.kind_of(item) in OTHER]
    other = [made.with_other_words(item) for item in first]
    assert all(old != new for old, new in zip(first, other, strict=True)) and len(first) == len(EVERY) - 1
    with Record(store_url) as record:
        record.append(first, source="test")
        result = record.append(other, source="test")
        assert (result.added, result.later) == (len(first), len(first))
        assert made.everything(record) == [made.later(item, 1) for item in other]
        assert record.append([*other, *first], source="test") == (None, 0, 2 * len(first), 0, 0, 0)
        assert not made.verified(record).findings


def test_three_versions_in_one_batch_stand_one_after_the_other(sqlite_url: str) -> None:
    tallies = [
        model.Tally(paper="arxiv:2103.00001", network="x", method="m", reposts=n, likes=0, observed_at=AT)
        for n in range(3)
    ]
    with Record(sqlite_url) as record:
        assert record.append(tallies, source="test").later == 2
        rows = sorted(record.database.rows("SELECT observed_at - ?, reposts FROM tally", (AT,)))
        assert [offset for offset, _ in rows] == [0, 1, 2] and {reposts for _, reposts in rows} == {0, 1, 2}
        assert record.append(tallies, source="test").position is None


def test_an_edition_that_is_there_is_refused_in_other_words_only(store_url: str) -> None:
    [issue] = [item for item in EVERY if isinstance(item, model.Issue)]
    with Record(store_url) as record:
        record.append([issue], source="issue")
        assert record.append([issue], source="issue").known == 1
        with pytest.raises(IssueError, match="tea 2021-03-02: another process has already frozen this edition"):
            record.append([msgspec.structs.replace(issue, digest="ef" * 32, observed_at=AT + 1)], source="issue")
        assert made.all_rows(record, model.Issue) == [issue]


# ---- view ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["reply_to", "quotes", "account"])
def test_a_post_does_not_answer_a_paper(store_url: str, field: str) -> None:
    """Hashes contain papers' keys as they are, but not posts' keys: a paper could pass for a post's commitment."""
    [post] = [item for item in EVERY if isinstance(item, model.Post)]
    wrong = msgspec.structs.replace(post, **{field: "arxiv:2103.00001"})
    with Record(store_url) as record:
        for _ in range(2):  # also if the paper is known
            head = record.head
            with pytest.raises(InputError):
                record.append([wrong], source="test")
            assert record.head == head and not made.all_rows(record, model.Post)
            record.append(EVERY[:1], source="test")
        assert not made.verified(record).findings


def test_the_latest_observation_up_to_the_cut_counts(store_url: str) -> None:
    first = [item for item in EVERY if model.kind_of(item) in OTHER]
    second = [made.later(made.with_other_words(item), HOUR) for item in first]
    with Record(store_url) as record:
        record.append([*second, *first], source="test")
        assert made.everything(record) == second
        for cut, expected in ((AT + HOUR, second), (AT + HOUR - 1, first), (AT, first), (AT - 1, [])):
            view = record.view(cut)
            assert [row.item for kind in model.KINDS for row in view.iterate(kind)] == expected


def tally(likes: int, at: int) -> model.Tally:
    return model.Tally(paper="arxiv:2103.00001", network="x", method="m", reposts=0, likes=likes, observed_at=at)


def test_what_arrives_late_is_not_in_an_earlier_view(store_url: str) -> None:
    """A later batch may contain an earlier moment: invisible in earlier views, visible in later ones."""
    with Record(store_url) as record:
        record.append([tally(1, AT)], source="test")
        record.append([tally(3, AT + 2 * HOUR)], source="test")
        before = record.view(AT + HOUR)
        record.append([tally(2, AT + HOUR)], source="test")
        key = ("arxiv:2103.00001", "x", "m")

        def likes(cut: int, position: int) -> object:
            row = record.view(cut, position).latest_row(model.Tally, *key)
            return row and getattr(row.item, "likes")  # noqa: B009

        assert [likes(AT + HOUR, position) for position in (0, 1, 2, 3)] == [None, 1, 1, 2]
        assert [likes(AT + 2 * HOUR, position) for position in (1, 2, 3)] == [1, 3, 3]
        assert before.position == 2 and getattr(before.latest_row(model.Tally, *key), "item") == tally(1, AT)  # noqa: B009


def test_a_view_takes_conditions_and_an_order(store_url: str) -> None:
    papers = [model.Paper(paper=f"arxiv:2103.0000{n}", title=title, observed_at=AT) for n, title in enumerate("bca", 1)]
    with Record(store_url) as record:
        record.append(papers, source="test")
        assert made.all_rows(record, model.Paper) == papers
        rows = record.view().latest(model.Paper, "t.title > ?", ("a",), "t.title")
        assert [row.item for row in rows] == [papers[0], papers[1]]
        assert record.view().latest_row(model.Paper, "arxiv:2103.00009") is None


def test_keys_sort_by_their_signs_in_both_databases(store_url: str) -> None:
    """By code point, not by language: uppercase before lowercase, accents after z. Also in manifests and exports."""
    names = ["Zebra", "_", "a-b", "aB", "ab", "zebra", "éa"]
    with Record(store_url) as record:
        posts = [
            model.Post(post=f"bluesky:{name}", network="bluesky", account="", created_at=AT, observed_at=AT)
            for name in reversed(names)
        ]
        record.append(posts, source="test")
        keys_of_posts = [row.item.post for row in record.view().iterate(model.Post)]
        assert keys_of_posts == [f"bluesky:{name}" for name in names]
        keys = dict(record.database.rows(f"SELECT id, {key_of('post.post')} FROM post"))
        assert [keys[number] for _, number in load_manifest(record.database, 1).rows()] == keys_of_posts


# ---- batches ---------------------------------------------------------------------------------------------


def test_a_manifest_lists_its_batch_in_the_order_of_kinds_and_keys(store_url: str) -> None:
    other = [made.later(item, -n) for n, item in enumerate(EVERY, 1) if not isinstance(item, model.Issue)]
    with Record(store_url) as record:
        record.append([*reversed(EVERY), *other], source="test")
        listed = list(load_manifest(record.database, 1).rows())
        labels: dict[tuple[str, int], tuple[object, ...]] = {}
        for spec in SPECS.values():
            sql = f"SELECT {select_columns(spec)} FROM {spec.kind}"
            labels |= {(spec.kind, row[0]): read_row(spec, row).label for row in record.database.rows(sql)}
        kinds = [model.kind_of(kind) for kind in model.KINDS]
        assert listed == sorted(labels, key=lambda row: (kinds.index(row[0]), labels[row]))
        assert len(listed) == record.database.rows("SELECT items FROM batch")[0][0]


def test_positions_have_no_gaps_and_batches_that_say_nothing_take_none(store_url: str) -> None:
    with Record(store_url) as record:
        assert record.head == (0, record.head.chain)
        positions = [record.append([tally(n // 2, AT + n // 2)], source="test").position for n in range(8)]
        assert positions == [1, None, 2, None, 3, None, 4, None]
        assert record.append([], source="test").position is None
        with pytest.raises(ZeroDivisionError), record.database.write():
            record.database.run("DELETE FROM batch")
            raise ZeroDivisionError
        assert [row[0] for row in record.database.rows("SELECT position FROM batch ORDER BY 1")] == [1, 2, 3, 4]


def test_the_cursor_is_in_the_batch(store_url: str) -> None:
    with Record(store_url) as record:
        assert cursor_of(record.database, "bluesky") is None
        record.append([tally(1, AT)], source="bluesky", cursor="17")
        record.append([tally(2, AT + 1)], source="other", cursor="99")
        assert record.append([], source="bluesky", cursor="17").position is None
        assert record.append([tally(1, AT)], source="bluesky", cursor="18").position == 3
        assert cursor_of(record.database, "bluesky") == "18"
        with pytest.raises(ZeroDivisionError):
            record.append((1 / 0 for _ in "x"), source="bluesky", cursor="19")  # type: ignore[misc]
        assert cursor_of(record.database, "bluesky") == "18"
        rows = record.database.rows("SELECT position, source, cursor FROM batch ORDER BY 1")
        assert rows == [(1, "bluesky", "17"), (2, "other", "99"), (3, "bluesky", "18")]


def test_signs_that_no_database_holds_become_replacement_characters(store_url: str) -> None:
    [post] = [item for item in EVERY if isinstance(item, model.Post)]
    hostile = msgspec.structs.replace(
        post, text="a\0b\ud800c\udfff" + post.text[6:], limits=("lo\0gin",), links=(model.TextLink(0, 1, "https://\0"),)
    )
    harmless = msgspec.structs.replace(post, post="x:1366659539260149762", text="a \\u0000 that is only spelled out")
    with Record(store_url) as record:
        result = record.append([hostile, harmless], source="test")
        assert result.added == 2
        [copy, spelled] = made.all_rows(record, model.Post)
        assert isinstance(copy, model.Post) and copy.text[:6] == "a\ufffdb\ufffdc\ufffd" and spelled == harmless
        assert copy.limits == ("lo\ufffdgin",) and copy.links == (model.TextLink(0, 1, "https://\ufffd"),)
        assert record.append([hostile], source="test").position is None
        assert not made.verified(record).findings


def test_columns_are_the_fields(store_url: str) -> None:
    """The schema has every field of every kind: a new field needs a migration."""
    with Record(store_url) as record:
        for spec in SPECS.values():
            record.database.rows(f"SELECT {', '.join(spec.columns)} FROM {spec.kind}".replace(" window,", ' "window",'))


def test_a_server_looks_at_what_it_was_given(postgres_url: str) -> None:
    """Without statistics its plans are guesses, and an issue takes ten times as long."""
    from hotpapers.wings.postgres.server_store import FIRST_ANALYSIS

    with Record(postgres_url) as record:
        record.append([tally(n, AT + n) for n in range(FIRST_ANALYSIS + 1)], source="test")
        sql = "SELECT reltuples FROM pg_class WHERE oid = 'tally'::regclass"
        assert record.database.rows(sql) == [(FIRST_ANALYSIS + 1,)]


# ---- stores of 0.1 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(2, 10))
def test_a_file_of_0_1_is_refused_and_left_as_it_is(sqlite_url: str, tmp_path: Path, version: int) -> None:
    """It lacks the table of identities, and its schema number is higher than today's."""
    with Record(sqlite_url) as record:
        record.append(EVERY, source="test")
    path = tmp_path / "hotpapers.db"
    connection = apsw.Connection(str(path))
    connection.execute(f"DROP TABLE identity; PRAGMA user_version = {version}")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    before = path.read_bytes()
    for create in (True, False):
        with pytest.raises(NotAStore) as refused:
            Record(sqlite_url, create=create)
        assert str(refused.value) == f"{path}: {FROM_0_1}"
    connection = apsw.Connection(str(path))
    assert connection.execute("PRAGMA user_version").get == version
    assert connection.execute("SELECT count(*) FROM post").get == 1
    connection.close()
    assert len(before) == path.stat().st_size


def test_a_database_of_0_1_is_refused_and_left_as_it_is(postgres_url: str) -> None:
    with Record(postgres_url) as record:
        record.append(EVERY, source="test")
    with connect(postgres_url) as connection:
        connection.execute("DROP TABLE identity")
        connection.execute("UPDATE meta SET value = '9' WHERE name = 'schema'")
        for create in (True, False):
            with pytest.raises(NotAStore) as refused:
                Record(postgres_url, create=create)
            assert str(refused.value).endswith(f": {FROM_0_1}")
        assert connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall() == [("9",)]
        assert connection.execute("SELECT count(*) FROM post").fetchall() == [(1,)]


def test_a_secret_that_is_gone_is_not_made_anew(store_url: str) -> None:
    with Record(store_url) as record:
        record.append(made.EVERY[:3], source="test")
        record.database.run("DELETE FROM meta WHERE name = 'secret'")
    for _ in range(2):
        with pytest.raises(CorruptStore, match="its secret is missing; restore a backup"):
            Record(store_url)


def test_a_secret_that_another_process_makes_meanwhile_is_used(
    bare_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets: list[str | None] = []

    def read(database: Database, name: str) -> str | None:
        """None the first time; meanwhile another process creates the store and writes."""
        if name == "secret" and not secrets:
            secrets.append(None)
            with Record(bare_store_url) as other:
                other.append(made.EVERY[:3], source="other")
                secrets.append(other.secret())
            return None
        return meta.read_meta(database, name)

    monkeypatch.setattr(record_module, "read_meta", read)
    with Record(bare_store_url) as record:
        assert [None, record.secret()] == secrets
        assert record.head.position == 1
