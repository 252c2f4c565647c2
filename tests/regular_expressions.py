"""Finds regular expressions that may take more than linear time for a match: two unbounded repetitions of signs that
both accept, with nothing between them that keeps them apart. Where the first ends and the second begins can then be
tried at every place. Pure; `tests/test_regular_expressions.py` applies it to all of src.

JavaScript's are read as Python's (`as_python`); its properties of Unicode stand for letters."""

from __future__ import annotations

import re
import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

ALPHABET = frozenset(map(chr, range(128))) | frozenset("éß中あ٣\u00a0\u2028ſ\U0001f375")
"""Signs that stand for all: ASCII, and some of each other kind."""
Signs = frozenset[str]
_LITERAL = re.compile(
    r"(?:[(,=:\[!&|?{};]|\breturn|=>)\s*/(?![*/])((?:[^\\/\[\n`]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)/[dgimsuvy]*(?=\s*[.,;)\]])"
)
_IN_PYTHON = (
    (r"\(\?<(?![=!])", "(?P<"), (r"\[\^\]", r"[\\s\\S]"), (r"\\/", "/"), (r"\\P\{M\}", r"[^\\u0301]"),
    (r"\\p\{M\}", r"\\u0301"), (r"\\p\{[^}]*\}", r"\\w"),
)  # fmt: skip
_CONSTRUCTED = re.compile(r"new RegExp\(\s*(?:`([^`]*)`|\"([^\"]*)\")")
BOUND = 1_000
"""More times than these count as without a bound."""
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
EMPTY = (op.AT, op.ASSERT, op.ASSERT_NOT, op.GROUPREF)
"""What takes no sign of its own; a reference to a group is counted as none."""
_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


class Repetition(NamedTuple):
    """An unbounded repetition. `needed`: for each sign that it, and what follows it, must have, which ones may be
    there; `signs`: all that it may have; `next`: with which one it may go on."""

    needed: tuple[Signs, ...]
    signs: Signs
    next: Signs

    def overlaps(self, other: Repetition) -> bool:
        """Whether some text may belong to either, after `other`."""
        has_all = all(signs & other.signs for signs in self.needed) and all(
            signs & self.signs for signs in other.needed
        )
        return has_all and bool(self.next & other.next)

    def after(self, signs: Signs) -> Repetition:
        """Itself, if it takes one of these signs, too."""
        return Repetition((*self.needed, signs & self.signs), self.signs, self.signs)


Open = Sequence[Repetition]
"""The repetitions that a text may go on with."""


def overlapping(pattern: str, flags: int = 0) -> bool:
    """Whether a pattern has adjacent unbounded repetitions of overlapping sets. Raises re.error."""
    tree = parser.parse(pattern, flags)
    slow: list[bool] = []
    _after(tree, tree.state.flags, (), slow)
    return any(slow)


def _after(items: Iterable[Any], flags: int, before: Open, slow: list[bool]) -> Open:
    """The repetitions that may go on after some items. `before`: those before them; `slow`: whether each repetition
    overlaps with one before it."""
    for kind, value in items:
        before = _after_one(kind, value, flags, before, slow)
    return before


def _after_one(kind: Any, value: Any, flags: int, before: Open, slow: list[bool]) -> Open:
    if kind in EMPTY:
        return before
    if kind is op.SUBPATTERN:
        return _after(value[3], flags | value[1] & ~value[2], before, slow)
    if kind is op.ATOMIC_GROUP:
        _after(value, flags, before, slow)
        return ()
    if kind is op.BRANCH:
        return [left for branch in value[1] for left in _after(branch, flags, before, slow)]
    if kind in REPEATS:
        return _after_repeat(kind, value, flags, before, slow)
    signs = _signs(kind, value, flags)
    return [repetition.after(signs) for repetition in before if repetition.next & signs]


def _after_repeat(kind: Any, value: Any, flags: int, before: Open, slow: list[bool]) -> Open:
    least, most, inner = value
    if most <= BOUND or least == most:
        once = _after(inner, flags, before, slow)
        return [*before, *once] if least == 0 else once
    own = Repetition(tuple(_needed(inner, flags)), _all(inner, flags), _first(inner, flags))
    slow += [own.overlaps(other) for other in before]
    within = _after(inner, flags, (), slow)
    slow += [own.overlaps(other) for other in within]  # the next time round
    after = () if kind is op.POSSESSIVE_REPEAT else (own, *within)
    return [*after, *(before if least == 0 else ())]


