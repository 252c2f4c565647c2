"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotpapers.base.wings import NoteKind, Wing, load, loading

if TYPE_CHECKING:
    from hotpapers.collect.job_factory import IngestContext
    from hotpapers.record import Record
    from hotpapers.site.site import Site
    from hotpapers.wings.voices.noting import VoiceLanes


def _check(site: Site) -> None:
    from hotpapers.base.errors import SettingsError
    from hotpapers.base.suggestions import choices

    for table in site.settings.table("voices"):
        if table.publication not in site.own_publications:
            known = choices(table.publication, site.own_publications) or "no publication"
            raise SettingsError(f"voices: publication: {table.publication!r} is not in this file, which has {known}")


def _publishing(site: Site, shared: IngestContext) -> VoiceLanes | None:
    if not site.settings.table("voices"):
        return None
    from hotpapers.wings.voices.noting import voice_lanes

    _check(site)
    return voice_lanes(site, shared)


def _forget(record: Record) -> None:
    from hotpapers.wings.voices.lists import drop_forgotten

    drop_forgotten(record)


def _on_change(site: Site, record: Record, publications: Sequence[str]) -> list[str]:
    _forget(record)
    return []


def _housekeeping(record: Record, at: int) -> None:
    _forget(record)


WING = Wing(
    "voices",
    "Papers that people whom a publication follows have shared, beside its issues.",
    settings=lambda: (load("hotpapers.wings.voices.settings:TABLE"),),
    publishing=_publishing,
    on_change=_on_change,
    housekeeping=_housekeeping,
    status_check=_check,
    trials=loading("hotpapers.wings.voices.noting:trials"),
    notes=(
        NoteKind(
            "beside ",
            "hotpapers.wings.voices.lane_notes:lanes_with_keys",
            "hotpapers.wings.voices.lane_notes:take_lanes",
        ),
    ),
)
