"""An account on Bluesky, through its personal data server (AT Protocol, `com.atproto.server` and `.repo`).

Signs in with an app password. The session lasts a few hours; when it has expired, it signs in again. Errors never
contain a password or token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from hotpapers.base.errors import InputError, NetError, RequestRefused
from hotpapers.base.http import bearer_header
from hotpapers.base.model import HttpClient, Response, printable_line
from hotpapers.base.settings.announce import BlueskyAccount, read_secret
from hotpapers.base.untrusted_json import decode_json
from hotpapers.collect.sources.decoding import decode_response

T = TypeVar("T")
MAX_ERROR_CHARS = 120
"""Characters shown of a server's error message."""
EXPIRED = "ExpiredToken"
REFUSALS = (400, 401)
"""Statuses of answers that name an error."""
MISSING = ("RecordNotFound", "InvalidRequest")
"""Errors by which servers report that a record does not exist."""


class RecordRef(msgspec.Struct, frozen=True):
    """A reference to a record: its address and the hash of its content."""

    uri: str
    cid: str


class RecordDraft(NamedTuple):
    """A record to put: its key, and its content, whose `$type` is its collection."""

    rkey: str
    content: Mapping[str, Any]


class _Session(msgspec.Struct, frozen=True, rename={"access": "accessJwt"}):
    did: str
    access: str


class _Error(msgspec.Struct):
    error: str = ""
    message: str = ""


class _Reply(NamedTuple):
    """A response and its error; `error` is empty on success."""

    response: Response
    error: str
    words: str


class AtprotoAccount:
    """One account. `key`: its setting. Raises SettingsError."""

    def __init__(self, settings: BlueskyAccount, key: str) -> None:
        self.did = settings.account
        self.host = settings.host
        self.password = read_secret(settings.password, f"{key}: password")
        self._session: _Session | None = None

    def find(self, http: HttpClient, collection: str, rkey: str) -> RecordRef | None:
        """The account's record with a key, or None. Raises RetryLater, RequestRefused, NetError."""
        params = {"repo": self.did, "collection": collection, "rkey": rkey}
        address = f"{self.host}/xrpc/com.atproto.repo.getRecord"
        reply = self._with_session(
            http, lambda headers: _reply_of(http.get(address, params=params, headers=headers, accept=REFUSALS))
        )
        return None if reply.error in MISSING else self._read(reply, RecordRef)

    def put(self, http: HttpClient, draft: RecordDraft, *, is_new: bool = False) -> RecordRef:
        """Creates a record, or replaces the one with the same key; if it `is_new`, the key must be unused. Raises
        RetryLater, RequestRefused, NetError."""
        method = "com.atproto.repo.createRecord" if is_new else "com.atproto.repo.putRecord"
        rkey, content = draft
        body = {"repo": self.did, "collection": content["$type"], "rkey": rkey, "record": content}
        return self._read(self._with_session(http, lambda headers: self._post(http, method, body, headers)), RecordRef)

    # ---- the session ---------------------------------------------------------------------------------

    def _with_session(self, http: HttpClient, ask: Callable[[dict[str, str]], _Reply]) -> _Reply:
        """Sends a request with a session; once more if the session has expired."""
        session = self._session or self._sign_in(http)
        reply = ask(bearer_header(session.access))
        if reply.error == EXPIRED or reply.response.status == 401:
            reply = ask(bearer_header(self._sign_in(http).access))
        return reply

    def _sign_in(self, http: HttpClient) -> _Session:
        credentials = {"identifier": self.did, "password": self.password}
        reply = self._post(http, "com.atproto.server.createSession", credentials, {})
        if reply.error:  # the settings are wrong, not the message: it can be sent once they are fixed
            raise NetError(f"{self.host} refused to sign in {self.did}: {reply.words}", tries=0)
        self._session = self._read(reply, _Session)
        if self._session.did != self.did:
            raise NetError(f"{self.host} signed in to an account other than {self.did}", tries=0)
        return self._session

    # ---- one request ---------------------------------------------------------------------------------

    def _post(self, http: HttpClient, method: str, body: dict[str, Any], headers: dict[str, str]) -> _Reply:
        data = msgspec.json.encode(body)
        headers = {"content-type": "application/json", **headers}
        url = f"{self.host}/xrpc/{method}"
        return _reply_of(http.post(url, body=data, headers=headers, accept=REFUSALS))

    def _read(self, reply: _Reply, kind: type[T]) -> T:
        if reply.error:
            raise RequestRefused(f"{self.host}: {reply.words}", reply.response.status)
        return decode_response(reply.response, kind)


def _reply_of(response: Response) -> _Reply:
    if response.status < 400:
        return _Reply(response, "", "")
    try:
        problem = decode_json(response.body, _Error)
    except InputError:
        problem = _Error()
    error = problem.error or f"status {response.status}"
    words = printable_line(f"{error}: {problem.message}").rstrip(": ")
    return _Reply(response, error, words[:MAX_ERROR_CHARS])
