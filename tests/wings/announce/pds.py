"""A small AT Protocol account server on 127.0.0.1: one account, its records, and sessions that expire."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.base.http.server import Handler, Play, Server, answer, serving

DID, PASSWORD = "did:plc:aaaabbbbccccddddeeee2345", "abcd-efgh-ijkl-mnop"
XRPC = "/xrpc/com.atproto."
COLLECTION = "app.bsky.feed.post"


class Pds:
    """`records`: by key, in order of creation. `tokens`: the valid access tokens."""

    def __init__(self, server: Server) -> None:
        self.server, self.host = server, server.base
        self.records: dict[str, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        self.password, self.did = PASSWORD, DID
        self._number = 0
        for name in ("server.createSession", "repo.getRecord", "repo.createRecord", "repo.putRecord"):
            server.on(f"{XRPC}{name}", self._play(name.partition(".")[2]))

    def script(self, name: str, *plays: Play) -> None:
        """Scripts replies to a method, in order; the last one repeats."""
        server = self.server
        server.on(f"{XRPC}{name}", *plays)

    def usual_reply(self, name: str) -> Play:
        """The normal reply, for use among scripted ones."""
        return self._play(name.partition(".")[2])

    @property
    def methods(self) -> list[str]:
        """The methods requested, in order."""
        return [request.path.partition("?")[0].rpartition(".")[2] for request in self.server.requests]

    def _play(self, name: str) -> Play:
        def handle(handler: Handler) -> None:
            request = self.server.requests[-1]
            body = json.loads(request.body) if request.body else {}
            params = {key: values[0] for key, values in parse_qs(urlsplit(request.path).query).items()}
            status, reply = getattr(self, f"_{name}")(body or params, request.headers.get("authorization", ""))
            answer(status, json.dumps(reply).encode(), content_type="application/json")(handler)

        return handle

    def _createSession(self, params: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:  # noqa: N802
        if params != {"identifier": DID, "password": self.password}:
            return 401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
        return 200, self._session()

    def _session(self) -> dict[str, Any]:
        self._number += 1
        self.tokens = {f"Bearer access{self._number}"}
        return {"did": self.did, "accessJwt": f"access{self._number}", "refreshJwt": f"refresh{self._number}", "x": 1}

    def _getRecord(self, params: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:  # noqa: N802
        if token not in self.tokens:
            return 400, {"error": "ExpiredToken", "message": "Token has expired"}
        if params["rkey"] not in self.records:
            return 400, {"error": "RecordNotFound", "message": "Could not locate record"}
        return 200, self._ref(params["collection"], params["rkey"])

    def _createRecord(self, params: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:  # noqa: N802
        if params["rkey"] in self.records:
            return 500, {"error": "InternalServerError", "message": "There is already a value at that key"}
        return self._putRecord(params, token)

    def _putRecord(self, params: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:  # noqa: N802
        if token not in self.tokens:
            return 400, {"error": "ExpiredToken", "message": "Token has expired"}
        assert params["repo"] == DID
        self.records[params["rkey"]] = params["record"]
        return 200, self._ref(params["collection"], params["rkey"])

    def _ref(self, collection: str, rkey: str) -> dict[str, Any]:
        record_bytes = json.dumps(self.records[rkey], sort_keys=True).encode()
        uri, cid = f"at://{DID}/{collection}/{rkey}", f"bafy{hashlib.sha256(record_bytes).hexdigest()[:20]}"
        return {"uri": uri, "cid": cid, "value": self.records[rkey]}


@contextmanager
def running_pds() -> Iterator[Pds]:
    """Runs an account server until the block ends."""
    with serving() as server:
        yield Pds(server)
