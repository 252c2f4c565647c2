"""Forgetting: erased from every byte, still verified, and kept out of later writes."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.keys import own_id
from hotpapers.base.model import HOUR
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record, item_rows
from hotpapers.record.identities import is_pseudonym
from tests.keep.privacy import traces
from tests.keep.privacy.forgotten_account import ADA, ADAS_POST, ADAS_WORDS, assert_gone, fill, values
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT


@pytest.fixture
def store(store_url: str) -> Iterator[Record]:
    """See `forgotten_account.fill`."""
    with Record(store_url) as record:
        fill(record)
        yield record


def test_an_account_goes_with_all_its_posts_from_every_byte(store: Record, tmp_path: Path) -> None:
    places_before = traces.store_bytes(store)
    words_found = {word for word, _ in traces.where_found(places_before, [*ADAS_WORDS, "20210302"])}
    assert words_found == {*ADAS_WORDS, "20210302"}, "else the test could not fail"
    issues = made.all_rows(store, model.Issue)
    voices = store.database.rows("SELECT voice, text_fingerprint FROM post ORDER BY id")
    result = forget_key(store, ADA)
    assert set(result.keys) == {ADA, "x:20210302", ADAS_POST}
    assert result.raw_payloads == 2 and result.rows == 5
    assert_gone(store, tmp_path, (*ADAS_WORDS, "20210302"))
    report = made.verified(store)
    assert not report.findings and report.forgotten == result.rows
    assert made.all_rows(store, model.Issue) == issues
    voices_after = store.database.rows("SELECT voice, text_fingerprint FROM post ORDER BY id")
    assert voices_after != voices and [voice for voice, _ in voices_after] == [voice for voice, _ in voices]
    for column_before, column_after in zip(zip(*voices, strict=True), zip(*voices_after, strict=True), strict=True):
        assert list(map(column_before.index, column_before)) == list(map(column_after.index, column_after)), (
            "equal values stay equal, and different ones different"
        )


def test_only_the_identity_and_fields_with_words_are_overwritten(store: Record) -> None:
    """Others' reactions to her posts, counts, verdicts and all batches remain the very same rows."""
    tables_before, identities_before = tables_of(store), identities_of(store)
    batches = store.database.rows("SELECT * FROM batch ORDER BY position")
    result = forget_key(store, ADA)
    tables_after = tables_of(store)
    changed_rows = {
        kind: [row for row in rows if tables_after[kind][row] != rows[row]] for kind, rows in tables_before.items()
    }
    assert {kind for kind, rows in changed_rows.items() if rows} == {"post", "account"}
    assert {kind: list(rows) for kind, rows in tables_before.items()} == {
        kind: list(rows) for kind, rows in tables_after.items()
    }
    assert sum(map(len, changed_rows.values())) == result.rows == 5
    words = {"text", "links", "handle", "name", "reply_to", "quotes", "text_fingerprint", "salt", "redacted"}
    for kind, numbers in changed_rows.items():
        for number in numbers:
            row_before, row_after = tables_before[kind][number], tables_after[kind][number]
            assert {name for name in row_before if row_before[name] != row_after[name]} <= words
    changed_identities = {number for number, row in identities_before.items() if identities_of(store)[number] != row}
    assert {identities_before[number][0] for number in changed_identities} == set(result.keys)
    for number in changed_identities:
        (key, salt, _, since), (pseudonym, salt_left, commitment, since_after) = (
            identities_before[number],
            identities_of(store)[number],
        )
        assert is_pseudonym(pseudonym) and pseudonym[:3] == "x:~" and (salt_left, since_after) == (b"", since)
        assert commitment == hashlib.sha256(salt + key.encode()).digest()
    assert store.database.rows("SELECT * FROM batch ORDER BY position")[:-1] == batches


