"""Run where the package of docs/examples/inkwell is installed: a store with an issue of its papers."""

from __future__ import annotations

import importlib
import json
import sys

import msgspec

from hotpapers.base.model import HOUR, Item, Mention, RawPayload
from hotpapers.base.papers.mentions.server_mentions import parse_paper
from hotpapers.record import Record
from tests.issues import made

POSTED = "2024-05-06"
PAPERS = (
    {"doi": "10.55555/INK.2405.0001", "title": "Nibs that never dry", "posted": POSTED, "subject": "Pens"},
    {"doi": "10.55555/ink.2405.0001v2", "title": "Nibs that seldom dry", "posted": POSTED, "subject": "Pens"},
    {"doi": "10.55555/ink.2405.0002", "title": "Blots as maps", "posted": POSTED, "subject": "Stained paper"},
    *(
        {"doi": f"10.55555/ink.2405.000{number}", "title": f"Pens {number}", "posted": POSTED, "subject": "Pens"}
        for number in range(3, 9)
    ),
)


def main(store: str) -> None:
    """Writes the papers of a Monday in 2024 with posts about them, and freezes the next day's issue."""
    module = importlib.import_module("inkwell.source")
    source, at = module.make_source(module.InkwellSettings()), made.moment(POSTED) + HOUR
    payloads = [RawPayload("paper", paper["doi"], json.dumps(paper).encode(), at) for paper in PAPERS]
    publication = msgspec.structs.replace(made.DAILY, categories=("inkwell.pens",), threshold=1)
    with Record(store) as record:
        made.write(record, publication, *map(source.read, payloads), *made.background())
        for number, voices in ((1, 40), (2, 20), *((number, 3) for number in range(3, 9))):
            made.write(record, *posts_about(f"https://inkwell.example/paper/2405.000{number}v1", voices))
        made.write(record, made.read("bluesky", made.moment("2024-01-01"), made.moment(made.DAY) + 6 * HOUR))
        made.frozen(record, publication)


def posts_about(address: str, voices: int) -> list[Item]:
    """A post that links to a paper, with likes."""
    paper = parse_paper(address)
    return [
        msgspec.structs.replace(item, paper=paper) if isinstance(item, Mention) else item
        for item in made.posts_about(int(paper[-1]), voices, made.moment(POSTED) + 2 * HOUR)
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
