"""Polite HTTP and websockets. Networks are read through nothing else.

`PoliteHttpClient` implements `model.HttpClient`. Create one per source and use it from one thread.

    client          sends requests, follows redirects itself, retries
    retry_policy    pure: pace, waits before retries, what a status means, what a server's dates say of our clock
    address_guard   which addresses are internal and never fetched; names are resolved and checked here, once;
                    the address that a server of ours listens on
    proxies         which requests go through which proxy, and connections through one
    transport       connections to exactly the address that was checked; deadlines, stopping, traffic counts
    streams         bodies and lines, decompressed and size-limited as they arrive; websockets over a checked connection
    redact_errors   keeps tokens out of error messages
"""

from __future__ import annotations

from hotpapers.base.http.client import PoliteHttpClient, bearer_header, user_agent
from hotpapers.base.http.retry_policy import HostPacer, ServerClocks
from hotpapers.base.http.transport import ClientLimits, TrafficCount
