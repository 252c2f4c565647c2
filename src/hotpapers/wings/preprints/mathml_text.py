"""Presentation MathML (MathML Core) as plain text on one line: `10⁻⁸`, `(1+x)/2`, `x^(n+1)`. Pure."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from hotpapers.base.text.raised_text import raise_text

MAX_FORMULA_CHARS = 20_000
"""Characters of a formula that is read; of a longer one, the text remains."""
MAX_ELEMENTS = 400
"""Elements of such a formula, so that it is not deep."""

_FORMULA = re.compile(r"<(?:[a-z]{1,9}:)?math\b[^<>]{0,300}>(.*?)</(?:[a-z]{1,9}:)?math>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(/?)(?:[a-z]{1,9}:)?([a-z]{1,20})(?:\s[^<>]{0,300})?(/?)>", re.IGNORECASE)
_LESS = re.compile(r"<(?!/?[a-z]{1,20}/?>)", re.IGNORECASE)
_AMPERSAND = re.compile(r"&(?!#?\w{1,9};)")
_SIGN = re.compile("[^\\w√]|_")
_MARKS = frozenset("′″‴'*∗†‡+-\u2212")
"""Signs that are beside a letter rather than its power."""


def with_plain_formulas(markup: str) -> str:
    """Markup with its formulas as text; those that cannot be read stay."""
    return _FORMULA.sub(_plain, markup)


def _plain(match: re.Match[str]) -> str:
    source = match[1]
    if len(source) > MAX_FORMULA_CHARS or source.count("<") > 2 * MAX_ELEMENTS:
        return match[0]
    bare = _AMPERSAND.sub("&amp;", _LESS.sub("&lt;", _TAG.sub(r"<\1\2\3>", source)))
    try:
        text = _text_of(ET.fromstring(f"<math>{bare}</math>"))
    except ET.ParseError:
        return match[0]
    return text.replace("<", "&lt;")


def _text_of(element: ET.Element) -> str:
    name = element.tag.lower()
    parts = [_text_of(child) for child in element if child.tag.lower() not in ("annotation", "annotation-xml")]
    match name, parts:
        case "mfrac", [above, below]:
            return f"{_grouped(above)}/{_grouped(below)}"
        case "msup", [base, raised]:
            return _power(base, raised)
        case "msubsup" | "munderover", [base, below, raised]:
            return f"{base}{_power(below, raised)}"
        case "msqrt", _:
            return f"√{_grouped(''.join(parts))}"
        case "mfenced", _:
            return f"({','.join(parts)})"
    return " ".join((element.text or "").split()) + _joined(element, parts)


def _joined(element: ET.Element, parts: Sequence[str]) -> str:
    """The parts of a row. A whole number and a fraction stay apart: 3 1/2."""
    text = ""
    for child, part in zip(element, parts, strict=False):
        is_mixed = child.tag.lower() == "mfrac" and text[-1:].isdecimal()
        text += f" {part}" if is_mixed else part
    return text


def _grouped(text: str) -> str:
    """A text that is read as one: in parentheses if it has several signs."""
    is_one = not _SIGN.search(text) or (text.startswith("(") and text.endswith(")"))
    return text if is_one else f"({text})"


def _power(base: str, raised: str) -> str:
    text = raise_text(base, raised)
    if not raised or text != raised or _MARKS.issuperset(raised):
        return f"{base}{text}"
    return f"{base}^{_grouped(raised)}"
