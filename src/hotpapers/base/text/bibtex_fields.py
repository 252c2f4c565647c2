"""Values of BibTeX fields: no text ends its field, its line of TeX or its author, or stops LaTeX. Pure.

Formulas stay formulas. Text between them that LaTeX accepts only in formulas, or not at all, is rewritten so that it
accepts it: `R^N` as R\\textsuperscript{N}, `\\alpha` as a formula, an unknown command as its name or its argument.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from hotpapers.base.text import person_names
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.tex_formulas import find_formulas, formula_grammar, in_javascript
from hotpapers.base.text.tex_letters import CAPITAL_GREEK, SIGNS, SMALL_GREEK, letter_grammar

_SPECIAL = lazy_pattern(r"(?<!\\)((?:\\\\)*)([&%#])")
_DOLLAR = lazy_pattern(r"(?<!\\)((?:\\\\)*)\$")
_OPEN_END = lazy_pattern(r"(?<!\\)(?:\\\\)*\\\Z")
_AND = lazy_pattern(r"\band\b", re.IGNORECASE)
_TEXT_COMMANDS = """
emph textbf textit textsc texttt textrm textsf textsl textnormal textup textmd mbox underline em it bf sc tt rm sf sl
tiny small large Large LARGE normalsize footnotesize huge Huge u v H c d b k r t ss o O l L ae AE oe OE aa
AA i j S P dag ddag dots ldots copyright pounds quad qquad TeX LaTeX textsuperscript textsubscript textasciicircum
textasciitilde textbackslash textgreater textless textbar textendash textemdash textellipsis textbullet textunderscore
textdollar textquoteleft textquoteright textquotedblleft textquotedblright textquotesingle textregistered texttrademark
textcopyright textdegree textmu textohm textpm texttimes textminus textperthousand textsection lq rq slash space
"""
"""LaTeX's own commands for text, which need no package."""
_SIGNS = """
times to rightarrow leftarrow leftrightarrow Rightarrow mapsto leq geq le ge neq ne pm mp infty cdot cdots circ approx
sim simeq equiv ell in subset cup cap partial nabla sum prod int oplus otimes odot star ast wedge vee forall exists hbar
dagger prime langle rangle
"""
TEXT_COMMANDS = frozenset(_TEXT_COMMANDS.split())
_GREEK = {name: letter for name, letter in SMALL_GREEK.items() if name != "omicron"}  # which TeX has not
SYMBOLS = frozenset(_SIGNS.split()).union(*((name, name.capitalize(), f"var{name}") for name in _GREEK))
"""Commands that LaTeX accepts only in formulas."""
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_COMMANDS = {
    **{letter: name for name, letter in _GREEK.items()},
    **{CAPITAL_GREEK[name]: name for name in _CAPITALS.split()},
    "ϵ": "epsilon",
    "ϕ": "phi",
    "µ": "mu",
    **{sign: names.split()[0] for sign, names in SIGNS.items()},
    "≠": "neq",
    "∑": "sum",
    "∫": "int",
    "√": "surd",
    "⊗": "otimes",
    "⊕": "oplus",
}
"""Letters and signs that LaTeX knows by a command alone, in formulas."""
_UNICODE = lazy_pattern(f"[{''.join(_COMMANDS)}]")
_GROUP = r"\{(?:[^{}$]|\{[^{}$]{0,100}\}){0,1000}\}"
"""Braces of bounded length, so that any text is searched in linear time."""
_GREEK_WORD = "[\u0370-\u03ff\u1f00-\u1fff]+"
_IN_TEXT_SOURCE = rf"""(?P<greek>{_GREEK_WORD})
    | (?P<formula>\\(?:math(?:bb|bf|cal|scr|frak|rm|sf|tt|it)|ensuremath|boldsymbol|sqrt|hat|bar|tilde|d?dot|vec
        |overline)(?![A-Za-z])\s*(?:{_GROUP}|[A-Za-z0-9]|\\[A-Za-z]+) | \\[dt]?frac\s*{_GROUP}\s*{_GROUP})
    | \\(?P<name>[A-Za-z]+)(?:(?P<rest>\s*(?=\{{\s*(?:[^\s}}]|\Z)))|)
    | (?P<kept>\\["'`^~=.](?=\s*[\w\\{{]) | \\[\\%&\#_${{}}\ ,;:!/@-] | (?<=[\w.)])~(?=[\w(\\]))
    | (?P<backslash>\\)
    | (?<=[\w)\]}}])\^(?:\{{(?=[^\w{{}}\\^$&\#%~]*+\w)(?P<group>[^{{}}\\^_$&\#%~]*+)\}}
        | (?P<raised>[+-]?\d+(?:\.\d+)?|\([^(){{}}\\^_$&\#%~]{{1,30}}\)|[A-Za-z+*'-]))
    | (?P<sign>[\^_$~&%\#{"".join(_COMMANDS)}])"""
