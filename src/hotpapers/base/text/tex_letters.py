"""TeX's names of letters and signs, and its accents, for all that read or write them."""

from __future__ import annotations

import re
import unicodedata

from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.tex_formulas import in_javascript

NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
)
SMALL_GREEK = dict(zip(NAMES.split(), "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
CAPITAL_GREEK = {name.capitalize(): letter.upper() for name, letter in SMALL_GREEK.items()}
LATIN = {"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å"}
LATIN |= {"AA": "Å", "i": "ı", "j": "ȷ"}
"""Those that need no package."""
MORE_LATIN = {"dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ"}
"""Those of the encoding T1."""
SIGNS = {
    "×": "times texttimes",
    "∼": "sim",
    "→": "to rightarrow textrightarrow",
    "≤": "leq le",
    "≥": "geq ge",
    "±": "pm textpm",
    "∞": "infty",
    "≈": "approx textapprox",
    "ℓ": "ell",
    "∈": "in",
    "⊂": "subset",
    "∂": "partial",
    "∇": "nabla",
}
"""By sign of mathematics, its commands: first the one for formulas."""
MARKS = dict(
    zip(
        "`'^~=u.\"rHvdckb",
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0328\u0331",
        strict=True,
    )
)
"""By the sign or letter of an accent's command, the combining character."""

_LETTERS = LATIN | MORE_LATIN

_SPACE = r"(?:\{\}|[ ](?=\S))?"
_LETTER = rf"\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])"
_BASE = r"(?:\{[ ]?\\?([^\W\d_])[ ]?\}|\\([ij])(?![A-Za-z])(?:[ ](?=\S))?|([^\W\d_]))"
# An accent that is a sign may directly precede its letter; one that is a letter needs a brace or a space.
_ACCENT = rf"""\\(?:([`'^~=."])[ ]?|([uvHckrdb])(?:[ ]|(?=\{{))){_BASE}"""
# Forms in braces of their own are replaced together with the braces, and first.
_LETTER_FORMS = (rf"\{{{_LETTER}\}}", _LETTER + _SPACE)
_ACCENT_FORMS = (rf"\{{{_ACCENT}\}}", _ACCENT)
_LETTER_PATTERNS = [lazy_pattern(form) for form in _LETTER_FORMS]
_ACCENT_PATTERNS = [lazy_pattern(form) for form in _ACCENT_FORMS]
# `\$` is a dollar sign, while in `\\$` the backslashes belong together.
_MATH_SOURCE = r"((?<!(?<!\\)\\)\$\$?(?:[^$\\]|\\.){0,2000}\$\$?)"
_MATH = lazy_pattern(_MATH_SOURCE)


def letter_grammar() -> dict[str, object]:
    """The patterns and tables of letters, accents, and mathematics that is left alone, as JavaScript writes them."""
    return {
        "letters": [in_javascript(form) for form in _LETTER_FORMS],
        "letterOf": _LETTERS,
        "accents": [in_javascript(form) for form in _ACCENT_FORMS],
        "markOf": MARKS,
        "mathematics": in_javascript(_MATH_SOURCE),
    }


def split_mathematics(text: str) -> list[str]:
    """A text in pieces: words, mathematics with its dollar signs, words, and so on."""
    return _MATH.split(text)


def without_tex(text: str) -> str:
    """The text with accents and letters as Unicode (NFC); mathematics is left alone."""
    if "\\" not in text:
        return text
    parts = split_mathematics(text)
    parts[::2] = [_with_letters(part) for part in parts[::2]]
    return "".join(parts)


def _with_letters(text: str) -> str:
    for pattern in _ACCENT_PATTERNS * 2:  # twice: some letters have two accents
        text = pattern.sub(_accented, text)
    for pattern in _LETTER_PATTERNS:
        text = pattern.sub(lambda match: _LETTERS[match[1]], text)
    return text


def _accented(match: re.Match[str]) -> str:
    sign, letter, braced, dotless, base = match.groups()
    return unicodedata.normalize("NFC", (braced or dotless or base) + MARKS[sign or letter])
