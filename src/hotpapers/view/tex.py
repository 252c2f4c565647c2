"""Titles and abstracts as pages show them: formulas as MathML, TeX text commands as plain text.

Papers' titles and abstracts are usually TeX. `$…$`, `\\(…\\)`, `\\[…\\]` and formula environments are mathematics;
accents and quotation marks become letters. Everything else is text, and is escaped.

In plain text, TeX commands that only change the font are dropped; unknown commands leave their name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from hotpapers.view.clean_text import one_line
from hotpapers.view.mathml import formula

LONGEST = 10_000
"""Code points of a text that is searched for TeX; a longer text is shown unchanged."""
MOST = 60_000
"""Total code points of the formulas of a text that are rendered; later formulas are shown as TeX."""

_LENGTH = "{1,1000}?"
_ENVIRONMENTS = "equation|align|aligned|gather|multline|eqnarray|split|cases|pmatrix|bmatrix|matrix|array"
_FORMULA = re.compile(
    rf"""\\\\ | \\\$
    | \$\$(?P<display>(?:[^$\\]|\\.){_LENGTH})\$\$
    | \$(?P<inline>(?:[^$\\]|\\.){_LENGTH})\$
    | \\\((?P<round>.{_LENGTH})\\\)
    | \\\[(?P<square>.{_LENGTH})\\\]
    | \\begin\{{(?P<name>{_ENVIRONMENTS})\*?\}}.{_LENGTH}\\end\{{(?P=name)\*?\}}""",
    re.VERBOSE | re.DOTALL,
)
_TEX = re.compile(r"[$\\~]|``|''|--")
"""Characters of which a text has at least one if it contains any TeX."""
_FORMULA_HERE = "\0"
"""Stands for a formula while commands around it are dropped; no page can show this character."""
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}(?![A-Za-z}])")


class TexFormula(NamedTuple):
    """A formula in a text: its position, and its TeX without delimiters."""

    start: int
    end: int
    tex: str


def formulas(text: str) -> Iterator[TexFormula]:
    """The formulas in a text, in order."""
    position = 0
    while match := _FORMULA.search(text, position):
        position = match.end()
        kind = match.lastgroup
        if kind is None:  # an escaped dollar or backslash
            continue
        if kind == "inline" and _is_money(match["inline"]):
            position = match.start() + 1
            continue
        tex = match[0] if kind == "name" else match[kind]
        if tex.strip():
            yield TexFormula(match.start(), position, tex)


def _is_money(tex: str) -> bool:
    """Whether two dollar signs are currency with prose between them: `$5 million and $`."""
    return tex[0].isdigit() and not set(tex) & set("\\^_{}=<>+") and bool(_WORD.search(tex))


def prose(text: str) -> Markup:
    """A paper's text as a page shows it, with inline formulas; those that cannot be rendered are shown as TeX."""
    if len(text) > LONGEST or not _TEX.search(text):
        return escape(text)
    result: list[Markup] = []
    size = 0
    pieces = list(formulas(text))
    stretches = _stretches(text, pieces)
    for stretch, piece in zip(stretches, pieces, strict=False):
        result.append(escape(stretch))
        rendered = formula(piece.tex) if size < MOST else None
        result.append(Markup('<code class="tex">{}</code>').format(piece.tex) if rendered is None else rendered)
        size += len(result[-1])
    return Markup("").join([*result, escape(stretches[-1])])


def plain(text: str) -> str:
    """The same as plain text: accented TeX letters as letters, formulas as TeX."""
    return text if len(text) > LONGEST or not _TEX.search(text) else _plain_letters(text)


def plain_line(text: str) -> str:
    """The same on one line, without backslashes, for places that only take plain characters."""
    line = one_line(text)
    return line if len(line) > LONGEST else one_line(_plain_letters(line))


def _plain_letters(text: str) -> str:
    pieces = list(formulas(text))
    stretches = _stretches(text, pieces)
    formula_texts = [text[piece.start : piece.end] for piece in pieces]
    return "".join(part for pair in zip(stretches, [*formula_texts, ""], strict=True) for part in pair)


def _stretches(text: str, pieces: Sequence[TexFormula]) -> list[str]:
    """The text before, between and after its formulas, without TeX commands, which may enclose formulas."""
    ends = [0, *(piece.end for piece in pieces)]
    starts = [*(piece.start for piece in pieces), len(text)]
    outside = [text[end:start].replace(_FORMULA_HERE, "") for end, start in zip(ends, starts, strict=True)]
    return list(map(decode_accents, _without_styles(_FORMULA_HERE.join(outside)).split(_FORMULA_HERE)))


_MARKS = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "k": "\u0328",
    "r": "\u030a",
}  # fmt: skip
_ACCENT = re.compile(
    r"""(\{)?\\(?:(["'`^~=.])\s*|([uvHcdbkr])(?:\s+|(?=\{)))(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))(?(1)\})""",
    re.ASCII,
)

