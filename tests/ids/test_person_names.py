"""Given names, family names and suffixes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.ids import bibtex
from hotpapers.base.ids.person_names import AuthorName, is_group, is_suffix, split


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


GROUPS = [
    "The LIGO Scientific Collaboration", "Kettle Team", "the Kettle SWG", "Ovens Working Group", "Tea Consortium",
    "SPOON Collaborations", "Global Cup Initiative", "Kettle Task Force", "Kettle Project", "Brewing Research Network",
]  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_no_given_name_in_any_export(name: str) -> None:
    assert split(name) == AuthorName("", name, "") and is_group(name.upper()) == (not name.startswith("the "))
    assert bibtex.names([name, "Tansy Overquill"]) == f"{{{name}}} and Tansy Overquill"


@pytest.mark.parametrize(
    "name", ["The Anh Owlson", "Tansy Overquill", "Bram van der Teamster", "Ada Brewster (Tea Institute)"]
)
def test_a_person_is_no_group(name: str) -> None:
    assert not is_group(name)
