"""Hashes: RFC 8785, commitments, manifests and the chain; the same in every database, pinned by hand."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers import model
from hotpapers.privacy.forget import forget
from hotpapers.store import Record, item_checks
from hotpapers.store.batches import load_manifest
from hotpapers.store.item_rows import (
    SPECS,
    KeyedHasher,
    RowSecrets,
    commitment,
    normalized_text,
    prepare,
    read_row,
    select_columns,
)
from hotpapers.store.manifest import Manifest, pack, unpack
from tests.store import made
from tests.store.made import AT, EVERY

MARKS = KeyedHasher(b"secret" * 5)
SALT = bytes(range(16))


def rfc8785(value: Any) -> bytes:
    """The canonical form of what these tests hash, by Python's own JSON: names sorted, no blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_an_item_without_personal_values_worked_by_hand() -> None:
    tally = model.Tally(paper="arxiv:2103.00001", network="x", method='a "b"\n/€', reposts=40, likes=0, observed_at=7)
    by_hand = (
        '{"kind":"tally","likes":0,"method":"a \\"b\\"\\n/€","network":"x","observed_at":7,'
        '"paper":"arxiv:2103.00001","reposts":40}'
    )
    made_of_it = prepare(tally, MARKS, SALT)
    assert made_of_it.hash.hex() == sha256(by_hand.encode())
    assert made_of_it.hash.hex() == "fc156bd7e9793abd2c98114d0927bd1c3aabcd989d3bee7bae5d310bd3014b78"
    assert made_of_it.row == (7, "arxiv:2103.00001", "x", 'a "b"\n/€', 40, 0, None, None, 0)


def test_personal_values_stand_as_commitments_worked_by_hand() -> None:
    account = model.Account(account="x:@made_up_ada", handle="made_up_ada", name="", observed_at=7)
    account_id, handle = sha256(SALT + b"x:@made_up_ada"), sha256(SALT + b"made_up_ada")
    by_hand = (
        f'{{"account":"{account_id}","automated":false,"handle":"{handle}","kind":"account","name":"","observed_at":7}}'
    )
    assert prepare(account, MARKS, SALT).hash.hex() == sha256(by_hand.encode())
    assert prepare(account, MARKS, bytes(16)).hash != prepare(account, MARKS, SALT).hash


def test_values_that_are_no_text_are_committed_as_canonical_json() -> None:
    links = (model.TextLink(3, 9, "https://example.org/ä"),)
    by_hand = '[{"end":9,"start":3,"target":"https://example.org/ä"}]'
    assert commitment(SALT, links) == sha256(SALT + by_hand.encode())


def test_control_characters_are_escaped_as_rfc_8785_says() -> None:
    text = "".join(map(chr, range(1, 0x21))) + '"\\/\x7f\u2028é😀'
    tally = model.Tally(paper="arxiv:2103.00001", network="x", method=text, reposts=0, likes=0, observed_at=0)
    said = {"kind": "tally", **msgspec.to_builtins(tally)}
    assert prepare(tally, MARKS, None).hash.hex() == sha256(rfc8785(said))


def independent_hash(item: model.Item, salt: bytes, lost: dict[str, str] | None = None) -> str:
    """An item's hash by other means than the program's."""
    said = msgspec.to_builtins(item)
    if lost:
        return sha256(rfc8785({**said, **lost}))
    for name in type(item).personal:
        if said[name]:
            value = said[name].encode() if isinstance(said[name], str) else rfc8785(said[name])
            said[name] = sha256(salt + value)
    return sha256(rfc8785(said))


@pytest.mark.parametrize("item", EVERY, ids=model.kind_of)
def test_every_kind_hashes_as_described(item: model.Item) -> None:
    assert prepare(item, MARKS, SALT).hash.hex() == independent_hash(item, SALT)


def test_the_hash_is_the_same_in_every_database(sqlite_url: str, postgres_url: str) -> None:
    """Each store draws its own salts; with the same salt its rows hash alike."""
    with Record(sqlite_url) as one, Record(postgres_url) as other:
        for record in (one, other):
            record.append(EVERY, source="test", at=AT)
            for kind in model.KINDS:
                [row] = record.view().latest(kind)
                assert row.hash.hex() == independent_hash(row.item, row.salt or b"")
                assert prepare(row.item, MARKS, SALT).hash.hex() == independent_hash(row.item, SALT)
                assert (row.salt is not None) == bool(kind.personal)
        salts = [one.view().latest(model.Post)[0].salt, other.view().latest(model.Post)[0].salt]
        assert salts[0] != salts[1] and all(salt and len(salt) == 16 for salt in salts)


def test_the_chain_is_as_described(store_url: str) -> None:
    """SHA-256(before ‖ SHA-256(header) ‖ hashes), from SHA-256("hotpapers record 1" ‖ secret) on."""
    with Record(store_url) as record:
        made.rich(record)
        forgotten = forget(record, "x:@made_up_bo").rows
        before = hashlib.sha256(b"hotpapers record 1" + record.marks.secret).digest()
        for position, at, source, cursor, chain in record.database.rows(
            "SELECT position, at, source, cursor, chain FROM batch ORDER BY position"
        ):
            listed = load_manifest(record.database, position)
            header = {
                "at": at, "closed": listed.closed, "cursor": cursor, "position": position, "pruned": [],
                "source": source,
            }  # fmt: skip
            if listed.forgotten:
                header |= {"forgotten": listed.forgotten, "tombstones": listed.tombstones}
            found = row_hashes(record, position)
            hashes = b"".join(found[tuple(label)] for label in listed.labels)
            before = hashlib.sha256(before + hashlib.sha256(rfc8785(header)).digest() + hashes).digest()
            assert bytes(chain) == before
        assert record.head.chain == before and len(listed.forgotten) == forgotten == 1


