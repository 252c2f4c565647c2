"""The search index: it keeps up with the record, forgets with it, and can be rebuilt at any time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore, ReadOnlyStore
from hotpapers.base.model import HOUR
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.search import (
    batches_behind,
    catch_up,
    index,
    indexing,
    outstanding_rows,
    papers,
    search_papers,
    search_posts,
    update_index,
)
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record, database, schema
from hotpapers.record.issue_contents import decode_content
from tests.keep.privacy import traces
from tests.keep.search.search_items import paper, post, texts, titles, with_mentions
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT


@pytest.fixture
def store(store_url: str) -> Iterator[Record]:
    with Record(store_url) as record:
        yield record


# ---- keeping up ------------------------------------------------------------------------------------------


def test_only_the_latest_observation_is_found(store: Record) -> None:
    store.append([paper("Kettle", n=1)], source="s")
    assert titles(store, "kettle") == ["Kettle"]
    store.append([paper("Teapot", n=1, observed_at=AT + HOUR)], source="s")
    assert titles(store, "kettle") == [] and titles(store, "teapot") == ["Teapot"]
    store.append(
        [paper("Umbrella", n=1, observed_at=AT - HOUR)], source="late"
    )  # a later import of an older observation
    assert titles(store, "umbrella") == [] and titles(store, "2103.00001") == ["Teapot"]


def test_a_better_reading_takes_back_what_it_no_longer_gives(store: Record) -> None:
    payload = model.RawPayload("paper", "1", b"x", AT)
    store.ingest(
        parse_all(lambda _: with_mentions(paper("Kettle", n=1), post("kettle", 1)), [payload]), source="s", at=AT
    )
    assert titles(store, "kettle") == ["Kettle"] and texts(store, "kettle") == ["kettle"]
    store.reprocess("s", lambda _: [])
    assert titles(store, "kettle") == [] and texts(store, "kettle") == []
    store.reprocess("s", lambda _: [paper("Teapot", n=1)])
    assert titles(store, "teapot") == ["Teapot"]


def test_days_come_with_announcements_whenever_they_come(store: Record) -> None:
    new_paper, announcement = made.paper_with_announcement(1, made.moment("2021-03-02 00:30"))
    store.append([new_paper], source="s")
    assert [hit.day for hit in search_papers(store, "kettle").papers] == ["2021-03"]
    store.append([announcement], source="s")
    assert [hit.day for hit in search_papers(store, "kettle").papers] == ["2021-03-02"]
    earlier_announcement = made.paper_with_announcement(1, made.moment("2021-03-01 00:30"))[1]
    store.append([earlier_announcement], source="s")
    assert [hit.paper for hit in search_papers(store, "date:2021-03-01").papers] == [new_paper.paper]  # type: ignore[attr-defined]
    unknown_announcement = made.paper_with_announcement(77, made.moment("2021-03-01 00:30"))[1]
    store.append([unknown_announcement], source="s")
    assert search_papers(store, "date:2021").total == 1


def test_days_go_with_announcements_that_are_taken_back(store: Record) -> None:
    new_paper, announcement = made.paper_with_announcement(1, made.moment("2021-03-02 00:30"))
    store.ingest(
        parse_all(lambda _: [new_paper, announcement], [model.RawPayload("list", "1", b"x", AT)]), source="s", at=AT
    )
    assert [hit.day for hit in search_papers(store, "kettle").papers] == ["2021-03-02"]
    store.reprocess("s", lambda _: [new_paper])
    assert [hit.day for hit in search_papers(store, "kettle").papers] == ["2021-03"]


def test_an_imported_category_of_any_length(store: Record) -> None:
    """PostgreSQL's words are at most 2,046 bytes long."""
    store.append([paper("Kettles", categories=("cs.LG", "k" * 3_000))], source="test")
    assert titles(store, "kettles category:cs.LG") == ["Kettles"]


def test_the_index_follows_the_batches(store: Record) -> None:
    assert (batches_behind(store), outstanding_rows(store)) == (0, 0)
    store.append([paper("Kettle")], source="s")
    store.append(with_mentions(post("kettle")), source="s")
    assert (batches_behind(store), outstanding_rows(store)) == (2, 2)
    steps: list[int] = []
    assert catch_up(store, steps.append) == 0 and steps == [1, 1]
    assert (batches_behind(store), outstanding_rows(store), catch_up(store)) == (0, 0, 0)
    store.append([paper("Kettle of two")], source="s")
    assert batches_behind(store) == 1
    assert search_papers(store, "kettle").total == 2 and batches_behind(store) == 0


