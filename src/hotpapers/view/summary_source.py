"""Where an entry's first words come from, and how it says so: the abstract, somebody's summary, or a machine's.

A machine's sentence carries its mark within itself, so that it cannot be had without: in the record, in an export, in
every channel.
"""

from __future__ import annotations

import re

ABSTRACT = "from the abstract"
"""The mark of a sentence that stands in the abstract."""
LONGEST_MODEL = 60

_SIGNED = re.compile(r"(.+) \((machine-written, [^()]+, \d{4}-\d\d-\d\d)\)", re.DOTALL)
_ODD = re.compile(r"[^\w.:/+-]+")


def signed(text: str, model: str, day: str) -> str:
    """A machine's sentence with its mark: `Kettles boil. (machine-written, tea-7b, 2026-11-20)`."""
    name = _ODD.sub(" ", model).strip()[:LONGEST_MODEL].strip() or "unnamed model"
    return f"{text} (machine-written, {name}, {day})"


def unsigned(summary: str) -> tuple[str, str]:
    """A summary's words, and its mark; the mark is empty for a person's."""
    match = _SIGNED.fullmatch(summary)
    return (match[1], match[2]) if match else (summary, "")