_LOWER = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_GREEK = {
    name: unicodedata.lookup(f"GREEK {size} LETTER {'LAMDA' if lower == 'lambda' else lower.upper()}")
    for lower in _LOWER
    for name, size in ((lower, "SMALL"), (lower.capitalize(), "CAPITAL"))
}
_NAMED = {
    **_GREEK, "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ", "S": "§", "dots": "…", "ldots": "…", "times": "×", "sim": "∼", "to": "→",
    "rightarrow": "→", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "pm": "±", "infty": "∞", "cdot": "·",
    "approx": "≈", "textapprox": "≈", "ell": "ℓ", "in": "∈", "subset": "⊂", "partial": "∂", "nabla": "∇",
    "textgreater": ">", "textless": "<", "textasciitilde": "~", "textendash": "–", "textemdash": "—", "deg": "°",
    "degree": "°", "copyright": "©", "textregistered": "®", "texttrademark": "™", "ie": "i.e.", "eg": "e.g.",
    "etc": "etc.", "etal": "et al.", "lq": "‘", "rq": "’", "item": "•", "par": " ", "newline": " ", "quad": " ",
    "qquad": " ", "medskip": " ", "smallskip": " ", "noindent": "", "xspace": "", "em": "", "it": "", "bf": "",
    "rm": "", "sc": "", "tt": "", "sl": "", "sf": "", "small": "", "large": "", "normalsize": "",
}  # fmt: skip
# A letter command within a word also consumes the space after it; other commands stand for words.
_NAME = re.compile(r"\\(?:([oOlLij]|a[ea]|A[EA]|oe|OE|ss)(?![A-Za-z])(?:\{\}| (?=[a-z]))?|([A-Za-z]+)(?:\{\})?)")

_STYLES = "emph|text(?:bf|it|sc|tt|rm|sf|sl|normal|up)?|[mh]box|u(?:nder)?line|ensuremath|math(?:rm|bf|cal|sf|tt)"
_INSIDE = "[^{}]*+"
for _ in range(4):
    _INSIDE = rf"[^{{}}]*+(?:\{{{_INSIDE}\}}[^{{}}]*+)*+"
"""Text in which braces are nested at most four times."""
_STYLED = re.compile(
    rf"\\(?:{_STYLES})\s*\{{({_INSIDE})\}}|\{{\s*\\(?:it|em|bf|sc|rm|tt|sl|sf|small|large)\b\s*({_INSIDE})\}}"
)
_ARGUMENT = re.compile(
    r"\\(?:cite[pt]?|ref|eqref|cref)\*?\s*\{(?P<cited>[^{}]*)\}|\\href\s*\{[^{}]*\}\s*\{(?P<linked>[^{}]*)\}"
    r"|\\url\s*\{(?P<address>[^{}]*)\}|\\footnote\s*\{(?P<note>[^{}]*)\}|\\(?:label|[vh]space|color)\s*\{[^{}]*\}"
    r"|\\(?:begin|end)\s*\{[a-z]*\*?\}"
)
_WRAPPED = {"cited": "[{}]", "linked": "{}", "address": "{}", "note": " ({})"}
# Ties, quotation marks and dashes may also be next to a formula, where the stretch begins or ends.
_SIGN = re.compile(
    r"\\([%&#_${}|])|\\([ ,;:!/\-\\])|(?<=[\w.)])~(?=[\w(\\]|$)|``|(?:(?<=\S)|^)''(?!\()"
    r"|(?:(?<=[\w)])|^)---?(?=[\w(]|$)|(?<= )---?(?= )"
)
_SIGNS = {"~": "\u00a0", "``": "“", "''": "”", "--": "–", "---": "—"}


def decode_accents(text: str) -> str:
    """The text for a stretch of TeX without formulas."""
    if "\\" not in text:  # no commands, only quotation marks, dashes or ties
        return _SIGN.sub(_sign, text)
    text = _without_styles(text)
    text = _ACCENT.sub(_accented, text)
    text = _ARGUMENT.sub(_argument, text)
    text = _SIGN.sub(_sign, text)
    return _NAME.sub(lambda match: _NAMED.get(match[1] or match[2], match[2]), text)


def _without_styles(text: str) -> str:
    for _ in range(3):  # nested commands
        before, text = text, _STYLED.sub(lambda group: group[1] or group[2] or "", text)
        if text == before:
            break
    return text


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (match[4] or match[5]) + _MARKS[match[2] or match[3]])


def _argument(match: re.Match[str]) -> str:
    kind = match.lastgroup
    return _WRAPPED[kind].format(match[kind]) if kind else ""


def _sign(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    if match[2]:
        return "" if match[2] in "!/-" else " "
    return _SIGNS[match[0]]
