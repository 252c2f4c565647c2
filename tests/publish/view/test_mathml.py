"""Formulas and letters: TeX as papers write it, and what it must never turn into."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Paper
from hotpapers.base.text.tex_formulas import find_formulas
from hotpapers.publish.view import mathml
from hotpapers.publish.view.mathml import MAX_FORMULA_CHARS, render_formula
from hotpapers.publish.view.tex import MAX_FORMULAS_CHARS, decode_accents, plain_line, tex_to_markup, tex_to_text
from hotpapers.publish.view.tex import MAX_TEXT_CHARS as LONGEST_TEXT
from hotpapers.record import Record
from tests.conftest import SHARED
from tests.publish.render.html import Page
from tests.wings.classic import classic_issues


def body(tex: str) -> str:
    """The content of a formula's `math` element."""
    markup = render_formula(tex)
    assert markup is not None, tex
    return re.sub(r"<math[^>]*>|</math>", "", markup)


# ---- where formulas are ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for $n \\le 40$ robots and $k$ songs", ["n \\le 40", "k"]),
        ("a $$display$$ and \\(round\\) and \\[square\\]", ["display", "round", "square"]),
        ("so \\begin{align*}a&=b\\end{align*} holds", ["\\begin{align*}a&=b\\end{align*}"]),
        ("costs \\$5 and $x$", ["x"]),
        ("from $5 million to $10 million a year", []),
        ("$4-5 million compared to $3", []),
        ("$2$ of $3 n$ and $10^3$", ["2", "3 n", "10^3"]),
        ("a lone $ sign", []),
        ("\\\\$x$", ["x"]),
        ("$ $ and $$", []),
        ("", []),
    ],
)
def test_formulas_are_found(text: str, expected: list[str]) -> None:
    assert [piece.tex for piece in find_formulas(text)] == expected
    for piece in find_formulas(text):
        assert piece.tex in text[piece.start : piece.end]


def test_a_text_is_its_letters_and_its_formulas() -> None:
    markup = tex_to_markup("Schr\\\"odinger's $\\ell_1$ & <b>")
    assert markup.startswith("Schrödinger&#39;s <math alttext=") and markup.endswith("</math> &amp; &lt;b&gt;")
    assert tex_to_markup("No TeX & nothing") == "No TeX &amp; nothing"
    assert tex_to_markup("$\\unknown{x}$ <b>") == '<code class="tex">\\unknown{x}</code> &lt;b&gt;'


def test_plain_text_keeps_the_tex_of_formulas() -> None:
    assert tex_to_text('Schr\\"odinger $\\alpha$ \\emph{now}') == "Schrödinger $\\alpha$ now"
    assert tex_to_text("$x$") == "$x$" and tex_to_text("\\'e" * LONGEST_TEXT) == "\\'e" * LONGEST_TEXT


def test_a_text_without_end_is_shown_as_it_is() -> None:
    assert tex_to_markup("$x$" * 4000) == "$x$" * 4000
    text = "$&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&$ " * 300
    markup = tex_to_markup(text)
    assert markup.count("<math") < markup.count('<code class="tex">') and len(markup) < 3 * MAX_FORMULAS_CHARS


# ---- one formula ---------------------------------------------------------------------------------------


def test_formulas_are_mathml() -> None:
    assert body("x^2") == "<mrow><msup><mi>x</mi><mn>2</mn></msup></mrow>"
    assert body("\\sim 3") == "<mrow><mo>∼</mo><mn>3</mn></mrow>"
    assert "<mo>&lt;</mo>" in body("a<b") and "<mo>&gt;</mo>" in body("a > b")
    assert "<mtext>softmax</mtext>" in body("\\mathrm{softmax}(x)")
    assert render_formula("  x \n y ") == render_formula("x y")


