"""A store that follows another by its full exports also forgets what the other forgot."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base.model import Post, RawPayload, Reaction
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record
from hotpapers.record.identities import NUMBER
from hotpapers.record.parsing import KEEP_FOR, ParsedPayload
from hotpapers.record.record import store_path
from tests.keep.privacy.traces import store_bytes
from tests.record import made
from tests.record.made import AT


@pytest.mark.long
def test_what_the_other_store_forgot_is_forgotten_here(store_url: str, other_url: str) -> None:
    """Rows that were complete here are overwritten, down to the bytes, and both stores verify alike."""
    with Record(store_url) as record, Record(other_url) as mirror:
        made.rich(record)
        post = Post(post="x:77", network="x", account="x:zinnia", handle="zinnia", text="Moss on north walls",
                    created_at=AT, observed_at=AT)  # fmt: skip
        record.append([post], source="test")
        importer.import_lines(mirror, "first", list(exporter.record_lines(record)))
        text = mirror.database.rows(f"SELECT text FROM post WHERE post = {NUMBER}", ("x:77",))
        assert text == [("Moss on north walls",)]
        forget_key(record, "x:zinnia")
        record.append(made.EVERY[:3], source="test")
        result = importer.import_lines(mirror, "second", list(exporter.record_lines(record)))
        assert result.forgotten > 0 and result.restored + result.present == record.head.position
        assert mirror.head == record.head
        assert made.verified(mirror) == made.verified(record) and not made.verified(mirror).findings
        assert list(exporter.record_lines(mirror)) == list(exporter.record_lines(record))
        assert importer.import_lines(mirror, "second", list(exporter.record_lines(record))).forgotten == 0
        for where, raw in store_bytes(mirror).items():
            assert b"zinnia" not in raw and b"Moss on north walls" not in raw, where


def test_who_is_named_in_no_words_goes_from_every_byte_too(store_url: str, other_url: str) -> None:
    """For an account that only liked, only the identity is overwritten, and no row."""
    with Record(store_url) as record, Record(other_url) as mirror:
        made.rich(record)
        likes = [Reaction(post=f"x:{n}", account="x:zinnia", type="like", observed_at=AT) for n in (77, 78)]
        record.append(likes, source="test")
        importer.import_lines(mirror, "first", list(exporter.record_lines(record)))
        rows = mirror.database.rows("SELECT * FROM reaction ORDER BY id")
        assert b"zinnia" in b"".join(store_bytes(mirror).values())
        assert forget_key(record, "x:zinnia").rows == 0
        importer.import_lines(mirror, "second", list(exporter.record_lines(record)))
        assert mirror.head == record.head and not made.verified(mirror).findings
        assert mirror.database.rows("SELECT * FROM reaction ORDER BY id") == rows
        for where, raw in store_bytes(mirror).items():
            assert b"zinnia" not in raw, where


def test_what_it_says_next_is_not_taken_in_here_either(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as mirror:
        post = Post(post="x:77", network="x", account="x:zinnia", text="Moss", created_at=AT, observed_at=AT)
        record.append([post], source="test")
        importer.import_lines(mirror, "first", list(exporter.record_lines(record)))
        forget_key(record, "x:77")
        importer.import_lines(mirror, "second", list(exporter.record_lines(record)))
        assert mirror.append([post], source="test").refused == 1


def test_a_store_with_originals_forgets_what_its_copy_forgot(store_url: str, other_url: str) -> None:
    """Its own rows keep their raw payloads' numbers, but the raw payloads that have or name what is forgotten go."""
    own = Post(post="x:77777777", network="x", account="x:zinnia", handle="zinnia", created_at=AT, observed_at=AT)
    naming = Post(post="x:88888888", network="x", account="x:owl", text="Ask @zinnia", created_at=AT, observed_at=AT)
    other = Post(post="x:99999999", network="x", account="x:owl", text="Fern", created_at=AT, observed_at=AT)
    with Record(store_url) as record, Record(other_url) as copy:
        payloads = [(RawPayload("post", post.post[2:], post.text.encode(), AT), post) for post in (own, naming, other)]
        record.ingest(
            [ParsedPayload(payload, [post], problem="", keep_for=KEEP_FOR) for payload, post in payloads],
            source="x",
            at=AT,
        )
        made.remember(record, [("bluesky:like", "x:77777777")], AT)
        importer.import_lines(copy, "first", list(exporter.record_lines(record)))
        forget_key(copy, "x:zinnia")
        importer.import_lines(record, "second", list(exporter.record_lines(copy)))
        assert record.head == copy.head and not made.verified(record).findings
        assert record.database.rows("SELECT key FROM raw") == [("99999999",)]
        assert record.database.rows("SELECT post FROM reaction_post") == []


def test_a_backup_made_before_an_import_brings_back_nobody_whom_it_forgot(sqlite_url: str, tmp_path: Path) -> None:
    post = Post(post="x:77777777", network="x", account="x:zinnia", text="Moss", created_at=AT, observed_at=AT)
    with Record(str(tmp_path / "other.db")) as record, Record(sqlite_url) as mirror:
        record.append([post], source="test")
        importer.import_lines(mirror, "first", list(exporter.record_lines(record)))
        back_up_store(mirror, tmp_path / "backup.db")
        forget_key(record, "x:zinnia")
        importer.import_lines(mirror, "second", list(exporter.record_lines(record)))
    store_path(sqlite_url).unlink()
    assert restore_backup(tmp_path / "backup.db", sqlite_url).forgotten_again
    assert b"zinnia" not in store_path(sqlite_url).read_bytes()
