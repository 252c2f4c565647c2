"""The lane beside the issues of the demo's made-up week: what five of its invented people shared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotpapers.discussion.lanes import NotedLane, noted_lanes
from hotpapers.issues.queries import frozen_days
from hotpapers.record import Record
from hotpapers.wings.voices.notes import note_lanes
from hotpapers.wings.voices.noting import MAX_DAYS, posts_of_lane
from hotpapers.wings.voices.settings import VoicesSettings

PEOPLE = frozenset(
    {
        "bluesky:did:plc:h5pcdvgp7u5tgxtpiixa2c57",
        "bluesky:did:plc:abayf656hw2fshejpimgr6xg",
        "bluesky:did:plc:o4ev5mfobflc7k5vcjdidf6u",
        "mastodon:https://mastodon-one.example/users/tealheron",
        "mastodon:https://mastodon-two.example/users/copperheron",
    }
)


def add_lanes(record: Record, publication: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Notes the lanes of the latest days; where the first that has papers can be seen."""
    days = frozen_days(record, publication)
    title = VoicesSettings(publication).title
    for day in days[-MAX_DAYS:]:
        if noted_lanes(record.database, publication, day) is None:
            before = days[: days.index(day)]
            lane = NotedLane(title, posts_of_lane(record, publication, day, before, PEOPLE))
            note_lanes(record.database, publication, day, [lane] if lane.posts else [])
    shown = next((day for day in reversed(days) if noted_lanes(record.database, publication, day)), "")
    if shown:
        yield "followed", f"{folder / 'site' / shown / 'index.html'}  (at its end: {title.lower()})"
