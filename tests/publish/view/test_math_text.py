"""Formulas as a line of Unicode, in messages that have no formulas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.publish.view.math_text import line_of
from hotpapers.publish.view.tex import plain_line, tex_line, tex_to_markup
from tests.publish.render.html import Page


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"M_\odot \sim 10^3", "M_⊙ ∼ 10³"), (r"\ell_1", "ℓ₁"), ("O(n^2)", "O(n²)"), (r"\mathbb{R}^{n+1}", "ℝⁿ⁺¹"),
        (r"\hat{x}_i \leq \frac{1}{2n}", "x̂ᵢ ≤ 1/(2n)"), (r"\sum_{i=1}^{n} x_i", "∑ᵢ₌₁ⁿxᵢ"),
        (r"K^{+}\to\pi^{+}\nu\bar\nu", "K⁺ → π⁺νν̄"), (r"O(\sqrt{n}\log n)", "O(√n log n)"), (r"n^{\omega}", "n^ω"),
        (r"\sqrt[3]{x+y}", "³√(x+y)"), (r"\begin{pmatrix}a&b\\c&d\end{pmatrix}", "(a, b; c, d)"),
        (r"\tilde{O}(n^{k+\epsilon})", "Õ(n^(k+ϵ))"), (r"\mathcal{N}=4", "𝒩 = 4"), ("x'", "x′"), (r"\vec{v}", "v⃗"),
        (r"p<0.05", "p < 0.05"), (r"\frac{a}{b}", "a/b"), (r"\sin\theta", "sin θ"), ("(a,b)", "(a, b)"),
        (r"\rm ^{28}SiS", "²⁸SiS"), (r"\rm_{eff}", "_eff"), (r"\bf'", "′"),
        (r"\beta_\rm{UV}", "β_UV"), (r"H_\rm 0", "H₀"), (r"E(B-V)_\rm{neb}", "E(B−V)_neb"), (r"^\rm{3D}", "³ᴰ"),
        (r"\rm'", "′"), (r"\displaystyle^{28}Si", "²⁸Si"), (r"a_\rm{x_{1}}", "a_x₁"),
    ],
)  # fmt: skip
def test_formulas(tex: str, line: str) -> None:
    assert line_of(tex) == line


def test_a_line_keeps_what_cannot_be_rendered_and_a_renderer_gets_tex() -> None:
    title = r"Spoons of $\ell_1$ and \emph{$\nosuchcommand{$"
    assert plain_line(title).startswith("Spoons of ℓ₁ and ") and "nosuchcommand" in plain_line(title)
    assert tex_line(r"Spoons of $\ell_1$, \"uber") == r"Spoons of $\ell_1$, über"


@given(st.text("\\{}^_&$ abfracsqrtmheal123+=,", max_size=60))
def test_any_formula_is_one_line(tex: str) -> None:
    line = line_of(tex)
    assert line is None or (line == " ".join(line.split()) and "<math" not in line)


SPACES = [r"\ ", "~", r"\,", r"\;", r"\:", r"\quad ", r"\text{ a b }", r"\text{a\,b}", r"\mbox{ a~b}", r"\textit{a b}"]
PARTS = ["x", "10^4", r"\sim", r"r<50", r"\frac{1}{2}", r"\sqrt{n}"]


@given(st.lists(st.sampled_from([*SPACES, *PARTS]), min_size=2, max_size=6).filter(set(PARTS).intersection))
def test_a_formula_with_any_space_is_a_line(parts: list[str]) -> None:
    line = line_of(" ".join(parts))
    assert line and not set(line) & set("\\$\u00a0~")


TIES = ["$7$", r"10$^{-3}$", r"$\omega$", "Fig.", r"\ref{a}", r"[\cite{b}]", "Eq. (3)", "50\\%", "word", "the kettle's"]


@given(st.sampled_from(TIES), st.sampled_from(["mag", "$x$", r"\emph{text}", "(b)", r"\ref{c}"]))
def test_a_tie_is_a_space_after_anything(before: str, after: str) -> None:
    for line in (
        plain_line(f"A {before}~{after}, b"),
        Page(f"<p>{tex_to_markup(f'A {before}~{after}, b')}</p>".encode()).text,
    ):
        assert "~" not in line and " b" in line


def test_a_tilde_that_is_no_tie_stays() -> None:
    text = "~10 at ~5, (~7), https://b.example/~ada"
    assert plain_line(text) == text


LETTERS = {
    r"\o": "ø",
    r"\O": "Ø",
    r"\ss": "ß",
    r"\L": "Ł",
    r"\l": "ł",
    r"\ae": "æ",
    r"\oe": "œ",
    r"\aa": "å",
    r"\i": "ı",
}


@given(st.sampled_from(sorted(LETTERS)), st.sampled_from(["{%s}", "{ %s }", "%s{}", "{%s{}}"]))
def test_a_letter_in_braces_is_a_letter(command: str, form: str) -> None:
    assert plain_line(f"K{form % command}rt") == f"K{LETTERS[command]}rt"


@pytest.mark.parametrize("accent", list("~^\"'`=."))
def test_an_accent_without_a_letter_is_its_sign(accent: str) -> None:
    assert plain_line(f"Pass\\{accent}{{}}1") == f"Pass{accent}1"
