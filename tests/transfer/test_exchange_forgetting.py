"""A store that follows another by its full exports also forgets what the other forgot."""

from __future__ import annotations

import pytest

from hotpapers.model import Post, Reaction
from hotpapers.privacy.forget import forget
from hotpapers.store import Record
from hotpapers.store.identities import NUMBER
from hotpapers.transfer.jsonl import exporter, importer
from tests.privacy.traces import store_bytes
from tests.store import made
from tests.store.made import AT


@pytest.mark.long
def test_what_the_other_store_forgot_is_forgotten_here(store_url: str, other_url: str) -> None:
    """Rows that were complete here are overwritten, down to the bytes, and both stores verify alike."""
    with Record(store_url) as record, Record(other_url) as mirror:
        made.rich(record)
        said = Post(post="x:77", network="x", account="x:zinnia", handle="zinnia", text="Moss on north walls",
                    created_at=AT, observed_at=AT)  # fmt: skip
        record.append([said], source="test")
        importer.import_lines(mirror, "first", list(exporter.lines(record)))
        text = mirror.database.rows(f"SELECT text FROM post WHERE post = {NUMBER}", ("x:77",))
        assert text == [("Moss on north walls",)]
        forget(record, "x:zinnia")
        record.append(made.EVERY[:3], source="test")
        taken = importer.import_lines(mirror, "second", list(exporter.lines(record)))
        assert taken.forgotten > 0 and taken.restored + taken.present == record.head.position
        assert mirror.head == record.head
        assert made.verified(mirror) == made.verified(record) and not made.verified(mirror).findings
        assert list(exporter.lines(mirror)) == list(exporter.lines(record))
        assert importer.import_lines(mirror, "second", list(exporter.lines(record))).forgotten == 0
        for where, raw in store_bytes(mirror).items():
            assert b"zinnia" not in raw and b"Moss on north walls" not in raw, where


def test_who_is_named_in_no_words_goes_from_every_byte_too(store_url: str, other_url: str) -> None:
    """For an account that only liked, only the identity is overwritten, and no row."""
    with Record(store_url) as record, Record(other_url) as mirror:
        made.rich(record)
        likes = [Reaction(post=f"x:{n}", account="x:zinnia", type="like", observed_at=AT) for n in (77, 78)]
        record.append(likes, source="test")
        importer.import_lines(mirror, "first", list(exporter.lines(record)))
        rows = mirror.database.rows("SELECT * FROM reaction ORDER BY id")
        assert b"zinnia" in b"".join(store_bytes(mirror).values())
        assert forget(record, "x:zinnia").rows == 0
        importer.import_lines(mirror, "second", list(exporter.lines(record)))
        assert mirror.head == record.head and not made.verified(mirror).findings
        assert mirror.database.rows("SELECT * FROM reaction ORDER BY id") == rows
        for where, raw in store_bytes(mirror).items():
            assert b"zinnia" not in raw, where


def test_what_it_says_next_is_not_taken_in_here_either(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as mirror:
        said = Post(post="x:77", network="x", account="x:zinnia", text="Moss", created_at=AT, observed_at=AT)
        record.append([said], source="test")
        importer.import_lines(mirror, "first", list(exporter.lines(record)))
        forget(record, "x:77")
        importer.import_lines(mirror, "second", list(exporter.lines(record)))
        assert mirror.append([said], source="test").refused == 1
