"""The networks that are read, one file or folder of this package each. Register a new one here.

`pages` asks the network, through the client that it is given, and yields raw payloads with the cursor after them.
`read` is pure and returns the items in a payload. A source knows no store: pace, retries, transactions and coverage are
up to `ingest`. docs/development/adding-a-source.md shows a complete one.

Shared: `feed_parser` and `bounded_xml` (hostile XML), `paper_mentions` (which papers a post names), `batched_requests`,
`endpoint_rotation`, `decoding`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from hotpapers.model import Source
from hotpapers.sources.arxiv import ArxivSettings, ArxivSource
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.sources.feeds import FeedsSettings, FeedsSource
from hotpapers.sources.hackernews import HackerNewsSettings, HackerNewsSource
from hotpapers.sources.huggingface import HuggingFaceSettings, HuggingFaceSource
from hotpapers.sources.lobsters import LobstersSettings, LobstersSource
from hotpapers.sources.mastodon import MastodonSettings, MastodonSource
from hotpapers.sources.reddit import RedditSettings, RedditSource
from hotpapers.sources.x import XSettings, XSource

SOURCES: dict[str, tuple[Callable[..., Source], type[msgspec.Struct]]] = {
    "arxiv": (ArxivSource, ArxivSettings),
    "bluesky": (BlueskySource, BlueskySettings),
    "feeds": (FeedsSource, FeedsSettings),
    "hackernews": (HackerNewsSource, HackerNewsSettings),
    "huggingface": (HuggingFaceSource, HuggingFaceSettings),
    "lobsters": (LobstersSource, LobstersSettings),
    "mastodon": (MastodonSource, MastodonSettings),
    "reddit": (RedditSource, RedditSettings),
    "x": (XSource, XSettings),
}
"""By name: the source class, called with its settings, the known posts and the names of papers; and the class of its
settings, `[source.<name>]`."""
