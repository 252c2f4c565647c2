r"""The alphabets of mathematics, such as \mathbb and \mathfrak, as Unicode's letters: browsers show no others.

MathML Core has no `mathvariant` but `normal`, so `\mathbb R` must be the letter ℝ. A few letters are not with the rest
of their alphabet (ℝ, ℎ, ℬ), and some letters have no form in an alphabet: these stay as they are. Pure; tables from
`unicodedata`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Set

Styles = frozenset[str]

_STYLES_IN_NAMES = {
    "BOLD": "bold",
    "ITALIC": "italic",
    "SCRIPT": "script",
    "FRAKTUR": "fraktur",
    "BLACK-LETTER": "fraktur",
    "DOUBLE-STRUCK": "double-struck",
    "SANS-SERIF": "sans-serif",
    "MONOSPACE": "monospace",
}
_SHAPES = frozenset({"script", "fraktur", "double-struck", "sans-serif", "monospace"})
_PLANCK_CONSTANT = "\u210e"


def _styles_of(char: str) -> Styles:
    # the name of the italic h does not say so
    words = ["ITALIC"] if char == _PLANCK_CONSTANT else unicodedata.name(char, "").split()
    return frozenset(_STYLES_IN_NAMES[word] for word in words if word in _STYLES_IN_NAMES)


_LETTERS: dict[str, tuple[str, Styles]] = {
    char: (chr(int(decomposed[1], 16)), styles)
    for char in map(chr, (*range(0x2100, 0x2150), *range(0x1D400, 0x1D800)))
    if len(decomposed := unicodedata.decomposition(char).split()) == 2
    and decomposed[0] == "<font>"
    and (styles := _styles_of(char))
}
"""By letter of an alphabet: the plain letter, and its styles."""
_STYLED = {parts: char for char, parts in _LETTERS.items()}


def style_text(text: str, styles: Set[str]) -> str:
    """The text in an alphabet. A letter that already has one keeps its shape, and becomes bold or italic as well."""
    return "".join(_styled(char, styles) for char in text)


def _styled(char: str, styles: Set[str]) -> str:
    base, own = _LETTERS.get(char, (char, frozenset[str]()))
    wanted = own | (styles - _SHAPES if own & _SHAPES else styles)
    for dropped in ((), ("italic",), ("bold",), ("bold", "italic")):  # no digit is italic, no double-struck letter bold
        if letter := _STYLED.get((base, frozenset(wanted.difference(dropped)))):
            return letter
    return char


def styles_named(variant: str) -> Styles:
    """The styles in a value of MathML's `mathvariant`: `bold-sans-serif`."""
    return frozenset(style for style in _STYLES_IN_NAMES.values() if style in variant)


def by_name(names: Mapping[str, str]) -> dict[str, str]:
    """The meaning of each name, from the names of each meaning: `{"±": "pm textpm"}` → `{"pm": "±", "textpm": "±"}`."""
    return {name: meaning for meaning, together in names.items() for name in together.split()}


# ---- TeX's commands ----------------------------------------------------------------------------------------

