"""What can be forgotten, several keys at once, and later: copies, imports and restored backups bring nothing back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.model import HOUR
from hotpapers.keep.privacy.forget import ForgetResult, copies_to_delete, forget_all, forget_key
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.keep.transfer.queries import keys_marked, note_copy
from hotpapers.record import Record
from hotpapers.record.record import is_server
from tests.keep.privacy import traces
from tests.keep.privacy.forgotten_account import (
    ADA,
    ADAS_POST,
    ADAS_WORDS,
    assert_gone,
    fill,
    posts_about_ada,
    raise_error,
    values,
)
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT


@pytest.fixture
def store(store_url: str) -> Iterator[Record]:
    """See `forgotten_account.fill`."""
    with Record(store_url) as record:
        fill(record)
        yield record


# ---- what can be forgotten ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["made_up_ada", "@made_up_ada", "twitter:1", "x:", ""])
def test_an_invalid_key_is_refused(sqlite_url: str, key: str) -> None:
    with Record(sqlite_url) as record, pytest.raises(UsageError, match="write it as network:id"):
        forget_key(record, key)


def test_an_unknown_key_is_not_found(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.talked(record)
        with pytest.raises(NotFound, match="no such post or account in the record"):
            forget_key(record, "x:@nobody")
        assert record.head.position == 2


def test_forgetting_twice_changes_nothing_more(store: Record) -> None:
    forget_key(store, ADA)
    head, rows = store.head, store.database.rows("SELECT * FROM tombstone ORDER BY 1")
    for key in (ADA, "x:@MADE_UP_ADA", ADAS_POST, "x:20210302"):
        result = forget_key(store, key)
        assert (result.rows, result.raw_payloads) == (0, 0)
    assert store.head == head and store.database.rows("SELECT * FROM tombstone ORDER BY 1") == rows


def test_several_are_forgotten_at_once(store: Record, tmp_path: Path) -> None:
    """One unknown key doesn't stop the others; each gets its own result."""
    head = store.head.position
    ada, unknown, fan, taro = forget_all(store, [ADA, "x:@nobody", "x:@FAN_OF", "x:@made_up_taro"])
    store.database.erase_traces()
    assert isinstance(unknown, NotFound) and "x:@nobody: no such post or account in the record" in str(unknown)
    assert isinstance(ada, ForgetResult) and isinstance(fan, ForgetResult) and isinstance(taro, ForgetResult)
    assert set(ada.keys) == {ADA, "x:20210302", ADAS_POST} and fan.keys == ("x:@fan_of",)
    assert store.head.position == head + 1, "all in one batch"
    assert not store.database.rows("SELECT 1 FROM tombstone WHERE mark = ?", (store.hasher.tombstone("x:@nobody"),))
    assert_gone(store, tmp_path, (*ADAS_WORDS, "20210302", "fan_of", "made_up_taro"))
    report = made.verified(store)
    assert not report.findings and report.forgotten > ada.rows > fan.rows > 0
    results = forget_all(store, ["x:@fan_of", "x:@nobody", ADA])
    assert [result.rows if isinstance(result, ForgetResult) else result.__class__ for result in results] == [
        0,
        NotFound,
        0,
    ]
    assert store.head.position == head + 1
    [only] = forget_all(store, ["x:@nobody"])
    assert isinstance(only, NotFound) and store.head.position == head + 1
    with pytest.raises(UsageError, match="write it as network:id"):
        forget_all(store, ["x:@made_up_reply", "no key"])
    assert store.head.position == head + 1 and "x:@made_up_reply" in values(store)


@pytest.mark.long
def test_forgetting_several_at_once_equals_one_after_the_other(store: Record, other_url: str) -> None:
    keys = ["x:@made_up_bo", ADA, "bluesky:did:plc:voice10"]
    with Record(other_url) as other_record:
        importer.import_lines(other_record, "full", exporter.record_lines(store))
        assert all(isinstance(result, ForgetResult) for result in forget_all(store, keys))
        for key in keys:
            forget_key(other_record, key)
        assert anonymous(store) == anonymous(other_record) and len(anonymous(store)) > 130
        assert values(store, "tombstone") >= {store.hasher.tombstone(key) for key in keys}
        marks = [record.database.rows("SELECT mark FROM tombstone ORDER BY mark") for record in (store, other_record)]
        assert marks[0] == marks[1]
        reports = [made.verified(record) for record in (store, other_record)]
        assert reports[0] == reports[1] and not reports[0].findings


def anonymous(record: Record) -> list[str]:
    """All items of a record, with the same text for all pseudonyms."""
    return sorted(re.sub("~[0-9a-f]{32}", "~", repr(item)) for item in made.everything(record))


