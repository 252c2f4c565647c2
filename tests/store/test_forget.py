"""Forgetting: gone from every byte, still verified, and kept out of what comes later."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers import model
from hotpapers.errors import NotFound, UsageError
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import HOUR
from hotpapers.privacy.forget import copies, forget
from hotpapers.privacy.retention import prune
from hotpapers.search import update_index
from hotpapers.store import Record, item_rows
from hotpapers.store.record import is_server
from hotpapers.transfer import classic_import
from hotpapers.transfer.backup import backup, restore
from hotpapers.transfer.jsonl import exporter, importer
from hotpapers.transfer.queries import note_copy
from tests.conftest import data
from tests.parsing import parse_all
from tests.store import made, traces
from tests.store.made import AT

ADA = "x:@made_up_ada"
ADAS_POST = "x:1366659539260149761"
ADAS_WORDS = ("made_up_ada", "1366659539260149761", "Our teapot is out", "Leaf", "MadeUp0001")
"""Handle, id, text, name, short link."""


@pytest.fixture
def store(store_url: str) -> Iterator[Record]:
    """A record in which people also talk about Ada, and originals name her."""
    with Record(store_url) as record:
        made.rich(record)
        record.append(gossip(), source="gossip")
        said = b'{"post": "x:7", "of": "@Made_Up_Ada, status 1366659539260149761"}'
        record.ingest(parse_all(named, [model.RawPayload("post", "7", said, AT)]), source="net")
        record.ingest(parse_all(unreadable, [model.RawPayload("post", "8", b"made_up_ada {", AT)]), source="net")
        record.ingest(
            parse_all(lambda one: [SNAPSHOT], [model.RawPayload("post", "9", b'"nothing of her"', AT)]), source="net"
        )
        update_index(record)
        yield record


SNAPSHOT = model.Snapshot(post="x:1341202937956233299", likes=4, observed_at=AT)


def gossip() -> list[model.Item]:
    """What others say of Ada and her post."""
    text = "@Made_Up_Adaさん and made_up_ada's pot: https://twitter.com/made_up_ada/status/1366659539260149761 !"
    link = "https://twitter.com/made_up_ada/status/1366659539260149761"
    start = text.index("https")
    return [
        model.Post(
            post="bluesky:at://did:plc:gossip/app.bsky.feed.post/3kgossip00001", network="bluesky",
            account="bluesky:did:plc:gossip", created_at=AT, text=text, handle="gossip.example.social",
            links=(model.TextLink(start, start + len(link), link), model.TextLink(0, 3, "https://example.org/tea")),
            name="Friend of @made_up_ada", observed_at=AT,
        ),
        model.Post(
            post="x:1366659539260149777", network="x", account="x:@made_up_reply", created_at=AT, text="Indeed.",
            handle="made_up_reply", reply_to=ADAS_POST, quotes=ADAS_POST, observed_at=AT,
        ),
        model.Account(account="x:@fan_of", handle="fan_of", name="made_up_ada fan", observed_at=AT),
        model.Reaction(post=ADAS_POST, account="x:@made_up_reply", type="like", observed_at=AT),
        model.Reaction(post="x:1366659539260149777", account=ADA, type="like", observed_at=AT),
        model.Verdict(
            subject=ADA, about="", rule="r", judgement="human", version=1, reason="known to us", observed_at=AT
        ),
        model.Verdict(
            subject=ADAS_POST, about="arxiv:2103.99901", rule="r", judgement="sound", version=1, reason="",
            observed_at=AT,
        ),
        model.Snapshot(post=ADAS_POST, likes=4, observed_at=AT + HOUR),
        model.Alias(account=ADA, stable="x:20210302", observed_at=AT),
        model.Account(account="x:20210302", handle="Made_Up_Ada", name="Ada “Leaf”", observed_at=AT + HOUR),
    ]  # fmt: skip


def named(one: model.RawPayload) -> list[model.Item]:
    return [model.Snapshot(post="x:1341202937956233217", likes=3, observed_at=one.at)]


def unreadable(one: model.RawPayload) -> list[model.Item]:
    raise ValueError(f"cannot read {one.key}")


def assert_gone(record: Record, folder: Path, words: tuple[str, ...] = ADAS_WORDS) -> None:
    everything = {**traces.store_bytes(record), **traces.handed_out(record, folder)}
    assert not traces.where_found(everything, words)
    assert traces.where_found(everything, ["Umbrellas"]), "the search itself does not work"


def test_an_account_goes_with_all_its_posts_from_every_byte(store: Record, tmp_path: Path) -> None:
    before = traces.store_bytes(store)
    found = {word for word, _ in traces.where_found(before, [*ADAS_WORDS, "20210302"])}
    assert found == {*ADAS_WORDS, "20210302"}, "else the test could not fail"
    issues = made.all_rows(store, model.Issue)
    voices = store.database.rows("SELECT voice, same FROM post ORDER BY id")
    done = forget(store, ADA)
    assert set(done.keys) == {ADA, "x:20210302", ADAS_POST}
    assert done.originals == 2 and done.rows > 10
    assert_gone(store, tmp_path, (*ADAS_WORDS, "20210302"))
    checked = made.verified(store)
    assert not checked.findings and checked.forgotten == done.rows
    assert made.all_rows(store, model.Issue) == issues
    after = store.database.rows("SELECT voice, same FROM post ORDER BY id")
    assert after != voices
    for one, other in zip(zip(*voices, strict=True), zip(*after, strict=True), strict=True):
        assert list(map(one.index, one)) == list(map(other.index, other)), "who and what was one is one"


def test_nobody_can_try_out_who_it_was(store: Record) -> None:
    """Pseudonyms and marks were keyed by a secret that lies beside them: a list of names told who was forgotten."""
    post = store.view().one(model.Post, ADAS_POST)
    assert post is not None and isinstance(post.item, model.Post)
    marks = store.marks
    tried = {marks.voice(ADA), marks.same(post.item.text), *(f"x:~{marks.tombstone(key)}" for key in (ADA, ADAS_POST))}
    assert len(tried - {0}) == 4 and tried & values(store)
    forget(store, ADA)
    assert not (tried - {0}) & values(store)
    assert marks.tombstone(ADA) in values(store, "tombstone"), "that she was forgotten can still be tested"


def values(store: Record, *tables: str) -> set[object]:
    """Every value of the tables of items, or of some others."""
    rows = (store.database.rows(f"SELECT * FROM {table}") for table in tables or map(model.kind_of, model.KINDS))
    return {value for table in rows for row in table for value in row if isinstance(value, str | int)}


def test_the_voice_of_a_post_that_was_forgotten_before_goes_with_its_author(store: Record) -> None:
    voice = store.marks.voice(ADA)
    forget(store, ADAS_POST)
    assert voice in values(store, "post"), "the author says more, and is one voice with it"
    forget(store, ADA)
    assert voice not in values(store) and not made.verified(store).findings


def test_a_text_that_others_say_too_counts_as_the_same(store: Record) -> None:
    text = "Everybody says this in the very same words, again and again"
    said = [
        model.Post(post=f"x:{n}", network="x", account=f"x:@{n}", created_at=AT, text=text, observed_at=AT)
        for n in (71, 72)
    ]
    store.append(said, source="test")
    for n, left in ((71, True), (72, False)):
        forget(store, f"x:@{n}")
        assert (store.marks.same(text) in values(store, "post")) is left
    assert not made.verified(store).findings


def test_what_is_left_is_as_it_was(store: Record) -> None:
    forget(store, ADA)
    about = traces.post_of(store, "pot:")
    assert about.text == f"@{'█' * 11}さん and {'█' * 11}'s pot: https://twitter.com/{'█' * 11}/status/{'█' * 19} !"
    assert about.links == (model.TextLink(0, 3, "https://example.org/tea"),)
    assert about.name == f"Friend of @{'█' * 11}" and about.handle == "gossip.example.social"
    answer = traces.post_of(store, "Indeed")
    assert answer.reply_to == answer.quotes and re.fullmatch("x:~[0-9a-f]{32}", answer.reply_to)
    assert answer.handle == "made_up_reply"
    likes = {(item.post, item.account) for item in made.all_rows(store, model.Reaction)}  # type: ignore[attr-defined]
    assert (answer.reply_to, "x:@made_up_reply") in likes
    [liked] = [
        account for post, account in likes if post == "x:1366659539260149777" and item_rows.is_pseudonym(account)
    ]
    own = [row.item for row in store.view().latest(model.Post) if row.is_forgotten]
    assert {liked, answer.reply_to} >= {pseudonym for post in own for pseudonym in (post.post, post.account)}  # type: ignore[attr-defined]
    issue = RecordIssueReader(store).issue("hot-papers", "2021-03-02")
    posts = [quotation.post.text for quotations in issue.printed.values() for quotation in quotations]
    assert len(posts) == 1 and posts[0].startswith("お茶")
    assert issue.content.entries[0].posts[0] in {
        row.hash.hex() for row in store.view().latest(model.Post) if row.is_forgotten
    }


def test_a_post_goes_and_with_it_an_author_of_whom_nothing_else_is_known(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.rich(record)
        done = forget(record, ADAS_POST)
        assert done.keys == (ADAS_POST,)
        assert_gone(record, tmp_path)
        assert not made.verified(record).findings


def test_a_post_goes_and_its_author_stays_where_there_are_others(store: Record, tmp_path: Path) -> None:
    second = model.Post(
        post="x:1366659539260149800", network="x", account=ADA, created_at=AT, text="Second", handle="made_up_ada",
        observed_at=AT,
    )  # fmt: skip
    store.append([second], source="test")
    forget(store, ADAS_POST)
    everything = {**traces.store_bytes(store), **traces.handed_out(store, tmp_path)}
    assert not traces.where_found(everything, ["1366659539260149761", "Our teapot is out", "MadeUp0001"])
    assert traces.post_of(store, "Second") == second
    store.append([model.Account(account=ADA, handle="made_up_ada", name="Ada", observed_at=AT + 9)], source="test")
    assert not made.verified(store).findings


def test_somebody_who_is_only_mentioned_can_be_forgotten(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.rich(record)
        done = forget(record, "x:@Made_Up_Bo")
        assert done.keys == ("x:@made_up_bo",) and done.rows == 1
        assert_gone(record, tmp_path, ("made_up_bo",))
        post = traces.post_of(record, "Our teapot is out")
        assert f"with @{'█' * 10} #tea" in post.text
        assert [link.target[:20] for link in post.links] == ["https://t.co/MadeUp0", "https://twitter.com/"]
        checked = made.verified(record)
        assert not checked.findings and checked.forgotten == 1
        forget(record, ADAS_POST)  # and later the rest of it
        assert_gone(record, tmp_path, ("made_up_bo", *ADAS_WORDS))
        assert not made.verified(record).findings


def test_closed_and_pruned_rows_forget_too(store_url: str) -> None:
    """A row that a better reading closed still holds the post's id; a manifest does after its row was pruned."""
    old = made.moment("2019-01-01 00:00")
    with Record(store_url) as record:
        one = model.RawPayload("counts", "old", b'{"post": "x:1341202937956233217", "likes": 9}', old)
        record.ingest(parse_all(made.counts_of, [one]), source="s", at=old)
        record.append(
            [model.Snapshot(post="x:1341202937956233217", likes=n, observed_at=old + n) for n in (1, 2)], source="s"
        )
        record.reprocess("s", lambda _: [])
        assert prune(record, at=AT) == (1, 1)
        assert forget(record, "x:1341202937956233217").rows == 2
        assert not traces.where_found(traces.store_bytes(record), ["1341202937956233217"])
        assert not made.verified(record).findings


