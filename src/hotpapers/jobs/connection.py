"""The connection of a job to the servers that it asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotpapers.base.http import TrafficCount
from hotpapers.base.model import HttpClient


class Connection(NamedTuple):
    """A source's connection to the network. `traffic`: so far. `forget`: drops ETags and dates, so that lost answers
    are sent again. `close`: closes the connections."""

    http: HttpClient
    traffic: Callable[[], TrafficCount] = TrafficCount
    forget: Callable[[], object] = lambda: None
    close: Callable[[], object] = lambda: None


OpenClient = Callable[[tuple[str, ...], tuple[str, ...]], Connection]
"""Opens a client, given the operator's own addresses, which may be internal, and secrets that no error may show."""
