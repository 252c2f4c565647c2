"""Websockets: opened over a connection that was checked, pinged, bounded, compressed, counted."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, cast

import httpx2
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from hotpapers.errors import NetError, RequestRefused
from hotpapers.http.retry_policy import Retryable, check_status
from hotpapers.http.transport import CountedSocket, TrafficCounter

CLOSING = 2.0
"""Seconds that a server has for its goodbye."""

# The library writes every header into its log at level DEBUG, tokens too: it gets a logger that never speaks.
_SILENT = logging.getLogger("hotpapers.http.websocket")
_SILENT.setLevel(logging.CRITICAL + 1)


def open_websocket(
    url: httpx2.URL, sock: socket.socket, context: ssl.SSLContext, headers: Mapping[str, str],
    *, traffic: TrafficCounter, timeout: float, ping: float, limit: int, now: int,
) -> ClientConnection | Retryable:  # fmt: skip
    """A websocket over a connected socket, which it closes. Raises RetryLater and RequestRefused. Redirects are not
    followed."""

    def counted(sock: socket.socket, *rest: Any, **settings: Any) -> ClientConnection:
        return ClientConnection(cast("socket.socket", CountedSocket(sock, traffic)), *rest, **settings)

    # whoever asks for a packing of its own must not be offered another
    compression = None if "socket-encoding" in headers else "deflate"
    try:
        return connect(
            str(url), sock=sock, ssl=context if url.scheme == "wss" else None, proxy=None, compression=compression,
            user_agent_header=None, additional_headers=headers, logger=_SILENT, max_size=limit,
            open_timeout=timeout, ping_interval=ping, ping_timeout=ping, close_timeout=CLOSING,
            create_connection=cast("type[ClientConnection]", counted),
        )  # fmt: skip
    except InvalidStatus as problem:
        answer = problem.response
        response_headers = {name.lower(): value for name, value in answer.headers.raw_items()}
        return check_status(answer.status_code, response_headers, (), now) or Retryable(
            f"answered {answer.status_code}, no websocket"
        )
    except (OSError, WebSocketException) as problem:
        return Retryable(str(problem) or type(problem).__name__)
    except ValueError:  # what the library says when a redirect would need another socket than ours
        raise RequestRefused("redirects, which a websocket does not follow") from None


def next_message(connection: ClientConnection, seconds: float) -> Sequence[bytes]:
    """The next message, text as UTF-8; none where none came in time. Raises NetError once the connection has ended."""
    try:
        return (connection.recv(timeout=seconds, decode=False),)
    except TimeoutError:
        return ()
    except ConnectionClosed as problem:
        raise NetError(f"closed: {problem}") from None
