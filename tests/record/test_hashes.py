"""Hashes: RFC 8785, commitments, manifests and the chain. They are equal in both databases and pinned by hand."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base import model
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record, commitments, item_checks, row_groups
from hotpapers.record.batches import load_manifest
from hotpapers.record.commitments import make_commitment
from hotpapers.record.identities import NO_IDENTITY, Identity, is_pseudonym
from hotpapers.record.item_rows import (
    SPECS,
    KeyedHasher,
    RowSecrets,
    columns_with_commitments,
    keys_in,
    normalized_text,
    prepare_row,
    read_row,
    read_with_commitments,
    select_columns,
)
from hotpapers.record.manifest import CHECK, Manifest, build_manifest, pack, root_of, unpack
from tests.record import made
from tests.record.made import AT, EVERY

MARKS = KeyedHasher(b"secret" * 5)
SALT = bytes(range(16))
WHOSE = bytes(range(16, 32))
"""The salt of all identities in these tests."""
NAMED = {"account", "stable", "post", "subject", "reply_to", "quotes"}
"""The fields with the key of a post or an account; in a snapshot, `quotes` is a count."""


def rfc8785(value: Any) -> bytes:
    """The canonical form of the values in these tests, by Python's own JSON: names sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def known_in(item: model.Item) -> dict[str, Identity]:
    """Made-up identities for all keys that an item names, numbered from 1."""
    identities = {"": NO_IDENTITY}
    for number, key in enumerate(sorted(keys_in([item]) - {""}), 1):
        identities[key] = Identity(number, "" if key.startswith("arxiv:") else sha256(WHOSE + key.encode()))
    return identities


def test_sha256_is_that_of_python() -> None:
    """At every length around the block boundaries, and for long values."""
    for length in (*range(260), 4095, 4096, 1_000_003):
        data = bytes(n * 131 % 251 for n in range(length))
        assert commitments.sha256(data) == hashlib.sha256(data).digest()


def test_an_item_without_personal_values_worked_by_hand() -> None:
    tally = model.Tally(paper="arxiv:2103.00001", network="x", method='a "b"\n/€', reposts=40, likes=0, observed_at=7)
    by_hand = (
        '{"kind":"tally","likes":0,"method":"a \\"b\\"\\n/€","network":"x","observed_at":7,'
        '"paper":"arxiv:2103.00001","reposts":40}'
    )
    made_of_it = prepare_row(tally, MARKS, known_in(tally), RowSecrets(SALT))
    assert made_of_it.hash.hex() == sha256(by_hand.encode())
    assert made_of_it.hash.hex() == "fc156bd7e9793abd2c98114d0927bd1c3aabcd989d3bee7bae5d310bd3014b78"
    assert made_of_it.row == (7, 1, "x", 'a "b"\n/€', 40, 0, 0), "a paper by its number, no salt"


def test_personal_values_stand_as_commitments_worked_by_hand() -> None:
    account = model.Account(account="x:@made_up_ada", handle="made_up_ada", name="", observed_at=7)
    account_id = sha256(SALT + sha256(WHOSE + b"x:@made_up_ada").encode())
    handle = sha256(SALT + b"made_up_ada")
    by_hand = (
        f'{{"account":"{account_id}","automated":false,"handle":"{handle}","kind":"account","name":"","observed_at":7}}'
    )
    made_of_it = prepare_row(account, MARKS, known_in(account), RowSecrets(SALT))
    assert made_of_it.hash.hex() == sha256(by_hand.encode())
    assert prepare_row(account, MARKS, known_in(account), RowSecrets(bytes(16))).hash != made_of_it.hash
    other = {account.account: Identity(1, sha256(SALT + b"x:@made_up_ada"))}
    assert prepare_row(account, MARKS, other, RowSecrets(SALT)).hash != made_of_it.hash, "the identity has its own salt"


def test_numbers_stand_in_no_hash() -> None:
    reaction = model.Reaction(post="x:7", account="x:@made_up_ada", type="like", observed_at=7)
    post, account = sha256(WHOSE + b"x:7"), sha256(WHOSE + b"x:@made_up_ada")
    by_hand = (
        f'{{"account":"{account}","kind":"reaction","observed_at":7,"post":"{post}","type":"like","withdrawn":false}}'
    )
    first = prepare_row(
        reaction, MARKS, {"x:7": Identity(1, post), "x:@made_up_ada": Identity(2, account)}, RowSecrets(SALT)
    )
    second = prepare_row(
        reaction, MARKS, {"x:7": Identity(20, post), "x:@made_up_ada": Identity(10, account)}, RowSecrets()
    )
    assert first.hash.hex() == second.hash.hex() == sha256(by_hand.encode())
    assert (first.row[:3], second.row[:3]) == ((7, 1, 2), (7, 20, 10)) and (first.label, second.label) == (
        (1, 2, "like", 7), (20, 10, "like", 7),
    )  # fmt: skip


