"""Powers, charges and formulas in titles and abstracts of preprint servers, as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.wings.preprints import posted_papers

# Raised signs that are no powers stay as people write them; powers do not become digits
RAISED = [
    ("CD4<sup>+</sup> cells, Ca<sup>2+</sup>", "CD4+ cells, Ca2+"),
    ("<sup>18</sup>F-FDG", "18F-FDG"),
    ("p53<sup>-/-</sup>", "p53-/-"),
    ("cups<sup>1,2</sup>", "cups1,2"),
    ("SO<sub>4</sub><sup>2-</sup>", "SO4²⁻"),
    ("10<jats:sup><jats:italic>6</jats:italic></jats:sup>", "10⁶"),
    ("10<sup><italic toggle='yes'>6</italic></sup>", "10⁶"),
    ("10<sup>\u20106</sup>", "10⁻⁶"),
    ("10<sup>&#8722;8</sup>", "10⁻⁸"),
    ("2<sup>n</sup>", "2^n"),
    ("2<sup>e</sup>", "2e"),
    ("10<sup>5–6</sup> and 10<sup>2,5</sup>", "10⁵⁻⁶ and 10^2,5"),
    ("R<i><sup>2</sup></i>, ∇<sup>2</sup>u, |x|<sup>2</sup>", "R², ∇²u, |x|²"),
    ("10<sup>−</sup><sup>6</sup>", "10⁻⁶"),
    ("2<sup>−ΔΔCt</sup>, e<sup>-kt</sup>", "2^−ΔΔCt, e^-kt"),
    ("n<sup>&lt;k</sup> is a number", "n<k is a number"),
    ("Tea.<sup>3</sup>", "Tea.3"),
    ("5 × 10 <sup>−8</sup> and <i>R </i><sup>2</sup>", "5 × 10 ⁻⁸ and R ²"),
    ("&#x03C7;<sup>2</sup> of 10<sup> 6 </sup>", "χ² of 10⁶"),
    ("2<sup>n-1</sup> and 10<sup>1/2</sup>", "2^(n-1) and 10^(1/2)"),
    ("in 2020<sup>[1]</sup>", "in 2020[1]"),
    ("(x)<sup>2</sup>", "(x)²"),
    ("10&amp;lt;sup&amp;gt;6&amp;lt;/sup&amp;gt;", "10⁶"),
]
FORMULAS = [
    ("<mi>x</mi><mo>=</mo><mi>a</mi><mo>+</mo><mfrac><mi>b</mi><mi>c</mi></mfrac><mi>d</mi>", "x=a+(b/c)d"),
    ("<msup><mrow/><mn>18</mn></msup><mi>F</mi>", "18F"),
    ("<mi>Ca</mi><msup><mrow/><mrow><mn>2</mn><mo>+</mo></mrow></msup>", "Ca2+"),
    ("<msup><mi>Ca</mi><mrow><mn>2</mn><mo>+</mo></mrow></msup>", "Ca2+"),
    ("<msup><mtext>&#160;cm</mtext><mtext> 2 </mtext></msup>", "cm²"),
    ('<msup><mn>10</mn><mn>6</mn></msup><mspace width="1em"/><mtext>cups</mtext><mo stretchy="false"/>', "10⁶ cups"),
    ("<msup><mn>10</mn><mn>6</mn></msup><mo>&times;</mo><mi>x</mi>", "10⁶×x"),
    ("<mtext>for all </mtext><mi>x</mi>", "for all x"),
    ("<mn>5</mn><mtext> </mtext><mtext>mg</mtext>", "5 mg"),
    ("<mtext>the <italic>x</italic> value</mtext>", "the x value"),
    ("x<mo>+</mo>y", "x+y"),
    ('<mfenced open="[" close="]"><mn>0</mn><mn>1</mn></mfenced>', "[0,1]"),
    ('<mfenced separators=""><mi>x</mi><mo>+</mo><mn>1</mn></mfenced>', "(x+1)"),
    ("<msup><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></msup>", "(x+1)²"),
    ("<msup><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></msup>", "(x²)³"),
    ("<msup><mn>37</mn><mo>∘</mo></msup><mi>C</mi>", "37∘C"),
    ("<mfrac><mrow><mo>(</mo><mi>a</mi><mo>)</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "((a)b)/2"),
    ("<mfrac><mn>1</mn><mn>2</mn></mfrac><mi>x</mi>", "(1/2)x"),
    ("<mfrac><mn>1</mn><mrow><mn>2</mn><mi>x</mi></mrow></mfrac>", "1/(2x)"),
    ("<mroot><mi>x</mi><mn>3</mn></mroot> <mroot><mi>x</mi><mi>n</mi></mroot>", "³√xⁿ√x"),
    ("<semantics><mi>x<mi></mi><annotation>x_1</annotation></semantics>", "x"),
    ("<mn>3</mn><mfrac><mn>1</mn><mn>2</mn></mfrac>", "3 1/2"),
    ("<mfrac><mtext>1</mtext><mtext>2</mtext></mfrac>", "1/2"),
    ("<mfrac><mn>1</mn><msqrt><mn>2</mn></msqrt></mfrac>", "1/√2"),
    ("<mfrac><mrow><mn>1</mn><mo>+</mo><mi>x</mi></mrow><mn>2</mn></mfrac>", "(1+x)/2"),
    ("<mfrac><msup><mi>x</mi><mn>2</mn></msup><mn>2</mn></mfrac>", "x²/2"),
    ("<msup><mtext>cm</mtext><mn>2</mn></msup>", "cm²"),
    ("<msup><mfenced><mi>x</mi><mi>y</mi></mfenced><mn>2</mn></msup>", "(x,y)²"),
    ("<msup><mi>f</mi><mo>′</mo></msup>", "f′"),
    ("<msup><mn>10</mn><mstyle><mn>6</mn></mstyle></msup>", "10⁶"),
    ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x1²"),
    ("<mi>p</mi><mo>&lt;</mo><msup><mn>10</mn><mn>-8</mn></msup>", "p<10⁻⁸"),
    ("<mi>x</mi><mo>&amp;</mo>", "x&"),
]


@pytest.mark.parametrize(
    ("text", "plain"), [*RAISED, *((f"<mml:math>{text}</mml:math>", plain) for text, plain in FORMULAS)]
)
def test_powers_and_formulas(text: str, plain: str) -> None:
    assert posted_papers.plain_title(text) == plain
    assert posted_papers.plain_abstract(text) == plain


@given(st.lists(st.sampled_from(["<math>", "</math>", "<msup>", "</msup>", "<mn>1</mn>", "<mfrac>", "&lt;", "<", "x"])))
def test_any_formula_is_read(pieces: list[str]) -> None:
    posted_papers.plain_title("".join(pieces))
    posted_papers.plain_abstract(f"<math>{'<mrow>' * 900}{''.join(pieces)}</math>")


@pytest.mark.parametrize(
    "text", ["<math>", "<sup>", "10<sup>", "<math><mi>x", "<math><mrow>", "<sup><i>", "</mi></math>"]
)
def test_hostile_markup_is_read_to_its_end(text: str) -> None:
    """Some took minutes, with patterns that looked for an end from each beginning."""
    posted_papers.plain_title("<math>" + text * 60_000)
