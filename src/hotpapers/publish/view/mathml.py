"""Converts a TeX formula to MathML that is safe to embed in a page, or to nothing if it cannot be parsed.

latex2mathml passes its input through, even live HTML, and raises on what it does not understand. So formulas are
limited in size before it, cleaned by an allowlist after it, and rejected if a command is left over or a letter was
lost. The page then shows the TeX as text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from string import ascii_uppercase
from typing import Any
from xml.etree.ElementTree import Element, fromstring, tostring

import nh3
from markupsafe import Markup

from hotpapers.base.text.clean_text import displayable_text
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.tex_letters import CAPITAL_GREEK, SMALL_GREEK
from hotpapers.publish.view import math_alphabets

MAX_FORMULA_CHARS = 1000
"""Most code points of a formula."""
MAX_FORMULA_DEPTH = 40
"""Deepest nesting of braces and environments."""
MAX_MATHML_BYTES = 40_000
"""Most bytes of a formula's MathML."""
CACHED = 4096
"""Converted formulas kept: the same ones recur often."""

# ---- macros that papers use but the library lacks --------------------------------------------------------

_OPERATORS = "poly polylog arg argmin argmax Tr tr rank diag supp dist sgn div"
_NOTHING = (
    "xspace nonumber notag centering noindent ensuremath protect limits nolimits displaylimits allowbreak linebreak "
    "smallskip medskip bigskip leavevmode boldmath null"
)
_NAMED = {
    r"\ddagger": "ddag",
    r"\dagger": "dag",
    r"\setminus": "backslash",
    r"\epsilon": "eps ep",
    r"\Omega": "Om",
    r"^\circ": "degree textdegree degr",
    r"M_\odot": "Msun msun",
    r"\mathrm": "symrm symup mathup",
    r"\text": "textsc hbox",
    r"\textit": "textsl",
    r"\text{Å}": "AA",
    r"\text{å}": "aa",
    r"\text{km/s}": "kms",
    r"\mathbb{R}^n": "Rn",
    r"\,": "thinspace",
    r"\it": "em sl",
    r"\rm": "sc",
    "′": "arcmin",
    "″": "arcsec",
    "µ m": "micron",
    "µ": "textmu micro upmu",
    "‰": "textperthousand permil",
    "≲": "lesssim",
    "≳": "gtrsim",
    "≂": "eqsim",
    "≔": "coloneqq",
    " ": "par newline",
    "": _NOTHING,
}
_PLAIN = {
    **{name: rf"\operatorname{{{name}}}" for name in _OPERATORS.split()},
    **{letter: rf"\mathbb{{{letter}}}" for letter in "RNZQCETPF"},
    **{letter * 2: rf"\mathbb{{{letter}}}" for letter in "RNZQC"},
    **{f"cal{letter}": rf"\mathcal{{{letter}}}" for letter in ascii_uppercase},
    **{f"bb{letter}": rf"\mathbb{{{letter}}}" for letter in ascii_uppercase},
    **math_alphabets.by_name(_NAMED),
    **dict.fromkeys("/-", ""),
}
_ARGUMENT = {
    "abs": r"\left|\1\right|",
    "norm": r"\left\|\1\right\|",
    "cite": r"\text{[\1]}",
    "eqref": r"\text{(\1)}",
    "ref": r"\text{\1}",
    "label": "",
    "tag": "",
    "set": r"\{\1\}",
    "ket": r"|\1\rangle",
    "bra": r"\langle\1|",
    "url": r"\text{\1}",
    "slashed": r"\not{\1}",
    "textup": r"\text{\1}",
    "textnormal": r"\text{\1}",
}
# The end of a row, `\\`, is matched too, so that it is not taken for the beginning of a macro.
_MACRO = lazy_pattern(r"\\(\\|[A-Za-z]+|[/-])")
_WITH_ARGUMENT = lazy_pattern(rf"\\\\|\\({'|'.join(_ARGUMENT)})\*?\s*\{{([^{{}}]*)\}}")
# An upright word is one word, not single letters.
_WORD = lazy_pattern(r"\\mathrm\s*\{([A-Za-z]{2,})\}|\{\s*\\rm\s+([A-Za-z]{2,})\s*\}")
_OPERATOR = lazy_pattern(r"\\mathop\s*\{\s*(?:\\text\{([A-Za-z]+)\}|\{\s*\\text\{([A-Za-z]+)\}\s*\})\s*\}")
# What a declaration is for is raised or lowered with it: the library raises the declaration alone.
# A declaration before `_`, `^` or `'` is no base.
_RAISED = lazy_pattern(
    r"\\\\|([_^])\s*(\\(?:rm|bf|it|sf|tt|sc|sl|cal)(?![A-Za-z]))\s*"
    r"(?:\{((?:[^{}]|\{[^{}]*+\})*+)\}|([A-Za-z0-9]))"
)
_NO_BASE = lazy_pattern(
    r"\\\\|(\\(?:rm|bf|it|sf|tt|sc|sl|cal|displaystyle|textstyle|scriptstyle|scriptscriptstyle))\s*(?=[_^'])"
)
# A comment would end the formula. In a text on one line, the sign is left over from the end of a line, except after a
# number.
_PERCENT = lazy_pattern(r"(\\.)|((?<=\d)%)|%\s*")