def test_moving_rows_between_pages_leaves_no_copies(sqlite_url: str) -> None:
    """Of one talker among many: index entries grow, pages are split, and remnants stay in them outside of any row."""
    dice = random.Random(2)
    with Record(sqlite_url) as record:
        for batch in range(12):
            said: list[model.Item] = []
            for n in range(batch * 100, batch * 100 + 100):
                who = "voice" + str(dice.randrange(400)) if n % 2 else "talker3zq"
                post = f"x:{dice.randrange(10**17, 10**18)}"
                said += talk(post, who, "words " * dice.randrange(1, 30), dice.randrange(1, 99_999), n)
            record.append(said, source="test")
        done = forget(record, "x:@talker3zq")
        assert done.rows == 2400
        words = [*(key.partition(":")[2] for key in done.keys[1:]), "talker3zq"]
        assert not traces.where_found(traces.store_bytes(record), words)
        assert traces.where_found(traces.store_bytes(record), ["voice7"])


def talk(post: str, who: str, text: str, paper: int, n: int) -> list[model.Item]:
    """A post that a listing shows."""
    account, name, at = f"x:@{who}", f"Name of {who}", AT + n
    return [
        model.Post(
            post=post, network="x", account=account, created_at=at, text=text, handle=who, name=name, observed_at=at
        ),
        model.Account(account=account, handle=who, name=name, observed_at=at),
        model.Mention(post=post, paper=f"arxiv:2103.{paper:05}", form="listed", observed_at=at),
        model.Shown(publication="p", day="2021-03-02", edition=0, place=n, n=1, post=post, observed_at=at),
    ]


