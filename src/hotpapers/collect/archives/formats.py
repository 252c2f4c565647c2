"""The formats of archives: a new one gets its line here, and in `hotpapers.cli.archives`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotpapers.collect.archives.format import Format, Place
from hotpapers.collect.archives.hackernews import HackerNewsArchive
from hotpapers.collect.archives.jetstream import Firehose, Jetstream
from hotpapers.collect.archives.reddit import RedditArchive
from hotpapers.collect.archives.x import XArchive


class Kind(NamedTuple):
    """A format: what makes it, and whether it comes in frames instead of lines."""

    make: Callable[[Place], Format]
    network: str
    frames: bool = False


FORMATS = {
    "jetstream": Kind(Jetstream, "bluesky"),
    "firehose": Kind(Firehose, "bluesky", frames=True),
    "hackernews": Kind(HackerNewsArchive, "hackernews"),
    "reddit": Kind(RedditArchive, "reddit"),
    "x": Kind(XArchive, "x"),
}
