"""Finds the formulas in a text: `$…$`, `\\(…\\)`, `\\[…\\]` and formula environments, but no prices. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LENGTH = "{1,1000}?"
_IN_BRACES = r"(?:[^{}$\\]|\\[^$]|\{[^{}$]*\})"
_TEXT = rf"\\(?:text[a-z]*|mbox|hbox)\s*\{{{_IN_BRACES}*+(?:\$(?:[^{{}}$]|\{{[^{{}}$]*\}})+\${_IN_BRACES}*+)+\}}"
"""Text in a formula that has formulas again: `\\text{H$_2$}`."""
_ENVIRONMENTS = "equation|align|aligned|gather|multline|eqnarray|split|cases|pmatrix|bmatrix|matrix|array"
_FORMULA_SOURCE = rf"""\\\\ | \\\$
    | \$\$(?P<display>(?:[^$\\]|\\.){_LENGTH})\$\$
    | \$(?P<inline>(?:{_TEXT}|[^$\\]|\\.){_LENGTH})\$
    | \\\((?P<round>.{_LENGTH})\\\)
    | \\\[(?P<square>.{_LENGTH})\\\]
    | \\begin\{{(?P<name>{_ENVIRONMENTS})\*?\}}.{_LENGTH}\\end\{{(?P=name)\*?\}}"""
_FORMULA = re.compile(_FORMULA_SOURCE, re.VERBOSE | re.DOTALL)
_AMOUNT = re.compile(r"[~<>≈≤≥+-]?\.?\d")
_NEXT = re.compile(r"[^\W_]|[\\(]")
"""How a text goes on after a dollar sign that begins a formula rather than ending one."""
_NUMBER = re.compile(r"[\d.,]*\d")
_MATHEMATICS = re.compile(r"\\[A-Za-z ,;:!(\[{]|[\^_{}]")
"""Matches signs of mathematics: a formula contains them, prose between two dollar signs does not."""
_RELATIONS = frozenset("=<>+")
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}(?![A-Za-z}])")


def formula_grammar() -> dict[str, object]:
    """The patterns of formulas and of prices, as JavaScript writes them."""
    whole = (_MATHEMATICS.pattern, rf"^(?:{_AMOUNT.pattern})", rf"^(?:{_NEXT.pattern})", rf"^(?:{_NUMBER.pattern})$")
    prices = [in_javascript(pattern) for pattern in (*whole, _WORD.pattern)]
    return {"formula": in_javascript(_FORMULA_SOURCE, is_verbose=True), "prices": prices}


_PIECE = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|\s+|.", re.DOTALL)
_WORD_SIGNS = r"\p{L}\p{N}_"
_SIGNS = {
    r"\w": f"[{_WORD_SIGNS}]",
    r"[^\W_]": r"[\p{L}\p{N}]",
    r"[^\W\d_]": r"[\p{L}\p{Nl}\p{No}]",
    r"\Z": "$",
}
"""Escapes and classes as JavaScript writes them."""


def in_javascript(pattern: str, *, is_verbose: bool = False) -> str:
    """A pattern as JavaScript writes it, for expressions with the flag u."""
    text = "".join(_piece_in_javascript(match[0], is_verbose=is_verbose) for match in _PIECE.finditer(pattern))
    return text.replace("(?P<", "(?<").replace("(?P=name)", r"\k<name>").replace("*+", "*")


def _piece_in_javascript(piece: str, *, is_verbose: bool) -> str:
    """An escape, a class, white space or a sign."""
    if piece.isspace():
        return "" if is_verbose else piece
    if piece in _SIGNS:
        return _SIGNS[piece]
    return piece.replace(r"\w", _WORD_SIGNS).replace(r"\d", r"\p{Nd}").replace("\\ ", " ").replace(r"\#", "#")


class TexFormula(NamedTuple):
    """A formula in a text: its position, and its TeX without delimiters."""

    start: int
    end: int
    tex: str


def find_formulas(text: str) -> Iterator[TexFormula]:
    """The formulas in a text, in order."""
    position = 0
    while match := _FORMULA.search(text, position):
        position = match.end()
        kind = match.lastgroup
        if kind is None:  # an escaped dollar or backslash
            continue
        if kind == "inline" and _is_money(match["inline"], text[position : position + 3]):
            position = match.start() + 1
            continue
        tex = match[0] if kind == "name" else match[kind]
        if tex.strip():
            yield TexFormula(match.start(), position, tex)


def _is_money(tex: str, after: str) -> bool:
    """Whether two dollar signs are currency: `$5 million and $6`, `$5-$20`, `$1M or $2M`, `in $ and in $ alone`.

    Pandoc's rule (`tex_math_dollars`), that a formula doesn't begin or end with a space, or end before a digit, would
    take much that is mathematics in abstracts, such as `$\\sim$10` and `$ x $`. So it holds after amounts and around
    words.
    """
    if _MATHEMATICS.search(tex):
        return False
    has_word = bool(_WORD.search(tex)) and not set(tex) & _RELATIONS
    if not _AMOUNT.match(tex):
        return has_word and tex[0].isspace() and tex[-1].isspace()
    if has_word or _NUMBER.fullmatch(tex):
        return has_word
    goes_on = tex[-1].isspace() and _NEXT.match(after) and not _NUMBER.fullmatch(tex.strip())
    return bool(_AMOUNT.match(after) or goes_on)
