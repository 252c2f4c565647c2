"""Raw payloads: stored once, quarantined if they cannot be parsed, and reprocessed by better parsers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence

import pytest

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore
from hotpapers.base.model import RawPayload
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.record import Record, raw_archive, reparse
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT, counts_of

POST = "x:1341202937956233217"


def payload_of(content: object, at: int = AT, key: str = "1341202937956233217") -> RawPayload:
    return RawPayload("counts", key, json.dumps(content).encode(), at)


def likes(number: int, post: str = POST) -> dict[str, object]:
    return {"post": post, "likes": number}


def table(record: Record, name: str, columns: str) -> list[tuple[object, ...]]:
    return record.database.rows(f"SELECT {columns} FROM {name} ORDER BY id")


def snapshots(record: Record) -> list[tuple[object, ...]]:
    return record.database.rows("SELECT likes, reposts, observed_at, origin, since, until FROM snapshot ORDER BY id")


def test_an_original_is_kept_once_by_content(store_url: str) -> None:
    with Record(store_url) as record:
        result = record.ingest(
            parse_all(counts_of, [payload_of(likes(1)), payload_of(likes(2), AT + 5)], 100), source="s", cursor="7"
        )
        assert (result.position, result.added, result.quarantined) == (1, 2, 0)
        again = record.ingest(parse_all(counts_of, [payload_of(likes(1))]), source="s")
        assert (again.position, again.known) == (None, 1)
        rows = table(record, "raw", "id, source, kind, key, seen_at, keep_until")
        assert rows == [
            (1, "s", "counts", "1341202937956233217", AT, AT + 100),
            (2, "s", "counts", "1341202937956233217", AT + 5, AT + 105),
        ]
        assert [row[3] for row in snapshots(record)] == [1, 2]
        body = raw_archive.unpack_body(record.database.rows("SELECT body FROM raw WHERE id = 1")[0][0])
        assert json.loads(body) == likes(1)
        record.ingest(parse_all(counts_of, [payload_of(likes(1))]), source="another source keeps its own")
        assert len(table(record, "raw", "id")) == 3


def test_what_a_page_says_twice_is_one_original_with_all_its_items(store_url: str) -> None:
    with Record(store_url) as record:
        page = [payload_of(likes(1)), payload_of(likes(2), AT + 3), payload_of(likes(1), AT + 5)]
        assert record.ingest(parse_all(counts_of, page), source="s").added == 3
        assert [row[0] for row in table(record, "raw", "id")] == [1, 2]
        assert record.database.rows("SELECT likes, origin FROM snapshot ORDER BY observed_at") == [
            (1, 1),
            (2, 2),
            (1, 1),
        ]


def test_each_original_is_kept_as_long_as_its_terms_allow(store_url: str) -> None:
    with Record(store_url) as record:
        all_of_them = [payload_of(likes(n), AT + n) for n in range(3)]
        broken = RawPayload("counts", "k", b"{", AT)
        result = record.ingest(
            [p._replace(keep_for=(p.payload.at - AT) * 50) for p in parse_all(counts_of, [*all_of_them, broken])],
            source="s",
        )
        assert (result.added, result.quarantined) == (3, 1)
        assert table(record, "raw", "seen_at, keep_until") == [(AT + 1, AT + 51), (AT + 2, AT + 102)]
        assert [row[3] for row in snapshots(record)] == [0, 1, 2]
        assert table(record, "quarantine", "keep_until") == [(AT + raw_archive.MIN_UNREADABLE_TIME,)]
        record.ingest(parse_all(counts_of, [payload_of(likes(9))], model.MAX_INTEGER), source="s")
        assert table(record, "raw", "keep_until")[-1] == (model.MAX_INTEGER,)
        assert not made.verified(record).findings


def test_what_enters_nothing_is_not_kept(store_url: str) -> None:
    with Record(store_url) as record:
        assert record.ingest(parse_all(lambda _: [], [payload_of(likes(1))]), source="s").position is None
        assert table(record, "raw", "id") == [] == table(record, "quarantine", "id")


def unreadable(raw: RawPayload) -> Iterable[model.Item]:
    """Fails in a different way for each raw payload."""
    body = json.loads(raw.body)
    if body == "deep":
        raise RecursionError
    if body == "number":
        yield model.Snapshot(post=POST, likes=2**53, observed_at=raw.at)
    if body == "negative":
        yield model.Snapshot(post=POST, likes=-1, observed_at=raw.at)
    if body == "id":
        yield model.Mention(post=POST, paper="arxiv:2113.00001", form="abs", observed_at=raw.at)
    if body == "key":
        yield model.Snapshot(post="1341202937956233217", likes=1, observed_at=raw.at)
    if isinstance(body, int):
        yield model.Snapshot(post=f"mastodon:{random.Random(1).randbytes(body).hex()}0", likes=1, observed_at=raw.at)
    if body == "good":
        yield model.Snapshot(post=POST, likes=1, observed_at=raw.at)
    yield from body["items"] if isinstance(body, dict) else ()


def test_what_cannot_be_read_is_set_apart_with_its_reason_and_stops_nothing(store_url: str) -> None:
    bad = ["deep", "number", "negative", "id", "key", 996, {}]
    with Record(store_url) as record:
        broken = RawPayload("counts", "\0\udc80", b"\xff{" + b"x" * 9000, AT)
        page = [*map(payload_of, bad), broken, payload_of("good"), payload_of(995)]  # 995 is the longest key
        result = record.ingest(parse_all(unreadable, page, 50), source="s")
        assert (result.added, result.quarantined) == (2, 8)
        reasons = [str(row[0]) for row in table(record, "quarantine", "reason")]
        expected = [
            "RecursionError", "likes 9007199254740992 is larger", "likes is negative", "'arxiv:2113.00001' is not a",
            "is not the key of a post", "… is longer than 2,000 bytes", "KeyError: 'items'", "UnicodeDecodeError",
        ]  # fmt: skip
        assert len(reasons) == len(expected)
        assert all(part in reason for part, reason in zip(expected, reasons, strict=True)), reasons
        assert all(len(reason) <= raw_archive.MAX_REASON_CHARS for reason in reasons)
        assert table(record, "quarantine", "key")[-1] == ("\ufffd\ufffd",)
        record.ingest(parse_all(unreadable, [broken]), source="s")
        assert len(reasons) == len(table(record, "quarantine", "id"))
        assert len(table(record, "raw", "id")) == 2
        assert not made.verified(record).findings


def test_no_lock_is_held_while_a_network_is_asked(sqlite_url: str) -> None:
    """A slow network must not keep other writers waiting."""
    with Record(sqlite_url) as record, Record(sqlite_url) as other:

        def slowly() -> Iterator[RawPayload]:
            yield payload_of(likes(1))
            other.append(
                [model.Coverage(network="x", from_at=0, until_at=1, state="complete", observed_at=AT)], source="o"
            )
            yield payload_of(likes(2), AT + 1)

        assert record.ingest(parse_all(counts_of, slowly()), source="s").position == 2


# ---- reprocessing ----------------------------------------------------------------------------------------


def test_a_better_reader_closes_old_rows_and_adds_new_ones_also_where_it_says_nothing(store_url: str) -> None:
    contents = [{"post": POST, "likes": n, "reposts": 2 * n} for n in range(3)]
    with Record(store_url) as record:
        record.ingest(
            parse_all(counts_of, [payload_of(content, AT + n) for n, content in enumerate(contents)]), source="s"
        )
        before = record.view()
        result = record.reprocess("s", made.better_counts_of)
        assert (result.position, result.added, result.quarantined) == (2, 2, 0)
        assert snapshots(record) == [
            (0, None, AT, 1, 1, 2), (1, None, AT + 1, 2, 1, 2), (2, None, AT + 2, 3, 1, 2),
            (1, 2, AT + 1, 2, 2, 0), (2, 4, AT + 2, 3, 2, 0),
        ]  # fmt: skip
        assert [getattr(row.item, "likes") for row in before.latest(model.Snapshot)] == [2]  # noqa: B009
        assert [getattr(row.item, "reposts") for row in record.view().latest(model.Snapshot)] == [4]  # noqa: B009
        assert record.reprocess("s", made.better_counts_of).position is None
        record.reprocess("s", counts_of)
        assert [row[:2] for row in snapshots(record)[5:]] == [(0, None), (1, None), (2, None)]
        assert record.reprocess("another", counts_of).position is None
        assert not made.verified(record).findings


def test_the_same_reader_again_changes_nothing_even_where_words_were_moved(store_url: str) -> None:
    """Two raw payloads with different values for one moment: the second is stored a microsecond later."""
    with Record(store_url) as record:
        record.ingest(parse_all(counts_of, [payload_of(likes(1)), payload_of(likes(2))]), source="s")
        assert [row[2] for row in snapshots(record)] == [AT, AT + 1]
        assert record.reprocess("s", counts_of).position is None


def test_what_two_originals_say_alike_survives_a_better_reading_of_one(store_url: str) -> None:
    def reader(payload: RawPayload) -> Iterable[model.Item]:
        return [model.Account(account="x:1", handle="made_up_ada", observed_at=AT)]

    def better(payload: RawPayload) -> Iterable[model.Item]:
        return reader(payload) if b"2" in payload.body else []

    with Record(store_url) as record:
        record.ingest(parse_all(reader, [payload_of({"n": 1}), payload_of({"n": 2})]), source="s")
        result = record.reprocess("s", better)
        assert (result.added, result.known) == (1, 0)
        rows = record.database.rows("SELECT origin, since, until FROM account ORDER BY id")
        assert rows == [(1, 1, 2), (2, 2, 0)]
        assert not made.verified(record).findings


def test_a_reader_that_fails_now_changes_nothing(store_url: str) -> None:
    def worse(payload: RawPayload) -> Iterable[model.Item]:
        raise ValueError("no idea")

    with Record(store_url) as record:
        record.ingest(parse_all(counts_of, [payload_of(likes(1))]), source="s")
        result = record.reprocess("s", worse)
        assert (result.position, result.quarantined) == (None, 1)
        assert record.count(model.Snapshot) == 1


def test_a_better_reader_takes_out_of_quarantine_what_it_can_read(store_url: str) -> None:
    def picky(payload: RawPayload) -> Iterable[model.Item]:
        raise ValueError("not today")

    def better(payload: RawPayload) -> Iterable[model.Item]:
        counts = json.loads(payload.body)
        return counts_of(payload) if counts["likes"] else []

    with Record(store_url) as record:
        broken = RawPayload("counts", "k", b"{", AT)
        record.ingest(
            parse_all(picky, [payload_of(likes(0)), payload_of(likes(1), AT + 1), broken], 9 * model.DAY), source="s"
        )
        assert record.reprocess("s", better).added == 1
        assert table(record, "quarantine", "key") == [("k",)]
        assert table(record, "raw", "seen_at, keep_until") == [(AT + 1, AT + 1 + 9 * model.DAY)]
        assert not made.verified(record).findings


def test_many_originals_are_read_again_in_several_batches(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reparse, "CHUNK", 3)
    with Record(store_url) as record:
        record.ingest(parse_all(counts_of, [payload_of(likes(n), AT + n) for n in range(8)]), source="s")
        result = record.reprocess("s", made.better_counts_of)
        assert (result.position, result.added) == (2, 0)  # only the first changes: without likes it gives nothing
        monkeypatch.setattr(reparse, "CHUNK", 3)
        result = record.reprocess("s", lambda _: [])
        assert (result.position, record.count(model.Snapshot)) == (5, 0)


@pytest.mark.parametrize(("lasting", "added"), [((), 3), ((model.Account,), 2)])
def test_a_better_reader_adds_what_lasts_once(
    store_url: str, lasting: tuple[type[model.Item], ...], added: int
) -> None:
    """Three raw payloads tell of an account, the first two the same; only a change is news if accounts last."""

    def better(payload: RawPayload) -> Iterable[model.Item]:
        name = f"Ada {json.loads(payload.body)['likes'] // 3}"
        return [*counts_of(payload), model.Account(account="x:1", handle="ada", name=name, observed_at=payload.at)]

    with Record(store_url) as record:
        record.ingest(parse_all(counts_of, [payload_of(likes(n), AT + 10_000 * n) for n in (1, 2, 3)]), source="s")
        assert record.plan_reprocess("s", better, lasting=lasting).added == {"account": added}
        assert record.reprocess("s", better, lasting=lasting).added == added
        assert record.reprocess("s", better, lasting=lasting).position is None


def test_numbers_of_originals_are_never_given_again(store_url: str) -> None:
    """Otherwise reprocessing the new raw payload would close rows from the old one."""
    with Record(store_url) as record:
        record.ingest(parse_all(counts_of, [payload_of(likes(1))], 10), source="s")
        assert prune_record(record, at=AT + 11).raw_payloads == 1
        record.ingest(parse_all(counts_of, [payload_of(likes(2), AT + 1)]), source="s")
        assert table(record, "raw", "id") == [(2,)]
        record.reprocess("s", lambda _: [])
        assert [(row[0], row[3], row[5]) for row in snapshots(record)] == [(1, 1, 0), (2, 2, 3)]


def test_a_damaged_original_is_said_to_be_damaged(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.ingest(parse_all(counts_of, [payload_of(likes(1))]), source="s")
        record.database.run("UPDATE raw SET body = ?", (b"rubbish",))
        with pytest.raises(CorruptStore, match="restore a backup"):
            record.reprocess("s", counts_of)


# ---- frozen issues ---------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_frozen_issue_stays_as_it_is(store_url: str) -> None:
    """Late imports, a better parser and pruning don't change it: it is rebuilt from the rows that it saw."""
    with Record(store_url) as record:
        issues = made.rich(record)
        start = made.moment("2021-03-02 00:30")
        record.append(
            [
                *made.post_about(500, "arxiv:2103.00002", "lateone", start, likes=900),
                made.with_other_words(made.EVERY[0]),
            ],
            source="late",
        )
        record.reprocess("counts", lambda _: [])
        assert prune_record(record, at=made.moment("2023-01-01 00:00")).raw_payloads > 0
        assert [item for item in made.all_rows(record, model.Issue)] == issues
        checked = made.verified(record)
        assert not checked.findings