@pytest.mark.parametrize(
    "tex",
    [
        "\\abs{x}", "\\norm{x}_2", "\\R^n", "\\argmin_x f", "\\bm{x}", "\\calU_k", "\\ensuremath{\\AA}", "x\\xspace",
        "\\poly(n)", "^\\ddag", "\\cite{tea}", "3\\,\\Msun", "\\eqref{1}", "\\sum\\limits_i x_i", "5\\degree",
        "\\left( \\begin{matrix} a & b \\\\ c & d\\end{matrix}\\right)", "\\text{for all } x", "\\mathds{1}",
    ],
)  # fmt: skip
def test_macros_that_papers_use_are_known(tex: str) -> None:
    assert render_formula(tex) is not None


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("\\mathop{\\rm div}(u)", "<mo>div</mo>"), ("\\mathop{{\\rm div}}u", "<mo>div</mo>"),
        ("{\\mathop{\\mathrm{cap}}}_K", "<mo>cap</mo>"), ("\\mathop{\\text{ess}}", "<mo>ess</mo>"),
        ("\\mathop{a+b}_i", "<mi>a</mi><mo>+</mo><mi>b</mi>"), ("a \\mathrel{\\|} b", ">‖</mo>"),
        ("a \\mathbin{\\circ_x} b", "<mo>∘</mo><mi>x</mi>"), ("\\mathord{x}", "<mi>x</mi>"),
        ("\\mathopen{(}x\\mathclose{)}", ">)</mo>"), ("\\mathpunct{;}", "<mi>;</mi>"), ("\\mathinner{x}", "<mi>x</mi>"),
        ("\\mathop{\\mathrel{x}}", "<mi>x</mi>"), ("5%", "<mn>5</mn><mi>%</mi>"), ("L^{2}% (0,1)", "<mn>1</mn>"),
        ("\\text{67\\% so}", "<mtext>67% so</mtext>"), ("{\\rm eff}", "<mtext>eff</mtext>"),
    ],
)  # fmt: skip
def test_no_part_of_a_formula_vanishes(tex: str, expected: str) -> None:
    assert expected in body(tex).replace("&nbsp;", " ")


def test_a_formula_that_would_lose_a_letter_is_given_up() -> None:
    assert mathml._safe("<mi>a</mi><mo>x<mi>d</mi></mo>") == "" == mathml._safe("<mi>a<script>b</script></mi>")
    assert mathml._letters_in("\\mathbb{R}^2 ℝ") == {"R": 2, "2": 1}


SIGNS = {
    "=": "≠", "<": "≮", ">": "≯", r"\in": "∉", r"\equiv": "≢", r"\sim": "≁", r"\subset": "⊄", r"\leq": "≰",
    r"\mid": "∤",
    r"\exists": "∄", r"\propto": "∝̸", r"\ni": "∌", r"\approx": "≉", r"\parallel": "∦", r"\vdash": "⊬", "D": "D̸",
}  # fmt: skip


@pytest.mark.parametrize(("sign", "struck"), SIGNS.items())
def test_a_sign_that_is_struck_out_is_one(sign: str, struck: str) -> None:
    for form in (rf"a \not {sign} b", rf"a\not{{{sign}}}b"):
        assert f">{struck}<" in body(form) and "⧸" not in body(form)


NAMES = ["ess\\,sup", "arg\\,max", "ess sup", "arg~min", r"\mathrm{Tr}", "T-sup", "sup", r"lim\ inf", r"arg\;max"]


@given(
    st.sampled_from(NAMES),
    st.sampled_from(["operatorname", "operatorname*"]),
    st.sampled_from(["_x u", " u", "^2(u)", ""]),
)
def test_a_name_of_several_words_is_an_operator(name: str, command: str, after: str) -> None:
    shown = body(rf"\{command}{{{name}}}{after}")
    assert not re.search(r"<(mo|mi|mn|mtext)[^<>]*></|<mo>\*<", shown)
    assert re.sub(r"<[^<>]*>|&nbsp;|\s", "", shown).startswith(re.sub(r"\\mathrm|\\.|[ ~{}]", "", name))


EMPTY = ["{}", r"\text{}", r"\mathbf{}", r"\operatorname{}", r"\mathop{}", r"\mathrm{ }", r"\hbox{}"]


@given(st.lists(st.sampled_from([*EMPTY, "x", "_2", "^3", "F", r"\frac{a}{b}"]), min_size=1, max_size=6))
def test_no_element_without_content_is_shown(parts: list[str]) -> None:
    assert not re.search(r"<(mo|mi|mn|mtext)[^<>]*></\1>", render_formula(" ".join(parts)) or "")


