r"""TeX's accents and letters as Unicode: `Schr\"odinger`, `Erd\H{o}s`, `\O{}yvind`, `\'{\i}`.

arXiv's metadata is plain text with such letters written in TeX; its feeds and raw records pass them on as typed.
Mathematics between dollar signs and all other commands are left alone.
"""

from __future__ import annotations

import re
import unicodedata

from hotpapers.base.ids.tex_letters import LATIN, MARKS

_LETTERS = LATIN | {"dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ"}

_SPACE = r"(?:\{\}|[ ](?=\S))?"
_LETTER = rf"\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])"
_BASE = r"(?:\{[ ]?\\?([^\W\d_])[ ]?\}|\\([ij])(?![A-Za-z])(?:[ ](?=\S))?|([^\W\d_]))"
# An accent that is a sign may directly precede its letter; one that is a letter needs a brace or a space.
_ACCENT = rf"""\\(?:([`'^~=."])[ ]?|([uvHckrdb])(?:[ ]|(?=\{{))){_BASE}"""
# Forms in braces of their own are replaced together with the braces, and first.
_LETTER_PATTERNS = (re.compile(rf"\{{{_LETTER}\}}", re.ASCII), re.compile(_LETTER + _SPACE, re.ASCII))
_ACCENT_PATTERNS = (re.compile(rf"\{{{_ACCENT}\}}"), re.compile(_ACCENT))
# `\$` is a dollar sign, while in `\\$` the backslashes belong together.
_MATH = re.compile(r"((?<!(?<!\\)\\)\$\$?(?:[^$\\]|\\.){0,2000}\$\$?)")


def plain(text: str) -> str:
    """The text with accents and letters as Unicode (NFC); mathematics is left alone."""
    if "\\" not in text:
        return text
    parts = _MATH.split(text)
    parts[::2] = [_letters(part) for part in parts[::2]]
    return "".join(parts)


def _letters(text: str) -> str:
    for pattern in _ACCENT_PATTERNS * 2:  # twice: some letters have two accents
        text = pattern.sub(_accented, text)
    for pattern in _LETTER_PATTERNS:
        text = pattern.sub(lambda match: _LETTERS[match[1]], text)
    return text


def _accented(match: re.Match[str]) -> str:
    sign, letter, braced, dotless, base = match.groups()
    return unicodedata.normalize("NFC", (braced or dotless or base) + MARKS[sign or letter])
