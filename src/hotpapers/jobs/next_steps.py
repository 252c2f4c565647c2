"""Remedies for an operator whose source fails, by the reason of the failure."""

from __future__ import annotations

import re

from hotpapers.base.networks import row_of
from hotpapers.jobs.job_state import COUNTS

_STEPS = (
    (r"certificate", "its operator has to renew it; check that this machine's clock is right"),
    (r"web page", "open the address in a browser: it asks people to log in, or shuts programs out{key}"),
    (r"answered 40[13]\b", "it no longer answers strangers{key}; or switch it off: on = false in [source.{name}]"),
    (
        r"answered (404|410)\b|redirects",
        "it may have moved: set its new address in [source.{name}], or upgrade hotpapers",
    ),
    (r"answered 429\b", "nothing: it is asked less often now; if this lasts, raise `every` in [source.{name}]"),
    (r"lists nothing|has nothing newer|returned no items|no longer knows", "nothing: what it hides now is read later"),
    (
        r"could not be read|not the expected|answered 4|no counts|the dates of",
        "upgrade hotpapers, then `hotpapers reprocess {name}`; nothing counts as read until then",
    ),
    (
        r"harvested later",
        "nothing: announcements from before the start, or that were missed, are listed without their day",
    ),
    (r"another day's items", "nothing: it is read again as long as that day's feed is up"),
    (r"budget", "nothing: the budget goes on tomorrow; raise it in [source.{name}]"),
    (r"more .* since it was last read|newer than the last reading", "lower `every` in [source.{name}]"),
    (r"", "nothing: it is tried again; `hotpapers check` shows whether it answers"),
)


def next_step(job: str, reason: str) -> str:
    """Returns the remedy for a job whose source fails for a reason."""
    name = job.removesuffix(COUNTS)
    step = next(step for pattern, step in _STEPS if re.search(pattern, reason))
    key = row_of(name).key
    return step.format(name=name, key=f"; set {key}" if key else "")
