"""Presentation MathML (MathML Core) as plain text on one line: `10⁻⁸`, `(1+x)/2`, `x^(n+1)`. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.base.text.raised_text import RAISED_SIGNS, raise_text, to_superscripts

MAX_DEPTH = 100
"""Elements within each other, in a formula that is read; of a deeper or broken one, the text remains."""
_MATH = re.compile(r"<(/?)(?:[a-z]{1,9}:)?math\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(?:[a-z]{1,9}:)?([a-z][a-z0-9-]{0,20})((?:\s[^<>]{0,300}?)?)(/?)>", re.IGNORECASE)
_FENCE = re.compile(r"""\b(open|close|separators)\s{0,9}=\s{0,9}["']([^"']{0,20})["']""")
_TOKENS = frozenset(("mi", "mn", "mo"))
_WORD = re.compile(r"√?(?:[\d.]+|[^\W\d_]+)")
"""A number or a word, which needs no parentheses."""
_CHARGE = re.compile("[0-9]*[+\u2212-]")


class _Element(NamedTuple):
    name: str
    attributes: str
    children: list[_Element | str]


def with_plain_formulas(markup: str) -> str:
    """Markup with its formulas as text; those that cannot be read stay."""
    parts = list[str]()
    at = 0
    start = None
    for tag in _MATH.finditer(markup):
        if not tag[1]:
            start = tag
        elif start:
            if formula := _tree(markup[start.end() : tag.start()]):
                text = _text_of(formula)
                parts += (markup[at : start.start()], text.replace("<", "&lt;"))
                at = tag.end()
            start = None
    return "".join([*parts, markup[at:]])


def _tree(source: str) -> _Element | None:
    """The elements of a formula; None if their ends are others, or if it is too deep."""
    open_elements = [_Element("math", "", [])]
    at = 0
    for tag in _TAG.finditer(source):
        ends, name, attributes, is_empty = tag.groups()
        open_elements[-1].children.append(source[at : tag.start()])
        at = tag.end()
        if ends:
            if open_elements.pop().name != name.lower() or not open_elements:
                return None
            continue
        element = _Element(name.lower(), attributes, [])
        open_elements[-1].children.append(element)
        if not is_empty:
            open_elements.append(element)
        if len(open_elements) > MAX_DEPTH:
            return None
    open_elements[-1].children.append(source[at:])
    return open_elements[0] if len(open_elements) == 1 else None


def _text_of(element: _Element) -> str:
    inner = [child for child in element.children if isinstance(child, _Element)]
    match element.name, inner:
        case "mfrac", [above, below]:
            return f"{_grouped(_text_of(above))}/{_grouped(_text_of(below))}"
        case "msup", [base, raised]:
            text = _text_of(base).strip()
            is_power = text != "" and text[-1] in RAISED_SIGNS
            return (f"({text})" if is_power else _grouped(text)) + _exponent(text, _text_of(raised))
        case "msubsup" | "munderover", [base, below, raised]:
            text = _text_of(base) + _text_of(below)
            return text + _exponent(text, _text_of(raised))
        case "mroot", [base, index]:
            return f"{to_superscripts(_text_of(index))}√{_grouped(_text_of(base))}"
        case "msqrt", _:
            return f"√{_grouped(_row(element))}"
        case "mfenced", _:
            return _fenced(element, inner)
        case "semantics", [shown, *_]:
            return _text_of(shown)
        case "mspace", _:
            return " "
    return _row(element)


def _row(element: _Element) -> str:
    """The parts of an element one after the other. A fraction stays apart from what it multiplies: 3 1/2, (1/2)x."""
    text = ""
    fraction_at = 0
    is_fraction = False
    for child in element.children:
        part = _text_of(child) if isinstance(child, _Element) else _plain(child, element.name)
        if not part:
            continue
        if is_fraction and (part[0].isalnum() or part[0] in "(√"):
            text = f"{text[:fraction_at]}({text[fraction_at:]})"
        is_fraction = isinstance(child, _Element) and child.name == "mfrac"
        if is_fraction and text[-1:].isalnum():
            text += " "
        fraction_at = len(text)
        text += part
    return text


def _plain(text: str, name: str) -> str:
    """A text in an element; blanks count in texts alone."""
    line = " ".join(html.unescape(f"[{text}]").split())[1:-1]
    return line.strip() if name in _TOKENS or (not line.strip() and name != "mtext") else line


def _fenced(element: _Element, inner: Sequence[_Element]) -> str:
    attributes = html.unescape(element.attributes)
    signs = dict(_FENCE.findall(attributes))
    separators = signs.get("separators", ",")
    texts = map(_text_of, inner)
    text = separators[:1].join(texts)
    return f"{signs.get('open', '(')}{text}{signs.get('close', ')')}"


def _grouped(text: str) -> str:
    """A text that is read as one: in parentheses if it has several signs."""
    is_one = len(text) < 2 or _WORD.fullmatch(text)
    return text if is_one or _is_enclosed(text) else f"({text})"


def _is_enclosed(text: str) -> bool:
    """Whether the first sign opens a parenthesis that the last one closes."""
    depth = 0
    for sign in text[:-1]:
        depth += (sign == "(") - (sign == ")")
        if depth < 1:
            return False
    return text.endswith(")")


def _exponent(base: str, raised: str) -> str:
    raised = raised.strip()
    text = raise_text(base, raised)
    if not base or not any(map(str.isalnum, raised)) or _CHARGE.fullmatch(raised):  # a prime, a degree, an isotope
        return text
    return text if text != raised and not text.startswith("^") else f"^{_grouped(raised)}"
