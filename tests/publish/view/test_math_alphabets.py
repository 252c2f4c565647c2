"""Letters of mathematical alphabets, of every command and form, as a page shows them."""

from __future__ import annotations

import html
import re

import pytest

from hotpapers.publish.view import math_alphabets
from hotpapers.publish.view.mathml import render_formula
from hotpapers.publish.view.tex import plain_line, tex_to_markup, tex_to_text

LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def letters(tex: str) -> str:
    """The text of a rendered formula."""
    markup = render_formula(tex)
    assert markup is not None, tex
    return html.unescape(re.sub(r"<[^<>]*>", "", markup)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("double-struck", "𝔸𝔹ℂ𝔻𝔼𝔽𝔾ℍ𝕀𝕁𝕂𝕃𝕄ℕ𝕆ℙℚℝ𝕊𝕋𝕌𝕍𝕎𝕏𝕐ℤ𝕒𝕓𝕔𝕕𝕖𝕗𝕘𝕙𝕚𝕛𝕜𝕝𝕞𝕟𝕠𝕡𝕢𝕣𝕤𝕥𝕦𝕧𝕨𝕩𝕪𝕫"),
        ("script", "𝒜ℬ𝒞𝒟ℰℱ𝒢ℋℐ𝒥𝒦ℒℳ𝒩𝒪𝒫𝒬ℛ𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵𝒶𝒷𝒸𝒹ℯ𝒻ℊ𝒽𝒾𝒿𝓀𝓁𝓂𝓃ℴ𝓅𝓆𝓇𝓈𝓉𝓊𝓋𝓌𝓍𝓎𝓏"),
        ("fraktur", "𝔄𝔅ℭ𝔇𝔈𝔉𝔊ℌℑ𝔍𝔎𝔏𝔐𝔑𝔒𝔓𝔔ℜ𝔖𝔗𝔘𝔙𝔚𝔛𝔜ℨ𝔞𝔟𝔠𝔡𝔢𝔣𝔤𝔥𝔦𝔧𝔨𝔩𝔪𝔫𝔬𝔭𝔮𝔯𝔰𝔱𝔲𝔳𝔴𝔵𝔶𝔷"),
        ("italic", "𝐴𝐵𝐶𝐷𝐸𝐹𝐺𝐻𝐼𝐽𝐾𝐿𝑀𝑁𝑂𝑃𝑄𝑅𝑆𝑇𝑈𝑉𝑊𝑋𝑌𝑍𝑎𝑏𝑐𝑑𝑒𝑓𝑔ℎ𝑖𝑗𝑘𝑙𝑚𝑛𝑜𝑝𝑞𝑟𝑠𝑡𝑢𝑣𝑤𝑥𝑦𝑧"),
    ],
)
def test_alphabets_are_whole_with_the_letters_that_stand_elsewhere(style: str, expected: str) -> None:
    assert math_alphabets.style_text(LATIN, math_alphabets.styles_named(style)) == expected


@pytest.mark.parametrize("command", sorted(math_alphabets._STYLES))
@pytest.mark.parametrize("form", ["{{R}}", " R", "{{ R }}", " {{R}}"])
def test_every_command_gives_another_letter(command: str, form: str) -> None:
    shown = letters(rf"x \in \{command}{form.format()}^n")
    assert shown[2] == math_alphabets.style_text("R", math_alphabets._STYLES[command]) != "R" and shown[3:] == "n"


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\mathbb R^n", "ℝn"), (r"\alpha\mathbb R", "αℝ"), (r"\mathcal D'", "𝒟′"), (r"\mathfrak{sl}_2", "𝔰𝔩2"),
        (r"\mathbf{Set}", "𝐒𝐞𝐭"), (r"\mathbb{RP}^3", "ℝℙ3"), (r"\mathbb 1_A", "𝟙A"), (r"\mathbf 12", "𝟏2"),
        (r"\boldsymbol\theta", "𝜽"), (r"\boldsymbol{\Gamma}", "𝜞"), (r"\bm{x}_1", "𝒙1"), (r"\mathbf{\ell}", "𝓵"),
        (r"\mathit h", "ℎ"), (r"\mathsf{3SAT}", "𝟥𝖲𝖠𝖳"), (r"\mathtt{x86}", "𝚡𝟾𝟼"), (r"\mathsf{P_1\alpha}", "𝖯𝟣α"),
        (r"\mathbf{x_i+\alpha_{12}}", "𝐱𝐢+𝛂𝟏𝟐"), (r"\mathbf{\hat{x}}", "𝐱^"), (r"\hat\mathbf{x}", "𝐱^"),
        (r"\boldsymbol{\mathcal{A}}", "𝓐"), (r"\mathbf{\mathfrak{sl}}", "𝖘𝖑"), (r"\mathbf{\nabla}", "𝛁"),
        (r"{\bf 1}_A", "𝟏A"), (r"{\cal L}", "ℒ"), (r"{\frak gl}_n", "𝔤𝔩n"), (r"{\bf {\mathcal X}^{-1}}", "𝓧−𝟏"),
        (r"\bf x", "𝐱"), (r"\bf 71 \times", "𝟕𝟏×"),
        (r"\calU_k", "𝒰k"), (r"\textbf{A}", "𝐀"), (r"\frac\mathbf{a}\mathbf b", "𝐚𝐛"),
        (r"\mathbb{\Gamma}", "ℾ"), (r"x_\mathbf{ab}", "x𝐚𝐛"), (r"\mathbb{R}\\\mathbb R", "ℝℝ"),
        (r"\textbf{two words}", "two words"), (r"\mathcal{\alpha}", "α"), (r"\mathrm{d}x", "dx"),
    ],
)  # fmt: skip
def test_letters_of_a_formula(tex: str, expected: str) -> None:
    assert letters(tex) == expected


def test_letters_between_formulas() -> None:
    text = r"maps of \mathbb{R}^n, \mathcal D and \mathbf{v}; \mathbf{Results:} \mathsf{words}"
    assert tex_to_text(text) == plain_line(text) == tex_to_markup(text) == "maps of ℝ^n, 𝒟 and 𝐯; Results: words"