def test_forgetting_one_post_leaves_its_author_unchanged(store: Record) -> None:
    """Only its own row and the one in which others link to it change; from then on it has no author."""
    tables_before, identities_before = tables_of(store), identities_of(store)
    result = forget_key(store, ADAS_POST)
    tables_after, identities_after = tables_of(store), identities_of(store)
    changed_rows = [
        (kind, row) for kind, rows in tables_before.items() for row in rows if tables_after[kind][row] != rows[row]
    ]
    assert {kind for kind, _ in changed_rows} == {"post"} and len(changed_rows) == result.rows == 2
    changed_identities = [number for number, row in identities_before.items() if identities_after[number] != row]
    assert [identities_before[number][0] for number in changed_identities] == [ADAS_POST]
    assert identities_after.keys() == identities_before.keys(), "no new identity stands for its author"
    [number] = [number for number, row in tables_after["post"].items() if row["post"] in changed_identities]
    row_before, row_after = tables_before["post"][number], tables_after["post"][number]
    assert (row_after["account"], row_after["voice"]) == (0, row_before["voice"]) and row_before[
        "account"
    ] == row_before["voice"]
    assert identities_after[row_after["voice"]][0] == ADA and not made.verified(store).findings
    redacted, words = msgspec.json.decode(row_after["redacted"]), {"handle", "name", "text", "links"}
    assert redacted.keys() - words == {"post", "account"}
    for name in ("post", "account"):
        key, salt, _, _ = identities_before[row_before[name]]
        committed = hashlib.sha256(salt + key.encode()).hexdigest()
        assert redacted[name] == hashlib.sha256(row_before["salt"] + committed.encode()).hexdigest() != committed


ANSWERED, QUOTED = "x:1366659539260149700", "x:1366659539260149701"


def reply_and_more(reply_to: str = "") -> list[model.Post]:
    """A reply by Ada to posts that nobody else names, and a second post by her, which may answer one of them too."""
    return [
        model.Post(
            post="x:1366659539260149781", network="x", account=ADA, created_at=AT, text="Yes!", handle="made_up_ada",
            reply_to=ANSWERED, quotes=QUOTED, observed_at=AT,
        ),
        model.Post(
            post="x:1366659539260149782", network="x", account=ADA, created_at=AT, text="No!", reply_to=reply_to,
            observed_at=AT,
        ),
    ]  # fmt: skip


def test_posts_that_only_a_forgotten_post_names_are_forgotten_with_it(store_url: str) -> None:
    with Record(store_url) as record:
        reply, _ = reply_and_more()
        record.append(reply_and_more(), source="test")
        identities_before = identities_of(record)
        forget_key(record, reply.post)
        identities_after = identities_of(record)
        changed_keys = {
            identities_before[number][0]
            for number in identities_before
            if identities_after[number] != identities_before[number]
        }
        assert changed_keys == {reply.post, ANSWERED, QUOTED}
        assert all(
            is_pseudonym(identities_after[number][0])
            for number in identities_before
            if identities_before[number][0] in changed_keys
        )
        assert not (changed_keys & values(record)) and not made.verified(record).findings
        words = [key.removeprefix("x:") for key in changed_keys]
        assert not traces.where_found(traces.store_bytes(record), words)


def test_posts_that_others_name_too_stay(store_url: str) -> None:
    with Record(store_url) as record:
        items = reply_and_more(reply_to=QUOTED)
        record.append(items, source="test")
        record.append([model.Snapshot(post=ANSWERED, likes=1, observed_at=AT)], source="test")
        forget_key(record, items[0].post)
        assert {ANSWERED, QUOTED} <= values(record, "identity") and items[0].post not in values(record)
        assert items[1] in made.all_rows(record, model.Post) and not made.verified(record).findings


