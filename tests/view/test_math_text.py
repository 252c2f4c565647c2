"""Formulas as a line of Unicode, in messages that have no formulas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.publish.view.math_text import line_of
from hotpapers.publish.view.tex import plain_line, tex_line


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
    assert line is None or (line == " ".join(line.split()) and "<" not in line)
