"""Search for what should be gone: in every byte of a store, its copies, and everything it exports."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import zstandard

from hotpapers.base import model
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.transfer.backup import back_up_store
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.publish.render import CHANNELS
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.record.manifest import unpack
from hotpapers.record.record import store_path


def store_bytes(record: Record) -> dict[str, bytes]:
    """Everything that a store keeps, by place: files as they are, packed manifests and raw payloads unpacked."""
    places: dict[str, bytes] = {}
    if record.database.name == "sqlite":
        for suffix in ("", "-wal", "-shm", "-journal"):
            path = Path(f"{store_path(record.database.where)}{suffix}")
            if path.exists():
                places[path.name] = path.read_bytes()
    else:
        tables = record.database.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in tables:
            rows = record.database.rows(f"SELECT CAST(t AS text) FROM {table} AS t")
            places[table] = "\n".join(row[0] for row in rows).encode()
        assert len(places) > 20
    manifests = (unpack(bytes(row[0])) for row in record.database.rows("SELECT manifest FROM batch"))
    places["manifests"] = repr(list(manifests)).encode()
    for table in ("raw", "quarantine"):
        bodies = (zstandard.decompress(bytes(row[0])) for row in record.database.rows(f"SELECT body FROM {table}"))
        places[f"{table} bodies"] = b"\n".join(bodies)
    return places


def exports_of(record: Record, folder: Path) -> dict[str, bytes]:
    """A backup made now, both exports, issues, and the files of channels."""
    back_up_store(record, folder / "after.db")
    with Record(str(folder / "after.db"), create=False) as copy:
        places = {f"backup {place}": data for place, data in store_bytes(copy).items()}
    places["backup"] = (folder / "after.db").read_bytes()
    places["full export"] = b"".join(exporter.record_lines(record))
    places["records"] = b"".join(exporter.record_lines(record, records_only=True))
    places["issues"] = "\n".join(row[0] for row in record.database.rows("SELECT content FROM issue")).encode()
    issue_reader = RecordIssueReader(record)
    days = issue_reader.days("hot-papers")
    for name in {"markdown", "classic"} & CHANNELS.keys():  # pages have words of their own
        files = CHANNELS[name](NOBODY).render(issue_reader, "hot-papers", days)
        places[f"{name} files"] = b"\n".join(file.data for file in files)
    return places


def where_found(places: dict[str, bytes], words: Iterable[str]) -> list[tuple[str, str]]:
    """(word, place) for every word found, ignoring case."""
    lower = {place: data.lower() for place, data in places.items()}
    return [(word, place) for word in words for place, data in lower.items() if word.lower().encode() in data]


def post_of(record: Record, text: str) -> model.Post:
    """The post with these words in its text."""
    rows = record.view().latest(model.Post, "t.text LIKE ?", (f"%{text}%",))
    item = rows[0].item
    assert isinstance(item, model.Post)
    return item
