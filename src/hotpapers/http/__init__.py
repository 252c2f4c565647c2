"""HTTP and websockets, politely: the only package that speaks either.

`PoliteHttpClient` keeps the promises of `model.HttpClient`. It is made once per source and used from one thread.

    client          asks, follows redirects by hand, tries again, hands over
    retry_policy    pure: pace, what a status means, how long a server asks us to wait
    address_guard   which addresses are ours and never fetched; names are resolved and checked here, once
    transport       connections to the very address that was checked; deadlines, stopping, traffic
    bodies          bodies and lines, unpacked and bounded while they come
    streams         answers that do not end, with a heartbeat; websockets over such a connection
    server_dates    what answers tell of the time
    redact_errors   what errors may say: never a token
"""

from __future__ import annotations

from hotpapers.http.client import ClientLimits, PoliteHttpClient, user_agent
from hotpapers.http.retry_policy import HostPacer
from hotpapers.http.server_dates import ServerClocks
from hotpapers.http.transport import TrafficCount, TrafficCounter

__all__ = [
    "ClientLimits",
    "HostPacer",
    "PoliteHttpClient",
    "ServerClocks",
    "TrafficCount",
    "TrafficCounter",
    "user_agent",
]
