"""Registers the wing's settings, publishing parts, checks, notes and other hooks."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily, load_object
from hotpapers.keep.hooks import NoteKind
from hotpapers.publish.hooks import Housekeeping
from hotpapers.site.hooks import AfterChange, DemoPart, Publishing, StatusCheck, Trials

VOICES = "hotpapers.wings.voices"
WING = Wing(
    "voices",
    "Papers that people whom a publication follows have shared, beside its issues.",
    settings=lambda: (load_object(f"{VOICES}.settings:TABLE"),),
    hooks=(
        DemoPart(load_lazily(f"{VOICES}.demo_lanes:add_lanes")),
        Publishing(load_lazily(f"{VOICES}.noting:voice_lanes")),
        AfterChange(lambda site, record, publications: load_object(f"{VOICES}.notes:drop_forgotten")(record) or []),
        Housekeeping(lambda record, at: load_object(f"{VOICES}.notes:drop_forgotten")(record)),
        StatusCheck(load_lazily(f"{VOICES}.settings:check_publications")),
        Trials(load_lazily(f"{VOICES}.noting:trials")),
        NoteKind("beside ", f"{VOICES}.notes:lanes_with_keys", f"{VOICES}.notes:take_lanes"),
    ),
)
