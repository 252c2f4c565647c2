"""The archive formats. A new one needs a line here, in `wing` and in `cli`."""

from __future__ import annotations

from hotpapers.wings.archives.arxiv import ArxivArchive
from hotpapers.wings.archives.format import ArchiveFormat
from hotpapers.wings.archives.hackernews import HackerNewsArchive
from hotpapers.wings.archives.jetstream import CarArchive, HistoryArchive, JetstreamArchive
from hotpapers.wings.archives.reddit import RedditArchive
from hotpapers.wings.archives.x import XArchive

LINES: dict[str, type[ArchiveFormat]] = {
    "arxiv": ArxivArchive,
    "hackernews": HackerNewsArchive,
    "reddit": RedditArchive,
    "x": XArchive,
}
"""The formats in which a line's relevance depends on the line alone."""
EVENTS: dict[str, type[JetstreamArchive]] = {
    "jetstream": JetstreamArchive,
    "car": CarArchive,
    "bluesky": HistoryArchive,
}
"""The formats of Bluesky's events, whose relevance depends on earlier events in any file: files are read in two passes,
and events are stored in order of time."""
