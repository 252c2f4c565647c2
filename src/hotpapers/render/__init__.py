"""Channels: frozen issues as files. To add a channel, add its module and register it here.

html       the site: pages, templates, styles, scripts, its search index
feeds      Atom, RSS and JSON Feed, in `feed_formats`
markdown   our own Markdown; classic: the classic format
cards      preview images for links to pages

The input is what `view` says about issues, the output paths and bytes, the same on every machine. Sending and writing
them is up to `deliver`; nothing here may open a file or a connection.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from hotpapers.errors import UsageError
from hotpapers.model import Channel
from hotpapers.view.site_config import NOBODY, SiteConfig


def _loading(module: str, name: str) -> Callable[[SiteConfig], Channel]:
    """Return a factory that imports the channel's class on first use."""
    return lambda config: getattr(importlib.import_module(module), name)(config)  # noqa: PLW0108 import lazily


CHANNELS = {
    "classic": _loading("hotpapers.render.classic", "ClassicChannel"),
    "feeds": _loading("hotpapers.render.feeds", "FeedsChannel"),
    "markdown": _loading("hotpapers.render.markdown", "MarkdownChannel"),
    "site": _loading("hotpapers.render.html.pages", "SiteChannel"),
}
"""Channel factories by name."""


def channel(name: str, site_config: SiteConfig = NOBODY) -> Channel:
    """Return the channel with this name. Raises UsageError."""
    if name not in CHANNELS:
        raise UsageError(f"{name}: no such channel; choose from {', '.join(CHANNELS)}")
    return CHANNELS[name](site_config)