def test_the_rest_of_a_forgotten_reply_does_not_reveal_whom_it_named(store: Record) -> None:
    """The commitments in its row match nobody's key: neither as committed before nor with any remaining salt."""
    reply, second_post = reply_and_more(reply_to=QUOTED)
    store.append([reply, second_post], source="test")
    identities_before = identities_of(store)
    forget_key(store, reply.post)
    commitments = {
        value
        for kind in ("post", "account")
        for (redacted,) in store.database.rows(f"SELECT redacted FROM {kind} WHERE redacted IS NOT NULL")
        for value in msgspec.json.decode(redacted, type=dict[str, str]).values()
    }
    assert len(commitments) >= 6, "else the test could not fail"
    salts = {salt for key, salt, _, _ in [*identities_before.values(), *identities_of(store).values()] if salt}
    for number, (key, salt, _, _) in identities_before.items():
        committed = identities_of(store)[number][2].hex() or hashlib.sha256(salt + key.encode()).hexdigest()
        assert committed not in commitments, key
        assert (
            not {
                hashlib.sha256(other_salt + word.encode()).hexdigest()
                for other_salt in salts
                for word in (key, committed)
            }
            & commitments
        )
    assert not made.verified(store).findings


def tables_of(record: Record) -> dict[str, dict[int, dict[str, Any]]]:
    """All rows of all items as stored: by kind, number and column."""
    tables: dict[str, dict[int, dict[str, Any]]] = {}
    for spec in item_rows.SPECS.values():
        columns = ", ".join([f'"{name}"' for name in spec.columns])
        tables[spec.kind] = {
            row[0]: dict(
                zip(
                    spec.columns,
                    [bytes(value) if isinstance(value, memoryview) else value for value in row],
                    strict=True,
                )
            )
            for row in record.database.rows(f"SELECT {columns} FROM {spec.kind} ORDER BY id")
        }
    return tables


def identities_of(record: Record) -> dict[int, tuple[str, bytes, bytes, int]]:
    """Key, salt, commitment and batch of all identities, by number; empty bytes for a missing salt or commitment."""
    return {
        number: (key, bytes(salt or b""), bytes(commitment or b""), since)
        for number, key, salt, commitment, since in record.database.rows("SELECT * FROM identity ORDER BY id")
    }


def test_no_list_of_names_reveals_who_it_was(store: Record) -> None:
    """If pseudonyms and marks were keyed by the secret beside them, a list of names would reveal who was forgotten."""
    post = store.view().latest_row(model.Post, ADAS_POST)
    assert post is not None and isinstance(post.item, model.Post)
    hasher = store.hasher
    keyed_marks = {f"x:~{hasher.tombstone(key)}" for key in (ADA, ADAS_POST)} | {hasher.own_pseudonym(ADA, times=0)}
    traces_before = {ADA, ADAS_POST, hasher.text_fingerprint(post.item.text), *keyed_marks}
    salts = {salt.hex() for key, salt, _, _ in identities_of(store).values() if key in (ADA, ADAS_POST)}
    assert (
        len(traces_before - {0}) == 6 and traces_before & values(store) and len(salts) == 2 and salts <= values(store)
    )
    forget_key(store, ADA)
    assert not (traces_before | salts) & values(store)
    assert hasher.tombstone(ADA) in values(store, "tombstone"), "that she was forgotten can still be tested"


def test_the_voice_of_a_post_forgotten_before_goes_with_its_author(store: Record) -> None:
    [voice] = store.voices_of([ADA])
    forget_key(store, ADAS_POST)
    rows = [row for row in tables_of(store)["post"].values() if row["voice"] == voice]
    assert [row["text"] for row in rows] == [""] and store.voices_of([ADA]) == (voice,)
    assert identities_of(store)[voice][0] == ADA, "the author has other posts, and is one voice with this one"
    assert rows[0]["account"] != voice
    forget_key(store, ADA)
    assert store.voices_of([ADA]) == () and is_pseudonym(identities_of(store)[voice][0])
    assert [row for row in tables_of(store)["post"].values() if row["voice"] == voice] == rows
    assert ADA not in values(store) and not made.verified(store).findings