@given(
    st.sampled_from(["text", "mbox", "hbox", "textrm"]),
    st.sampled_from(["$n$ is odd", "H$_2$", "if $x<3$ and $y$", "a"]),
)
def test_a_formula_in_text_in_a_formula_ends_nothing(command: str, text: str) -> None:
    whole = rf"M_{{\{command}{{{text}}}}} < 5"
    assert [piece.tex for piece in find_formulas(f"a mass ${whole}$ and $z$")] == [whole, "z"]
    assert "$" not in body(whole) and "\\" not in body(whole)


@pytest.mark.parametrize(("tex", "shown"), [
    (r"a\unicode{x2014}b", "—"), (r"\unicode{8212}", "—"), (r"\unicode[Times]{xE9}", "é"),
    (r"\text{\rho}", "ρ"), (r"1\text{ρ}", "ρ"),
    (r"\text{at \Omega here}", "Ω"),
])  # fmt: skip
def test_characters_by_number_and_greek_in_text(tex: str, shown: str) -> None:
    assert shown in body(tex)


def test_a_row_may_begin_with_what_looks_like_a_command() -> None:
    for row in ("-1", "R", "eps", "Tr", "abs{x}", "calU"):
        assert body(f"\\begin{{matrix}}a\\\\{row}\\end{{matrix}}") == body(
            f"\\begin{{matrix}}a\\\\ {row}\\end{{matrix}}"
        )


@pytest.mark.parametrize(
    "tex",
    [
        "",
        "  ",
        "\\frac{",
        "\\foo",
        "x" * (MAX_FORMULA_CHARS + 1),
        "{" * 41 + "x" + "}" * 41,
        "\\sqrt" * 160,
        "\\left(",
        "\\label",
    ],
)
def test_what_cannot_be_rendered_is_given_up(tex: str) -> None:
    assert render_formula(tex) is None


@pytest.mark.parametrize(
    "tex", ["\\href{javascript:alert(1)}{x}", "\\style{color:red}{x}", "\\class{skip}{x}", "\\hspace{9999em}x"]
)
def test_what_leads_elsewhere_is_left_out(tex: str) -> None:
    assert not re.search(r"href|style|class|javascript|9999", body(tex))


_TEX = st.lists(
    st.sampled_from([
        "\\frac", "\\sqrt", "{", "}", "^", "_", "x", "\\left(", "\\right)", "\\text{", "$", "<b>", "&", "\\\\", "'",
        "~", "\\begin{matrix}", "\\end{matrix}", "\\href{a}{", "\\unicode{x202e}", "\\color{red}", "\\overset",
        "\\not", '"',
    ]),
    max_size=60,
).map("".join)  # fmt: skip


@given(st.one_of(_TEX, st.text(max_size=80)))
def test_a_formula_is_well_formed_and_nothing_else(tex: str) -> None:
    markup = render_formula(tex)
    if markup is not None:
        page = Page(markup.encode())
        assert page.elements[0].tag == "math" and all(element.tag.startswith("m") for element in page.elements)
        assert all(element.ancestors[0] == "math" for element in page.elements[1:])


@given(st.text(alphabet="$\\(){}[]xa^_ \"'`&<begind", max_size=200))
def test_any_text_ends_in_time(text: str) -> None:
    start = time.monotonic()
    Page(f"<p>{tex_to_markup(text)}</p>".encode())
    assert time.monotonic() - start < 5


