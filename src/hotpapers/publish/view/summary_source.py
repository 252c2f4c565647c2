"""The source of an entry's lead, and its mark: the abstract, a person's summary, or a machine's.

The mark of a machine-written sentence is part of its text, so that the sentence never appears without it: in the
record, in an export, in any channel.
"""

from __future__ import annotations

import re

ABSTRACT = "from the abstract"
"""The mark of a sentence from the abstract."""
MAX_MODEL_CHARS = 60

_SIGNED = re.compile(r"(.+) \((machine-written, [^()]+, \d{4}-\d\d-\d\d)\)", re.DOTALL)
_ODD = re.compile(r"[^\w.:/+-]+")


def signed(text: str, model: str, day: str) -> str:
    """A machine-written sentence with its mark: `Kettles boil. (machine-written, tea-7b, 2026-11-20)`."""
    name = _ODD.sub(" ", model).strip()[:MAX_MODEL_CHARS].strip() or "unnamed model"
    return f"{text} (machine-written, {name}, {day})"


def unsigned(summary: str) -> tuple[str, str]:
    """A summary's text and its mark; the mark is empty for a person's summary."""
    match = _SIGNED.fullmatch(summary)
    return (match[1], match[2]) if match else (summary, "")
