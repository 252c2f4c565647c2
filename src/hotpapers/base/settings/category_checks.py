"""Whether arXiv has a category or archive, and which one may be meant by a wrong name."""

from __future__ import annotations

from collections.abc import Collection

from hotpapers.base.categories import KNOWN, archive_of
from hotpapers.base.suggestions import did_you_mean, letters_of, nearest

FIELDS = KNOWN | {archive_of(category) for category in KNOWN}
"""All categories and archives."""
_SHORT = 4
"""A subject that is so short resembles many others: nothing is guessed from its spelling."""


def category_problem(category: str, allowed: Collection[str] = FIELDS) -> str:
    """What is wrong with a name for a field, and which one may be meant; empty if arXiv has it."""
    if category in allowed:
        return ""
    return f"{category!r} is not an arXiv category or archive; {_hint(category, allowed)}"


def _hint(category: str, allowed: Collection[str]) -> str:
    archive, _, subject = category.strip().lower().partition(".")
    subjects = sorted(name.partition(".")[2] for name in allowed if name.startswith(f"{archive}."))
    guesses = nearest(category, allowed)
    is_other_spelling = any(letters_of(name) == letters_of(category) for name in guesses)
    if subjects and subject and len(subject) <= _SHORT and not is_other_spelling:
        swapped = [name for name in subjects if sorted(name.lower()) == sorted(subject)]
        return f"did you mean {archive}.{swapped[0]}?" if swapped else f"{archive} has {', '.join(subjects)}"
    return did_you_mean(category, allowed) or "write a category like cs.LG, or an archive like astro-ph"