def test_an_account_of_a_publications_own_is_still_not_counted(store_url: str, other_url: str) -> None:
    """Its posts stay out of issues, as before it was forgotten, both here and after importing an export."""
    own = "bluesky:did:plc:voice42"
    publication = msgspec.structs.replace(made.DAILY, own=(own,))
    with Record(store_url) as record, Record(other_url) as other_record:
        made.talked(record)
        record.append([made.later(publication, HOUR)], source="test")
        at = made.moment("2021-03-03 12:00")
        issue_with_own = freeze.freeze_issue(record, made.DAILY, made.DAY_OF_ISSUE, at=at)
        issue = freeze.freeze_issue(record, publication, made.DAY_OF_ISSUE, at=at, again=True, reason="its own")
        assert issue.content.entries != issue_with_own.content.entries, "else the test could not fail"
        voices = record.voices_of([own])
        forget_key(record, own)
        assert len(voices) == 1 and record.voices_of([own]) == voices
        second_issue = freeze.freeze_issue(
            record, publication, made.DAY_OF_ISSUE, at=at, again=True, reason="once more"
        )
        assert second_issue.content.entries == issue.content.entries and not made.verified(record).findings
        importer.import_lines(other_record, "full", exporter.record_lines(record))
        assert len(other_record.voices_of([own])) == 1 and not made.verified(other_record).findings


def test_a_text_that_others_post_too_still_counts_as_the_same(store: Record) -> None:
    text = "Everybody says this in the very same words, again and again"
    posts = [
        model.Post(post=f"x:{n}", network="x", account=f"x:@{n}", created_at=AT, text=text, observed_at=AT)
        for n in (71, 72)
    ]
    store.append(posts, source="test")
    for n, is_left in ((71, True), (72, False)):
        forget_key(store, f"x:@{n}")
        assert (store.hasher.text_fingerprint(text) in values(store, "post")) is is_left
    assert not made.verified(store).findings


def test_the_rest_is_unchanged(store: Record) -> None:
    forget_key(store, ADA)
    post = traces.post_of(store, "pot:")
    assert post.text == f"@{'█' * 11}さん and {'█' * 11}'s pot: https://twitter.com/{'█' * 11}/status/{'█' * 19} !"
    assert post.links == (model.TextLink(0, 3, "https://example.org/tea"),)
    assert post.name == f"Friend of @{'█' * 11}" and post.handle == "gossip.example.social"
    answer = traces.post_of(store, "Indeed")
    assert answer.reply_to == answer.quotes and re.fullmatch("x:~[0-9a-f]{32}", answer.reply_to)
    assert answer.handle == "made_up_reply"
    likes = {(item.post, item.account) for item in made.all_rows(store, model.Reaction)}  # type: ignore[attr-defined]
    assert (answer.reply_to, "x:@made_up_reply") in likes
    [liker] = [account for post, account in likes if post == "x:1366659539260149777" and is_pseudonym(account)]
    forgotten = [row.item for row in store.view().latest(model.Post) if row.is_forgotten]
    pseudonyms = {key for item in forgotten for key in (item.post, item.account)}
    assert {liker, answer.reply_to} >= pseudonyms
    issue = RecordIssueReader(store).issue("hot-papers", "2021-03-02")
    posts = [quotation.post.text for quotations in issue.printed.values() for quotation in quotations]
    assert len(posts) == 1 and posts[0].startswith("お茶")
    spec = item_rows.SPECS[model.Post]
    stored_rows = store.database.rows(f"SELECT {item_rows.columns_with_commitments(spec)} FROM post")
    rows = [item_rows.read_with_commitments(spec, row) for row in stored_rows]
    assert issue.content.entries[0].posts[0] in {row.hash.hex() for row in rows if row.is_forgotten}


