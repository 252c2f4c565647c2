"""Converts a TeX formula to MathML that is safe to embed in a page, or to nothing if it cannot be parsed.

latex2mathml passes its input through, even live HTML, and raises on what it does not understand. So formulas are
limited in size before it, cleaned by an allowlist after it, and rejected if a command is left over. The page then shows
the TeX as text.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import nh3
from markupsafe import Markup

from hotpapers.view.clean_text import shown

LONGEST = 1000
"""Most code points of a formula."""
DEEPEST = 40
"""Deepest nesting of braces and environments."""
LARGEST = 40_000
"""Most bytes of a formula's MathML."""
CACHED = 4096
"""Converted formulas kept: the same ones recur often."""

# ---- macros that papers use but the library lacks --------------------------------------------------------

_OPERATORS = (
    "poly", "polylog", "arg", "argmin", "argmax", "Tr", "tr", "rank", "diag", "supp", "dist", "sgn", "div",
)  # fmt: skip
_NOTHING = (
    "xspace", "nonumber", "notag", "centering", "noindent", "ensuremath", "protect", "limits", "nolimits",
    "displaylimits", "allowbreak", "linebreak", "smallskip", "medskip", "bigskip", "leavevmode", "boldmath", "null",
)  # fmt: skip
_PLAIN = {
    **{name: rf"\operatorname{{{name}}}" for name in _OPERATORS},
    **{letter: rf"\mathbb{{{letter}}}" for letter in "RNZQCETPF"},
    **{letter * 2: rf"\mathbb{{{letter}}}" for letter in "RNZQC"},
    **dict.fromkeys(_NOTHING, ""),
    "AA": r"\text{Å}", "aa": r"\text{å}", "ddag": r"\ddagger", "dag": r"\dagger", "backslash": r"\setminus",
    "Rn": r"\mathbb{R}^n", "eps": r"\epsilon", "ep": r"\epsilon", "Om": r"\Omega", "degree": r"^\circ",
    "textdegree": r"^\circ", "degr": r"^\circ", "arcmin": "′", "arcsec": "″", "Msun": r"M_\odot", "msun": r"M_\odot",
    "kms": r"\text{km/s}", "micron": "µ m", "textperthousand": "‰", "permil": "‰", "textmu": "µ", "micro": "µ",
    "upmu": "µ", "lesssim": "≲", "gtrsim": "≳", "eqsim": "≂", "coloneqq": "≔", "mathbbm": r"\mathbb",
    "mathds": r"\mathbb", "bm": r"\boldsymbol", "textsc": r"\text", "textsl": r"\textit", "hbox": r"\text",
    "thinspace": r"\,", "par": " ", "newline": " ", "em": r"\it", "sc": r"\rm", "sl": r"\it",
}  # fmt: skip
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
    "textup": r"\text{\1}",
    "textnormal": r"\text{\1}",
}
# The end of a row, `\\`, is matched too, so that it is not taken for the beginning of a macro.
_MACRO = re.compile(rf"\\\\|\\({'|'.join(_PLAIN)})(?![A-Za-z])|\\(cal|bb)([A-Z])(?![A-Za-z])|\\[/-]")
_ALPHABET = {"cal": r"\mathcal", "bb": r"\mathbb"}
_WITH_ARGUMENT = re.compile(rf"\\\\|\\({'|'.join(_ARGUMENT)})\*?\s*\{{([^{{}}]*)\}}")
# An upright word is one word, not single letters.
_WORD = re.compile(r"\\math(?:rm|sf|tt)\s*\{([A-Za-z]{2,})\}")


def _expand_macros(tex: str) -> str:
    """Rewrite the formula in commands that the library knows."""
    tex = _WORD.sub(r"\\text{\1}", tex)
    tex = _MACRO.sub(_plain, tex)
    return _WITH_ARGUMENT.sub(lambda match: _ARGUMENT[match[1]].replace(r"\1", match[2]) if match[1] else match[0], tex)


def _plain(match: re.Match[str]) -> str:
    if match[2]:
        return f"{_ALPHABET[match[2]]}{{{match[3]}}}"
    if match[1]:
        return _PLAIN[match[1]]
    return match[0] if match[0] == r"\\" else ""


# ---- TeX to MathML -----------------------------------------------------------------------------------------


@lru_cache(CACHED)
def formula(tex: str) -> Markup | None:
    """A formula as an inline `math` element; None if it cannot be rendered."""
    tex = " ".join(shown(tex).split())
    if not tex or len(tex) > LONGEST or _depth(tex) > DEEPEST:
        return None
    try:
        mathml = _converter()(_expand_macros(tex).replace("<", r"\lt ").replace(">", r"\gt "))
    except Exception:  # foreign formulas can make the library raise anything
        return None
    match = _OUTER.fullmatch(mathml)
    inner = _cleaner().clean(f"<math>{match[1]}</math>") if match and len(mathml) <= LARGEST else ""
    inner = shown(inner.removeprefix("<math>").removesuffix("</math>").replace("<mi>~</mi>", "<mo>∼</mo>"))
    if not inner or "\\" in inner or _TAG.search(inner) is None:
        return None
    return Markup('<math alttext="{}">{}</math>').format(tex, Markup(inner))


_OUTER = re.compile(r"<math[^>]*>(.*)</math>", re.DOTALL)
_TAG = re.compile(r"<m[a-z]+")
_NESTING = re.compile(r"(\{|\\begin\b|\\left\b)|\}|\\end\b|\\right\b")


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


# ---- allowlist ---------------------------------------------------------------------------------------------

# MathML Core's elements, except those that link elsewhere or embed other languages.
_ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd",
}  # fmt: skip
_TRUTH = {"true", "false"}
_VALUES = {
    "mo": {"stretchy": _TRUTH, "fence": _TRUTH, "form": {"prefix", "infix", "postfix"}, "movablelimits": _TRUTH,
           "largeop": _TRUTH, "separator": _TRUTH},
    "mi": {"mathvariant": {"normal"}},
    "mfrac": {"linethickness": {"0", "0px", "0pt"}},
    "mstyle": {"displaystyle": _TRUTH, "scriptlevel": {"0", "1", "2"}},
    "mspace": {"width": {"0.167em", "0.222em", "0.278em", "0.333em", "0.5em", "1em", "2em", "-0.167em"}},
    "mover": {"accent": _TRUTH},
    "munder": {"accentunder": _TRUTH},
    "mtable": {"displaystyle": _TRUTH},
}  # fmt: skip


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_ELEMENTS, attributes={}, tag_attribute_values=_VALUES, clean_content_tags={"script", "style"},
        url_schemes=set(), link_rel=None,
    )  # fmt: skip