def row_hashes(record: Record, position: int) -> dict[tuple[str | int, ...], bytes]:
    """The hashes of a batch's rows, by kind, key and moment."""
    found = {}
    for spec in SPECS.values():
        sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE since = ?"
        for row in (read_row(spec, one) for one in record.database.rows(sql, (position,))):
            key = [getattr(row.item, name) for name in (*type(row.item).key, "observed_at")]
            found[spec.kind, *key] = bytes.fromhex(independent_hash(row.item, row.salt or b"", row.lost or {}))
    return found


def test_a_manifest_that_does_not_add_up_is_none() -> None:
    good = Manifest([("tally", "a", 1)], bytes(32), closed=[(1, 2)], forgotten=[(1, 3, "ab")], tombstones=["cd"])
    assert unpack(pack(good)) == good
    for bad in (
        Manifest([("tally", 1)], bytes(31)),
        Manifest([], bytes(32)),
        Manifest([("t", 1)], bytes(32), origins=[1, 2]),
    ):
        with pytest.raises(ValueError, match="labels"):
            unpack(pack(bad))
    with pytest.raises(ValueError, match="no manifest"):
        unpack(b"not even packed")


# ---- item → row → item -----------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NUMBER = st.integers(-model.LARGEST, model.LARGEST)
BY_TYPE: dict[object, st.SearchStrategy[object]] = {
    str: TEXT,
    int: NUMBER,
    int | None: st.none() | NUMBER,
    int | msgspec.UnsetType: st.just(msgspec.UNSET) | NUMBER,
    str | msgspec.UnsetType: st.just(msgspec.UNSET) | TEXT,
    bool: st.booleans(),
}
BY_TYPE[tuple[str, ...]] = st.lists(TEXT, max_size=4).map(tuple)
BY_TYPE[tuple[model.TextLink, ...]] = st.lists(st.builds(model.TextLink, NUMBER, NUMBER, TEXT), max_size=3).map(tuple)


def items_of(kind: type[model.Item]) -> st.SearchStrategy[model.Item]:
    hints = {field.name: field.type for field in msgspec.structs.fields(kind)}
    return st.builds(
        kind,
        **{name: BY_TYPE[hint] if hint in BY_TYPE else st.sampled_from(hint.__args__) for name, hint in hints.items()},
    )


@settings(max_examples=200)
@given(st.one_of([items_of(kind) for kind in model.KINDS]), st.binary(min_size=16, max_size=16))
def test_an_item_is_the_same_after_it_was_a_row(item: model.Item, salt: bytes) -> None:
    spec = SPECS[type(item)]
    prepared = prepare(item, MARKS, salt, 17)
    row = read_row(spec, (3, *prepared.row, 5, 0))
    assert (row.item, row.hash, row.label, row.origin, row.since, row.until) == (
        item, prepared.hash, prepared.label, 17, 5, 0,
    )  # fmt: skip
    assert prepared.hash.hex() == independent_hash(item, salt)
    assert item_checks.clean(item) is item


@settings(max_examples=100)
@given(items_of(model.Post), st.binary(min_size=16, max_size=16))
def test_a_row_of_which_parts_are_lost_keeps_its_hash(item: model.Item, salt: bytes) -> None:
    spec = SPECS[model.Post]
    names = [name for name in model.Post.personal if getattr(item, name)]
    lost = {name: commitment(salt, getattr(item, name)) for name in names}
    left = msgspec.structs.replace(item, **{name: type(getattr(item, name))() for name in names})
    again = prepare(left, MARKS, None, 0, RowSecrets(None, lost, (0, 0)))
    assert again.hash == prepare(item, MARKS, salt).hash
    row = read_row(spec, (1, *again.row, 1, 0))
    assert (row.hash, row.lost or {}) == (again.hash, lost)


# ---- marks -----------------------------------------------------------------------------------------------


def test_marks_tell_alike_from_different_and_depend_on_the_secret() -> None:
    other = KeyedHasher(b"another" * 4)
    assert MARKS.voice("") == 0 and MARKS.voice("x:1") == MARKS.voice("x:1") != MARKS.voice("x:2")
    assert len({MARKS.voice("x:1"), other.voice("x:1"), MARKS.same("x" * 30), other.same("x" * 30)}) == 4
    assert MARKS.same("too short") == 0
    assert -(2**63) <= MARKS.voice("x:1") < 2**63


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("A Kettle, out NOW: https://t.co/abc!", "akettleoutnow"),
        ("see example.org/tea or see:https://x.y", "seeor"),
        ("ｆｕｌｌ width_and ß", "fullwidthandss"),
        ("a.b c/d 1.5", "abcd15"),
        ("", ""),
    ],
)
def test_the_essence_of_a_message(text: str, letters: str) -> None:
    assert normalized_text(text) == letters


def test_the_essence_of_a_hostile_message_takes_no_longer_than_its_length() -> None:
    """A pattern that tries every pair of dots would run for hours here."""
    assert len(normalized_text("a." * 200_000)) == 200_000
