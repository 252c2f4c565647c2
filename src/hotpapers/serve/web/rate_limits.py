"""Rate limits: a token bucket per client, refilled steadily. In memory, per process.

`backend` refuses whose bucket is empty.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache

MAX_CLIENTS = 50_000
"""Most buckets kept: about 10 MB. Beyond that, the least recently used one is dropped, and so counts as full again."""


class TokenBuckets:
    """A bucket per client with `rate` tokens, refilled within `period` seconds. A rate of 0 means no limit."""

    def __init__(self, rate: int, period: int = 60) -> None:
        self._rate, self._period = rate, period
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and since when in seconds

    def take(self, client: str, cost: int, at: float) -> int:
        """Takes tokens at a moment in seconds. Returns 0 if taken, or the seconds to wait if there are too few.

        A request that costs more than a full bucket takes a full bucket.
        """
        if not self._rate:
            return 0
        tokens, since = self._buckets.pop(client, (self._rate, at))
        tokens = min(self._rate, tokens + (at - since) * self._rate / self._period)
        cost = min(cost, self._rate)
        enough = tokens >= cost
        self._buckets[client] = (tokens - cost if enough else tokens, at)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if enough else int((cost - tokens) * self._period / self._rate) + 1

    def __len__(self) -> int:
        return len(self._buckets)


def client_of(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """The client: the address that the outermost of the trusted proxies saw; without proxies, the peer's address.

    `forwarded`: the values of X-Forwarded-For, in order. Entries written by a client itself are further left than those
    of the proxies, and are ignored. IPv6 addresses are reduced to their /64 network, which belongs to one client.
    """
    entries = [entry.strip() for value in forwarded for entry in value.split(",")]
    address = entries[-proxies] if 0 < proxies <= len(entries) else peer
    return _client_key(address) or peer


@lru_cache(10_000)
def _client_key(address: str) -> str:
    """The client of an address; empty for an invalid address."""
    try:
        client = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(client, ipaddress.IPv6Address):
        if client.ipv4_mapped is not None:
            return str(client.ipv4_mapped)
        return str(ipaddress.ip_network((client, 64), strict=False))
    return str(client)
