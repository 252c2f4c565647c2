"""Normalizes a text's words for comparing titles: however a title is typeset, its words come out the same.

Compatibility forms are undone (NFKD: bold letters, ligatures, superscripts), accents and invisible characters dropped,
Greek letters spelled out, TeX accents, letters and dollar signs removed, and case folded. Words consist of the letters
a to z and digits, separated by anything else: `end-to-end` is three words; `L_2`, `$L_2$` and `L₂` are the same one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache

from hotpapers.base.text.accents import PLAIN_LETTERS
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.tex_letters import SMALL_GREEK

_GREEK = tuple(SMALL_GREEK)
_SPELLED = str.maketrans(
    PLAIN_LETTERS
    | {letter: name for name, letter in SMALL_GREEK.items()}
    | {letter.upper(): name for name, letter in SMALL_GREEK.items()}
    | {"ς": "sigma"}
    | {letter.upper(): spelled for letter, spelled in PLAIN_LETTERS.items() if letter not in "ßı"}
    | {"’": "'", "‘": "'", "–": "-", "‐": "-"}  # NFKD turns ‑ into the last one
)
_LATIN = {"l": "l", "o": "o", "ss": "ss", "ae": "ae", "oe": "oe", "i": "i", "th": "th", "aa": "a", "dj": "d", "dh": "d"}
_READ = (
    {name: name for name in _GREEK}
    | {f"{form}{name}": name for name in _GREEK for form in ("var", "up", "text")}
    | {"ell": "l"}
    | _LATIN
)
"""TeX commands that are read aloud, in lower case; all others only affect appearance."""
_FUNCTION_NAMES = """
log ln sin cos tan exp max min sup inf lim det dim ker gcd deg sinh cosh tanh arg hom mod pr tr rank diag supp dist sgn
argmin argmax arcsin arccos arctan coth sec csc cot lg poly polylog
"""
_FUNCTIONS = {name: name for name in _FUNCTION_NAMES.split()} | {"bmod": "mod", "pmod": "mod"}
"""Read as words of their own: `n\\log n` is *n log n*."""
_SIGN_NAMES = """
sim simeq approx cong equiv times div cdot to rightarrow leftarrow leftrightarrow longrightarrow mapsto le leq ge geq
leqslant geqslant lesssim gtrsim ll gg neq ne pm mp propto over in notin subset subseteq cup cap setminus otimes oplus
wedge vee mid parallel perp ltimes rtimes ast star circ quad qquad rightleftharpoons hookrightarrow choose atop ng
"""
_BETWEEN = frozenset(_SIGN_NAMES.split())
"""Signs between words, as ∼, × and → are in a text without TeX."""
_FRACTION = lazy_pattern(r"(?<=\})\s*(?=\{)|(?<=frac\d)(?=\d)|(?<=frac \d)(?=\d)")
"""Between the arguments of a fraction."""
_RAISED = lazy_pattern(r"([_^])\(([^()]{1,100})\)")
"""Indices as a line without TeX has them: `W^(1,p)`."""
_SUPER_FIRST = lazy_pattern(r"\^(\{[^{}]{0,100}\}|\\?[A-Za-z0-9+*-])_(\{[^{}]{0,100}\}|\\?[A-Za-z0-9+*-])")
"""Both indices of a letter; a line without TeX has the lower one first."""
_FORMULA = lazy_pattern(r"\$[^$]{1,300}\$")
_LETTER_BLANK = lazy_pattern(rf"(\\(?:{'|'.join(_GREEK)})) +(?=[A-Za-z\\])", re.IGNORECASE)
"""In a formula, the blank after a letter's name is none."""
_BY = lazy_pattern(r"(?<=\d) ?x ?(?=\d)")
"""A multiplication sign as people type it: `3x3`."""
_CHARACTER = lazy_pattern(r"\\unicode\s*\{x([0-9A-Fa-f]{1,5})\}")
_LETTERS = {name * times: name for name in "RNZQC" for times in (1, 2)} | {"eps": "epsilon"}
"""Macros of many papers."""

