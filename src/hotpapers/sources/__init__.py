"""The networks that are read, each by one file or folder of this room. A new one gets its line here."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from hotpapers.model import Source
from hotpapers.sources.arxiv import Arxiv, ArxivSettings
from hotpapers.sources.bluesky import Bluesky, BlueskySettings
from hotpapers.sources.feeds import Feeds, FeedsSettings
from hotpapers.sources.hackernews import HackerNews, HackerNewsSettings
from hotpapers.sources.huggingface import HuggingFace, HuggingFaceSettings
from hotpapers.sources.lobsters import Lobsters, LobstersSettings
from hotpapers.sources.mastodon import Mastodon, MastodonSettings
from hotpapers.sources.reddit import Reddit, RedditSettings
from hotpapers.sources.x import X, XSettings

SOURCES: dict[str, tuple[Callable[..., Source], type[msgspec.Struct]]] = {
    "arxiv": (Arxiv, ArxivSettings),
    "bluesky": (Bluesky, BlueskySettings),
    "feeds": (Feeds, FeedsSettings),
    "hackernews": (HackerNews, HackerNewsSettings),
    "huggingface": (HuggingFace, HuggingFaceSettings),
    "lobsters": (Lobsters, LobstersSettings),
    "mastodon": (Mastodon, MastodonSettings),
    "reddit": (Reddit, RedditSettings),
    "x": (X, XSettings),
}
"""By name: the class, called with its settings, the known posts and the names of papers; and the settings,
`[source.<name>]`."""