def test_a_post_goes_together_with_an_author_not_known_otherwise(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.rich(record)
        result = forget_key(record, ADAS_POST)
        assert result.keys == (ADAS_POST,)
        assert_gone(record, tmp_path)
        assert not made.verified(record).findings


def test_a_post_goes_and_its_author_stays_if_there_are_other_posts(store: Record, tmp_path: Path) -> None:
    second = model.Post(
        post="x:1366659539260149800", network="x", account=ADA, created_at=AT, text="Second", handle="made_up_ada",
        observed_at=AT,
    )  # fmt: skip
    store.append([second], source="test")
    forget_key(store, ADAS_POST)
    places = {**traces.store_bytes(store), **traces.exports_of(store, tmp_path)}
    assert not traces.where_found(places, ["1366659539260149761", "Our teapot is out", "MadeUp0001"])
    assert traces.post_of(store, "Second") == second
    store.append([model.Account(account=ADA, handle="made_up_ada", name="Ada", observed_at=AT + 9)], source="test")
    assert not made.verified(store).findings


@pytest.mark.parametrize("is_author", [True, False])
@pytest.mark.parametrize(
    ("account", "other"),
    [
        ("bluesky:did:plc:pot", "bluesky:at://did:plc:pot/app.bsky.feed.post/"),
        ("mastodon:https://pots.example/users/pot", "mastodon:https://pots.example/users/pot/statuses/"),
    ],
)
def test_posts_that_only_others_name_go_with_their_author(
    store_url: str, account: str, other: str, *, is_author: bool
) -> None:
    """Their keys contain the author's. Somebody with a longer name stays."""
    network, friend = account.partition(":")[0], account + "ter"
    reply = model.Post(
        post=f"{network}:1", network=network, account=friend, created_at=AT, text="Indeed.",
        reply_to=f"{other}3answered", quotes=f"{other}3quoted", observed_at=AT,
    )  # fmt: skip
    own = model.Post(post=f"{other}3own", network=network, account=account, created_at=AT, text="Pot", observed_at=AT)
    with Record(store_url) as record:
        record.append([reply, *([own] if is_author else ())], source="net")
        forget_key(record, account)
        assert not [where for where in traces.store_bytes(record).items() if f"{own_id(account)}/".encode() in where[1]]
        assert friend in values(record) and not made.verified(record).findings


@pytest.mark.long
def test_an_account_that_is_only_mentioned_can_be_forgotten(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.rich(record)
        result = forget_key(record, "x:@Made_Up_Bo")
        assert result.keys == ("x:@made_up_bo",) and result.rows == 1
        assert_gone(record, tmp_path, ("made_up_bo",))
        post = traces.post_of(record, "Our teapot is out")
        assert f"with @{'█' * 10} #tea" in post.text
        assert [link.target[:20] for link in post.links] == ["https://t.co/MadeUp0", "https://twitter.com/"]
        report = made.verified(record)
        assert not report.findings and report.forgotten == 1
        forget_key(record, ADAS_POST)  # and the rest of it later
        assert_gone(record, tmp_path, ("made_up_bo", *ADAS_WORDS))
        assert not made.verified(record).findings


def add_account(record: Record, account: str, handle: str, post: str, at: int) -> None:
    """An account as networks report it, by ID; only the account item has its handle."""
    network = account.partition(":")[0]
    post_item = model.Post(post=post, network=network, account=account, created_at=at, text="Our pot", observed_at=at)
    record.append([model.Account(account=account, handle=handle, name="N", observed_at=at), post_item], source="net")


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("x:@Kettle_Fan", "x:77001"),
        ("bluesky:@pot.example", "bluesky:did:plc:pot"),
        ("mastodon:@pot@pots.example", "mastodon:https://pots.example/users/pot"),
    ],
)
def test_a_handle_is_the_account_that_has_it(store: Record, key: str, account: str) -> None:
    handle, post = own_id(key)[1:].lower(), f"{account.partition(':')[0]}:9900"
    add_account(store, account, handle, post, AT)
    mention = model.Post(
        post="x:9901", network="x", account="x:77009", created_at=AT, text=f"@{handle} said so", observed_at=AT
    )
    store.append([mention], source="net")
    assert {account, post} <= set(forget_key(store, key).keys)
    assert is_pseudonym_of(store, account) and not made.verified(store).findings


def is_pseudonym_of(record: Record, account: str) -> bool:
    """Whether no row names an account any more."""
    return account not in {item.account for item in record.view().items(model.Post)}


