"""Full exports after forgetting: imported into an empty store, and into followers, however far behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hotpapers.base import model
from hotpapers.base.errors import NotExchange
from hotpapers.base.model import DAY, HOUR
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.keep.search import update_index
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record
from hotpapers.record.identities import is_pseudonym
from hotpapers.record.manifest import BatchStamp, build_manifest, chain_value
from tests.keep.privacy.traces import store_bytes, where_found
from tests.keep.search import search_items
from tests.record import made
from tests.record.made import AT

ADA, BO = "x:@quillfeather", "x:@brambledown"
FIRST, SECOND, THIRD, BOS, ANSWERED = (f"x:136665953926014900{n}" for n in range(1, 6))

Step = Callable[[Record], object]
"""A change in the store that is followed."""


def post_by(post: str, account: str, text: str, reply_to: str = "") -> model.Post:
    return model.Post(
        post=post, network="x", account=account, created_at=AT, text=text, handle=account.removeprefix("x:@"),
        reply_to=reply_to, observed_at=AT,
    )  # fmt: skip


def begin(record: Record) -> None:
    """Two posts by Ada, one of which answers a post that nobody else names, and one by Bo."""
    first = post_by(FIRST, ADA, "Zyxomma at dusk", ANSWERED)
    record.append([first, post_by(SECOND, ADA, "Second thoughts"), post_by(BOS, BO, "Bo begins")], source="test", at=AT)


def tells(*items: model.Item) -> Step:
    return lambda record: record.append(items, source="test", at=AT + HOUR)


def forgets(key: str) -> Step:
    return lambda record: forget_key(record, key, at=AT + 2 * HOUR)


NAMES_HER = post_by("x:1366659539260149008", BO, "With @quillfeather, status 1366659539260149001, and cake")
STEPS: dict[str, tuple[list[Step], tuple[str, ...]]] = {
    "a post alone": ([forgets(FIRST)], (FIRST, ANSWERED, "Zyxomma")),
    "an account": ([forgets(ADA)], (ADA, FIRST, SECOND, ANSWERED, "Zyxomma", "Second thoughts")),
    "an account that post_by more": (
        [tells(post_by(THIRD, ADA, "Third time")), forgets(ADA)],
        (ADA, FIRST, SECOND, THIRD, ANSWERED, "Zyxomma", "Third time"),
    ),
    "a post alone, later its author": (
        [forgets(FIRST), forgets(ADA)], (ADA, FIRST, SECOND, ANSWERED, "Zyxomma", "Second thoughts"),
    ),
    "one post alone after the other": ([forgets(FIRST), forgets(SECOND)], (ADA, FIRST, SECOND, ANSWERED, "Zyxomma")),
    "a name, later whoever wrote it": (
        [tells(NAMES_HER), forgets(ADA), forgets(BO)], (ADA, FIRST, SECOND, BO, BOS, NAMES_HER.post, "and cake"),
    ),
    "a name, later the post in which it stood": (
        [tells(NAMES_HER), forgets(FIRST), forgets(NAMES_HER.post)], (FIRST, NAMES_HER.post, "and cake"),
    ),
}  # fmt: skip
"""What happens next, and what is gone afterwards."""


def words_of(names: tuple[str, ...]) -> list[str]:
    """Words, and keys without their network."""
    return [word.removeprefix("x:").removeprefix("@") for word in names]


def assert_alike(record: Record, other: Record, names: tuple[str, ...]) -> None:
    """Check that the other store has everything that is left, and nothing that was forgotten."""
    assert other.head == record.head
    assert made.verified(other) == made.verified(record) and not made.verified(other).findings
    assert list(exporter.record_lines(other)) == list(exporter.record_lines(record))
    assert not where_found(store_bytes(other), words_of(names))


@pytest.mark.parametrize("what", STEPS)
def test_an_empty_store_takes_in_what_is_left(store_url: str, other_url: str, what: str) -> None:
    steps, names = STEPS[what]
    with Record(store_url) as record, Record(other_url) as other:
        begin(record)
        for step in steps:
            step(record)
        assert not made.verified(record).findings
        result = importer.import_lines(other, "whole", list(exporter.record_lines(record)))
        assert result.restored + result.present == record.head.position
        assert_alike(record, other, names)


@pytest.mark.parametrize("what", STEPS)
def test_a_store_that_was_far_behind_forgets_too(store_url: str, other_url: str, what: str) -> None:
    """It had only the first batch; everything since, including the forgetting, comes at once."""
    steps, names = STEPS[what]
    with Record(store_url) as record, Record(other_url) as other:
        begin(record)
        importer.import_lines(other, "first", list(exporter.record_lines(record)))
        for step in steps:
            step(record)
        result = importer.import_lines(other, "second", list(exporter.record_lines(record)))
        assert result.restored + result.present == record.head.position and result.forgotten > 0
        assert_alike(record, other, names)
        assert importer.import_lines(other, "second", list(exporter.record_lines(record))).forgotten == 0


@pytest.mark.parametrize("what", STEPS)
def test_a_store_that_follows_each_step_forgets_too(sqlite_url: str, tmp_path: Path, what: str) -> None:
    steps, names = STEPS[what]
    with Record(sqlite_url) as record, Record(str(tmp_path / "other.db")) as other:
        for step in (begin, *steps):
            step(record)
            importer.import_lines(other, "next", list(exporter.record_lines(record)))
            assert other.head == record.head and not made.verified(other).findings
        assert_alike(record, other, names)


def test_what_was_pruned_since_is_pruned_there_too(store_url: str, other_url: str) -> None:
    """One snapshot had come to the follower before it was pruned, the other pruned."""
    counted = [model.Snapshot(post="x:1", likes=n, observed_at=AT + n * DAY) for n in range(4)]
    with Record(store_url) as record, Record(other_url) as other:
        record.append(counted[:2], source="test", at=AT)
        importer.import_lines(other, "first", list(exporter.record_lines(record)))
        record.append(counted[2:], source="test", at=AT)
        assert prune_record(record, at=AT + 500 * DAY).snapshots == 3
        for _ in range(2):
            result = importer.import_lines(other, "second", list(exporter.record_lines(record)))
            assert result.restored + result.present == record.head.position
            assert_alike(record, other, ())
        assert other.count(model.Snapshot) == 1


def test_of_a_post_that_was_forgotten_alone_nobody_is_the_author_there_either(store_url: str, other_url: str) -> None:
    """Her other post is still hers, and both count as one voice."""
    with Record(store_url) as record, Record(other_url) as other:
        begin(record)
        forget_key(record, FIRST)
        importer.import_lines(other, "whole", list(exporter.record_lines(record)))
        posts = [post for post in made.all_rows(other, model.Post) if isinstance(post, model.Post)]
        [left] = [post for post in posts if is_pseudonym(post.post)]
        assert (left.account, left.handle, left.text, left.reply_to) == ("", "", "", "")
        assert [post.post for post in posts if post.account == ADA] == [SECOND]
        [voice] = other.voices_of([ADA])
        assert other.database.rows("SELECT count(*) FROM post WHERE voice = ?", (voice,)) == [(2,)]


def test_what_was_forgotten_is_not_found_by_its_words_there_either(store_url: str, other_url: str) -> None:
    """The follower's index contained them."""
    secret = search_items.post("Zyxomma petiolatum flies at dusk")
    stays = search_items.post("Moss grows at dusk", account="bluesky:did:plc:moss")
    with Record(store_url) as record, Record(other_url) as other:
        record.append(search_items.with_mentions(secret, stays), source="test", at=AT)
        importer.import_lines(other, "first", list(exporter.record_lines(record)))
        update_index(other)
        assert search_items.texts(other, "zyxomma") and len(search_items.texts(other, "dusk")) == 2
        words = ["zyxomma", "petiolatum"]
        assert {word for word, _ in where_found(store_bytes(other), words)} == set(words), "else it could not fail"
        forget_key(record, secret.post)
        importer.import_lines(other, "second", list(exporter.record_lines(record)))
        for _ in range(2):
            assert not search_items.texts(other, "zyxomma") and search_items.texts(other, "dusk") == [stays.text]
            assert not where_found(store_bytes(other), [*words, secret.post.rpartition("/")[2]])
            update_index(other)
        assert not made.verified(other).findings


