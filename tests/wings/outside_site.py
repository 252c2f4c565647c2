"""Run where the package of docs/examples/corkboard is installed: a store with an issue made of its notes."""

from __future__ import annotations

import importlib
import json
import sys

from hotpapers.base.model import HOUR, Publication, RawPayload
from hotpapers.record import Record
from tests.issues import made

NOTES = (
    {"id": 42, "by": "ada", "made": 1715040000, "words": "Tea cups boil too fast: arxiv.org/abs/2405.00001", "pins": 9},
    {"id": 43, "by": "bo", "made": 1715040060, "words": "Kettles sing in tune: arxiv.org/abs/2405.00002", "pins": 4},
)


def main(store: str) -> None:
    """Writes the notes of a Tuesday in 2024 and freezes its issue."""
    module = importlib.import_module("corkboard.source")
    source, at = module.Corkboard(module.CorkboardSettings()), made.moment(made.DAY) + HOUR
    payloads = [RawPayload("post", str(note["id"]), json.dumps(note).encode(), at) for note in NOTES]
    daily = Publication(
        publication="daily", title="Notes", ranking="loudest/1", networks=("corkboard",), threshold=1, observed_at=0
    )
    with Record(store) as record:
        made.write(record, daily, made.paper(1), made.paper(2), *map(source.read, payloads))
        made.write(record, made.read("corkboard", made.moment(made.DAY) - HOUR, made.moment(made.DAY) + 48 * HOUR))
        made.frozen(record, daily)


if __name__ == "__main__":
    main(*sys.argv[1:])
