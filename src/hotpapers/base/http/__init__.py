"""Polite HTTP and websockets. No other package speaks either.

`PoliteHttpClient` implements `model.HttpClient`. Create one per source and use it from one thread.

    client          sends requests, follows redirects itself, retries
    retry_policy    pure: pace, what a status means, how long a server asks us to wait
    address_guard   which addresses are internal and never fetched; names are resolved and checked here, once
    transport       connections to exactly the address that was checked; deadlines, stopping, traffic counts
    bodies          bodies and lines, decompressed and size-limited as they arrive
    streams         endless responses, with a heartbeat; websockets over a checked connection
    server_dates    what responses say about the time
    redact_errors   keeps tokens out of error messages
    listen_address  the address that a server of this program listens on
"""

from __future__ import annotations

from hotpapers.base.http.client import ClientLimits, PoliteHttpClient, bearer, user_agent
from hotpapers.base.http.retry_policy import HostPacer
from hotpapers.base.http.server_dates import ServerClocks
from hotpapers.base.http.transport import TrafficCount, TrafficCounter
