"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotpapers.base.wings import NoteKind, Wing, load, loading

if TYPE_CHECKING:
    from hotpapers.record import Record
    from hotpapers.site.site import Site

VOICES = "hotpapers.wings.voices"


def _on_change(site: Site, record: Record, publications: Sequence[str]) -> list[str]:
    load(f"{VOICES}.lists:drop_forgotten")(record)
    return []


WING = Wing(
    "voices",
    "Papers that people whom a publication follows have shared, beside its issues.",
    settings=lambda: (load(f"{VOICES}.settings:TABLE"),),
    publishing=loading(f"{VOICES}.noting:voice_lanes"),
    on_change=_on_change,
    housekeeping=lambda record, at: load(f"{VOICES}.lists:drop_forgotten")(record),
    status_check=loading(f"{VOICES}.settings:check_publications"),
    trials=loading(f"{VOICES}.noting:trials"),
    notes=(NoteKind("beside ", f"{VOICES}.lane_notes:lanes_with_keys", f"{VOICES}.lane_notes:take_lanes"),),
)