_IN_TEXT = lazy_pattern(_IN_TEXT_SOURCE, re.VERBOSE)
_SCRIPTS = lazy_pattern("[²³¹⁰⁴-⁻ⁿ]+|[₀-₋]+")
"""Raised or lowered digits and signs, of which LaTeX knows few."""
_TWO_FORMS = lazy_pattern(r"\\texorpdfstring\s*(GROUP)\s*GROUP".replace("GROUP", _GROUP.replace("$", "")))
"""A text with formulas, and one without them, of which LaTeX takes the first."""
_TEXT_IN_FORMULA = lazy_pattern(rf"\\(?:text[a-z]*|mbox|hbox)\s*{_GROUP}")
MAX_SYMBOLS = 3
"""Most Greek letters in a row that are read as symbols, if TeX has a command for each."""
_LITERAL = {"^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}


def latex_grammar() -> dict[str, object]:
    """The pattern for text between formulas, as JavaScript writes it, and its tables: browsers write BibTeX, too."""
    return {
        "inText": in_javascript(_IN_TEXT_SOURCE, is_verbose=True),
        "commands": _COMMANDS,
        "symbols": sorted(SYMBOLS - TEXT_COMMANDS),
        "textCommands": sorted(TEXT_COMMANDS),
        "maxSymbols": MAX_SYMBOLS,
        **formula_grammar(),
        **letter_grammar(),
    }


def format_value(text: str) -> str:
    """A text on one line, with balanced braces, paired dollar signs, and special characters escaped."""
    text = _balanced_line(text)
    if len(_DOLLAR.findall(text)) % 2:
        text = _DOLLAR.sub(r"\1\\$", text)
    text = _SPECIAL.sub(r"\1\\\2", text)
    return text + " " if _OPEN_END.search(text) else text


def format_words(text: str) -> str:
    """A typeset field's text, escaped as by `format_value`: commands and symbols for formulas become LaTeX for text
    outside them."""
    return "".join(_typeset(_balanced_line(_TWO_FORMS.sub(lambda match: match[1][1:-1], text))))


def _balanced_line(text: str) -> str:
    line = " ".join(text.split())
    return line if _is_balanced(line) else line.replace("{", "").replace("}", "")


def _typeset(text: str) -> Iterator[str]:
    position = 0
    for piece in find_formulas(text):
        formula = text[piece.start : piece.end]
        if _is_balanced(formula):
            yield _words_in_text(text[position : piece.start])
            yield formula if formula.startswith(r"\begin") else _in_formula(formula)
            position = piece.end
    yield _words_in_text(text[position:])


def _words_in_text(text: str) -> str:
    return _SCRIPTS.sub(_script, _IN_TEXT.sub(_in_text, text))


def _script(match: re.Match[str]) -> str:
    letters = unicodedata.normalize("NFKC", match[0]).replace("\u2212", "-")
    return rf"\text{'sub' if match[0] >= '₀' else 'super'}script{{{letters}}}"


def _in_formula(tex: str) -> str:
    """A formula whose letters are commands; within text in it, such a command is a formula of its own."""
    tex = _TEXT_IN_FORMULA.sub(
        lambda text: _UNICODE.sub(lambda match: rf"$\{_COMMANDS[match[0]]}$", text[0]), _SPECIAL.sub(r"\1\\\2", tex)
    )
    return _UNICODE.sub(lambda match: rf"{{\{_COMMANDS[match[0]]}}}", tex)


def _in_text(match: re.Match[str]) -> str:
    """The replacement for a command or a symbol outside math."""
    if word := match["greek"]:
        if _is_word(word):
            return word
        return "".join(rf"$\{_COMMANDS[letter]}$" for letter in word)
    if match["formula"]:
        return f"${_in_formula(match[0])}$"
    if name := match["name"]:
        if name in SYMBOLS and name not in TEXT_COMMANDS:
            return rf"$\{name}$"
        unknown = "" if match["rest"] is not None else name  # its argument, which follows, or else its name
        return match[0] if name in TEXT_COMMANDS else unknown
    if match["backslash"]:
        return "\\ " if match.end() == len(match.string) else ""
    if raised := match["group"] or match["raised"]:
        return rf"\textsuperscript{{{raised}}}"
    if command := _COMMANDS.get(match[0]):
        return rf"$\{command}$"
    return match["kept"] or _LITERAL.get(match[0], rf"\{match[0]}")


def _is_word(greek: str) -> bool:
    """Whether Greek letters are a word or name, which stays as it is, and not the symbols of a formula."""
    return len(greek) > MAX_SYMBOLS or not all(letter in _COMMANDS for letter in greek)


def format_names(authors: Iterable[str]) -> str:
    """The value for authors."""
    return " and ".join(map(_name, authors))


@lru_cache(maxsize=4096)
def _name(name: str) -> str:
    """One author. BibTeX ends a name at the word `and`, in any case, except in braces; a suffix follows the family
    name: `Overquill, Jr., Tansy`."""
    name, parts = person_names.without_affiliation(name), person_names.split_name(name)
    if parts.suffix and parts.given:
        name = f"{parts.family}, {parts.suffix}, {parts.given}"
    if person_names.is_group(name) or name.count(",") > 2 or (parts.suffix and not parts.given):
        return f"{{{format_words(name)}}}"
    return _AND.sub(r"{\g<0>}", format_words(name))


def _is_balanced(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0
