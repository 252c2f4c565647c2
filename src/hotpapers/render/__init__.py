"""Channels: where issues go. A new channel is one file, and its name here."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from hotpapers.errors import UsageError
from hotpapers.model import Channel
from hotpapers.view.site_config import NOBODY, SiteConfig


def _loading(module: str, name: str) -> Callable[[SiteConfig], Channel]:
    """Makes a channel of a class that is loaded when the first one is made."""
    return lambda config: getattr(importlib.import_module(module), name)(config)  # noqa: PLW0108 only then it is loaded


CHANNELS = {
    "classic": _loading("hotpapers.render.classic", "ClassicChannel"),
    "feeds": _loading("hotpapers.render.feeds", "FeedsChannel"),
    "markdown": _loading("hotpapers.render.markdown", "MarkdownChannel"),
    "site": _loading("hotpapers.render.html.pages", "SiteChannel"),
}
"""Each channel by name, made for an operator."""


def channel(name: str, site_config: SiteConfig = NOBODY) -> Channel:
    """The channel of a name. Raises UsageError."""
    if name not in CHANNELS:
        raise UsageError(f"{name}: no such channel; there are {', '.join(CHANNELS)}")
    return CHANNELS[name](site_config)
