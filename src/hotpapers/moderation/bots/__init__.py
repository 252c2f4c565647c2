"""Bots told apart by verdicts: the list that comes along, what accounts say of themselves, and how they behave.

`judge` reads a fortnight's figures, lets pure rules conclude, and writes what has changed. docs/explanation/bots.md has
the rules, their limits and how they were measured.
"""

from hotpapers.moderation.bots.review import (
    AccountReview,
    OperatorVerdict,
    accept_proof,
    review_account,
    set_verdict,
    withdraw_verdict,
)
from hotpapers.moderation.bots.verdicts import judge

__all__ = [
    "AccountReview",
    "OperatorVerdict",
    "accept_proof",
    "judge",
    "review_account",
    "set_verdict",
    "withdraw_verdict",
]
