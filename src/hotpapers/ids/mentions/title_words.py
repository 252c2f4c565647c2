"""The words of a text as titles are compared by: whatever dress a title wears, its words come out the same.

Compatibility forms are undone (NFKD: bold letters, ligatures, superscripts), accents and invisible characters dropped,
Greek letters spelled out, TeX's accents, letters and dollar signs removed, case folded. Words are made of the letters
a to z and digits, and parted by anything else: `end-to-end` is three words; `L_2`, `$L_2$` and `L₂` are one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache

_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
"""In the order of Unicode, where sigma stands twice: once as it ends a word."""
_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
"""Letters of Latin that are more than a letter with an accent."""
_SPELLED = str.maketrans(
    _LETTERS
    | {chr(0x3B1 + n): name for n, name in enumerate(_GREEK)}
    | {chr(0x391 + n): name for n, name in enumerate(_GREEK)}
    | {letter.upper(): spelled for letter, spelled in _LETTERS.items() if letter not in "ßı"}
    | {"’": "'", "‘": "'", "–": "-", "‐": "-"}  # NFKD makes ‑ the last one
)
_FUNCTIONS = ("log", "sin", "cos", "tan", "exp", "max", "min", "sup", "inf", "lim", "det", "dim", "ker", "gcd", "deg")
_READ = (
    {name: name for name in (*_GREEK, *_FUNCTIONS, "l", "o", "ss", "ae", "oe", "i")}
    | {f"var{name}": name for name in _GREEK}
    | {"ell": "l", "aa": "a"}
)
"""TeX's commands that are read aloud, in lower case; all others only say how something looks."""

_INVISIBLE_CHARACTERS = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\u20d0-\u20f0\ufe00-\ufe0f\ufeff]+")
_ACCENT = re.compile(r"""\\(?:["'`^~=.] ?\{? ?\\?([A-Za-z])\}?|[uvHckrdb] ?\{ ?\\?([A-Za-z]) ?\})""")
_COMMAND = re.compile(r"\\([A-Za-z]+)( ?)")
_DROPPED = "$_^{}\\"
_SIGNS = str.maketrans(dict.fromkeys(_DROPPED) | {"~": " "})
WORD = re.compile("[a-z0-9]+")
"""A word of a plain text in lower case."""
_LETTERS_ALONE = bytes(ord(chr(n).lower()) if chr(n).isalnum() else 32 for n in range(128)) + b" " * 128
"""For bytes of ASCII: letters in lower case, digits, and a blank for all else."""


def plain(text: str) -> str:
    """The text as its words are looked for in, in ASCII: of what is neither letter nor digit, blanks and signs stay.

    A sign that is not ASCII becomes a question mark. The answer may be up to 18 times as long, where one character
    stands for a whole phrase.
    """
    return _in_ascii(text).translate(_SIGNS)


def _in_ascii(text: str) -> str:
    """The same with the signs of TeX that stand within a word."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", _SPELLING).decode()
    if "\\" in text:
        text = _COMMAND.sub(_command_text, _ACCENT.sub(lambda match: match[1] or match[2], text))
    return text


def _spelled(run: str) -> str:
    """Characters that are not ASCII, in it."""
    return _INVISIBLE_CHARACTERS.sub("", run).translate(_SPELLED).encode("ascii", "replace").decode()


_spelled_before = lru_cache(4096)(_spelled)
_SHORT_RUN = 12
"""Characters of a run that may come again: an accent, an apostrophe, emoji, a word."""


def _ascii_spelling(problem: UnicodeError) -> tuple[str, int]:
    """What an encoder writes for a run of characters that are not ASCII: only for these anything is done in Python."""
    assert isinstance(problem, UnicodeEncodeError)
    run = problem.object[problem.start : problem.end]
    return (_spelled_before if len(run) <= _SHORT_RUN else _spelled)(run), problem.end


_SPELLING = "hotpapers.words"
codecs.register_error(_SPELLING, _ascii_spelling)


def _command_text(command: re.Match[str]) -> str:
    read = _READ.get(command[1].lower())
    return read + command[2] if read else ""


def words(text: str) -> list[str]:
    """The words, in order: what WORD finds in the plain text in lower case, by one look at each byte."""
    return _in_ascii(text).encode().translate(_LETTERS_ALONE, _DROPPED.encode()).decode().split()