def test_an_interrupted_forgetting_is_undone_and_can_be_run_again(
    store: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It happens completely or not at all; remaining traces are erased the next time."""
    head_before = store.head
    with monkeypatch.context() as patch:
        patch.setattr("hotpapers.record.raw_archive.erase_payloads", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget_key(store, ADA)
    assert store.head == head_before and store.database.rows("SELECT * FROM tombstone") == []
    assert not made.verified(store).findings
    with monkeypatch.context() as patch:
        patch.setattr(type(store.database), "erase_traces", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget_key(store, ADA)
    assert forget_key(store, ADA).rows == 0
    assert_gone(store, tmp_path)


def test_copies_made_before_are_named_as_out_of_reach(store: Record, tmp_path: Path) -> None:
    back_up_store(store, tmp_path / "before.db")
    note_copy(store, "export", "/srv/export.jsonl")
    result = forget_key(store, ADAS_POST)
    assert result.out_of_reach == (f"backup {tmp_path / 'before.db'}", "export /srv/export.jsonl")
    note_copy(store, "export", "/srv/later.jsonl")
    assert forget_key(store, ADAS_POST).out_of_reach == result.out_of_reach
    assert len(list(copies_to_delete(store))) == 3


# ---- later -----------------------------------------------------------------------------------------------


def test_leftovers_of_killed_copies_go_too(store: Record, tmp_path: Path) -> None:
    back_up_store(store, tmp_path / "whole.db")
    halves = [tmp_path / f".hotpapers-copy-{digits}.part" for digits in ("0123456789abcdef", "fedcba9876543210")]
    for half in halves:
        half.write_bytes(b"half a copy that names made_up_ada")
    old_folder, new_folder = tmp_path / ".hotpapers-killed", tmp_path / ".hotpapers-at-work"
    for folder in (old_folder, new_folder):
        folder.mkdir()
        (folder / "copy.db").write_bytes(b"made_up_ada")
    for path in (old_folder / "copy.db", old_folder):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    result = forget_key(store, ADA)
    assert not any(half.exists() for half in halves) and not old_folder.exists() and new_folder.exists()
    assert (
        f"unfinished {new_folder}" in result.out_of_reach and f"backup {tmp_path / 'whole.db'}" in result.out_of_reach
    )


def test_the_samples_of_the_planner_forget_too(postgres_url: str) -> None:
    """PostgreSQL keeps common values of each column, and old versions would stay in the file of that table."""
    with Record(postgres_url) as record:
        made.rich(record)
        accounts = [
            model.Account(account=ADA, handle="made_up_ada", name="Ada B.", observed_at=AT + n) for n in range(99)
        ]
        record.append(accounts, source="test")
        record.database.run("ANALYZE")
        statistics_query = "SELECT pg_read_binary_file(pg_relation_filepath('pg_statistic'))"
        record.database.run("CHECKPOINT")
        assert b"made_up_ada" in bytes(record.database.rows(statistics_query)[0][0])
        forget_key(record, ADA)
        assert b"made_up_ada" not in bytes(record.database.rows(statistics_query)[0][0])


def test_the_same_listing_again_or_elsewhere_in_the_store_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    forget_key(store, "x:@made_up_bo")
    forget_key(store, ADA)
    assert made.listing(store, "plain").refused
    assert made.listing(store, "plain", "mirror").refused
    assert_gone(store, tmp_path, (*ADAS_WORDS, "made_up_bo"))
    assert not made.verified(store).findings


def test_collecting_again_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    """Neither items nor raw payloads nor quarantine; others' texts arrive without the names."""
    forget_key(store, ADA)
    items = posts_about_ada()
    payload = model.RawPayload("post", "1366659539260149761", b'{"text": "Our teapot is out"}', AT)
    by_handle = model.Post(post="x:1", network="x", account="x:99", created_at=AT, handle="Made_Up_Ada", observed_at=AT)
    later_post = made.later(items[0], HOUR)
    result = store.ingest(parse_all(lambda _: [*items, by_handle, later_post], [payload]), source="x", at=AT)
    assert (result.added, result.known, result.refused) == (1, 3, 8)
    store.ingest(
        parse_all(raise_error, [payload, model.RawPayload("post", "10", b"about made_up_ada: {", AT)]), source="x"
    )
    assert store.database.rows("SELECT count(*) FROM raw WHERE source = 'x'") == [(0,)]
    assert store.database.rows("SELECT count(*) FROM quarantine WHERE source = 'x'") == [(0,)]
    assert_gone(store, tmp_path)
    assert not made.verified(store).findings


def test_the_answer_that_a_post_was_read_from_goes_with_it_though_it_names_nobody(store: Record) -> None:
    """Its key is not the post's, as that of a thread, and its body has words alone."""
    account, post = "hackernews:reed", "hackernews:40000001"
    item = model.Post(
        post=post, network="hackernews", account=account, created_at=AT, text="Words of mine.", observed_at=AT
    )
    payload = model.RawPayload("thread", "39999999", b'{"words": "Words of mine."}', AT)
    store.ingest(parse_all(lambda _: [item], [payload]), source="hackernews", at=AT)
    kept = "SELECT count(*) FROM raw WHERE source = 'hackernews'"
    assert store.database.rows(kept) == [(1,)]
    assert forget_key(store, account).raw_payloads == 1
    assert store.database.rows(kept) == [(0,)]


def test_nothing_is_kept_of_later_posts(store: Record) -> None:
    """They come with mentions and counts."""
    forget_key(store, ADA)
    posts = [
        model.Post(
            post=f"x:136665953926015000{n}", network="x", account=account, handle=handle, created_at=AT, observed_at=AT
        )
        for n, (account, handle) in enumerate(((ADA, ""), ("x:20210399", "Made_Up_Ada")))
    ]
    for post in posts:
        mention = model.Mention(post=post.post, paper="arxiv:2103.99901", form="id", observed_at=AT)
        written = store.append([mention, model.Snapshot(post=post.post, likes=3, observed_at=AT), post], source="x")
        assert (written.added, written.refused) == (0, 3)
    assert not {post.post for post in posts} & values(store)


@pytest.mark.parametrize(
    ("account", "post"),
    [
        ("bluesky:did:plc:pot", "bluesky:at://did:plc:pot/app.bsky.feed.post/"),
        ("mastodon:https://pots.example/users/pot", "mastodon:https://pots.example/users/pot/statuses/"),
    ],
)
def test_nothing_is_kept_about_later_posts_that_name_their_author(store_url: str, account: str, post: str) -> None:
    """Whenever it comes. A single forgotten post keeps nobody out."""
    friend = account + "ter"

    def about(key: str) -> list[model.Item]:
        reply = f"{key}-reply".replace("pot/", "potter/")
        return [
            model.Mention(post=key, paper="arxiv:2103.99901", form="id", observed_at=AT),
            model.Snapshot(post=key, likes=3, observed_at=AT),
            model.Reaction(post=key, account=friend, type="like", observed_at=AT),
            model.Post(
                post=reply, network=account.partition(":")[0], account=friend, created_at=AT, reply_to=key,
                observed_at=AT,
            ),
        ]  # fmt: skip

    with Record(store_url) as record:
        record.append([*about(f"{post}1"), *about(f"{post}2")], source="net")
        forget_key(record, f"{post}1")
        assert record.append(about(f"{post}3"), source="net").refused == 0
        forget_key(record, account)
        *items, reply = about(f"{post}4")
        for item in items:
            assert record.append([item], source="net").refused == 1
        assert record.append([reply], source="net").added == 1
        assert not [value for value in values(record) if "pot/" in str(value)]
        assert not made.verified(record).findings


def test_a_reply_to_a_forgotten_post_comes_in_without_saying_so(store: Record, tmp_path: Path) -> None:
    """Its author has a voice too, but it is not quoted, as no reply is. Its raw payload is not kept."""
    forget_key(store, ADA)
    later_post = model.Post(post="x:1366659539260150001", network="x", account=ADA, created_at=AT, observed_at=AT)
    replies = [
        model.Post(
            post=f"x:136665953926014990{number}", network="x", account=f"x:{number}", created_at=AT, text="Indeed.",
            reply_to=parent, quotes=parent, observed_at=AT,
        ) for number, parent in enumerate((ADAS_POST, later_post.post), 7)
    ]  # fmt: skip
    mentions = [
        model.Mention(post=reply.post, paper="arxiv:2103.99901", form="id", observed_at=AT) for reply in replies
    ]
    payload = model.RawPayload("post", "1366659539260149907", b'{"in_reply_to": "1366659539260149761"}', AT)
    result = store.ingest(parse_all(lambda _: [*replies, *mentions, later_post], [payload]), source="x", at=AT)
    assert (result.added, result.refused) == (4, 1)
    for reply in replies:
        stored_reply = store.view().item(model.Post, reply.post)
        assert stored_reply == msgspec.structs.replace(reply, reply_to="", quotes="", limits=("reply",))
    assert store.append([replies[0]], source="x").known == 1
    assert store.database.rows("SELECT count(*) FROM raw WHERE source = 'x'") == [(0,)]
    assert_gone(store, tmp_path, (*ADAS_WORDS, "1366659539260150001"))
    assert not made.verified(store).findings


def test_a_backup_is_searched_for_posts_that_name_a_forgotten_author(store: Record) -> None:
    """Also if they were forgotten by a version that did not know of these posts."""
    account, post = "bluesky:did:plc:ada", "bluesky:at://did:plc:ada/app.bsky.feed.post/1"
    store.append([model.Snapshot(post=post, likes=1, observed_at=AT)], source="net")
    assert keys_marked(store, frozenset([store.hasher.tombstone(account)])) == [post]
    assert keys_marked(store, frozenset([store.hasher.tombstone(post)])) == [post]


def test_no_reaction_to_forgotten_posts_is_remembered(store: Record) -> None:
    """A running job still tracks them, and hears of reactions."""
    own, later = ("bluesky:at://did:plc:ada/app.bsky.feed.post/1", "bluesky:at://did:plc:ada/app.bsky.feed.post/2")
    account = "bluesky:did:plc:ada"
    store.append(
        [model.Post(post=own, network="bluesky", account=account, created_at=AT, observed_at=AT)], source="net"
    )
    forget_key(store, account)
    reactions = [(f"at://did:plc:bo/app.bsky.feed.like/{n}", post) for n, post in enumerate((own, later, "bluesky:x"))]
    assert made.remember(store, reactions, AT) == 1
    assert store.database.rows("SELECT post FROM reaction_post") == [("bluesky:x",)]


def test_importing_an_older_export_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    full_export, records_export = (
        list(exporter.record_lines(store)),
        list(exporter.record_lines(store, records_only=True)),
    )
    forget_key(store, ADA)
    count = len(made.everything(store))
    result = importer.import_lines(store, "full", full_export)
    assert result.added == 0 and result.present > 0
    result = importer.import_lines(store, "records", records_export)
    assert result.added == 0 and result.refused > 5
    assert len(made.everything(store)) == count
    assert_gone(store, tmp_path)


def test_a_full_export_carries_its_tombstones(store: Record, other_url: str, tmp_path: Path) -> None:
    result = forget_key(store, ADA)
    with Record(other_url) as other_record:
        importer.import_lines(other_record, "full", exporter.record_lines(store))
        assert made.listing(other_record, "plain", "mirror").refused
        assert_gone(other_record, tmp_path)
        report = made.verified(other_record)
        assert not report.findings and report.forgotten == result.rows == 5


def test_restoring_an_older_backup_forgets_again(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.listings(record)
        back_up_store(record, tmp_path / "older.db")
        made.talked(record)
        record.append(posts_about_ada(), source="gossip")
        forget_key(record, "x:@made_up_bo")
        forget_key(record, ADA)
        note_copy(record, "export", "/srv/export.jsonl")
    result = restore_backup(tmp_path / "older.db", store_url, replace=True)
    assert result.position == 3 and result.lost_batches == 5 and result.forgotten_again == 2
    with Record(store_url) as record:
        assert_gone(record, tmp_path, (*ADAS_WORDS, "made_up_bo"))
        report = made.verified(record)
        assert not report.findings and report.forgotten == 2
        assert f"backup {tmp_path / 'older.db'}" in list(copies_to_delete(record))
        assert "export /srv/export.jsonl" in list(copies_to_delete(record))
        made.listing(record, "plain", "mirror")
        assert not traces.where_found(traces.store_bytes(record), [*ADAS_WORDS, "made_up_bo"])
    assert is_server(store_url) or not list(tmp_path.glob("*.part*"))


@pytest.mark.long
def test_everything_can_be_forgotten_one_after_the_other(sqlite_url: str, tmp_path: Path) -> None:
    """Bots, aliases, accounts that only liked, posts shown in issues: after each, every issue still verifies."""
    with Record(sqlite_url) as record:
        issues = made.rich(record)
        posts = [item for item in made.all_rows(record, model.Post) if isinstance(item, model.Post)]
        accounts = {item.account for item in made.all_rows(record, model.Account) if isinstance(item, model.Account)}
        fans = {item.account for item in made.all_rows(record, model.Reaction) if isinstance(item, model.Reaction)}
        keys = [*(post.post for post in posts[::2]), *sorted(accounts), *sorted(fans), *(post.post for post in posts)]
        for n, key in enumerate(keys):
            try:
                forget_key(record, key)
            except NotFound:
                assert key in accounts, "only a forgotten post named it"
            if n % 5 == 0:
                assert not made.verified(record).findings, key
        assert made.all_rows(record, model.Issue) == issues
        report = made.verified(record)
        count = len(made.all_rows(record, model.Post)) + len(made.all_rows(record, model.Account))
        assert not report.findings and report.forgotten == count > 30
        words = [post.text[:20] for post in posts if post.text] + [post.handle for post in posts] + ["example.social"]
        ids = [post.post.rpartition("/")[2].partition(":")[2] or post.post.rpartition("/")[2] for post in posts]
        places = {**traces.store_bytes(record), **traces.exports_of(record, tmp_path)}
        assert not traces.where_found(places, [word for word in [*words, *ids] if len(word) > 3])