# ---- asking --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["made_up_ada", "@made_up_ada", "twitter:1", "x:", ""])
def test_what_is_no_key_is_refused(sqlite_url: str, key: str) -> None:
    with Record(sqlite_url) as record, pytest.raises(UsageError, match="write it as network:id"):
        forget(record, key)


def test_what_nobody_knows_is_no_such_thing(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.talked(record)
        with pytest.raises(NotFound, match="no such post or account in the record"):
            forget(record, "x:@nobody")
        assert record.head.position == 2


def test_forgetting_twice_changes_nothing_more(store: Record) -> None:
    forget(store, ADA)
    head, rows = store.head, store.database.rows("SELECT * FROM tombstone ORDER BY 1")
    for key in (ADA, "x:@MADE_UP_ADA", ADAS_POST, "x:20210302"):
        again = forget(store, key)
        assert (again.rows, again.originals) == (0, 0)
    assert store.head == head and store.database.rows("SELECT * FROM tombstone ORDER BY 1") == rows


def test_an_interrupted_forgetting_is_undone_and_can_be_run_again(
    store: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Either all of it happened or nothing; what is left to overwrite is overwritten the next time."""
    before = store.head
    with monkeypatch.context() as patch:
        patch.setattr("hotpapers.store.raw_archive.erase", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget(store, ADA)
    assert store.head == before and store.database.rows("SELECT * FROM tombstone") == []
    assert not made.verified(store).findings
    with monkeypatch.context() as patch:
        patch.setattr(type(store.database), "erase_traces", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget(store, ADA)
    assert forget(store, ADA).rows == 0
    assert_gone(store, tmp_path)


def test_copies_made_before_are_named_as_out_of_reach(store: Record, tmp_path: Path) -> None:
    backup(store, tmp_path / "before.db")
    note_copy(store, "export", "/srv/export.jsonl")
    done = forget(store, ADAS_POST)
    assert done.out_of_reach == (f"backup {tmp_path / 'before.db'}", "export /srv/export.jsonl")
    note_copy(store, "export", "/srv/later.jsonl")
    assert forget(store, ADAS_POST).out_of_reach == done.out_of_reach
    assert len(list(copies(store))) == 3


# ---- what comes later ------------------------------------------------------------------------------------


def test_what_killed_copies_left_behind_goes_too(store: Record, tmp_path: Path) -> None:
    backup(store, tmp_path / "whole.db")
    (tmp_path / "whole.db.part").write_bytes(b"half a copy that names made_up_ada")
    old, new = tmp_path / ".hotpapers-killed", tmp_path / ".hotpapers-at-work"
    for folder in (old, new):
        folder.mkdir()
        (folder / "copy.db").write_bytes(b"made_up_ada")
    for path in (old / "copy.db", old):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    done = forget(store, ADA)
    assert not (tmp_path / "whole.db.part").exists() and not old.exists() and new.exists()
    assert f"unfinished {new}" in done.out_of_reach and f"backup {tmp_path / 'whole.db'}" in done.out_of_reach


def test_the_samples_of_the_planner_forget_too(postgres_url: str) -> None:
    """PostgreSQL keeps common values of each column; what they were before stays in that table's file otherwise."""
    with Record(postgres_url) as record:
        made.rich(record)
        many = [model.Account(account=ADA, handle="made_up_ada", name="Ada B.", observed_at=AT + n) for n in range(99)]
        record.append(many, source="test")
        record.database.run("ANALYZE")
        sampled = "SELECT pg_read_binary_file(pg_relation_filepath('pg_statistic'))"
        record.database.run("CHECKPOINT")
        assert b"made_up_ada" in bytes(record.database.rows(sampled)[0][0])
        forget(record, ADA)
        assert b"made_up_ada" not in bytes(record.database.rows(sampled)[0][0])


def test_importing_the_same_listing_elsewhere_in_the_store_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    forget(store, "x:@made_up_bo")
    forget(store, ADA)
    again = data("classic", "plain.md").read_bytes()
    assert classic_import.import_classic(store, "plain.md", again).state == "known"
    other = classic_import.import_classic(store, "plain.md", again, name="mirror")
    assert other.state == "new" and any("forgotten and stayed out" in note for note in other.notes)
    later = classic_import.import_classic(store, "plain.md", again.replace(b"favorites: 1204", b"favorites: 1300"))
    assert later.state == "later"
    assert_gone(store, tmp_path, (*ADAS_WORDS, "made_up_bo"))
    assert not made.verified(store).findings


def test_collecting_again_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    """Neither items nor originals nor quarantine; others' words come without the names."""
    forget(store, ADA)
    items = gossip()
    one = model.RawPayload("post", "1366659539260149761", b'{"text": "Our teapot is out"}', AT)
    by_handle = model.Post(post="x:1", network="x", account="x:99", created_at=AT, handle="Made_Up_Ada", observed_at=AT)
    new = made.later(items[0], HOUR)
    written = store.ingest(parse_all(lambda _: [*items, by_handle, new], [one]), source="x", at=AT)
    assert (written.added, written.refused) == (1, 9)
    store.ingest(parse_all(unreadable, [one, model.RawPayload("post", "10", b"about made_up_ada: {", AT)]), source="x")
    assert store.database.rows("SELECT count(*) FROM raw WHERE source = 'x'") == [(0,)]
    assert store.database.rows("SELECT count(*) FROM quarantine WHERE source = 'x'") == [(0,)]
    assert_gone(store, tmp_path)
    assert not made.verified(store).findings


def test_importing_an_older_export_brings_nothing_back(store: Record, tmp_path: Path) -> None:
    full, records = list(exporter.lines(store)), list(exporter.lines(store, records_only=True))
    forget(store, ADA)
    count = len(made.everything(store))
    taken = importer.import_lines(store, "full", full)
    assert taken.added == 0 and taken.restored > 0
    taken = importer.import_lines(store, "records", records)
    assert taken.added == 0 and taken.refused > 5
    assert len(made.everything(store)) == count
    assert_gone(store, tmp_path)


def test_a_full_export_carries_its_tombstones(store: Record, other_url: str, tmp_path: Path) -> None:
    forget(store, ADA)
    with Record(other_url) as other:
        importer.import_lines(other, "full", exporter.lines(store))
        mirrored = classic_import.import_classic(
            other, "plain.md", data("classic", "plain.md").read_bytes(), name="mirror"
        )
        assert any("forgotten" in note for note in mirrored.notes)
        assert_gone(other, tmp_path)
        checked = made.verified(other)
        assert not checked.findings and checked.forgotten > 10


def test_restoring_an_older_backup_forgets_again(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.listings(record)
        backup(record, tmp_path / "older.db")
        made.talked(record)
        record.append(gossip(), source="gossip")
        forget(record, "x:@made_up_bo")
        forget(record, ADA)
        note_copy(record, "export", "/srv/export.jsonl")
    done = restore(tmp_path / "older.db", store_url, replace=True)
    assert done.position == 3 and done.lost_batches == 5 and done.forgotten_again == 2
    with Record(store_url) as record:
        assert_gone(record, tmp_path, (*ADAS_WORDS, "made_up_bo"))
        checked = made.verified(record)
        assert not checked.findings and checked.forgotten == 4
        assert f"backup {tmp_path / 'older.db'}" in list(copies(record))
        assert "export /srv/export.jsonl" in list(copies(record))
        classic_import.import_classic(record, "plain.md", data("classic", "plain.md").read_bytes(), name="mirror")
        assert not traces.where_found(traces.store_bytes(record), [*ADAS_WORDS, "made_up_bo"])
    assert is_server(store_url) or not list(tmp_path.glob("*.part*"))


def test_everything_can_be_forgotten_one_after_the_other(sqlite_url: str, tmp_path: Path) -> None:
    """Bots, aliases, those who only liked, posts that issues show: each issue verifies after each of them."""
    with Record(sqlite_url) as record:
        issues = made.rich(record)
        posts = [item for item in made.all_rows(record, model.Post) if isinstance(item, model.Post)]
        accounts = {item.account for item in made.all_rows(record, model.Account) if isinstance(item, model.Account)}
        fans = {item.account for item in made.all_rows(record, model.Reaction) if isinstance(item, model.Reaction)}
        keys = [*(post.post for post in posts[::2]), *sorted(accounts), *sorted(fans), *(post.post for post in posts)]
        for n, key in enumerate(keys):
            try:
                forget(record, key)
            except NotFound:
                assert key in accounts, "of whom one post was known, which is forgotten"
            if n % 5 == 0:
                assert not made.verified(record).findings, key
        assert made.all_rows(record, model.Issue) == issues
        checked = made.verified(record)
        assert not checked.findings and checked.forgotten > 60
        words = [post.text[:20] for post in posts if post.text] + [post.handle for post in posts] + ["example.social"]
        ids = [post.post.rpartition("/")[2].partition(":")[2] or post.post.rpartition("/")[2] for post in posts]
        everything = {**traces.store_bytes(record), **traces.handed_out(record, tmp_path)}
        assert not traces.where_found(everything, [word for word in [*words, *ids] if len(word) > 3])
