"""A writer's memory of identities and tombstones is valid only while nobody else writes: not after forgetting, nor
after a batch that was rolled back."""

from __future__ import annotations

import pytest

from hotpapers.base import model
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record, identities
from hotpapers.record.identities import Identity, IdentityCache
from tests.record import made
from tests.record.made import AT

ADA = "x:@made_up_ada"
POST = model.Post(post="x:1341", network="x", account=ADA, created_at=AT, text="Made up", observed_at=AT)
LIKES = [model.Reaction(post="x:1342", account=ADA, type="like", observed_at=AT + n) for n in range(3)]
WHO = "SELECT i.key FROM reaction AS r JOIN identity AS i ON i.id = r.account ORDER BY r.observed_at"


def test_who_was_forgotten_by_another_process_gets_a_new_identity(store_url: str) -> None:
    """Ada was known only as the author of her post. She may be observed again, but as a new identity."""
    with Record(store_url) as record, Record(store_url) as other:
        record.append([POST], source="test")
        forget_key(other, POST.post)
        record.append([LIKES[0]], source="test")
        assert record.database.rows(WHO) == [(ADA,)]
        pseudonyms = record.database.rows("SELECT count(*) FROM identity WHERE key LIKE ?", ("x:~%",))
        assert pseudonyms == [(2,)], "the post and who wrote it"
        assert not made.verified(record).findings


def test_what_another_process_forgot_since_is_refused(store_url: str) -> None:
    with Record(store_url) as record, Record(store_url) as other:
        record.append([POST], source="test")
        for number, key in enumerate((POST.post, ADA)):
            forget_key(other, key)
            assert record.append([POST], source="test").refused == 1
            assert record.append([LIKES[0]], source="test").refused == number, "by Ada, about another post"
        assert not made.verified(record).findings


def test_what_a_batch_brought_that_was_undone_is_brought_again(store_url: str) -> None:
    def fail(record: Record) -> None:
        with record.batch() as batch:
            batch.append([LIKES[0]], source="test", at=AT)
            raise InterruptedError

    with Record(store_url) as record:
        with pytest.raises(InterruptedError):
            fail(record)
        for like in LIKES:
            record.append([like], source="test", at=AT)
        assert record.database.rows(WHO) == [(ADA,)] * 3
        assert not made.verified(record).findings


def test_no_more_than_so_many_are_remembered(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "RECENT", 3)
    names = {f"x:{n}": Identity(n, "") for n in range(5)}
    with Record(store_url) as record:
        cache = IdentityCache(record.database).at(b"1")
        cache.keep(b"2", {"x:0": names["x:0"], "x:1": names["x:1"]})
        assert cache.at(b"2")({"x:0", "x:1", "x:2"}).keys() == {"x:0", "x:1"}
        assert not cache.at(b"1")({"x:0"}), "rolled back"
        cache.keep(b"2", {"x:0": names["x:0"]})
        cache.keep(b"3", {name: names[name] for name in ("x:1", "x:2")})
        assert cache.at(b"3")(names.keys()).keys() == {"x:1", "x:2"}
        cache.keep(b"4", names)
        assert not cache.at(b"4")(names.keys())
