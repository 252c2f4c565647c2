"""The tokens of JavaScript, for `tools.token_budget`: names, numbers, signs, strings and regular expressions (ECMA-262,
§12), without comments. A template counts as one token for each of its texts, with the tokens of what is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SKIPPED = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_TOKEN = re.compile(
    r"""\.?\d[\w.]* | \#?[\w$]+ | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    | >>>= | \.\.\. | === | !== | \*\*= | <<= | >>= | >>> | &&= | \|\|= | \?\?=
    | => | == | != | <= | >= | && | \|\| | \?\? | \?\.(?!\d) | \+\+ | -- | [-+*/%&|^]= | << | >> | \*\*
    | [{}()\[\];,<>+\-*/%&|^!~?:=.@]""",
    re.VERBOSE | re.DOTALL,
)
_TEXT = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_REGULAR_EXPRESSION = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_KEYWORDS = {
    "await", "case", "delete", "do", "else", "in", "instanceof", "new", "of", "return", "throw", "typeof", "void",
    "yield",
}  # fmt: skip
"""After these a slash begins a regular expression."""


def script_tokens(source: str) -> Iterator[str]:
    """The tokens of a script. Raises ValueError for what is none."""
    at, last, braces = 0, "", list[str]()  # braces: what each open one began
    while at < len(source):
        if match := _SKIPPED.match(source, at):
            at = match.end()
            continue
        if source[at] == "`" or (source[at] == "}" and braces and braces[-1] == "${"):
            if source[at] == "}":
                braces.pop()
            text = _TEXT.match(source, at + 1)
            end = text.end() if text else at + 1
            last = source[at : end + (2 if source[end : end + 1] == "$" else 1)]
            if last.endswith("${"):
                braces.append("${")
        else:
            match = (_may_be_expression(last) and _REGULAR_EXPRESSION.match(source, at)) or _TOKEN.match(source, at)
            if not match:
                raise ValueError(f"no token of a script: {source[at : at + 40]!r}")
            last = match[0]
            if last == "{":
                braces.append(last)
            elif last == "}" and braces:
                braces.pop()
        at += len(last)
        yield last


def _may_be_expression(last: str) -> bool:
    """Whether a slash after this token begins a regular expression and does not divide."""
    if last.endswith("${") and last[0] in "`}":
        return True
    return last in _KEYWORDS or not (last and (last[-1] in ")]}`\"'" or re.match(r"[\w$#/]", last)))
