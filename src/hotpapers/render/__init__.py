"""Channels: where issues go. A new channel is one file, and its name here."""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.errors import UsageError
from hotpapers.model import Channel
from hotpapers.view.site_config import NOBODY, SiteConfig


def _classic(_: SiteConfig) -> Channel:
    from hotpapers.render.classic import ClassicChannel

    return ClassicChannel()


def _feeds(site_config: SiteConfig) -> Channel:
    from hotpapers.render.feeds import FeedsChannel

    return FeedsChannel(site_config)


def _markdown(site_config: SiteConfig) -> Channel:
    from hotpapers.render.markdown import MarkdownChannel

    return MarkdownChannel(site_config)


def _site(site_config: SiteConfig) -> Channel:
    from hotpapers.render.html.site import SiteChannel

    return SiteChannel(site_config)


CHANNELS: dict[str, Callable[[SiteConfig], Channel]] = {
    "classic": _classic,
    "feeds": _feeds,
    "markdown": _markdown,
    "site": _site,
}
"""Each channel by name, made for an operator; loaded when it is made."""


def channel(name: str, site_config: SiteConfig = NOBODY) -> Channel:
    """The channel of a name. Raises UsageError."""
    if name not in CHANNELS:
        raise UsageError(f"{name}: no such channel; there are {', '.join(CHANNELS)}")
    return CHANNELS[name](site_config)
