"""A TeX formula as one line of Unicode, for messages that have no formulas: `\\ell_1 \\leq \\sqrt{n}` → ℓ₁ ≤ √n.

It reads the formula's MathML. Subscripts and superscripts are Unicode's, or follow `_` and `^`; a fraction is a/b.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from xml.etree.ElementTree import Element, ParseError

from hotpapers.publish.view.math_alphabets import RAISED_LETTERS, by_name
from hotpapers.publish.view.mathml import CACHED, render_formula, tree_of

_TIGHT = frozenset("+-−±∓·⋅×*/∘∖¬∂∇∑∏∫∮√′|∥")
"""Signs of mathematics without space around them, as few words on a line need."""
_THIN = "\u2009"
"""The space after an operator's name, which is none before a parenthesis."""
_BEFORE_PARENTHESIS = re.compile(rf"{_THIN} ?(?=[(\[{{])")
_OVER = by_name(
    {
        "\u0302": "^ ˆ",
        "\u0303": "~ ˜ ∼",
        "\u0304": "¯ ‾ ― _",
        "\u0307": "˙ .",
        "\u0308": "¨",
        "\u20d7": "→",
        "\u0306": "˘",
        "\u030c": "ˇ",
    }
)
"""Signs above a letter, as combining characters."""


SIGN_OF = {"sub": "_", "super": "^"}


@lru_cache(CACHED)
def line_of(tex: str) -> str | None:
    """A formula as text; None if it cannot be rendered."""
    rendered = render_formula(tex)
    try:
        text = _text(tree_of(rendered)) if rendered else ""
    except (ParseError, RecursionError, LookupError, ValueError):  # or a part is missing
        return None
    return " ".join(_BEFORE_PARENTHESIS.sub("", text).split()) or None


def _text(element: Element) -> str:
    tag = element.tag
    parts = [_text(part) for part in element]
    if rule := _RULES.get(tag):
        return rule(parts)
    return "".join(parts) if parts else _token(tag, element.text or "")


def _token(tag: str, text: str) -> str:
    """A sign, a name or a number; relations and names of functions have space around them."""
    text = text.strip() if tag != "mtext" else text
    if tag == "mo" and text in (",", ";"):
        return f"{text} "
    is_relation = all(unicodedata.category(char) in ("Sm", "So") and char not in _TIGHT for char in text)
    if tag == "mo" and len(text) > 1 and text.isascii() and text.isalpha():
        return f" {text}{_THIN}"
    is_name = tag == "mi" and len(text) > 1 and text.isascii()
    if tag == "mspace" or is_name or (tag == "mo" and text and is_relation):
        return f" {text} "
    return text


def _grouped(text: str, *, is_word_whole: bool = False) -> str:
    """A part of a fraction or a root, or a superscript: in parentheses if it has several parts."""
    text = text.strip()
    is_whole = len(text) == 1 or text.isdigit() or (is_word_whole and text.isalnum())
    return text if is_whole else f"({text})"


def _raised(kind: str, text: str) -> str:
    letters = RAISED_LETTERS[kind]
    text = "".join(text.split())
    if all(char in letters for char in text):
        return "".join(map(letters.__getitem__, text))
    if text in ("′", "″", "∘", "°", "*", "†", "⊤", "⋆"):  # already above the line, or read so
        return text
    is_mixed = kind == "super" and not text.isascii() and any(map(str.isascii, text))  # e^(iπ), but T^μν
    return f"{SIGN_OF[kind]}{_grouped(text, is_word_whole=not is_mixed)}"


def _over(base: str, sign: str) -> str:
    mark = _OVER.get(sign.strip())
    if mark and len(base.strip()) == 1:
        return unicodedata.normalize("NFC", base.strip() + mark)
    return base if mark else base.rstrip() + _raised("super", sign)


def _with_raised(kinds: Sequence[str], parts: list[str]) -> str:
    """A base with its subscript or superscript: `sub`, `super` or both."""
    base = parts[0].rstrip()
    raised = "".join(_raised(kind, part) for kind, part in zip(kinds, parts[1:], strict=True))
    return base + raised + parts[0][len(base) :]


_RULES: Mapping[str, Callable[[list[str]], str]] = {
    **dict.fromkeys(("msub", "munder"), partial(_with_raised, ("sub",))),
    **dict.fromkeys(("msubsup", "munderover"), partial(_with_raised, ("sub", "super"))),
    "msup": partial(_with_raised, ("super",)),
    "mover": lambda parts: _over(parts[0], parts[1]),
    "mfrac": lambda parts: f"{_grouped(parts[0], is_word_whole=True)}/{_grouped(parts[1])}",
    "msqrt": lambda parts: f"√{_grouped(''.join(parts))}",
    "mroot": lambda parts: f"{_raised('super', parts[1])}√{_grouped(parts[0])}",
    "mtr": lambda parts: ", ".join(part.strip() for part in parts),
    "mtable": "; ".join,
    "mphantom": lambda parts: "",
}
