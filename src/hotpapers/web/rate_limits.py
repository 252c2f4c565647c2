"""How much one client may ask: a bucket of tokens each, filled steadily. In memory, of one process."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

MOST_CLIENTS = 50_000
"""Buckets kept at once: some 10 MB. Beyond, the one that was used longest ago is forgotten, and so full again."""


class _Bucket(NamedTuple):
    """Tokens that were in it at a moment of a clock, in seconds."""

    tokens: float
    at: float


class TokenBuckets:
    """A bucket a client, with `rate` tokens, filled anew in so many seconds; 0: nobody is limited."""

    def __init__(self, rate: int, within: int = 60) -> None:
        self._rate, self._within = rate, within
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str, cost: int, at: float) -> int:
        """Takes tokens at a moment in seconds; how many seconds to wait, where there are too few: 0 when taken.

        What costs more than a bucket holds is given for a full one.
        """
        if not self._rate:
            return 0
        bucket = self._buckets.pop(client, None)
        since = 0.0 if bucket is None else at - bucket.at
        tokens = self._rate if bucket is None else min(self._rate, bucket.tokens + since * self._rate / self._within)
        cost = min(cost, self._rate)
        enough = tokens >= cost
        self._buckets[client] = _Bucket(tokens - cost if enough else tokens, at)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if enough else int((cost - tokens) * self._within / self._rate) + 1

    def __len__(self) -> int:
        return len(self._buckets)


def client_of(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """Who asks: the address that the outermost of so many trusted proxies saw; without proxies the peer's own.

    `forwarded`: the values of X-Forwarded-For, in order. What a client wrote there itself stands further left than the
    proxies' own entries, and is not looked at. Of an IPv6 address the network (/64) counts: one client has all of it.
    """
    entries = [entry.strip() for value in forwarded for entry in value.split(",")]
    address = entries[-proxies] if 0 < proxies <= len(entries) else peer
    return _client_key(address) or peer


@lru_cache(10_000)
def _client_key(address: str) -> str:
    """The client that an address stands for; empty for what is no address."""
    try:
        address_of_client = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(address_of_client, ipaddress.IPv6Address):
        if address_of_client.ipv4_mapped is not None:
            return str(address_of_client.ipv4_mapped)
        return str(ipaddress.ip_network((address_of_client, 64), strict=False))
    return str(address_of_client)
