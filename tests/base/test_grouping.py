"""Values brought together by their keys: `hotpapers.base.grouping`."""

from __future__ import annotations

from hotpapers.base.grouping import group_by, lists_by_key, sets_by_key

PAIRS = [("b", 2), ("a", 1), ("b", 2), ("b", 1)]


def test_keys_come_in_the_order_of_their_first_value() -> None:
    assert list(lists_by_key(PAIRS).items()) == [("b", [2, 2, 1]), ("a", [1])]


def test_a_set_holds_a_value_once() -> None:
    assert sets_by_key(PAIRS) == {"b": {1, 2}, "a": {1}}


def test_other_keys_have_no_values() -> None:
    assert lists_by_key(PAIRS)["c"] == []
    assert sets_by_key(PAIRS)["c"] == set()


def test_values_are_grouped_in_their_order() -> None:
    assert group_by(["be", "a", "but"], lambda word: word[0]) == {"b": ["be", "but"], "a": ["a"]}
