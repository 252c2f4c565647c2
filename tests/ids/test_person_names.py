"""Given names, family names and suffixes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.ids.person_names import is_suffix, split


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Tansy Overquill Jr.", ("Tansy", "Overquill", "Jr.")), ("Tansy Overquill, Jr.", ("Tansy", "Overquill", "Jr.")),
        ("Overquill, Tansy, Jr.", ("Tansy", "Overquill", "Jr.")),
        ("Overquill, Jr., Tansy", ("Tansy", "Overquill", "Jr.")),
        ("Overquill Jr., Tansy A.", ("Tansy A.", "Overquill", "Jr.")),
        ("Kaveh Rushmere III", ("Kaveh", "Rushmere", "III")),
        ("T. Overquill Sr", ("T.", "Overquill", "Sr")), ("Tansy Overquill JR", ("Tansy", "Overquill", "JR")),
        ("Tansy Overquill 2nd", ("Tansy", "Overquill", "2nd")), ("Ada Madeup II Jr.", ("Ada", "Madeup", "II Jr.")),
        ("Ludwig van Moth Jr.", ("Ludwig", "van Moth", "Jr.")), ("Ada de la Owl", ("Ada", "de la Owl", "")),
        ("Overquill Jr.", ("", "Overquill", "Jr.")), ("Jr.", ("", "Jr.", "")), ("Ravi V", ("Ravi", "V", "")),
        ("Li Na", ("Li", "Na", "")), ("Plato", ("", "Plato", "")), ("", ("", "", "")),
        ("A, B, C and D", ("", "A, B, C and D", "")),
    ],
)  # fmt: skip
def test_parts(name: str, parts: tuple[str, str, str]) -> None:
    assert split(name) == parts


def test_suffixes() -> None:
    assert all(map(is_suffix, ["Jr", "Jr.", "jr.", "JR.", "Sr.", "Jnr", "Snr.", "II", "III", "IV", "VI", "VII", "3rd"]))
    assert not any(map(is_suffix, ["", "V", "I", "J.", "S", "Jo", "Sri", "Li", "junior"]))


@given(st.text(max_size=60))
def test_any_name_keeps_its_letters(name: str) -> None:
    parts = split(name)
    assert (
        sorted("".join(parts).replace(" ", "")) == sorted("".join(name.split()).replace(",", "")) or "," in parts.family
    )
    assert isinstance(parts.last_word, str)
