"""Stores with known answers: the sample shipped with the program, and a made-up day of posts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.model import HOUR, Item, Publication
from hotpapers.issues.freeze import freeze_issue, publication_of
from hotpapers.issues.queries import listed_days
from hotpapers.publish.query import BY_NAME, QuerySession
from hotpapers.record import Record
from hotpapers.site.demo import take_sample
from tests.conftest import DATA, shared_folder
from tests.issues import made
from tests.issues.made import DAY, background, counts, key, moment, paper, post, posts_about, write

FROZEN_AT = 1_700_000_000_000_000
TODAY = moment(DAY)
DAILY = msgspec.structs.replace(made.DAILY, own=("bluesky:ourselves",))
ID = key(1).removeprefix("arxiv:")


def add_sample(record: Record) -> None:
    """Fills a record with the sample and its five issues."""
    take_sample(record)
    publication = publication_of(record, None)
    for day in listed_days(record, publication.publication):
        freeze_issue(record, publication, day, at=FROZEN_AT)


def sample_store(factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; read-only."""

    def make(folder: Path) -> None:
        with Record(str(folder / "sample.db")) as record:
            add_sample(record)

    return shared_folder(factory, "sample", make) / "sample.db"


def add_talk(record: Record, *items: Item, publication: Publication = DAILY) -> None:
    """Adds a paper with days of posts on two networks, and an issue that contains it."""
    record.database.run("PRAGMA synchronous = OFF") if record.database.name == "sqlite" else None
    write(
        record,
        publication,
        background(),
        paper(1, title="The only one", abstract="Abstract of it."),
        list(talk_items()),
    )
    write(record, items)
    made.frozen(record, publication)


def talk_items() -> Iterator[Item]:
    """Posts about the paper: one with growing counts, a second by the same author, one by a bot, one of our own, and
    one on another network."""
    yield from posts_about(1, 40, TODAY)
    yield counts("bluesky:1", 90, TODAY + 23 * HOUR, reposts=8)
    yield counts("bluesky:1", 120, TODAY + 100 * HOUR, reposts=9)
    yield from post(1, "bluesky:again", TODAY + HOUR, account="bluesky:by-1", text="Once more, on the same paper.")
    yield from post(1, "bluesky:robot", TODAY + 2 * HOUR, account="bluesky:machine", text="A new paper.")
    yield made.judged("bluesky:machine", "bot", at=TODAY)
    yield from post(1, "bluesky:ours", TODAY + 3 * HOUR, account="bluesky:ourselves", text="Our own words.")
    x_post, mention = post(1, "x:7", TODAY + 30 * HOUR, text="Words that stay on X.", lang="en")
    yield from (msgspec.structs.replace(x_post, name="Quill"), mention)
    yield counts("x:7", 5, TODAY + 31 * HOUR)


def ask(session: QuerySession, name: str, **params: object) -> Any:
    """The answer to a question, by the question's name, with parameters as in JSON."""
    question = BY_NAME[name]
    return question.ask(session, msgspec.convert(params, question.params))


def without_digests(text: str) -> str:
    """JSON with placeholders for digests, which name the chain and differ between stores."""
    for digest in set(re.findall(r'"digest": ?"([0-9a-f]{64})"', text)):
        text = text.replace(digest, "of this store")
    return text


def assert_same_answer(name: str, answer: object) -> None:
    """Compares a whole answer with the expected file in tests/data/answers; HOTPAPERS_REWRITE=1 rewrites the file."""
    file = DATA / "answers" / f"{name}.json"
    text = without_digests(msgspec.json.format(msgspec.json.encode(answer), indent=1).decode() + "\n")
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")