_COMMANDS = {
    "double-struck": "mathbb Bbb mathbbm mathbbmss mathbbmtt mathds symbb varmathbb bb",
    "script": "mathcal mathscr scr symcal symscr mathpzc mathcalligra mathrsfs mathzapf EuScript eucal",
    "bold-script": "mathbfcal mathbfscr symbfcal symbfscr mathbcal",
    "fraktur": "mathfrak symfrak mathgoth euf eufrak",
    "bold-fraktur": "mathbffrak symbffrak",
    "bold": "mathbf bold symbf mathbfup symbfup pmb",
    "bold-italic": "boldsymbol bm mathbfit symbfit mathbold bmath mathbi hm",
    "sans-serif": "mathsf symsf mathsfup symsfup",
    "sans-serif-italic": "mathsfit symsfit",
    "bold-sans-serif": "mathbfsf mathsfbf symbfsf mathbfsfup symbfsfup",
    "bold-sans-serif-italic": "mathbfsfit mathsfbfit symbfsfit",
    "monospace": "mathtt symtt",
    "italic": "mathit symit mit",
}
_STYLES = {name: styles_named(variant) for name, variant in by_name(_COMMANDS).items()}
_KNOWN = "mathbb mathcal mathfrak mathbf boldsymbol mathsf mathtt mathit"
"""The commands that every converter knows, for arguments with commands in them."""
_USUAL = by_name({first: names for names in _COMMANDS.values() if (first := names.split()[0]) in _KNOWN.split()})
_NAMES = "|".join(sorted(_STYLES, key=len, reverse=True))
_FOLLOWING = r"(?![A-Za-z])\s*+"
_SIMPLE_ARGUMENT = r"((?:[^{}\\]|\\[A-Za-z]++(?!\s*[\[{A-Za-z])|\{[^{}\\]*\})*)"
_INNERMOST = re.compile(rf"\\\\|\\({_NAMES}){_FOLLOWING}(?:\{{{_SIMPLE_ARGUMENT}\}}|([^\W_]))")
"""An alphabet's command with its argument, in which no command has an argument of its own; or the end of a row."""
_DECLARATIONS = by_name(
    {
        "mathbf": "bf bfseries",
        "mathit": "it itshape",
        "mathsf": "sf",
        "mathtt": "tt",
        "mathcal": "cal",
        "mathfrak": "frak",
        "mathbb": "bb",
        "mathscr": "scr",
        "boldsymbol": "boldmath",
    }
)
_DECLARED = re.compile(rf"(?<!\\)\{{\s*\\({'|'.join(_DECLARATIONS)}){_FOLLOWING}{_SIMPLE_ARGUMENT}\}}")
"""`{\\bf x}`: the alphabet of the rest of the braces."""
_BEFORE_ARGUMENT = re.compile(r"\\\\|\\([A-Za-z]+)\s*(?=[\\{])")
_WORD = re.compile(r"[^\W_]{2,}")
_COMMAND = re.compile(r"(\\[A-Za-z]+)")
_NESTED = 4
"""Alphabets inside each other that are understood."""
_IS_TEXT = frozenset({"bold", "italic", "sans-serif", "monospace"})
"""Alphabets in which words are written; in others, adjacent letters are single ones."""


def expand_alphabets(tex: str) -> str:
    """A formula with its alphabets as letters; commands inside an alphabet's argument keep the alphabet's command."""
    for _ in range(_NESTED):
        before = tex
        # in braces for a declaration that holds for the whole formula
        tex = _DECLARED.sub(lambda match: rf"{{\{_DECLARATIONS[match[1]]}{{{match[2]}}}}}", f"{{{tex}}}")[1:-1]
        tex = _INNERMOST.sub(_letters, tex)
        if tex == before:
            break
    return _BEFORE_ARGUMENT.sub(lambda match: rf"\{_USUAL[match[1]]}" if match[1] in _USUAL else match[0], tex)


def _letters(match: re.Match[str]) -> str:
    command, argument, letter = match.groups()
    if command is None:
        return match[0]
    styles = _STYLES[command]
    argument = (letter or argument).strip()
    if len(argument) == 1:
        return style_text(argument, styles)
    if _WORD.fullmatch(argument) and styles <= _IS_TEXT:
        return rf"{{\text{{{style_text(argument, styles)}}}}}"
    parts = _COMMAND.split(argument)
    parts[::2] = [style_text(part, styles) for part in parts[::2]]
    content = "".join(parts)
    if len(parts) > 1:
        return rf"\{_USUAL.get(command, command)}{{{content}}}"
    return f"{{{content}}}"


_SIMPLE = re.compile(rf"\\({_NAMES}){_FOLLOWING}(?:\{{\s*([^\W_]+)\s*\}}|([^\W_]))")


def expand_in_prose(text: str) -> str:
    r"""Text between formulas, where people write `\mathbb{R}` too, with letters of alphabets. Bold and other words stay
    plain words: searches and screen readers don't know them otherwise."""
    return _SIMPLE.sub(_prose_letters, text)


def _prose_letters(match: re.Match[str]) -> str:
    styles = _STYLES[match[1]]
    letters = match[2] or match[3]
    if len(letters) > 1 and styles <= _IS_TEXT:
        return letters
    return style_text(letters, styles)


def _raised_letters(kind: str) -> Mapping[str, str]:
    """Unicode's forms of letters and signs, as subscripts (`sub`) or superscripts (`super`)."""
    forms = (
        (unicodedata.decomposition(char).split(), char)
        for char in map(chr, (*range(0xA0, 0x300), 0x10FC, *range(0x1D00, 0x20A0), 0x2C7C, 0x2C7D, 0xA7F8, 0xA7F9))
    )
    letters = {chr(int(parts[1], 16)): char for parts, char in forms if len(parts) == 2 and parts[0] == f"<{kind}>"}
    return {**letters, "-": letters["−"], "–": letters["−"]}


RAISED_LETTERS = {kind: _raised_letters(kind) for kind in ("sub", "super")}
"""Subscripts and superscripts, by letter or sign."""