def test_nobody_waits_for_a_large_index(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search indexes for a few seconds, says what is missing, and the next one goes on."""
    monkeypatch.setattr(indexing, "SLICE", 2)
    monkeypatch.setattr(papers, "MAX_INDEXING_SECONDS", 0.0)
    store.append([paper(f"Kettle {number}") for number in range(5)], source="s")
    results = [search_papers(store, "kettle") for _ in range(4)]
    assert [(page.total, page.behind) for page in results] == [(2, 1), (4, 1), (5, 1), (5, 0)]


def test_a_large_record_is_taken_in_slices(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known words aren't inserted again while they are cached."""
    monkeypatch.setattr(indexing, "SLICE", 7)
    monkeypatch.setattr(database, "AT_ONCE", 3)
    monkeypatch.setattr(indexing, "CACHED_WORDS", 10)
    store.append(
        [paper(f"Kettle {n} thing{n}") for n in range(20)] + with_mentions(*(post(f"tea {n}") for n in range(8))),
        source="s",
    )
    steps: list[int] = []
    assert catch_up(store, steps.append) == 0 and steps == [7, 7, 6, 7, 1]
    assert search_papers(store, "kettle", limit=50).total == 20 and search_posts(store, "tea").total == 8
    words = {row[0] for row in store.database.rows("SELECT word FROM search_word")}
    assert {"kettle", "thing0", "thing19"} <= words and "_" not in words


def test_two_may_bring_it_up_at_once(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """One restarts the index while the other is halfway: the other's cached words are inserted again."""
    monkeypatch.setattr(indexing, "SLICE", 2)
    store.append([paper(f"Kettle {n}") for n in range(6)], source="s")
    steps: list[int] = []

    def interfere(step: int) -> None:
        steps.append(step)
        if len(steps) == 2:
            with store.database.write():
                index.start(store.database)

    catch_up(store, interfere)
    assert steps == [2] * 5 and search_papers(store, "kettle").total == 6
    assert store.database.rows("SELECT count(*) FROM search_word WHERE word = 'kettle'") == [(1,)]


def test_a_crash_in_between_is_made_up_for(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after some slices: they and the progress are stored; the next run does the rest, and nothing twice."""
    monkeypatch.setattr(indexing, "SLICE", 5)
    store.append([paper(f"Kettle {n}") for n in range(12)], source="s")

    def interrupt(step: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        catch_up(store, interrupt)
    with monkeypatch.context() as patch:
        patch.setattr(indexing, "paper_words", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            catch_up(store)
    assert store.database.rows("SELECT count(*) FROM search_paper") == [(5,)] and batches_behind(store) == 1
    assert search_papers(store, "kettle", limit=50).total == 12
    assert store.database.rows("SELECT count(*) FROM search_paper_words") == [(12,)]


def test_an_index_that_is_missing_or_of_another_program_is_made_anew(
    store: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([paper("Kettle")], source="s")
    assert titles(store, "kettle") == ["Kettle"]
    store.database.run("DROP TABLE search_post_words")
    assert titles(store, "kettle") == ["Kettle"] and texts(store, "kettle") == []
    monkeypatch.setattr(index, "VERSION", 2)
    assert batches_behind(store) == 1
    assert titles(store, "kettle") == ["Kettle"] and batches_behind(store) == 0
    store.database.run("UPDATE search_state SET value = 'no such batch' WHERE name = 'chain'")
    store.database.run("UPDATE search_paper SET day = '1999'")
    assert [hit.day for hit in search_papers(store, "kettle").papers] == ["2021-03"]


def test_a_new_issue_is_indexed_without_reading_the_earlier_ones(
    store: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has hundreds of kilobytes, and writers wait meanwhile."""
    decoded: list[str] = []

    def decode(text: str, kind: type[model.HeldPapers]) -> model.HeldPapers:
        decoded.append(text)
        return decode_content(text, kind)

    monkeypatch.setattr("hotpapers.record.issue_contents.decode_content", decode)
    store.append([paper("Kettle", n=1)], source="s")
    for day, edition, place in (("2021-03-02", 1, 7), ("2021-03-03", 1, 8), ("2021-03-03", 2, 9)):
        content = f'{{"entries": [{{"paper": "arxiv:2103.00001", "place": {place}}}], "ongoing": []}}'
        issue = model.Issue(
            publication="tea", day=day, edition=edition, digest="", content=content, observed_at=AT + place
        )
        store.append([issue], source="s")
        [hit] = search_papers(store, "kettle").papers
        assert [issue.place for issue in hit.issues][-1] == place
    assert [issue.day for issue in hit.issues] == ["2021-03-02", "2021-03-03"]
    assert len(decoded) == 3


def test_issues_that_cannot_be_read_are_passed_over(store: Record) -> None:
    store.append(made.EVERY, source="s")
    damaged_issue = model.Issue(
        publication="tea", day="2021-03-03", edition=1, digest="", content="no JSON", observed_at=AT
    )
    store.append([damaged_issue], source="s")
    assert [hit.issues for hit in search_papers(store, "kettle").papers] == [()]


def test_what_a_store_holds_is_found_wherever_it_goes(
    store: Record, store_url: str, other_url: str, tmp_path: Path
) -> None:
    """A backup, a store restored from it in either database, and a full import: each has its own index."""
    made.rich(store)
    expected = [hit.paper for hit in search_papers(store, "kettle").papers]
    posts = search_posts(store, "tea").total
    assert expected and posts
    back_up_store(store, tmp_path / "copy.db")
    with Record(str(tmp_path / "copy.db"), create=False) as copy:
        assert {hit.paper for hit in search_papers(copy, "kettle").papers} == set(expected)
    with Record(other_url) as other_record:
        other_record.append([paper("Quite another kettle", n=999)], source="s")
        assert search_papers(other_record, "kettle").total == 1
    restore_backup(tmp_path / "copy.db", other_url, replace=True, as_backed_up=True)
    with Record(other_url) as other_record:
        assert not search_papers(other_record, "quite another").total
        assert {hit.paper for hit in search_papers(other_record, "kettle").papers} == set(expected)
        assert search_posts(other_record, "tea").total == posts
    with Record(str(tmp_path / "imported.db")) as mirror:
        importer.import_lines(mirror, "full", exporter.record_lines(store))
        assert {hit.paper for hit in search_papers(mirror, "kettle").papers} == set(expected)
    store.append([paper("A kettle that came after", n=998)], source="s")
    assert search_papers(store, "kettle").total == len(expected) + 1
    store.database.close()
    restore_backup(tmp_path / "copy.db", store_url, replace=True, as_backed_up=True)
    with Record(store_url) as record:
        assert {hit.paper for hit in search_papers(record, "kettle").papers} == set(expected)


def test_the_index_changes_nothing_of_the_record(store: Record) -> None:
    made.rich(store)
    head = store.head
    update_index(store)
    assert store.head == head and not made.verified(store).findings and not store.database.integrity().damaged


# ---- forgetting ------------------------------------------------------------------------------------------

WORDS = ("quokka", "zeppelin")


def test_what_is_forgotten_leaves_the_index(store: Record, tmp_path: Path) -> None:
    """Including a text that was later edited, and names in other people's texts."""
    store.append(
        with_mentions(post("quokka tea", 1), post("others drink tea", 2, account="bluesky:did:plc:other")), source="s"
    )
    assert texts(store, "quokka") == ["quokka tea"]
    store.append(with_mentions(post("zeppelin tea", 1, at=AT + 1)), source="s")
    assert texts(store, "quokka") == [] and texts(store, "zeppelin") == ["zeppelin tea"]
    assert remaining_words(store, WORDS)
    result = forget_key(store, "bluesky:did:plc:invented")
    assert result.rows and not remaining_words(store, WORDS) and remaining_words(store, ["drink"])
    assert not traces.where_found({**traces.store_bytes(store), **backup_content(store, tmp_path)}, WORDS)
    assert batches_behind(store) == 1 and texts(store, "tea") == ["others drink tea"]
    assert search_posts(store, "zeppelin").total == 0 and not made.verified(store).findings


def test_a_forgotten_name_leaves_what_others_wrote(store: Record) -> None:
    store.append(
        with_mentions(post("tea with @quokka77 today", 1), post("mine", 2, account="bluesky:@quokka77")), source="s"
    )
    assert texts(store, "quokka77") == ["tea with @quokka77 today"]
    forget_key(store, "bluesky:@quokka77")
    assert not remaining_words(store, ["quokka77"]) and texts(store, "tea today") == [f"tea with @{'█' * 8} today"]


def test_forgetting_before_anything_is_searched(store: Record) -> None:
    store.append(with_mentions(post("quokka tea", 1), post("tea", 2, account="bluesky:did:plc:other")), source="s")
    forget_key(store, "bluesky:did:plc:invented")
    assert texts(store, "tea") == ["tea"] and not remaining_words(store, WORDS)


def test_an_index_that_is_of_no_use_forgets_too(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append(with_mentions(post("quokka tea", 1), post("tea", 2, account="bluesky:did:plc:other")), source="s")
    assert texts(store, "tea") and remaining_words(store, ["quokka"])
    monkeypatch.setattr(index, "VERSION", 2)
    forget_key(store, "bluesky:did:plc:invented")
    assert not remaining_words(store, WORDS) and texts(store, "tea") == ["tea"]


def test_restoring_an_older_backup_forgets_in_its_index_too(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        record.append(with_mentions(post("quokka tea", 1), post("tea", 2, account="bluesky:did:plc:other")), source="s")
        assert texts(record, "quokka")
        back_up_store(record, tmp_path / "older.db")
        forget_key(record, "bluesky:did:plc:invented")
    assert restore_backup(tmp_path / "older.db", store_url, replace=True).forgotten_again
    with Record(store_url) as record:
        assert texts(record, "tea") == ["tea"] and not remaining_words(record, WORDS)
        assert not traces.where_found(traces.store_bytes(record), WORDS)


def remaining_words(record: Record, words: list[str] | tuple[str, ...]) -> list[str]:
    """Which words are still anywhere in the index of posts, whether found or not."""
    if record.database.name == "postgres":
        content = repr(record.database.rows("SELECT words FROM search_post_words")).encode()
    else:
        tables = record.database.rows("SELECT name FROM sqlite_schema WHERE name = 'search_post_words_data'")
        content = (
            b"".join(bytes(row[0]) for row in record.database.rows(f"SELECT block FROM {tables[0][0]}"))
            if tables
            else b""
        )
    # words are stored sorted, without the prefix that they share with the one before: compare from the third letter on
    return [word for word in words if word[2:].encode() in content]


def backup_content(record: Record, folder: Path) -> dict[str, bytes]:
    back_up_store(record, folder / "after.db")
    return {"backup": (folder / "after.db").read_bytes()}


# ---- stores that cannot be written, and damage -----------------------------------------------------------


def test_a_store_that_cannot_be_written_is_searched_as_far_as_it_is_known(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Record(sqlite_url) as record:
        record.append([paper("Kettle")], source="s")
        update_index(record)
        record.append([paper("Kettle of two")], source="s")

        def refuse(_: object) -> None:
            raise ReadOnlyStore("cannot be written")

        monkeypatch.setattr(type(record.database), "write", refuse)
        results = search_papers(record, "kettle")
        assert (results.total, results.behind) == (1, 1) and search_posts(record, "tea").behind == 1
        assert update_index(record) == 1
        monkeypatch.setattr(index, "VERSION", 2)
        with pytest.raises(ReadOnlyStore):
            search_papers(record, "kettle")


def test_a_damaged_index_is_made_anew(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append([paper(f"Kettle {n}") for n in range(50)], source="s")
        assert search_papers(record, "kettle").total == 50
        record.database.run("UPDATE search_paper_words_data SET block = x'0bad' WHERE id > 10")
    with Record(sqlite_url) as record:
        assert search_papers(record, "kettle").total == 50
        assert not record.database.integrity().damaged


def test_a_damaged_record_is_left_alone(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Record(sqlite_url) as record:
        record.append([paper("Kettle")], source="s")
        update_index(record)

        def fail(*_: object) -> None:
            raise CorruptStore("the file is damaged")

        monkeypatch.setattr("hotpapers.keep.search.papers._papers", fail)
        with pytest.raises(CorruptStore):
            search_papers(record, "kettle")
        assert batches_behind(record) == 0


def test_an_older_store_gets_its_index(bare_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One written before search existed: the tables are added, and search works."""
    tables_before, tables_after = schema.MIGRATIONS[0].split(schema._SEARCH)
    tables_after += schema._WITHDRAWN + schema._SERVERS
    monkeypatch.setattr(schema, "MIGRATIONS", (tables_before + tables_after,))
    with Record(bare_store_url) as record:
        record.append([paper("Kettle")], source="s")
    monkeypatch.setattr(schema, "MIGRATIONS", (tables_before + tables_after, schema._SEARCH))
    with Record(bare_store_url) as record:
        assert titles(record, "kettle") == ["Kettle"]