def test_a_former_handle_means_its_last_holder_and_a_reused_one_its_current_holder(store: Record) -> None:
    add_account(store, "x:77001", "old_name", "x:9900", AT)
    add_account(store, "x:77001", "new_name", "x:9902", AT + HOUR)
    add_account(store, "x:77002", "taken", "x:9903", AT)
    add_account(store, "x:77002", "given_up", "x:9904", AT + HOUR)
    add_account(store, "x:77003", "taken", "x:9905", AT + 2 * HOUR)
    assert {"x:77003", "x:9905"} <= set(forget_key(store, "x:@taken").keys)
    assert not is_pseudonym_of(store, "x:77002")
    assert {"x:77001", "x:9900", "x:9902", "x:@new_name"} <= set(forget_key(store, "x:@old_name").keys)


def test_closed_and_pruned_rows_forget_too(store_url: str) -> None:
    """Rows closed by reprocessing keep the post's words. Closed snapshots and manifests of pruned rows don't."""
    long_ago = made.moment("2019-01-01 00:00")
    with Record(store_url) as record:
        payload = model.RawPayload("counts", "old", b'{"post": "x:1341202937956233217", "likes": 9}', long_ago)
        record.ingest(parse_all(made.counts_of, [payload]), source="s", at=long_ago)
        record.append(
            [model.Snapshot(post="x:1341202937956233217", likes=n, observed_at=long_ago + n) for n in (1, 2)],
            source="s",
            at=long_ago,
        )
        record.reprocess("s", lambda _: [])
        post = model.Post(
            post="x:1341202937956233217", network="x", account="x:zinnia", created_at=long_ago,
            text="Moss on north walls", observed_at=long_ago,
        )  # fmt: skip
        record.ingest(parse_all(lambda _: [post], [model.RawPayload("post", "moss", b"moss", AT)]), source="t", at=AT)
        record.reprocess("t", lambda _: [])
        assert prune_record(record, at=AT) == (1, 1)
        assert traces.where_found(traces.store_bytes(record), ["Moss on north walls"])
        assert forget_key(record, "x:1341202937956233217").rows == 1
        words = ["1341202937956233217", "Moss on north walls", "zinnia"]
        assert not traces.where_found(traces.store_bytes(record), words)
        report = made.verified(record)
        assert not report.findings and (report.forgotten, report.pruned) == (1, 1)


@pytest.mark.long
def test_moving_rows_between_pages_leaves_no_copies(sqlite_url: str) -> None:
    """With one poster among many, index entries grow, pages split, and remnants remain in them outside any row."""
    rng = random.Random(2)
    with Record(sqlite_url) as record:
        for batch in range(12):
            items: list[model.Item] = []
            for n in range(batch * 100, batch * 100 + 100):
                handle = "voice" + str(rng.randrange(400)) if n % 2 else "talker3zq"
                post = f"x:{rng.randrange(10**17, 10**18)}"
                items += listed_post(post, handle, "words " * rng.randrange(1, 30), rng.randrange(1, 99_999), n)
            record.append(items, source="test")
        result = forget_key(record, "x:@talker3zq")
        assert result.rows == 1200
        words = [*(key.partition(":")[2] for key in result.keys[1:]), "talker3zq"]
        assert not traces.where_found(traces.store_bytes(record), words)
        assert traces.where_found(traces.store_bytes(record), ["voice7"])


def listed_post(post: str, handle: str, text: str, paper: int, n: int) -> list[model.Item]:
    """A post shown in a listing."""
    account, name, at = f"x:@{handle}", f"Name of {handle}", AT + n
    return [
        model.Post(
            post=post, network="x", account=account, created_at=at, text=text, handle=handle, name=name, observed_at=at
        ),
        model.Account(account=account, handle=handle, name=name, observed_at=at),
        model.Mention(post=post, paper=f"arxiv:2103.{paper:05}", form="listed", observed_at=at),
        model.Shown(publication="p", day="2021-03-02", edition=0, place=n, n=1, post=post, observed_at=at),
    ]
