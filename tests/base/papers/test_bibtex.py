"""Values of BibTeX fields."""

from __future__ import annotations

import re

import pytest

from hotpapers.base.text import bibtex_fields


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
    assert bibtex_fields.format_value(text) == expected


def test_underscores_stand_for_themselves_except_in_mathematics() -> None:
    assert bibtex_fields.format_words(r"state_of_the\_art") == r"state\_of\_the\_art"
    assert bibtex_fields.format_words(r"tea_pot, $x_1$ and \(y_2\)") == r"tea\_pot, $x_1$ and \(y_2\)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flows in R^N, e^+e^- and 10^{-3}",
         r"flows in R\textsuperscript{N}, e\textsuperscript{+}e\textsuperscript{-} and 10\textsuperscript{-3}"),
        ("$x^2$ in L^2, It\\^o", r"$x^2$ in L\textsuperscript{2}, It\^o"),
        ("a ^ b^", r"a \textasciicircum{} b\textasciicircum{}"),
        ("x^{a^b}", r"x\textasciicircum{}{a\textsuperscript{b}}"), ("~5 of Fig.~1", r"\textasciitilde{}5 of Fig.~1"),
        (r"the \alpha-effect in \mathbb{R}^n", r"the $\alpha$-effect in $\mathbb{R}$\textsuperscript{n}"),
        (r"\frac{1}{2} of \mathcal D", r"$\frac{1}{2}$ of $\mathcal D$"),
        (r"\ours is \method{new}, \emph{so} \textsubscript{2}", r"ours is {new}, \emph{so} \textsubscript{2}"),
        ("half \\( open \\] and \\", "half ( open ] and \\ "), ("a\\\"", 'a"'),
        ("$0.40 to $0.23, $a$ and $", r"\$0.40 to \$0.23, $a$ and \$"), ("$50%$ & #1", r"$50\%$ \& \#1"),
        ("α of $β$ ≤ 1", r"$\alpha$ of ${\beta}$ $\leq$ 1"), ("$a{b$ c$}$", r"\$a{b\$ c\$}\$"),
        (r"Erd\H{o}s, Schr\"odinger, \v c, {\'{\i}}", r"Erd\H{o}s, Schr\"odinger, \v c, {\'{\i}}"),
    ],
)  # fmt: skip
def test_nothing_between_formulas_stops_latex(text: str, expected: str) -> None:
    assert bibtex_fields.format_words(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Tansy Overquill Jr.", "Overquill, Jr., Tansy"), ("Kaveh Rushmere III", "Rushmere, III, Kaveh"),
        ("Ludwig van Moth Sr.", "van Moth, Sr., Ludwig"), ("Tansy Overquill", "Tansy Overquill"),
        ("Overquill Jr.", "{Overquill Jr.}"), ("Hot, Warm, Cold, Tea Team", "{Hot, Warm, Cold, Tea Team}"),
    ],
)  # fmt: skip
def test_a_suffix_is_not_a_family_name(name: str, expected: str) -> None:
    assert bibtex_fields.format_names([name]) == expected


@pytest.mark.parametrize("name", ["A and B", "A AND B", "A And B}", "and"])
def test_a_name_stays_one(name: str) -> None:
    field = bibtex_fields.format_names([name, "Li Na"])
    depth_0 = re.sub(r"\{[^{}]*\}", "", field)
    assert len(re.findall(r"\band\b", depth_0, re.I)) == 1 and field.endswith(" and Li Na")