@pytest.mark.parametrize("kind", ["post", "identity"])
def test_a_forged_export_that_forgets_what_no_batch_has_is_refused(store_url: str, other_url: str, kind: str) -> None:
    """Its chain is right, but an earlier batch has one line more than it had here."""
    with Record(store_url) as record, Record(other_url) as other:
        begin(record)
        importer.import_lines(other, "first", list(exporter.record_lines(record)))
        before = record.head.chain
        forget_key(record, FIRST, at=AT + 2 * HOUR)
        lines = [json.loads(line) for line in exporter.record_lines(record)]
        first, second = (line for line in lines if line["kind"] == "batch")
        at = lines.index(second)
        if kind == "post":
            extra = next(line for line in lines if line.get("row", {}).get("redacted"))
            second["forgotten"].append([1, first["items"], "ab" * 32])
            first["items"] += 1
        else:
            at = lines.index(first) + 1 + first["identities"]
            extra = {**next(line for line in lines if line.get("commitment")), "key": f"x:~{'0' * 32}"}
            second["erased"].append([1, first["identities"], extra["key"]])
            first["identities"] += 1
        lines.insert(at, extra)
        changes = {name: second.get(name, []) for name in ("forgotten", "erased", "tombstones")}
        stamp = BatchStamp(second["at"], second["source"], second["cursor"])
        second["chain"] = chain_value(before, 2, stamp, build_manifest([], [], **changes)).hex()
        with pytest.raises(NotExchange, match="batch 2 forgets what no batch has"):
            importer.import_lines(other, "forged", [json.dumps(line).encode() for line in lines])
        assert other.head.position == 1 and not made.verified(other).findings
