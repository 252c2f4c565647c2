"""Somebody with the whole store and a list of names finds out who was forgotten by tombstones alone."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from hotpapers.base.keys import own_id
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from tests.keep.privacy.forgotten_account import ADA, ADAS_POST, fill, values


@pytest.mark.long
def test_two_hundred_thousand_names_match_only_tombstones(store_url: str) -> None:
    """Even for someone with the whole store, its secret, and a list of names that includes hers."""
    ada_keys = {ADA, "x:20210302", ADAS_POST}
    numbers = range(100_000)
    names = [*ada_keys, *(f"x:@made_up_{n}" for n in numbers), *(f"x:{20210303 + n}" for n in numbers)]
    with Record(store_url) as store:
        fill(store)
        assert found_by_trying(store, names[:1000]) == ada_keys, "else the test could not fail"
        forget_key(store, ADA)
        assert found_by_trying(store, names) == set()
        marks = {mark for (mark,) in store.database.rows("SELECT mark FROM tombstone")}
        assert {name for name in names if store.hasher.tombstone(name) in marks} == ada_keys


def found_by_trying(store: Record, names: list[str]) -> set[str]:
    """Which of the names are in a store, or come out when each salt, mark and digest is tried on them; tombstones are
    not searched."""
    stored_values = values(store) - {0}
    texts = [value for value in stored_values if isinstance(value, str)]
    stored_values |= {digest for text in texts for digest in re.findall("[0-9a-f]{64}", text)}
    salts = {bytes.fromhex(text) for text in texts if re.fullmatch("[0-9a-f]{32}", text)} | {b"", store.hasher.secret}
    assert len(salts) > 20
    hasher, names_found, salted_hashes = store.hasher, set(), [hashlib.sha256(salt) for salt in salts]
    for name in names:
        words = {name, own_id(name), own_id(name).removeprefix("@")}
        candidates = words | {
            hasher.own_pseudonym(name, times=0),
            f"x:~{hasher.tombstone(name)}",
            hasher.tombstone(name),
        }
        candidates |= {_sha256(salted, word) for salted in salted_hashes for word in words}
        if {*candidates, hasher.text_fingerprint(name), hasher.reaction(name)} & stored_values:
            names_found.add(name)
    return names_found


def _sha256(salted: Any, word: str) -> str:
    digest = salted.copy()
    digest.update(word.encode())
    return str(digest.hexdigest())
