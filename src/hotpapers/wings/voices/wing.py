"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import NoteKind, Wing, load, loading

VOICES = "hotpapers.wings.voices"
WING = Wing(
    "voices",
    "Papers that people whom a publication follows have shared, beside its issues.",
    settings=lambda: (load(f"{VOICES}.settings:TABLE"),),
    demo=loading(f"{VOICES}.demo_lanes:add_lanes"),
    publishing=loading(f"{VOICES}.noting:voice_lanes"),
    on_change=lambda site, record, publications: load(f"{VOICES}.notes:drop_forgotten")(record) or [],
    housekeeping=lambda record, at: load(f"{VOICES}.notes:drop_forgotten")(record),
    status_check=loading(f"{VOICES}.settings:check_publications"),
    trials=loading(f"{VOICES}.noting:trials"),
    notes=(NoteKind("beside ", f"{VOICES}.notes:lanes_with_keys", f"{VOICES}.notes:take_lanes"),),
)