# ---- letters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ('Schr\\"odinger', "Schrödinger"), ("Poincar\\'e", "Poincaré"), ("It\\^o", "Itô"), ("\\'{e}", "é"),
        ('G{\\"o}del', "Gödel"), ("Ma\\~nana", "Mañana"), ("Ho\\v{r}ava", "Hořava"), ("\\c{C}a", "Ça"),
        ("Erd\\H{o}s", "Erdős"), ("na\\\"{\\i}ve", "naïve"), ("\\O re", "Øre"), ("Stra\\ss e", "Straße"),
        ("90\\% of R\\&D", "90% of R&D"), ("\\emph{very \\textbf{new}}", "very new"), ("{\\it Tea}", "Tea"),
        ("see \\cite{tea2020}", "see [tea2020]"), ("\\href{http://a.example}{here}", "here"),
        ("\\url{a.example}", "a.example"), ("\\alpha and \\Omega", "α and Ω"), ("a \\to b", "a → b"),
        ("MoS\\textsubscript{2} at 10\\textsuperscript{-3}", "MoS₂ at 10⁻³"), ("H\\textsubscript 2O", "H₂O"),
        ("T\\textsubscript{max}, T\\textsubscript{CMB}, 5\\textsuperscript{th}", "Tₘₐₓ, T_CMB, 5ᵗʰ"),
        ("Tea\\textsuperscript{\\textregistered}", "Tea®"), ("Fe\\unknown{3}O", "Fe3O"), ("\\ion{C}{iv}", "C iv"),
        ("a \\method{fast \\new{one}}", "a fast one"), ("\\method{} and \\method", "method and method"),
        ("\\textcolor{red}{tea} \\frac{1}{2} \\hat{x}", "tea 1/2 x̂"), ("\\citep[see][]{a}, \\autoref{b}", "[a], [b]"),
        ("10\\textmu m", "10μ m"), ("\\href{a.example}", "a.example"),
        ("\\ours is new", "ours is new"), ("\\ie, so", "i.e., so"),
        ("Fig.~1\\,a", "Fig.\u00a01 a"), ("``so'' 1--2\\ ", "“so” 1–2 "), ("\\footnote{Why}", " (Why)"),
        ("``so''", "“so”"), ("Poincaré--Hopf --- why?", "Poincaré–Hopf — why?"), ("see Fig.~1", "see Fig.\u00a01"),
        ("f''(x)", "f''(x)"), ("run it with --help, x-->y", "run it with --help, x-->y"),
        ("a.example/~me", "a.example/~me"),
        ("\\label{x}\\begin{itemize}\\item Tea", "• Tea"), ("plain ~ {text}", "plain ~ {text}"),
        ("the \\emph{caf\\'{e}} of \\textit{na\\\"{i}ve} tea", "the café of naïve tea"),
        ("{\\it G{\\\"o}del}", "Gödel"),
        ("\\emph{a {b {c}} d} e", "a {b {c}} d e"), ("{\\it a {\\bf b {c {d}}}}", "a b {c {d}}"),
        ("{caf\\'{e}}", "{café}"), ("\\emph{\\textbf{caf\\'{e}}}", "café"),
    ],
)  # fmt: skip
def test_letters(tex: str, text: str) -> None:
    assert decode_accents(tex) == text


def test_emphasis_may_enclose_formulas() -> None:
    assert tex_to_text("\\emph{a $x$ b} and \\textbf{$y_{1}$}") == "a $x$ b and $y_{1}$"
    assert tex_to_text("$\\text{a}$ \\textit{\\emph{b $\\mathrm{c}$}\0}") == "$\\text{a}$ b $\\mathrm{c}$"
    assert tex_to_text("\\unknown{a $x$ b} H\\textsubscript{$x$}") == "a $x$ b H$x$"
    assert "emph" not in tex_to_markup("\\emph{a $x$ b}") and "{" not in tex_to_markup("\\emph{a $x$ b}")


def test_quotation_marks_and_dashes_stand_beside_formulas() -> None:
    assert tex_to_markup("``$x$'' and $x$--$y$").startswith("“<math")
    assert plain_line("``$x$'' and $x$--$y$, Eq.~$1$") == "“x” and x–y, Eq. 1"
    assert tex_to_markup("What ``Tea'' Is") == tex_to_text("What ``Tea'' Is") == "What “Tea” Is"


@given(st.text())
def test_text_without_the_signs_of_tex_is_as_it_is(text: str) -> None:
    text = re.sub(r"[\\~`'-]", "", text)
    assert decode_accents(text) == text


# ---- the archive ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the folder of real texts is absent: {SHARED}")
def test_the_formulas_of_the_archive_are_rendered(sqlite_url: str) -> None:
    """At least 99% of them; no command is left in the text around them."""
    with Record(sqlite_url) as record:
        for file in sorted((SHARED / "archive" / "posts").glob("*.md"))[::3]:
            classic_issues.import_file(record, file.name, file.read_bytes())
        rows = record.view().latest(Paper)
        texts = [text for row in rows for text in (row.item.title, row.item.abstract)]
    all_formulas = [piece.tex for text in texts for piece in find_formulas(text)]
    convertible = [tex for tex in all_formulas if render_formula(tex) is not None]
    assert len(all_formulas) > 100 and len(convertible) >= 0.99 * len(all_formulas)
    assert not [text for text in texts if re.search(r"\\[A-Za-z]", re.sub("<math.*?</math>", "", tex_to_markup(text)))]
