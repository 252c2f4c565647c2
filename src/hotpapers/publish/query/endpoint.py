"""One query: its address, parameters, answer and cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from hotpapers.publish.query import request_params
from hotpapers.publish.query.session import QuerySession


class Endpoint(NamedTuple):
    """A query.

    `path`: its API address, with path parameters in braces; the other parameters go in the query string.
    `params`, `answer`: the structs of its parameters and its answer. `cost`: its cost in simple queries.
    `moves`: its answer changes even while nothing is written.
    """

    name: str
    path: str
    params: type[request_params.Params]
    answer: type[msgspec.Struct]
    ask: Callable[[QuerySession, Any], Any]
    cost: int = 1
    moves: bool = False

    @property
    def about(self) -> str:
        """What it returns, in one sentence."""
        return " ".join((self.ask.__doc__ or "").split())
