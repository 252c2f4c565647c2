"""Channels: where issues go. A new channel is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.errors import UsageError
from hotpapers.model import Channel
from hotpapers.publish.classic import Classic
from hotpapers.publish.plain import Markdown
from hotpapers.publish.site import Site

CHANNELS: dict[str, Callable[[str], Channel]] = {
    "classic": lambda _: Classic(),
    "markdown": lambda _: Markdown(),
    "site": Site,
}
"""Each channel by name, made for an operator's public contact."""


def channel(name: str, contact: str = "") -> Channel:
    """The channel of a name. Raises UsageError."""
    if name not in CHANNELS:
        raise UsageError(f"{name}: no such channel; there are {', '.join(CHANNELS)}")
    return CHANNELS[name](contact)
