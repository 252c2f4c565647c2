"""Marks of reactions: which reaction was to which post."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.base.model import Post
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record, reaction_marks
from hotpapers.record.verify import check_record
from tests.record import made

LIKE = "at://did:plc:madeup/app.bsky.feed.like/3aaaaaaaaaaa2"
FIRST, SECOND = "bluesky:at://did:plc:anna/app.bsky.feed.post/3a", "bluesky:at://did:plc:anna/app.bsky.feed.post/3b"


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        yield opened


def rows(record: Record) -> int:
    return int(record.database.rows("SELECT count(*) FROM reaction_post")[0][0])


def test_a_reaction_is_remembered_once_and_by_a_mark_alone(record: Record) -> None:
    assert made.remember(record, [(LIKE, FIRST), (f"{LIKE}#reply", SECOND)], 5) == 2
    assert made.remember(record, [(LIKE, FIRST)], 9) == 0
    assert (
        reaction_marks.post_of_reaction(record, LIKE),
        reaction_marks.post_of_reaction(record, f"{LIKE}#reply"),
    ) == (FIRST, SECOND)
    assert reaction_marks.post_of_reaction(record, f"{LIKE}#quote") is None
    assert "madeup" not in repr(record.database.rows("SELECT * FROM reaction_post"))
    assert record.head.position == 0, "it is in no batch"


def test_nothing_to_remember_writes_nothing(record: Record) -> None:
    assert made.remember(record, [], 5) == 0 and rows(record) == 0


def test_an_address_that_is_used_again_is_for_its_new_post(record: Record) -> None:
    made.remember(record, [(LIKE, FIRST)], 5)
    assert made.remember(record, [(LIKE, SECOND)], 6) == 1
    assert reaction_marks.post_of_reaction(record, LIKE) == SECOND


def test_old_ones_are_dropped(record: Record) -> None:
    made.remember(record, [(LIKE, FIRST)], 5)
    made.remember(record, [(f"{LIKE}2", FIRST)], 6)
    assert reaction_marks.drop_old_reactions(record, 6) == 1
    assert (
        reaction_marks.post_of_reaction(record, LIKE) is None
        and reaction_marks.post_of_reaction(record, f"{LIKE}2") == FIRST
    )


def test_marks_are_each_stores_own_and_fit_every_reader(record: Record, other_url: str) -> None:
    mark, words = record.hasher.reaction(LIKE), "akettleofteaforeverybody"
    assert abs(mark) < 2**53 and mark != record.hasher.reaction(f"{LIKE}2")
    assert record.hasher.reaction(words) != record.hasher.text_fingerprint(words) != 0
    with Record(other_url) as other:
        assert other.hasher.reaction(LIKE) != mark


def test_a_forgotten_post_takes_along_what_was_for_it(record: Record) -> None:
    post = Post(post=FIRST, network="bluesky", account="bluesky:did:plc:anna", created_at=1, observed_at=2)
    record.append([post], source="bluesky", at=3)
    made.remember(record, [(LIKE, FIRST), (f"{LIKE}2", SECOND)], 5)
    forget_key(record, FIRST)
    assert (
        reaction_marks.post_of_reaction(record, LIKE) is None
        and reaction_marks.post_of_reaction(record, f"{LIKE}2") == SECOND
    )
    assert not check_record(record.database, record.hasher).findings
