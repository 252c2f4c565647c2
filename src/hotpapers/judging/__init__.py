"""Bots told apart by verdicts: the list that comes along, what accounts say of themselves, and how they behave.

`judge` reads a fortnight's figures, lets pure rules conclude, and writes what has changed. docs/bots.md has the rules,
their limits and how they were measured.
"""

from hotpapers.judging.contest import Held, Word, believe, held, say, take_back
from hotpapers.judging.verdicts import judge

__all__ = ["Held", "Word", "believe", "held", "judge", "say", "take_back"]
