"""What becomes of a network's answers when its platform changes. Each function makes one such change."""

from __future__ import annotations

import datetime
import re
import ssl
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from hotpapers.base.errors import NetError
from hotpapers.base.http.retry_policy import Retryable
from tests.base.http.server import answer, client, serving
from tests.base.http.test_tls import resolve
from tests.conftest import data
from tests.loopback import arxiv
from tests.loopback.direct_client import Change
from tests.loopback.network_state import HTML, NetworkState, Reply, Request, json
from tests.loopback.one_network import MOVED, world

Ask = Callable[[Request], Reply]
Edit = Callable[[Any], Any]
EXPIRED = data("net", "expired.example.pem")
NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, for which Python has no name."""
LOGIN = b'<!doctype html><title>Log in</title><form method="post"><input name="user"><input type="password"></form>'
CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><noscript>Enable JavaScript and cookies "
    b'to continue</noscript><script src="/challenge"></script></body></html>'
)
BLOCKED = b"<html><title>Blocked</title><body>You have been blocked by network security.</body></html>"


def on(path: str, change: Change) -> Change:
    """A change of some paths only."""
    pattern = re.compile(path)
    return lambda request, ask: change(request, ask) if pattern.search(request.path) else ask(request)


def answers(status: int, page: bytes, **headers: str) -> Change:
    """A page in place of data."""
    return lambda request, ask: Reply(status, page, HTML, headers)


def demands_a_key(request: Request, ask: Ask) -> Reply:
    """What an API tells strangers once its network has closed it."""
    return json({"error": "This endpoint requires authentication"}, 401)


def shows_feeds_to_accounts(request: Request, ask: Ask) -> Reply:
    """Feeds are there only for accounts, which their addresses name."""
    return ask(request) if "feed" in request.params else Reply(403, BLOCKED, HTML)


def lets_through(number: int) -> Change:
    """Refuses every so many requests, below the limit that its documentation promises."""
    numbers = count(1)
    return lambda request, ask: (
        ask(request) if next(numbers) % (number + 1) else json({"error": "Too many requests"}, 429)
    )


def asks_for(**params: str) -> Change:
    """The network takes a request as one with other parameters, such as a smaller page."""

    def change(request: Request, ask: Ask) -> Reply:
        changed = {name: [value] for name, value in params.items() if name in request.params}
        return ask(request._replace(params={**request.params, **changed}))

    return change


def edited(edit: Edit) -> Change:
    """The JSON of an answer, or of a stream's message, is another."""

    def change(request: Request, ask: Ask) -> Reply:
        reply = ask(request)
        return reply._replace(body=msgspec.json.encode(edit(msgspec.json.decode(reply.body)))) if reply.body else reply

    return change


def renamed(**names: str) -> Change:
    """Fields have other names, at any depth."""
    return edited(lambda value: _deep(value, lambda name, part: (names.get(name, name), part)))


def with_values(**edits: Edit) -> Change:
    """Fields have other values, at any depth."""
    return edited(lambda value: _deep(value, lambda name, part: (name, edits[name](part) if name in edits else part)))


def without(*names: str) -> Change:
    """Fields are missing."""
    return edited(lambda value: _deep(value, lambda name, part: None if name in names else (name, part)))


def _deep(value: Any, edit: Callable[[str, Any], tuple[str, Any] | None]) -> Any:
    """JSON with each member of each object as `edit` returns it."""
    if isinstance(value, dict):
        pairs = (edit(name, part) for name, part in value.items())
        return {name: _deep(part, edit) for name, part in filter(None, pairs)}
    return [_deep(part, edit) for part in value] if isinstance(value, list) else value


def replaced(old: bytes, new: bytes) -> Change:
    """Some bytes are others."""

    def change(request: Request, ask: Ask) -> Reply:
        reply = ask(request)
        return reply._replace(body=reply.body.replace(old, new))

    return change


def redirects(request: Request, ask: Ask) -> Reply:
    """Everything has moved to another host."""
    query = urlencode(request.params, doseq=True)
    return Reply(301, b"", HTML, {"location": f"http://{MOVED}{request.path}{f'?{query}' if query else ''}"})


def has_expired(request: Request, ask: Ask) -> Retryable:
    """The host's certificate has expired: what the program's own client says of such a server, which it can read as
    soon as nobody looks at dates."""
    own, authority = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=EXPIRED)
    own.load_cert_chain(EXPIRED)
    with serving(own) as server:
        server.on("/", answer(200, b"read"))
        url = f"https://expired.example:{server.port}/"
        settings: dict[str, Any] = {"base_addresses": [url], "resolve": resolve, "context": authority}
        with client(**settings) as http, pytest.raises(NetError) as refusal:
            http.get(url)
        assert not server.requests, "nothing is sent over a connection with a wrong certificate"
        authority.verify_flags = ssl.VerifyFlags(authority.verify_flags | NO_CHECK_TIME)
        with client(**settings) as http:
            assert http.get(url).body == b"read"
    return Retryable(str(refusal.value), sent=False)


def refuses(parameter: str) -> Change:
    """Requests with a parameter, such as a cursor, are refused."""

    def change(request: Request, ask: Ask) -> Reply:
        return json({"error": f"invalid {parameter}"}, 400) if parameter in request.params else ask(request)

    return change


def has_yesterdays_papers(request: Request, ask: Ask) -> Reply:
    """arXiv's feed has the papers of the day before under the day's date."""
    [today] = _DATE.findall(ask(request).body)[:1]
    before = parsedate_to_datetime(today.decode()) - datetime.timedelta(hours=12)
    earlier = arxiv.answer(NetworkState(world(), round(before.timestamp()) * 1_000_000, "arxiv"), request)
    return earlier._replace(body=_DATE.sub(today, earlier.body))


_DATE = re.compile(rb"(?<=<pubDate>)[^<]+")


def keeps(hours: int) -> Change:
    """Timelines no longer show what is so much older than their newest entry."""

    def cut(rows: list[Any]) -> list[Any]:
        moments = [datetime.datetime.fromisoformat(row["created_at"]) for row in rows]
        since = max(moments, default=datetime.datetime.now(datetime.UTC)) - datetime.timedelta(hours=hours)
        return [row for row, moment in zip(rows, moments, strict=True) if moment > since]

    return edited(cut)


def short_feed(number: int) -> Change:
    """An Atom feed ends early."""

    def change(request: Request, ask: Ask) -> Reply:
        head, *entries = ask(request).body.partition(b"</feed>")[0].split(b"<entry>")
        return Reply(200, b"<entry>".join([head, *entries[:number]]) + b"</feed>", "application/atom+xml")

    return change


def cut_to(number: int, *place: str) -> Change:
    """Lists end early. `place`: where in the answer the list is."""

    def cut(value: Any, *names: str) -> Any:
        if names:
            return {**value, names[0]: cut(value[names[0]], *names[1:])} if names[0] in value else value
        return value[:number] if isinstance(value, list) else value

    return edited(lambda value: cut(value, *place))
