"""How often each host may be asked."""

from __future__ import annotations

from collections.abc import Callable

from hotpapers.base.errors import StoreError
from hotpapers.base.http import HostPacer
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.record import Record

PACE = {"arxiv.org": 3.0, "lobste.rs": 10.0, "hacker-news.firebaseio.com": 0.2, "www.reddit.com": 6.0}
"""Minimum seconds between the starts of two requests to a host and its subdomains; one second for all others."""
SHARED = frozenset({"arxiv.org"})
"""Hosts that allow only one pace for all machines of a site, so it is kept in the store."""


class SitePacer:
    """Seconds until a host may be asked, across all processes of the site if the host wants one pace per site.

    For one thread. `within`: the pace of all other hosts, across the threads of this process. After a store failure,
    the next call reopens the store.
    """

    def __init__(self, open_record: Callable[[], Record], within: HostPacer) -> None:
        self._open = open_record
        self._within = within
        self._record: Record | None = None

    def __call__(self, host: str, pace: float) -> float:
        """Reserves the next moment for a host and returns the seconds until then. Raises StoreError."""
        if host not in SHARED:
            return self._within(host, pace)
        try:
            self._record = self._record or self._open()
            return jobs_queries.reserve_moment(self._record, host, pace)
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the store."""
        if self._record is not None:
            self._record.database.close()
            self._record = None
