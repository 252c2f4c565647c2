"""The resources shared by all parts of the app: threads for work that waits for the store, sessions, each client's
budget."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from operator import attrgetter
from typing import NamedTuple, TypeVar

from starlette.types import Scope

from hotpapers.base import network_terms
from hotpapers.base.durations import format_duration
from hotpapers.base.errors import StoreError, UsageError
from hotpapers.base.model import SiteProofs
from hotpapers.publish.query import QuerySession
from hotpapers.publish.query.session import SessionState
from hotpapers.record import Record
from hotpapers.serve.connections import TokenBuckets, client_of
from hotpapers.serve.http_messages import Refused
from hotpapers.serve.own_hosts import OwnHosts

Result = TypeVar("Result")


class ServeConfig(NamedTuple):
    """The operator's choices. `terms`: the networks'. `rate`: simple requests per client and minute, 0 for no limit.
    `proxies`: the operator's proxies in front. `proofs`: the proofs of issues. `base`: the app's public address, empty
    if it has none. `hosts`: its other names; `listens_on`: the IP address that it listens on."""

    terms: network_terms.Table = network_terms.TERMS
    rate: int = 300
    proxies: int = 0
    proofs: SiteProofs | None = None
    base: str = ""
    hosts: tuple[str, ...] = ()
    listens_on: str = "127.0.0.1"


DEFAULT = ServeConfig()


class Lane:
    """Threads for one kind of work, so that another kind does not delay it. At most `most` works are pending, and
    `per_client` of one client; 0 for no such limit."""

    def __init__(self, threads: int, most: int, per_client: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="serve")
        self._most = most
        self._per_client = per_client
        self._pending = Counter[str]()
        self._lock = threading.Lock()

    def begin(self, work: Callable[[], Result], client: str = "") -> Future[Result] | None:
        """Runs work as soon as a thread is free; None if a limit is reached."""
        if not self._enter(client):
            return None
        future = self._pool.submit(work)
        future.add_done_callback(lambda _: self._leave(client))
        return future

    async def run(self, work: Callable[[], Result], client: str = "") -> Result:
        """The result of work. Raises Refused if a limit is reached. Work whose client has left keeps its place until
        its thread is free."""
        if not self._enter(client):
            raise Refused(503, "too many concurrent requests", 1)
        future = self._pool.submit(work)
        try:
            return await asyncio.wrap_future(future)
        finally:
            future.add_done_callback(lambda _: self._leave(client))

    def _enter(self, client: str) -> bool:
        with self._lock:
            is_full = 0 < self._most <= self._pending.total()
            if is_full or (client and 0 < self._per_client <= self._pending[client]):
                return False
            self._pending[client] += 1
            return True

    def _leave(self, client: str) -> None:
        with self._lock:
            self._pending[client] -= 1
            if not self._pending[client]:
                del self._pending[client]

    def close(self) -> None:
        """Waits for running work and cancels the rest."""
        self._pool.shutdown(cancel_futures=True)


class Backend:
    """Made once for an app. `open_record`: opens a new connection to the store. Nothing is opened in the constructor,
    so its caller may still fork processes. Close it after use."""

    def __init__(self, open_record: Callable[[], Record], config: ServeConfig = DEFAULT) -> None:
        self._open_record = open_record
        self.config = config
        self.hosts = OwnHosts(config.base, config.hosts, config.listens_on)
        self._buckets = TokenBuckets(config.rate)
        self._idle: list[QuerySession] = []
        self._lanes: list[Lane] = []
        self._states = self.lane(1)
        self._is_file = False  # until a connection tells

    def lane(self, threads: int, most: int = 0, per_client: int = 0) -> Lane:
        """A lane that is closed with the backend."""
        self._lanes.append(Lane(threads, most, per_client))
        return self._lanes[-1]

    def open_record(self) -> Record:
        """A new connection. Raises StoreError, also if there is no store, as that is not the client's fault."""
        try:
            return self._open_record()
        except UsageError as problem:
            raise StoreError(str(problem)) from problem

    def call(self, work: Callable[[QuerySession], Result]) -> Result:
        """The result of work with a session that nobody else uses meanwhile. Work only reads: it is done again if a
        session had lost its server while nobody used it. Raises StoreError."""
        idle = session = self._idle.pop() if self._idle else None
        if session is None:
            record = self.open_record()
            self._is_file = record.database.name == "sqlite"
            config = self.config
            session = QuerySession(record, config.terms, public=True, proofs=config.proofs, address=config.base)
        is_usable = True
        try:
            return work(session)
        except StoreError:  # the database server may have gone away: the next request gets a new connection
            is_usable = False
            is_over = idle is None or not session.record.database.is_lost
            session.record.database.close()
            if is_over:
                raise
        finally:
            if is_usable:
                self._idle.append(session)
        return self.call(work)

    def state_at_once(self) -> SessionState | None:
        """The state for which cached answers are valid. Returns None where asking means waiting for a server. Raises
        StoreError."""
        return self.call(attrgetter("state")) if self._is_file else None

    async def state(self) -> SessionState:
        """The state for which cached answers are valid; a server is asked in a thread. Raises StoreError."""
        at_once = self.state_at_once()
        if at_once is not None:
            return at_once
        return await self._states.run(partial(self.call, attrgetter("state")))

    def client_of(self, scope: Scope) -> str:
        """The client that a request counts for."""
        peer = scope.get("client")
        forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return client_of(str(peer[0]) if peer else "", forwarded, self.config.proxies)

    def spend(self, scope: Scope, cost: int) -> None:
        """Takes the cost of a request, in simple ones, from its client's budget. Raises Refused."""
        if seconds := self._buckets.take(self.client_of(scope), cost, time.monotonic()):
            raise Refused(429, f"too many requests; try again in {format_duration(seconds)}", seconds)

    def close(self) -> None:
        """Waits for running work, and closes all connections."""
        for lane in self._lanes:
            lane.close()
        while self._idle:
            self._idle.pop().record.database.close()
