"""The formats of archives: a new one gets its line here, and in `hotpapers.cli.archives`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotpapers.ingest.archives.format import ArchiveFormat, ImportTarget
from hotpapers.ingest.archives.hackernews import HackerNewsArchive
from hotpapers.ingest.archives.jetstream import FirehoseArchive, JetstreamArchive
from hotpapers.ingest.archives.reddit import RedditArchive
from hotpapers.ingest.archives.x import XArchive


class FormatSpec(NamedTuple):
    """A format: what makes it, and whether it comes in frames instead of lines."""

    make: Callable[[ImportTarget], ArchiveFormat]
    network: str
    frames: bool = False


FORMATS = {
    "jetstream": FormatSpec(JetstreamArchive, "bluesky"),
    "firehose": FormatSpec(FirehoseArchive, "bluesky", frames=True),
    "hackernews": FormatSpec(HackerNewsArchive, "hackernews"),
    "reddit": FormatSpec(RedditArchive, "reddit"),
    "x": FormatSpec(XArchive, "x"),
}
