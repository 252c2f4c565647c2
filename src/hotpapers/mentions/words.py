"""The words of a text as titles are compared by: whatever dress a title wears, its words come out the same.

Compatibility forms are undone (NFKD: bold letters, ligatures, superscripts), accents and invisible characters dropped,
Greek letters spelled out, TeX's accents, letters and dollar signs removed, case folded. Words are made of the letters
a to z and digits, and parted by anything else: `end-to-end` is three words; `L_2`, `$L_2$` and `L₂` are one.
"""

from __future__ import annotations

import re
import unicodedata

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
)
_FUNCTIONS = ("log", "sin", "cos", "tan", "exp", "max", "min", "sup", "inf", "lim", "det", "dim", "ker", "gcd", "deg")
_READ = (
    {name: name for name in (*_GREEK, *_FUNCTIONS, "l", "o", "ss", "ae", "oe", "i")}
    | {f"var{name}": name for name in _GREEK}
    | {"ell": "l", "aa": "a"}
)
"""TeX's commands that are read aloud, in lower case; all others only say how something looks."""

_UNSEEN = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\u20d0-\u20f0\ufe00-\ufe0f\ufeff]+")
_SPELLABLE = re.compile(f"[\u0391-\u03c9{''.join(map(chr, _SPELLED))}]")
_ACCENT = re.compile(r"""\\(?:["'`^~=.] ?\{? ?\\?([A-Za-z])\}?|[uvHckrdb] ?\{ ?\\?([A-Za-z]) ?\})""")
_COMMAND = re.compile(r"\\([A-Za-z]+)( ?)")
_SIGNS = str.maketrans(dict.fromkeys("$_^{}\\") | {"~": " "})
_SIGN = re.compile(r"[$_^{}\\~]")
WORD = re.compile("[a-z0-9]+")
"""A word of a plain text in lower case."""


def plain(text: str) -> str:
    """The text as its words are looked for in, in ASCII: of what is neither letter nor digit, blanks and signs stay.

    A sign that is not ASCII becomes a question mark. The answer may be up to 18 times as long, where one character
    stands for a whole phrase.
    """
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKD", text))
        text = text.replace("’", "'").replace("‘", "'").replace("–", "-").replace("‐", "-")  # NFKD makes ‑ one of these
        if _SPELLABLE.search(text):  # looked for first: to translate takes as long as all the rest
            text = text.translate(_SPELLED)
        text = text.encode("ascii", "replace").decode()
    if "\\" in text:
        text = _COMMAND.sub(_said, _ACCENT.sub(lambda found: found[1] or found[2], text))
    return text.translate(_SIGNS) if _SIGN.search(text) else text


def _said(command: re.Match[str]) -> str:
    read = _READ.get(command[1].lower())
    return read + command[2] if read else ""


def words(text: str) -> list[str]:
    """The words, in order."""
    return WORD.findall(plain(text).lower())
