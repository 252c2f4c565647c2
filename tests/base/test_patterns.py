"""Patterns that compile themselves work as those of `re`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.text.patterns import lazy_pattern

SOURCES = [(r"(\w)(?P<rest>\w*)", 0), (r"[a-f]+|\d", re.IGNORECASE), ("", 0), (r"^.\b", re.MULTILINE | re.ASCII)]


@pytest.mark.parametrize(("source", "flags"), SOURCES)
@given(text=st.text("aF é1\n-"))
def test_they_find_what_compiled_ones_find(source: str, flags: int, text: str) -> None:
    lazy, compiled = lazy_pattern(source, flags), re.compile(source, flags)
    for pattern in (lazy, lazy):  # compiled now, and compiled before
        for method in ("search", "match", "fullmatch"):
            match, expected = getattr(pattern, method)(text), getattr(compiled, method)(text)
            assert (match and (match.span(), match.groups())) == (expected and (expected.span(), expected.groups()))
        assert [match.span() for match in pattern.finditer(text)] == [match.span() for match in compiled.finditer(text)]
        assert (pattern.findall(text), pattern.split(text)) == (compiled.findall(text), compiled.split(text))
        assert (pattern.sub("*", text), pattern.subn("*", text)) == (compiled.sub("*", text), compiled.subn("*", text))
    assert (lazy.pattern, lazy.flags, lazy.groupindex) == (compiled.pattern, compiled.flags, compiled.groupindex)


def test_a_wrong_one_is_noticed_when_it_is_used() -> None:
    pattern = lazy_pattern("(")
    with pytest.raises(re.error):
        pattern.search("")
