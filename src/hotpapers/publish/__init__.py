"""Channels: where issues go. A new channel is one file, and its name here."""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.errors import UsageError
from hotpapers.model import Channel
from hotpapers.publish.imprint import NOBODY, Imprint


def _classic(_: Imprint) -> Channel:
    from hotpapers.publish.classic import Classic

    return Classic()


def _feeds(imprint: Imprint) -> Channel:
    from hotpapers.publish.feeds import Feeds

    return Feeds(imprint)


def _markdown(_: Imprint) -> Channel:
    from hotpapers.publish.plain import Markdown

    return Markdown()


def _site(imprint: Imprint) -> Channel:
    from hotpapers.publish.site import Site

    return Site(imprint)


CHANNELS: dict[str, Callable[[Imprint], Channel]] = {
    "classic": _classic,
    "feeds": _feeds,
    "markdown": _markdown,
    "site": _site,
}
"""Each channel by name, made for an operator; loaded when it is made."""


def channel(name: str, imprint: Imprint = NOBODY) -> Channel:
    """The channel of a name. Raises UsageError."""
    if name not in CHANNELS:
        raise UsageError(f"{name}: no such channel; there are {', '.join(CHANNELS)}")
    return CHANNELS[name](imprint)
