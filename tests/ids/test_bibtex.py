"""Values of BibTeX fields."""

from __future__ import annotations

import re

import pytest

from hotpapers.ids import bibtex


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100% of R&D #1", r"100\% of R\&D \#1"),
        (r"already \% escaped", r"already \% escaped"),
        (r"a line break \\% and no comment", r"a line break \\\% and no comment"),
        ("two\nlines\r\n  and more", "two lines and more"),
        ("x},\n  note = {evil", "x, note = evil"),
        ("{kept}", "{kept}"),
        (r"$x_1$ for $5", r"\$x_1\$ for \$5"),
        (r"\$5 and $x", r"\$5 and \$x"),
        (r"\$5 and $x$", r"\$5 and $x$"),
        ("ends in \\", "ends in \\ "),
        (r"ends in \\", r"ends in \\"),
    ],
)
def test_a_value_stays_one(text: str, expected: str) -> None:
    assert bibtex.value(text) == expected


def test_underscores_stand_for_themselves_except_in_mathematics() -> None:
    assert bibtex.words(r"state_of_the\_art") == r"state\_of\_the\_art"
    assert bibtex.words(r"tea_pot, $x_1$ and \(y_2\)") == r"tea\_pot, $x_1$ and \(y_2\)"


@pytest.mark.parametrize("name", ["A and B", "A AND B", "A And B}", "and"])
def test_a_name_stays_one(name: str) -> None:
    field = bibtex.names([name, "Li Na"])
    depth_0 = re.sub(r"\{[^{}]*\}", "", field)
    assert len(re.findall(r"\band\b", depth_0, re.I)) == 1 and field.endswith(" and Li Na")
