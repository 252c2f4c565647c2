"""Replies that hold until something is written to the record, so that most requests only look at the last batch.
Identical concurrent requests share one reply."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.types import Scope

from hotpapers.base.errors import StoreError
from hotpapers.publish.query.session import NEVER_READ
from hotpapers.serve.backend import Backend
from hotpapers.serve.http_messages import Refused, Reply, has_body, takes_gzip
from hotpapers.serve.page_cache import ByteCache

CACHE_BYTES = 64_000_000
"""Bytes of cached replies."""
MAX_KEY_BYTES = 2_000
"""Bytes of the longest query whose reply is kept."""

Key = tuple[str, bytes, bool]
"""Path, query, whether compressed."""


class AnswerCache:
    """The replies of one part of the app. Used from one event loop."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.replies = ByteCache[Key, Reply](CACHE_BYTES)
        self.state = NEVER_READ  # what the replies are of

    def ready(self, scope: Scope) -> Reply | None:
        """A cached reply to GET or HEAD that is known to be current without waiting, paid for by its client."""
        answer = self.replies.get(_key(scope))
        if answer is None or has_body(scope):
            return None
        try:
            if self.backend.state_at_once() != self.state:
                return None
            self.backend.spend(scope, 1)
        except (StoreError, Refused):  # the routes say so
            return None
        return answer

    async def current(self, scope: Scope) -> Reply | None:
        """A cached reply, after dropping all that no longer hold. Raises StoreError."""
        state = await self.backend.state()
        if state != self.state:
            self.replies.clear()  # replies that are still being made hold on to it
            self.replies = ByteCache(CACHE_BYTES)
            self.state = state
        return self.replies.get(_key(scope))

    async def make(self, scope: Scope, make: Callable[[], Coroutine[Any, Any, Reply]], *, keep: bool = True) -> Reply:
        """The reply that `make` returns to all who ask the same meanwhile, and with `keep` also later."""
        is_short = len(scope["query_string"]) <= MAX_KEY_BYTES
        return await self.replies.get_or_make(_key(scope), make, keep=keep and is_short)

    def spend_rest(self, scope: Scope, cost: int) -> None:
        """Takes the rest of a request's cost from its client's budget; one is already spent. Raises Refused."""
        self.backend.spend(scope, min(cost, self.backend.config.rate) - 1)


def _key(scope: Scope) -> Key:
    return scope["path"], scope["query_string"], takes_gzip(scope)