def test_values_that_are_no_text_are_committed_as_canonical_json() -> None:
    links = (model.TextLink(3, 9, "https://example.org/ä"),)
    by_hand = '[{"end":9,"start":3,"target":"https://example.org/ä"}]'
    assert make_commitment(SALT, links) == sha256(SALT + by_hand.encode())


def test_control_characters_are_escaped_as_rfc_8785_says() -> None:
    text = "".join(map(chr, range(1, 0x21))) + '"\\/\x7f\u2028é😀'
    tally = model.Tally(paper="arxiv:2103.00001", network="x", method=text, reposts=0, likes=0, observed_at=0)
    values = {"kind": "tally", **msgspec.to_builtins(tally)}
    assert prepare_row(tally, MARKS, known_in(tally), RowSecrets()).hash.hex() == sha256(rfc8785(values))


def independent_hash(
    item: model.Item, salt: bytes, lost: dict[str, str] | None = None, whom: dict[str, str] | None = None
) -> str:
    """An item's hash, computed independently of the program. `whom`: the commitments to the keys of posts and accounts;
    by default made with the salt of these tests."""
    values = msgspec.to_builtins(item)
    for name in type(item).personal:
        if values[name] and name in NAMED:
            values[name] = sha256(WHOSE + values[name].encode()) if whom is None else whom[values[name]]
            values[name] = sha256(salt + values[name].encode()) if SPECS[type(item)].words else values[name]
        elif values[name]:
            value = values[name].encode() if isinstance(values[name], str) else rfc8785(values[name])
            values[name] = sha256(salt + value)
    return sha256(rfc8785({**values, **(lost or {})}))


def independent_commitments(record: Record) -> dict[str, str]:
    """The commitments to the posts and accounts of a record."""
    rows = record.database.rows("SELECT key, salt, commitment FROM identity WHERE key <> ''")
    assert all(
        (salt is None) == (digest is not None) for key, salt, digest in rows if not key.startswith(("arxiv:", "doi:"))
    )
    return {
        key: bytes(digest).hex() if digest else sha256(bytes(salt) + key.encode())
        for key, salt, digest in rows
        if salt or digest
    }


@pytest.mark.parametrize("item", EVERY, ids=model.kind_of)
def test_every_kind_hashes_as_described(item: model.Item) -> None:
    assert prepare_row(item, MARKS, known_in(item), RowSecrets(SALT)).hash.hex() == independent_hash(item, SALT)


@pytest.mark.parametrize("item", EVERY, ids=model.kind_of)
def test_the_rows_of_a_batch_are_those_of_its_items(item: model.Item) -> None:
    later, identities = msgspec.structs.replace(item, observed_at=item.observed_at + 1), known_in(item)
    [offered] = row_groups.group_items([(later, 4), (item, 3)])
    group = row_groups.prepare_group(offered, MARKS, identities)
    spec, rows = group.spec, [group.prepared(0), group.prepared(1)]
    assert list(group.filled(7, 2)) == [(7, *rows[0].row, 2, 0), (8, *rows[1].row, 2, 0)]
    salts = [row.row[spec.columns.index("salt") - 1] if spec.words else None for row in rows]
    assert rows == [
        prepare_row(item, MARKS, identities, RowSecrets(salts[0]), 3),
        prepare_row(later, MARKS, identities, RowSecrets(salts[1]), 4),
    ]
    assert not spec.words or (salts[0] != salts[1] and {len(salt or b"") for salt in salts} == {16})


def test_the_hash_is_the_same_in_every_database(sqlite_url: str, postgres_url: str) -> None:
    """Each store draws its own salts; with equal salts, equal rows have equal hashes."""
    with Record(sqlite_url) as first, Record(postgres_url) as second:
        for record in (first, second):
            record.append(EVERY, source="test", at=AT)
            whom = independent_commitments(record)
            for spec in SPECS.values():
                [columns] = record.database.rows(f"SELECT {columns_with_commitments(spec)} FROM {spec.kind}")
                row = read_with_commitments(spec, columns)
                assert row.hash.hex() == independent_hash(row.item, row.salt or b"", whom=whom)
                again = prepare_row(row.item, MARKS, known_in(row.item), RowSecrets(SALT))
                assert again.hash.hex() == independent_hash(row.item, SALT)
                assert (row.salt is not None) == bool(set(spec.type.personal) - NAMED)
        salts = [first.view().latest(model.Post)[0].salt, second.view().latest(model.Post)[0].salt]
        assert salts[0] != salts[1] and all(salt and len(salt) == 16 for salt in salts)
        all_salts = [bytes(salt) for record in (first, second) for (salt,) in record.database.rows(IDENTITY_SALTS)]
        assert len(set(all_salts)) == len(all_salts) == 12 and {len(salt) for salt in all_salts} == {16}


