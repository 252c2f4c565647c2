"""Channels: frozen issues as files. To add a channel, add its module and register it here.

html         the site: pages, styles, scripts, its search index
feeds        Atom, RSS and JSON Feed
markdown     our own Markdown
templating   the templates of all three, compiled once

The input is what `view` says about issues, the output paths and bytes, the same on every machine. Sending and writing
them is up to `deliver`; nothing here may open a file or a connection.
"""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.base.errors import UsageError
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import Channel
from hotpapers.base.suggestions import list_choices
from hotpapers.base.wings import load_lazily
from hotpapers.publish.hooks import Renderer
from hotpapers.publish.view.site_config import SiteConfig

CHANNELS: dict[str, Callable[[SiteConfig], Channel]] = {
    name: load_lazily(place)
    for name, place in {
        "feeds": "hotpapers.publish.render.feeds:FeedsChannel",
        "markdown": "hotpapers.publish.render.markdown:MarkdownChannel",
        "site": "hotpapers.publish.render.html.pages:SiteChannel",
        **{renderer.name: renderer.place for renderer in hooks_of(Renderer)},
    }.items()
}
"""Channel factories by name, also those of wings."""


def find_channel(name: str, site_config: SiteConfig) -> Channel:
    """Return the channel with this name. Raises UsageError."""
    if name not in CHANNELS:
        raise UsageError(f"{name}: no such channel; choose from {list_choices(name, CHANNELS)}")
    return CHANNELS[name](site_config)
