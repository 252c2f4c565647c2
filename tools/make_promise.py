"""Writes what later versions promise to read: tests/promise/FORMAT, a small store and a full export of it.

They contain a made-up record of all kinds (tests/record), with rows that were closed, pruned and forgotten, and the
state of some deliveries. They are written once per format and never again after its release: existing files are left
alone.

    python -m tools.make_promise
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import zstandard

from hotpapers.base import model
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.keep.transfer.backup import back_up_store
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.keep.transfer.queries import delivery_states
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState, put_states
from hotpapers.record import Record, schema
from tests.record import made

FOLDER = Path(__file__).parents[1] / "tests" / "promise"


DELIVERED = {
    ("markdown", "file:issues?store=hotpapers.db"): DeliveryState("sent", "0f" * 32, made.AT),
    ("site", "file:/srv/site?store=hotpapers.db"): DeliveryState("sending", "", made.AT),
    ("chat", "lab"): DeliveryState("sending", "not arrived: Zulip answered 429", made.AT),
    ("webhook", "library"): DeliveryState("failed", "answered 404 Not Found", made.AT),
}
"""An issue's delivery state, by channel and target."""


def fill(record: Record) -> None:
    """Items of every kind, pruned old snapshots, a forgotten person, and delivered issues."""
    made.rich(record)
    with record.database.write():
        issue = ("daily", made.DAY_OF_ISSUE, 2)
        put_states(record.database, [(DeliveryKey(*issue, *target), state) for target, state in DELIVERED.items()])
    old = made.moment("2019-06-03 12:00")
    snapshots = [model.Snapshot(post="x:1341202937956233217", likes=n, observed_at=old + n) for n in range(3)]
    record.append(snapshots, source="test", at=old)
    posts = [
        model.Post(
            post=f"x:{n}", network="x", account="x:@made_up_dora", created_at=old, text=f"Spoons, part {n}",
            reply_to="x:9", observed_at=old,
        )
        for n in (1, 2)
    ]  # fmt: skip
    record.append(posts, source="test", at=old)
    for key in ("x:1", "x:@made_up_taro", "x:@made_up_bo"):  # a post alone whose author says more; two accounts
        forget_key(record, key)
    prune_record(record, at=made.moment("2021-03-05 00:00"))


def facts(record: Record) -> dict[str, object]:
    """What identifies a store's contents."""
    issues = [row.item.digest for row in record.view().latest(model.Issue)]
    return {
        "position": record.head.position,
        "chain": record.head.chain.hex(),
        "delivery_states": len(delivery_states(record.database)),
        "items": {model.kind_of(kind): count for kind in model.KINDS if (count := record.count(kind))},
        "issues": issues,
    }


def main() -> None:
    """Write the folder of this format."""
    folder = FOLDER / schema.FORMAT
    if folder.exists():
        print(f"{folder.name} already exists")
        return
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch, Record(str(Path(scratch) / "hotpapers.db")) as record:
        fill(record)
        copy = Path(scratch) / "copy.db"
        back_up_store(record, copy)
        contents = {"store.db.zst": copy.read_bytes(), "export.jsonl.zst": b"".join(exporter.record_lines(record))}
        for name, content in contents.items():
            (folder / name).write_bytes(zstandard.compress(content, level=19))
        (folder / "facts.json").write_text(json.dumps(facts(record), indent=1) + "\n", encoding="utf-8")
    print(f"{folder.name}: {', '.join(f'{file.name} {file.stat().st_size:,}' for file in sorted(folder.iterdir()))}")


if __name__ == "__main__":
    main()
