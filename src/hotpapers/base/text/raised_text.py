"""Raised numbers as plain text: without its element, `10<sup>6</sup>` would be 106. Pure.

Only where that changes a value: charges, isotopes, genotypes and footnotes are written as everybody types them, `Ca2+`,
`18F`, `p53-/-`.
"""

from __future__ import annotations

import html
import re

_IN = r"(?:<[a-z][^<>]{0,60}>)?"
_OUT = r"(?:</[a-z:]{1,20}>)?"
_MINUS = "\u2010\u2011\u2013\u2212-"
_REFERENCE = r"&[#a-z0-9]{2,8};"
_SUP = re.compile(
    rf"(?P<base>[^\W_]|[)\]])?(?P<ends>{_OUT}\s?)<(?:[a-z]{{1,9}}:)?sup\b[^<>]{{0,100}}>\s{{0,9}}{_IN}"
    rf"(?P<raised>(?:[0-9a-z+./,{_MINUS}]|{_REFERENCE}){{1,9}}){_OUT}\s{{0,9}}</(?:[a-z]{{1,9}}:)?sup>",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"[+{_MINUS}]?[0-9]{{1,9}}")
_CHARGE = re.compile(rf"[0-9]{{1,9}}[+{_MINUS}]")
_CARET = re.compile(rf"[+{_MINUS}]?[0-9]{{1,9}}[./][0-9]{{1,9}}")
_LETTER = re.compile("[kmnNx]")
"""A number raised to it; others are ordinals, such as French 2e, or footnotes."""
_SUPERSCRIPTS = str.maketrans(f"0123456789+{_MINUS}", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁻⁻")


def with_superscripts(markup: str) -> str:
    """Markup whose powers do not need it."""
    return _SUP.sub(_raised, markup) if "sup" in markup.lower() else markup


def _raised(match: re.Match[str]) -> str:
    raised = html.unescape(match["raised"])
    before = f"{match['base'] or ''}{match['ends']}"
    if not match["base"] or before != before.rstrip():
        return f"{before}{raised}"
    return f"{before}{raise_text(match['base'], raised)}"


def raise_text(base: str, raised: str) -> str:
    """A text raised above the end of another: as superscripts, after a caret, or as it is if that is no power."""
    is_after_number = base[-1:].isdecimal()
    if _NUMBER.fullmatch(raised) or (is_after_number and _CHARGE.fullmatch(raised)):
        return raised.translate(_SUPERSCRIPTS)
    if _CARET.fullmatch(raised) or (is_after_number and _LETTER.fullmatch(raised)):
        return f"^{raised}"
    return raised