_UNICODE = lazy_pattern(r"\\unicode\s*(?:\[[^\[\]]*\]\s*)*\{\s*(?:[xX]([0-9A-Fa-f]{1,6})|(\d{1,7}))\s*\}")
_OPERATOR_NAME = lazy_pattern(r"\\operatorname\*?\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_OPEN_END = lazy_pattern(r"(?<!\\)(?:\\\\)*\\\Z")
"""A control space at the end, whose space is gone."""
_SPACE = lazy_pattern(r"\\(?:[ ,;:!]|quad|thinspace)|~")
_TEXT = lazy_pattern(r"\\(text[a-z]*|emph|mbox|hbox)\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_FORMULA_IN_TEXT = lazy_pattern(rf"\$([^$]*)\$|(\\(?:{'|'.join((*SMALL_GREEK, *CAPITAL_GREEK))})(?![A-Za-z]))")


def _character(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
    else:
        code = int(match[2])
    if code < 0x110000 and chr(code).isprintable():
        return chr(code)
    return match[0]


def _operator_name(match: re.Match[str]) -> str:
    """An operator of several words, or with commands, is text: the library makes nothing of it."""
    name = " ".join(_SPACE.sub(" ", match[1]).split())
    if "\\" in name:
        return rf"\mathrm{{{name}}}"
    return rf"\operatorname{{{name}}}" if name.isalnum() else rf"\text{{{name}}}"


_CHEMICAL = lazy_pattern(r"\\ce\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_ATOMS = lazy_pattern(r"(?<=[A-Za-z)\]])\d+")
_SUBSCRIPTS = str.maketrans(dict(math_alphabets.RAISED_LETTERS["sub"]))
_QUANTITY = lazy_pattern(
    r"\\(?:SI|qty|si|unit|num)(?![A-Za-z])\*?(?:\[[^\[\]]*\])?\s*\{([^{}$]*)\}(?:(?<=\})\s*\{([^{}$]*)\})?"
)


def chemical_formula(text: str) -> str:
    """A chemical formula as mhchem reads it: `CO2 -> H2O` is CO₂ → H₂O."""
    return _ATOMS.sub(lambda match: match[0].translate(_SUBSCRIPTS), text).replace("->", "→")


def _quantity(match: re.Match[str]) -> str:
    """A number with its unit (siunitx): `\\SI{5}{\\kilo\\gram}` is 5 kilogram."""
    return rf"\text{{{' '.join(filter(None, match.groups())).replace(chr(92), '')}}}"


def _text_and_formulas(match: re.Match[str]) -> str:
    """Text in a formula, with formulas and Greek letters in it as parts of the outer one."""
    pieces = _FORMULA_IN_TEXT.split(_SPACE.sub(" ", match[2]))
    if len(pieces) == 1:
        return rf"\{match[1]}{{{pieces[0]}}}"
    texts = pieces[::3]
    inner = [first or second or "" for first, second in zip(pieces[1::3], pieces[2::3], strict=True)]
    parts = (rf"\{match[1]}{{{text}}}{part}" if text else part for text, part in zip(texts, [*inner, ""], strict=True))
    return f"{{{''.join(parts)}}}"


def _expand_macros(tex: str) -> str:
    """Rewrite the formula in commands that the library knows."""
    tex = _CHEMICAL.sub(lambda match: rf"\text{{{chemical_formula(match[1])}}}", _UNICODE.sub(_character, tex))
    tex = _QUANTITY.sub(_quantity, tex)
    tex = _TEXT.sub(_text_and_formulas, _OPERATOR_NAME.sub(_operator_name, tex))
    tex = _PERCENT.sub(lambda match: match[1] or (r"\%" if match[2] else ""), tex)
    tex = _NO_BASE.sub(lambda match: f"{match[1]}{{}}" if match[1] else match[0], tex)
    tex = _RAISED.sub(
        lambda match: f"{match[1]}{{{match[2]} {match[3] or match[4] or ''}}}" if match[1] else match[0], tex
    )
    tex = _WORD.sub(lambda match: rf"\text{{{match[1]}}}" if match[1] else rf"{{\text{{{match[2]}}}}}", tex)
    tex = _OPERATOR.sub(lambda match: rf"\operatorname{{{match[1] or match[2]}}}", tex)
    tex = math_alphabets.expand_alphabets(_MACRO.sub(lambda match: _PLAIN.get(match[1], match[0]), tex))
    return _WITH_ARGUMENT.sub(lambda match: _ARGUMENT[match[1]].replace(r"\1", match[2]) if match[1] else match[0], tex)


# ---- TeX to MathML -----------------------------------------------------------------------------------------


@lru_cache(CACHED)
def render_formula(tex: str) -> Markup | None:
    """A formula as an inline `math` element; None if it cannot be rendered."""
    tex = _OPEN_END.sub(r"\g<0> ", " ".join(displayable_text(tex).split()))
    if not tex or len(tex) > MAX_FORMULA_CHARS or _depth(tex) > MAX_FORMULA_DEPTH:
        return None
    try:
        mathml = _converter()(_expand_macros(tex).replace("<", r"\lt ").replace(">", r"\gt "))
    except Exception:  # foreign formulas can make the library raise anything
        return None
    match = _OUTER.fullmatch(mathml) if len(mathml) <= MAX_MATHML_BYTES else None
    if match:
        struck = _struck(_ESCAPE.sub("", match[1]))
        inner = _safe(_STYLED.sub(_letters, _with_plain_tokens(struck)))
    else:
        inner = ""
    if (
        not inner
        or "\\" in inner
        or _TAG.search(inner) is None
        or _letters_in(_UNICODE.sub(_character, tex)) - _letters_in(_text(inner))
    ):
        return None
    return Markup('<math alttext="{}">{}</math>').format(tex, Markup(inner))


def _safe(mathml: str) -> str:
    """The content of a `math` element, cleaned; empty if that would lose any of its text."""
    cleaned = _cleaner().clean(f"<math>{mathml}</math>").removeprefix("<math>").removesuffix("</math>")
    if _text(cleaned) != _text(mathml):
        return ""
    return displayable_text(_without_empty(cleaned.replace("<mi>~</mi>", "<mo>∼</mo>")))


_NOT = lazy_pattern(
    r"(?:<mpadded[^<>]*>)?<(?:mtext|mo|mi)>(?:⧸|&#x0?29F8;)</(?:mtext|mo|mi)>(?:</mpadded>)?"
    r"((?:<mrow>)?)<(m[oi])((?: [^<>]*)?)>(&[^<>;]*;|[^<>&])</\2>"
)


def _struck(mathml: str) -> str:
    r"""`\not` and a sign as one: ≠, ∉, ∝̸."""

    def sign_of(match: re.Match[str]) -> str:
        unescaped = html.unescape(match[4])
        sign = unicodedata.normalize("NFC", unescaped.replace("~", "∼") + "\u0338")
        return f"{match[1]}<{match[2]}{match[3]}>{html.escape(sign)}</{match[2]}>"

    return _NOT.sub(sign_of, mathml)


_EMPTY = lazy_pattern(r"<(mi|mo|mn|mtext|mrow|mstyle|mpadded|mphantom)(?: [^<>]*)?></\1>")
_SCRIPTS = ("msub", "msup", "munder", "mover")
_ROWS = ("math", "mrow", "mstyle", "mtd", "msqrt", "mpadded", "mphantom")


def tree_of(mathml: str) -> Element:
    """The tree of a formula; of HTML's entities it may have `&nbsp;`, which XML does not know. Raises ParseError."""
    return fromstring(str(mathml).replace("&nbsp;", "\u00a0"))  # those of Markup escape what they are given


def _without_empty(mathml: str) -> str:
    """MathML without elements that have no content; where a base or an argument must be, an empty row stays."""
    if not _EMPTY.search(mathml):
        return mathml
    root = tree_of(f"<math>{mathml}</math>")
    _drop_empty(root)
    written = tostring(root, encoding="unicode", short_empty_elements=False)
    return written.removeprefix("<math>").removesuffix("</math>")


def _drop_empty(element: Element) -> None:
    for child in list(element):
        _drop_empty(child)
        if len(child) or child.text or not _EMPTY.fullmatch(f"<{child.tag}></{child.tag}>"):
            continue
        is_script = element.tag in _SCRIPTS and len(element) == 2 and child is element[1]
        if element.tag in _ROWS or is_script:
            element.remove(child)
            element.tag = "mrow" if is_script else element.tag
        else:
            child.tag = "mrow"
            child.attrib.clear()


# Arguments that are not letters of the formula.
_NO_LETTERS = lazy_pattern(
    r"\\(?:begin|end)\s*\{[a-z]*\*?\}(?:\s*\[[tcb]\])?(?:\s*\{[lcr|@ ]*\})?"
    r"|\\(?:label|tag|color|textcolor|[hvm]space|unicode|href|class|style|rule|kern|mkern|hskip)\*?\s*(?:\{[^{}]*\}){1,2}"
    r"|\\[A-Za-z]+|\\."
)


def _letters_in(tex: str) -> Counter[str]:
    """How often each Latin letter and digit is in a formula, in whatever alphabet."""
    normalized = unicodedata.normalize("NFKC", _NO_LETTERS.sub("", tex))
    return Counter(c for c in normalized if c.isascii() and c.isalnum())


def _text(mathml: str) -> str:
    return "".join(html.unescape(_ANY_TAG.sub("", mathml)).split())


_OUTER = lazy_pattern(r"<math[^>]*>(.*)</math>", re.DOTALL)
_TAG = lazy_pattern(r"<m[a-z]+")
_ESCAPE = lazy_pattern(r"\\(?=[%#_$ ]|&amp;|&nbsp;|&#x000A0;)")
"""A backslash that the library leaves in the text of a formula: `\\text{67\\%}`."""
_ANY_TAG = lazy_pattern(r"<[^<>]*>")
_NESTING = lazy_pattern(r"(\{|\\begin\b|\\left\b)|\}|\\end\b|\\right\b")


def _depth(tex: str) -> int:
    """How deeply braces, environments and fences are nested."""
    depth = deepest = 0
    for match in _NESTING.finditer(tex):
        depth += 1 if match[1] else -1
        deepest = max(deepest, depth)
    return deepest


@cache
def _converter() -> Any:
    """Imported with the first formula: the import takes longer than rendering a page."""
    from latex2mathml.converter import convert

    return convert


# ---- what MathML Core lacks --------------------------------------------------------------------------------

_START_OR_END = lazy_pattern(r"<(/?)(m[a-z]++)([^<>]*?)(/?)>")
_TOKENS = {"mi", "mn", "mo", "mtext"}
_STYLED = lazy_pattern(r'<(mi|mn|mo|mtext)((?: [a-z]+="[^"<>]*")*?) mathvariant="([a-z-]+)"([^<>]*)>([^<>]*)</\1>')


def _with_plain_tokens(mathml: str) -> str:
    r"""MathML with text alone in each token: an operator made of other elements, as from `\mathop{…}`, is a row."""
    names: list[str] = []

    def plain(match: re.Match[str]) -> str:
        end, name, _, is_empty = match.groups()
        if is_empty:
            return match[0]
        if end:
            return f"</{names.pop() if names else name}>"
        following = _START_OR_END.match(mathml, match.end()) if name in _TOKENS else None
        is_row = following is not None and not following[1]
        names.append("mrow" if is_row else name)
        return "<mrow>" if is_row else match[0]

    return _START_OR_END.sub(plain, mathml)


def _letters(match: re.Match[str]) -> str:
    """A token with letters of an alphabet instead of the attribute `mathvariant`; prose in a formula stays plain."""
    name, before, variant, after, content = match.groups()
    text = html.unescape(content)
    if variant == "normal" or len(text.split()) > 1:
        return match[0]
    letters = math_alphabets.style_text(text, math_alphabets.styles_named(variant))
    return f"<{name}{before}{after}>{html.escape(letters)}</{name}>"


# ---- allowlist ---------------------------------------------------------------------------------------------

# MathML Core's elements, except those that link elsewhere or embed other languages.
_ELEMENTS = (
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts mtable mtr mtd"
)
_TRUTH = {"true", "false"}
_VALUES = {
    "mo": dict.fromkeys(("stretchy", "fence", "movablelimits", "largeop", "separator"), _TRUTH)
    | {"form": {"prefix", "infix", "postfix"}},
    "mi": {"mathvariant": {"normal"}},
    "mfrac": {"linethickness": {"0", "0px", "0pt"}},
    "mstyle": {"displaystyle": _TRUTH, "scriptlevel": {"0", "1", "2"}},
    "mspace": {"width": {"0.167em", "0.222em", "0.278em", "0.333em", "0.5em", "1em", "2em", "-0.167em"}},
    "mover": {"accent": _TRUTH},
    "munder": {"accentunder": _TRUTH},
    "mtable": {"displaystyle": _TRUTH},
}


@cache
def _cleaner() -> nh3.Cleaner:
    tags = set(_ELEMENTS.split())
    return nh3.Cleaner(
        tags=tags,
        attributes={},
        tag_attribute_values=_VALUES,
        clean_content_tags={"script", "style"},
        url_schemes=set(),
        link_rel=None,
    )