IDENTITY_SALTS = "SELECT salt FROM identity WHERE salt IS NOT NULL"


def test_the_chain_is_as_described(store_url: str) -> None:
    """SHA-256(previous ‖ SHA-256(header) ‖ SHA-256(hashes)), starting with SHA-256("hotpapers record 1" ‖ secret)."""
    with Record(store_url) as record:
        made.rich(record)
        forgotten = [forget_key(record, key).rows for key in ("x:@made_up_bo", "x:@made_up_ada")]
        counts = []
        before = hashlib.sha256(b"hotpapers record 1" + record.hasher.secret).digest()
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
                counts.append((len(listed.forgotten), len(listed.erased)))
            if listed.erased:
                header["erased"] = listed.erased
            if listed.persons:
                header["identities"] = listed.persons
            hash_of = row_hashes(record, position)
            hashes = [hash_of.pop(row) for row in listed.rows()]
            assert not hash_of and listed.checks == b"".join(each[:8] for each in hashes)
            root = hashlib.sha256(b"".join(hashes)).digest()
            before = hashlib.sha256(before + hashlib.sha256(rfc8785(header)).digest() + root).digest()
            assert bytes(chain) == before and listed.root == root
        assert record.head.chain == before
        assert counts == [(forgotten[0], 0), (forgotten[1], 2)] and forgotten[0] == 1, "Bo was an identity of no row"


def row_hashes(record: Record, position: int) -> dict[tuple[str, int], bytes]:
    """The hashes of a batch's rows, by kind and number."""
    hashes, whom = {}, independent_commitments(record)
    for spec in SPECS.values():
        sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE since = ?"
        for row in (read_row(spec, columns) for columns in record.database.rows(sql, (position,))):
            digest = independent_hash(row.item, row.salt or b"", row.redacted, whom)
            hashes[spec.kind, row.id] = bytes.fromhex(digest)
    return hashes


def test_a_manifest_that_does_not_add_up_is_none() -> None:
    good = build_manifest(
        [("tally", 7)], [bytes(32)], identities=(3, 2), kept={0: bytes(32)}, closed=[(1, 2)], forgotten=[(1, 3, "ab")],
        erased=[(1, 0, "x:~ef")], tombstones=["cd"],
    )  # fmt: skip
    assert unpack(pack(good)) == good
    for bad in (
        Manifest([("tally", 1)], [7], bytes(CHECK - 1), bytes(32)),
        Manifest([], [], bytes(CHECK), bytes(32)),
        Manifest([("t", 2)], [7], bytes(CHECK), bytes(32)),
        Manifest([("t", 1)], [7], bytes(CHECK), bytes(32), origins=[1, 2]),
    ):
        with pytest.raises(ValueError, match=r"rows, \d+ bytes of hashes"):
            unpack(pack(bad))
    with pytest.raises(ValueError, match="not a manifest"):
        unpack(b"not even packed")


@given(st.lists(st.tuples(st.sampled_from(["post", "tally"]), st.integers(1, 2**53)), max_size=9))
def test_a_manifest_lists_rows_in_the_order_given(rows: list[tuple[str, int]]) -> None:
    hashes = [hashlib.sha256(f"{n}".encode()).digest() for n in range(len(rows))]
    listed = unpack(pack(build_manifest(rows, hashes)))
    assert list(listed.rows()) == rows and len(listed) == len(rows)
    assert [listed.check(n) for n in range(len(rows))] == [each[:8] for each in hashes]
    assert listed.root == root_of(hashes) == hashlib.sha256(b"".join(hashes)).digest()


# ---- item → row → item -----------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NUMBER = st.integers(-model.MAX_INTEGER, model.MAX_INTEGER)
BY_TYPE: dict[object, st.SearchStrategy[object]] = {
    str: TEXT,
    int: NUMBER,
    int | None: st.none() | NUMBER,
    int | msgspec.UnsetType: st.just(msgspec.UNSET) | NUMBER,
    str | msgspec.UnsetType: st.just(msgspec.UNSET) | TEXT,
    bool: st.booleans(),
    bool | msgspec.UnsetType: st.just(msgspec.UNSET) | st.booleans(),
}
BY_TYPE[tuple[str, ...]] = st.lists(TEXT, max_size=4).map(tuple)
BY_TYPE[tuple[model.TextLink, ...]] = st.lists(st.builds(model.TextLink, NUMBER, NUMBER, TEXT), max_size=3).map(tuple)


def items_of(kind: type[model.Item]) -> st.SearchStrategy[model.Item]:
    hints = {field.name: field.type for field in msgspec.structs.fields(kind)}
    return st.builds(
        kind,
        **{name: BY_TYPE[hint] if hint in BY_TYPE else st.sampled_from(hint.__args__) for name, hint in hints.items()},
    )