def _needed(items: Iterable[Any], flags: int) -> Iterator[Signs]:
    """For each sign that some items must have, which ones may be there."""
    for kind, value in items:
        if kind is op.SUBPATTERN:
            yield from _needed(value[3], flags | value[1] & ~value[2])
        elif kind is op.ATOMIC_GROUP:
            yield from _needed(value, flags)
        elif kind in REPEATS:
            yield from _needed(value[2], flags) if value[0] else ()
        elif kind is op.BRANCH:
            yield from [_all([(kind, value)], flags)] if not _may_be_empty(kind, value) else []
        elif kind not in EMPTY:
            yield _signs(kind, value, flags)


def _all(items: Iterable[Any], flags: int) -> Signs:
    """All signs that some items may have."""
    return frozenset().union(*(_all_of(kind, value, flags) for kind, value in items))


def _all_of(kind: Any, value: Any, flags: int) -> Signs:
    if kind is op.SUBPATTERN:
        return _all(value[3], flags | value[1] & ~value[2])
    if kind is op.ATOMIC_GROUP:
        return _all(value, flags)
    if kind is op.BRANCH:
        return frozenset().union(*(_all(branch, flags) for branch in value[1]))
    if kind in REPEATS:
        return _all(value[2], flags)
    return frozenset() if kind in EMPTY else _signs(kind, value, flags)


def _first(items: Iterable[Any], flags: int) -> Signs:
    """The signs with which some items may begin."""
    signs: Signs = frozenset()
    for kind, value in items:
        signs |= _first_of(kind, value, flags)
        if not _may_be_empty(kind, value):
            break
    return signs


def _first_of(kind: Any, value: Any, flags: int) -> Signs:
    if kind is op.SUBPATTERN:
        return _first(value[3], flags | value[1] & ~value[2])
    if kind is op.ATOMIC_GROUP:
        return _first(value, flags)
    if kind is op.BRANCH:
        return frozenset().union(*(_first(branch, flags) for branch in value[1]))
    if kind in REPEATS:
        return _first(value[2], flags)
    return frozenset() if kind in EMPTY else _signs(kind, value, flags)


def _may_be_empty(kind: Any, value: Any) -> bool:
    if kind is op.SUBPATTERN:
        return all(_may_be_empty(*item) for item in value[3])
    if kind is op.ATOMIC_GROUP:
        return all(_may_be_empty(*item) for item in value)
    if kind is op.BRANCH:
        return any(all(_may_be_empty(*item) for item in branch) for branch in value[1])
    if kind in REPEATS:
        return value[0] == 0 or all(_may_be_empty(*item) for item in value[2])
    return kind in EMPTY


def _signs(kind: Any, value: Any, flags: int) -> Signs:
    """The signs that one place accepts."""
    if kind is op.ANY:
        return ALPHABET if flags & re.DOTALL else ALPHABET - {"\n"}
    members = value if kind is op.IN else [(kind, value)]
    is_negated = members[0][0] is op.NEGATE
    signs = frozenset().union(*(_members(*member, flags & re.ASCII) for member in members))
    if flags & re.IGNORECASE:
        signs |= {sign for sign in ALPHABET if {sign.lower(), sign.upper()} & signs}
    return ALPHABET - signs if is_negated else signs


@cache
def _members(kind: Any, value: Any, ascii_only: int) -> Signs:
    if kind is op.LITERAL:
        return frozenset(chr(value))
    if kind is op.NOT_LITERAL:
        return ALPHABET - {chr(value)}
    if kind is op.RANGE:
        return frozenset(sign for sign in ALPHABET if value[0] <= ord(sign) <= value[1])
    if kind is op.CATEGORY:
        matches = re.compile(_CATEGORIES[value], re.ASCII if ascii_only else 0).match
        return frozenset(filter(matches, ALPHABET))
    return frozenset()


# ---- JavaScript --------------------------------------------------------------------------------------------


def in_script(script: str) -> Iterator[str]:
    """The regular expressions of a script, as Python's."""
    code = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("//"))
    yield from (as_python(match[1]) for match in _LITERAL.finditer(code))
    for match in _CONSTRUCTED.finditer(code):
        yield as_python(re.sub(r"\$\{[^}]*\}", "x", match[1] or match[2]).replace("\\\\", "\\"))


def as_python(pattern: str) -> str:
    """A pattern of JavaScript's as one of Python's that accepts about the same."""
    for there, here in _IN_PYTHON:
        pattern = re.sub(there, here, pattern)
    return re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda match: f"\\U{int(match[1], 16):08x}", pattern)
