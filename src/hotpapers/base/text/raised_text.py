"""Raised numbers as plain text: without its element, `10<sup>6</sup>` would be 106. Pure.

Only where that changes a value: charges, isotopes, genotypes and footnotes are written as everybody types them, `Ca2+`,
`18F`, `p53-/-`. `library_entries.js` does the same in browsers.
"""

from __future__ import annotations

import html
import re

LOOK_BACK = 100
"""Characters of markup before a raised text in which the one that it follows is looked for."""
_SUP = re.compile(
    r"<(?:[a-z]{1,9}:)?sup(?:\s[^<>]{0,100})?>((?:[^<>]|<(?!/?(?:[a-z]{1,9}:)?sup\b)[^<>]{0,60}>){1,60}?)"
    r"</(?:[a-z]{1,9}:)?sup>",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"</((?:[a-z]{1,9}:)?)sup>\s?<\1sup>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{1,300}>")
_MINUS = "\u2010\u2011\u2013\u2212-"
_NUMBER = re.compile(rf"[+{_MINUS}]?[0-9]+")
_NUMBERS = re.compile(rf"[+{_MINUS}]*[0-9][0-9+{_MINUS}]*")
_CARET = re.compile(rf"[+{_MINUS}]?[0-9]+[./][0-9]+|[+{_MINUS}][^\W_].*", re.DOTALL)
_LETTER = re.compile("[kmnNx]")
"""A number raised to it; others are ordinals, such as French 2e, or footnotes."""
_ENDS = frozenset(".,;:!?\"'”’“‘")
"""After these, a number is a footnote's."""
RAISED_SIGNS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_RAISED_SIGN = str.maketrans(f"0123456789+{_MINUS}n", f"{RAISED_SIGNS}⁻⁻⁻⁻ⁿ")
_WORD = re.compile(rf"[+{_MINUS}]?[\w.,]+")
"""An exponent that needs no parentheses."""


def with_superscripts(markup: str) -> str:
    """Markup whose powers do not need it."""
    return _SUP.sub(_raised, _BESIDE.sub("", markup)) if "sup" in markup.lower() else markup


def _raised(match: re.Match[str]) -> str:
    before = match.string[max(match.start() - LOOK_BACK, 0) : match.start()]
    base = html.unescape(_TAG.sub("", before))
    raised = html.unescape(_TAG.sub("", match[1])).strip()
    after = match.string[match.end() : match.end() + 1]
    is_isotope = base != base.rstrip() and after.isalpha()
    text = raised if is_isotope else raise_text(base, raised)
    return match[1] if text == raised else text.replace("<", "&lt;")


def to_superscripts(text: str) -> str:
    """Digits and signs as superscripts."""
    return text.translate(_RAISED_SIGN)


def raise_text(base: str, raised: str) -> str:
    """A text raised above the end of another: as superscripts, after a caret, or as it is if that is no power."""
    last = base.rstrip()[-1:]
    if not last or last in _ENDS or "[" in raised:
        return raised
    is_number = last.isdecimal()
    if _NUMBER.fullmatch(raised) or (is_number and _NUMBERS.fullmatch(raised)):
        return to_superscripts(raised)
    is_power = is_number and (_LETTER.fullmatch(raised) or re.search("[0-9]", raised))
    if not (is_power or _CARET.fullmatch(raised)):
        return raised
    return f"^{raised}" if _WORD.fullmatch(raised) else f"^({raised})"
