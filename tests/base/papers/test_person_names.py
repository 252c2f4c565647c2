"""Given names, family names and suffixes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.text import bibtex_fields
from hotpapers.base.text.person_names import AuthorName, is_group, is_suffix, split_name, without_affiliation
from hotpapers.collect.sources.arxiv.paper_items import author_names


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
        ("J. Ph. Durand", ("J. Ph.", "Durand", "")), ("Ada Li Ph. D.", ("Ada", "Li", "Ph.D.")),
        ("Tansy Overquill, M.D., Ph.D.", ("Tansy", "Overquill", "M.D. Ph.D.")), ("Ada Li MD", ("Ada", "Li", "MD")),
        ("Ada Brewster (for the Kettle Collaboration)", ("Ada", "Brewster", "")),
        ("Ada Brewster for the Kettle Collaboration", ("Ada", "Brewster", "")),
        ("Ada Brewster, on behalf of the Oven Team", ("Ada", "Brewster", "")),
        ("Ada Brewster (Tea University)", ("Ada", "Brewster", "")), ("Ada (Addie) Li", ("Ada (Addie)", "Li", "")),
        ("Ada Brewster (1) ((1) Tea Lab", ("Ada", "Brewster", "")),
        ("(for the Oven Team)", ("", "for the Oven Team", "")),
        ("KETTLE Team (Tea Institute)", ("", "KETTLE Team", "")),
        ("Li Na", ("Li", "Na", "")), ("Plato", ("", "Plato", "")), ("", ("", "", "")),
        ("A, B, C and D", ("", "A, B, C and D", "")),
    ],
)  # fmt: skip
def test_parts(name: str, parts: tuple[str, str, str]) -> None:
    assert split_name(name) == parts


def test_suffixes() -> None:
    assert all(map(is_suffix, ["Jr", "Jr.", "jr.", "JR.", "Sr.", "Jnr", "Snr.", "II", "III", "IV", "VI", "VII", "3rd"]))
    assert not any(map(is_suffix, ["", "V", "I", "J.", "S", "Jo", "Sri", "Li", "junior"]))


@given(st.text(max_size=60))
def test_any_name_keeps_its_letters(name: str) -> None:
    parts, shown = split_name(name), without_affiliation(name)
    assert shown in " ".join(name.split())
    assert sorted("".join(parts).replace(" ", "")) == sorted(re.sub("[ ,]", "", shown)) or "," in parts.family
    assert isinstance(parts.last_word, str)


GROUPS = [
    "The LIGO Scientific Collaboration", "Kettle Team", "the Kettle SWG", "Ovens Working Group", "Tea Consortium",
    "Kettle Collab.", "Oven Lab", "Tea Laboratories", "Warm Drinks Center", "Centre for Tea", "Academy of Cakes",
    "Oven Labs", "Department of Kettles", "Ministry of Tea", "World Spoon Organization", "World Spoon Organisation",
    "Institute of Cups", "Oven Research", "Warm Tea Research Asia", "Spoon AI", "Warm-AI", "Oven Developers",
    "Tea Authors", "Kettle Workshop", "Institut für Tee", "Université du Thé", "Kettle Ltd.", "Oven Inc",
    "Kettle and Oven Collaboration", "School of Tea", "SPOON Collaborations", "Global Cup Initiative",
    "Kettle Task Force", "Kettle Project", "Brewing Research Network",
]  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_no_given_name_in_any_export(name: str) -> None:
    assert split_name(name) == AuthorName("", name, "")
    assert is_group(name.upper()) == (not name.startswith("the ") and "AI" not in name)
    assert bibtex_fields.format_names([name, "Tansy Overquill"]) == f"{{{name}}} and Tansy Overquill"


@pytest.mark.parametrize(
    "name",
    [
        "The Anh Owlson", "Tansy Overquill", "Bram van der Teamster", "Ada Brewster (Tea Institute)", "Wei Ai",
        "WEI AI", "Ai Wei", "Ai, Wei", "T. Lab", "Lab Overquill", "Lab, Tansy", "Tansy B. Center", "Center, Tansy",
        "Lab", "Center", "Research Owlson", "Ada AI-Owlson", "Ada Brewster (for the Kettle Team)",
        "Ada Li for the Kettle Team", "Ada Li MD", "Tansy Labov", "Ada Centerwall", "Bo Airey", "Ada Incledon",
        "Bo Metaxas",
    ],
)  # fmt: skip
def test_a_person_is_no_group(name: str) -> None:
    assert not is_group(name)


LINES = {
    "Kettle and Oven Collaboration, A. Brewster": ("Kettle and Oven Collaboration", "A. Brewster"),
    "The Kettle and Oven Team and Ada Li": ("The Kettle and Oven Team", "Ada Li"),
    "Institute of Tea and Coffee": ("Institute of Tea and Coffee",),
    "Center for Tea and Coffee Research and Ada Li": ("Center for Tea and Coffee Research", "Ada Li"),
    "Ada Li and the Kettle Team": ("Ada Li", "the Kettle Team"),
    "Ada Li and Kettle Team": ("Ada Li", "Kettle Team"),
    "Kettle Team and Oven Team": ("Kettle Team", "Oven Team"),
    "Kettle Team and Plato": ("Kettle Team", "Plato"),
    "Plato and Ada Li": ("Plato", "Ada Li"),
    "Institute of Tea and A. Li": ("Institute of Tea", "A. Li"),
    "Ada Li, MD, and Bo Ng, Ph.D.": ("Ada Li MD", "Bo Ng Ph.D."),
}


@pytest.mark.parametrize("line", LINES)
def test_and_within_a_group_does_not_split_it(line: str) -> None:
    assert author_names(line) == LINES[line]
