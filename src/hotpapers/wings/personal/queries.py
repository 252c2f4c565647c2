"""The wing's own SQL: papers by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import Paper
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import slices
from hotpapers.record.identities import numbers_of


def papers_of(view: AsOfView, keys: Sequence[str]) -> Iterator[Paper]:
    """What the record knows about papers; those it does not know are left out."""
    for batch in slices(keys):
        yield from view.items(Paper, f"t.paper IN ({numbers_of(batch)})", batch)