def as_selected(item: model.Item, row: tuple[Any, ...], secrets: dict[str, bytes]) -> tuple[Any, ...]:
    """A prepared row as the database returns it: keys instead of numbers, followed by the known secrets."""
    spec, values = SPECS[type(item)], list(row)
    keys = {identity.number: key for key, identity in known_in(item).items()}
    for name in spec.identities:
        values[spec.fields.index(name)] = keys[values[spec.fields.index(name)]]
    persons = [values[spec.fields.index(name)] for name in spec.persons] + (
        [keys[values[len(spec.fields)]]] if isinstance(item, model.Post) else []
    )
    return (3, *values, 5, 0, *map(secrets.get, persons), *persons[len(spec.persons) :])


@pytest.mark.long
@settings(max_examples=200)
@given(st.one_of([items_of(kind) for kind in model.KINDS]), st.binary(min_size=16, max_size=16))
def test_an_item_is_the_same_after_it_was_a_row(item: model.Item, salt: bytes) -> None:
    spec, identities = SPECS[type(item)], known_in(item)
    prepared = prepare_row(item, MARKS, identities, RowSecrets(salt), 17)
    for secrets in (
        {key: WHOSE for key, identity in identities.items() if identity.commitment},
        {key: bytes.fromhex(identity.commitment) for key, identity in identities.items() if identity.commitment},
    ):
        selected = as_selected(item, prepared.row, secrets)
        row = read_with_commitments(spec, selected)
        assert (row.item, row.hash, row.origin, row.since, row.until) == (item, prepared.hash, 17, 5, 0)
        assert row.label == (spec.kind, *(getattr(item, name) for name in (*type(item).key, "observed_at")))
        assert read_row(spec, selected[: len(spec.columns)]).item == item
    assert prepared.label == tuple(prepared.row[spec.fields.index(name)] for name in (*type(item).key, "observed_at"))
    assert prepared.hash.hex() == independent_hash(item, salt)
    assert item_checks.clean_item(item) is item


@settings(max_examples=100)
@given(items_of(model.Post), st.binary(min_size=16, max_size=16))
def test_a_row_of_which_parts_are_lost_keeps_its_hash(item: model.Item, salt: bytes) -> None:
    spec, identities = SPECS[model.Post], known_in(item)
    lost: dict[str, str] = {}
    for name in model.Post.personal:
        if value := getattr(item, name):
            lost[name] = make_commitment(salt, identities[value].commitment if name in NAMED else value)
    left = msgspec.structs.replace(item, **{name: type(getattr(item, name))() for name in lost})
    again = prepare_row(left, MARKS, identities, RowSecrets(None, lost, (0, 0)))
    assert again.hash == prepare_row(item, MARKS, identities, RowSecrets(salt)).hash
    row = read_with_commitments(spec, as_selected(left, again.row, {}))
    assert (row.hash, row.redacted or {}) == (again.hash, lost)


# ---- marks -----------------------------------------------------------------------------------------------


def test_marks_tell_alike_from_different_and_depend_on_the_secret() -> None:
    other = KeyedHasher(b"another" * 4)
    assert MARKS.reaction("x:1") == MARKS.reaction("x:1") != MARKS.reaction("x:2")
    assert len({hasher.reaction("x" * 30) for hasher in (MARKS, other)} | {MARKS.text_fingerprint("x" * 30)}) == 3
    assert (
        MARKS.text_fingerprint("x" * 30) != other.text_fingerprint("x" * 30)
        and MARKS.text_fingerprint("too short") == 0
    )
    assert all(-(2**52) <= MARKS.reaction(f"x:{n}") < 2**52 for n in range(100))
    names = {hasher.own_pseudonym(key, times=0) for hasher in (MARKS, other) for key in ("x:1", "x:2", "reddit:1")}
    assert len(names) == 6 and MARKS.own_pseudonym("x:1", times=0) in names
    assert all(is_pseudonym(name) for name in names) and {name[:3] for name in names} == {"x:~", "red"}


def test_a_voice_is_an_accounts_number(store_url: str) -> None:
    """The same account has the same voice in every batch; another account has another."""
    with Record(store_url) as record:
        assert record.voices_of(["", "x:1"]) == (0,)
        for n, account in enumerate(("x:1", "x:2", "x:1", "")):
            post = model.Post(post=f"x:7{n}", network="x", account=account, created_at=AT, observed_at=AT)
            record.append([post], source="test")
        [first], [second] = record.voices_of(["x:1"]), record.voices_of(["x:2"])
        assert record.database.rows("SELECT voice FROM post ORDER BY id") == [(first,), (second,), (first,), (0,)]
        assert first != second and 0 not in (first, second)


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
    """A regular expression that tries every pair of dots would run for hours here."""
    assert len(normalized_text("a." * 200_000)) == 200_000