def test_what_came_back_stays_where_it_was_seen_again(store_url: str) -> None:
    """Likes 5, 9, then 5 again: the third observation has the same raw payload as the first."""
    with Record(store_url) as record:
        for number, at in ((5, AT), (9, AT + 10), (5, AT + 20)):
            record.ingest(parse_all(counts_of, [payload_of(likes(number), at)]), source="s")
        before = snapshots(record)
        record.reprocess("s", counts_of)
        assert snapshots(record) == before

        def twice(payload: RawPayload) -> Iterable[model.Item]:
            for item in counts_of(payload):
                assert isinstance(item, model.Snapshot)
                yield model.Snapshot(post=item.post, likes=(item.likes or 0) * 2, observed_at=item.observed_at)

        record.reprocess("s", twice)
        items = [row.item for row in record.view().latest(model.Snapshot)]
        assert [item.likes for item in items] == [10]


def test_two_posts_of_which_the_same_is_said_are_two_originals(store_url: str) -> None:
    with Record(store_url) as record:
        payloads = [RawPayload("gone", key, b"null", AT) for key in ("1", "2")]

        def read(raw: RawPayload) -> Iterable[model.Item]:
            yield model.Post(post=f"x:{raw.key}", network="x", account="", created_at=1, gone="deleted", observed_at=AT)

        record.ingest(parse_all(read, payloads), source="s")
        record.reprocess("s", read)
        assert len(record.view().latest(model.Post)) == 2
        assert len(table(record, "raw", "id")) == 2


def test_the_database_is_asked_while_originals_are_searched(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ends a transaction in which nothing is asked for long."""
    monkeypatch.setattr(raw_archive, "STEP", 2)
    events = list[str]()
    with Record(sqlite_url) as record:
        record.ingest(parse_all(counts_of, [payload_of(likes(n)) for n in range(7)], 100), source="s")
        rows = record.database.rows

        def noted_rows(sql: str, params: Sequence[object] = ()) -> list[tuple[object, ...]]:
            events.append("ask")
            return rows(sql, params)

        monkeypatch.setattr(record.database, "rows", noted_rows)

        def named_in(key: str, body: bytes) -> bool:
            events.append("search")
            return b'"likes": 5' in body

        with record.database.write():
            assert raw_archive.erase_payloads(record.database, [1], [], named_in) == 2
        assert "search search search" not in " ".join(events) and events.count("search") == 6
        assert table(record, "raw", "id") == [(2,), (3,), (4,), (5,), (7,)]