_INVISIBLE_CHARACTERS = lazy_pattern("[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\u20d0-\u20f0\ufe00-\ufe0f\ufeff]+")
_ACCENT = lazy_pattern(r"""\\(?:["'`^~=.] ?\{? ?\\?([A-Za-z])\}?|[uvHckrdb] ?\{ ?\\?([A-Za-z]) ?\})""")
_COMMAND = lazy_pattern(r"\\([A-Za-z]+)( ?)")
_UNREAD = lazy_pattern(
    r"\\(?:(?:text)?color|[hv]?phantom|[hv]space|label)\*?\s*\{(?:[^{}]|\{[^{}]{0,100}\}){0,100}\}"
    r"|\\(begin|end)\s*\{[a-z]{1,20}\*?\}(?:\{[lcr|]{0,20}\})?"
)
"""Commands whose argument is not shown."""
_NAMED_OPERATOR = lazy_pattern(r"\\operatorname\*?\s*\{([^{}]{0,100})\}(\s*[_^])?")
_ABOVE = lazy_pattern(r"\\(?:overset|stackrel)\s*\{([^{}]{0,100})\}\s*\{([^{}]{0,100})\}")
_QUANTITY = lazy_pattern(r"\\(?:SI|qty|si|unit)\s*\{([^{}]{0,100})\}(?:\{([^{}]{0,100})\})?")
"""A number and its unit, or a unit alone (siunitx)."""
_DROPPED = "$_^{}\\"
_SIGNS = str.maketrans(dict.fromkeys(_DROPPED) | {"~": " "})
WORD = lazy_pattern("[a-z0-9]+")
"""A word of a plain text in lower case."""
_LETTERS_ALONE = bytes(ord(chr(n).lower()) if chr(n).isalnum() else 32 for n in range(128)) + b" " * 128
"""Maps bytes: ASCII letters to lower case, digits to themselves, everything else to a blank."""


def to_ascii(text: str) -> str:
    """The text in ASCII, in which words are searched for; blanks and signs stay.

    A non-ASCII sign becomes a question mark. The result may be up to 18 times as long, as one character may expand to a
    whole phrase.
    """
    return _in_ascii(text).translate(_SIGNS)


def _in_ascii(text: str) -> str:
    """The text in ASCII, with TeX signs inside words."""
    if "\\unicode" in text:
        text = _CHARACTER.sub(lambda match: chr(int(match[1], 16)), text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", _SPELLING).decode()
    if "\\" in text:
        text = _ACCENT.sub(lambda match: match[1] or match[2], text.replace("\\\\", " "))
        text = _FORMULA.sub(
            lambda match: _LETTER_BLANK.sub(r"\1{}", match[0]), _UNREAD.sub(lambda match: " " if match[1] else "", text)
        )
        text = _NAMED_OPERATOR.sub(lambda match: f" {match[1]}{match[2] or ' '}", _ABOVE.sub(r"\2^{\1}", text))
        text = _QUANTITY.sub(lambda match: f" {match[1]} {match[2] or ''} ".replace("\\", ""), text)
        text = _COMMAND.sub(_command_text, _FRACTION.sub(" ", text) if "frac" in text or "binom" in text else text)
    if "^" in text and "_" in text:
        text = _SUPER_FIRST.sub(r"_\2^\1", text)
    if "^(" in text or "_(" in text:
        text = _RAISED.sub(r"\1\2", text)
    return _BY.sub(" ", text) if "x" in text else text


def _spelling(run: str) -> str:
    """A run of non-ASCII characters in ASCII."""
    return _INVISIBLE_CHARACTERS.sub("", run).translate(_SPELLED).encode("ascii", "replace").decode()


_cached_spelling = lru_cache(4096)(_spelling)
_SHORT_RUN = 12
"""Most characters of a run that is cached, as it may recur: an accent, an apostrophe, emoji, a word."""


def _ascii_spelling(problem: UnicodeError) -> tuple[str, int]:
    """The encoder's replacement for a run of non-ASCII characters: only these runs are handled in Python."""
    assert isinstance(problem, UnicodeEncodeError)
    run = problem.object[problem.start : problem.end]
    return (_cached_spelling if len(run) <= _SHORT_RUN else _spelling)(run), problem.end


_SPELLING = "hotpapers.words"
codecs.register_error(_SPELLING, _ascii_spelling)


def _command_text(command: re.Match[str]) -> str:
    name = _LETTERS.get(command[1], command[1]).lower()
    if command[1] in _LETTERS:
        return name + command[2]
    if name in _FUNCTIONS:
        has_index = command.string[command.end() : command.end() + 1] in ("_", "^")
        return f" {_FUNCTIONS[name]}{'' if has_index else ' '}"
    if name in _BETWEEN:
        return " "
    read = _READ.get(name, "")
    is_in_word = name in _LATIN and command.string[command.end() : command.end() + 1].islower()
    return read + ("" if is_in_word else command[2]) if read else ""


def split_words(text: str) -> list[str]:
    """The words, in order: the matches of WORD in the lower-case plain text, in a single pass over the bytes."""
    return _in_ascii(text).encode().translate(_LETTERS_ALONE, _DROPPED.encode()).decode().split()
