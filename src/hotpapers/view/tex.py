"""Titles and abstracts as pages show them: formulas as MathML, TeX's ways of writing plain text as plain text.

What papers say of themselves is TeX more often than not. In it `$…$`, `\\(…\\)`, `\\[…\\]` and environments of formulas
are mathematics, accents and quotation marks are letters. All else is text, and is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup, escape

from hotpapers.view.clean_text import one_line
from hotpapers.view.mathml import formula
from hotpapers.view.tex_accents import decode_accents

LONGEST = 10_000
"""Code points of a text in which TeX is looked for; a longer one is shown as it is."""
MOST = 60_000
"""Code points of the formulas of a text; those after it are shown as their TeX."""

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
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}(?![A-Za-z}])")


class TexFormula(NamedTuple):
    """A formula in a text: where it is, and its TeX without what sets it apart."""

    start: int
    end: int
    tex: str


def formulas(text: str) -> Iterator[TexFormula]:
    """The formulas in a text, in order."""
    at = 0
    while match := _FORMULA.search(text, at):
        at = match.end()
        kind = match.lastgroup
        if kind is None:  # an escaped dollar or backslash
            continue
        if kind == "inline" and _is_money(match["inline"]):
            at = match.start() + 1
            continue
        tex = match[0] if kind == "name" else match[kind]
        if tex.strip():
            yield TexFormula(match.start(), at, tex)


def _is_money(tex: str) -> bool:
    """Whether two dollar signs stand before amounts, and what is between them is prose: `$5 million and $`."""
    return tex[0].isdigit() and not set(tex) & set("\\^_{}=<>+") and bool(_WORD.search(tex))


def prose(text: str) -> Markup:
    """A text of a paper as a page shows it, its formulas in the line; those that cannot be rendered as their TeX."""
    if ("$" not in text and "\\" not in text) or len(text) > LONGEST:
        return escape(text)
    result: list[Markup] = []
    at = size = 0
    for piece in formulas(text):
        result.append(escape(decode_accents(text[at : piece.start])))
        rendered = formula(piece.tex) if size < MOST else None
        result.append(Markup('<code class="tex">{}</code>').format(piece.tex) if rendered is None else rendered)
        at, size = piece.end, size + len(result[-1])
    result.append(escape(decode_accents(text[at:])))
    return Markup("").join(result)


def plain(text: str) -> str:
    """The same as plain text: TeX's letters as letters, formulas as their TeX."""
    return text if "\\" not in text or len(text) > LONGEST else _plain_letters(text)


def plain_line(text: str) -> str:
    """The same on one line, for where nothing but letters and signs can stand: also without a backslash."""
    line = one_line(text)
    return line if len(line) > LONGEST else one_line(_plain_letters(line))


def _plain_letters(text: str) -> str:
    result, at = [], 0
    for piece in formulas(text):
        result += [decode_accents(text[at : piece.start]), text[piece.start : piece.end]]
        at = piece.end
    return "".join([*result, decode_accents(text[at:])])
