"""A real AT Protocol network on this machine, and people who use it."""

from __future__ import annotations

import base64
import datetime
import json
import os
import selectors
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.atproto.jetstream import running_jetstream
from tests.database_servers import DatabaseServers, scratch_folder, stop_program

FOLDER = Path(__file__).parent
SECONDS = 90.0
"""Timeout for anything the network does."""
TRIES = 2
"""How often to try to start it: a free port may be taken a moment later."""
POST, LIKE, REPOST = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"
ADMIN = "Basic " + base64.b64encode(b"admin:admin-pass").decode()
"""The administrator's credentials on the development network."""
_numbers = count(1)


class Ref(NamedTuple):
    """A record's address and content hash."""

    uri: str
    cid: str


class Counts(NamedTuple):
    """A post's counts according to the network."""

    likes: int
    reposts: int
    replies: int
    quotes: int


class NetworkError(Exception):
    """The network answered with an error."""


class Network:
    """A running network. `view` is None if nothing counts. `subjects`: the posts that each record refers to, by URI."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process, self._buffer = process, b""
        self._pending: set[str] = set()
        self.subjects: dict[str, list[str]] = {}
        message = self._read_message()
        self.pds = f"http://127.0.0.1:{message['pds']}"
        self.view = f"http://127.0.0.1:{message['view']}" if message["view"] else None
        self.relay = f"ws://127.0.0.1:{message['pds']}/xrpc/com.atproto.sync.subscribeRepos"
        self.jetstream = ""

    def tell(self, do: str, **more: Any) -> None:
        """Have the network do something (see network.mjs for the commands), and wait until it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        self._process.stdin.flush()
        message = self._read_message()
        assert message.get("done") == do, message.get("error")

    def settle_earlier_acts(self, posts: Collection[str]) -> None:
        """Let the view count earlier reactions to these posts before there are more.

        It processes different people's actions in parallel, and may count only one of two that concern the same post.
        """
        if self.view and not self._pending.isdisjoint(posts):
            self.settle()
        self._pending.update(posts)

    def settle(self) -> None:
        """Wait until the view has processed and counted everything."""
        self.tell("processAll")
        self._pending.clear()

    def close(self) -> None:
        """Stop the network."""
        _close(self._process)

    def _read_message(self) -> dict[str, Any]:
        """The next line of JSON from the network. Other lines are logs."""
        deadline = time.monotonic() + SECONDS
        while True:
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                self._buffer += self._read_chunk(deadline - time.monotonic())
                continue
            self._buffer = rest
            if line.startswith(b"{"):
                message: dict[str, Any] = json.loads(line)
                return message

    def _read_chunk(self, seconds: float) -> bytes:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if seconds <= 0 or not selector.select(seconds):
                raise NetworkError(f"the network sent nothing for {SECONDS:g} s")
        chunk = os.read(self._process.stdout.fileno(), 65_536)
        if not chunk:
            raise NetworkError(f"the network ended with status {self._process.wait(SECONDS)}")
        return chunk

    def person(self) -> Person:
        """Create an account with a handle of its own."""
        handle = f"reader{next(_numbers)}.test"
        body = {"handle": handle, "email": f"{handle}@example.org", "password": "a made-up word"}
        response = call(f"{self.pds}/xrpc/com.atproto.server.createAccount", body)
        return Person(self, response["did"], handle, f"Bearer {response['accessJwt']}")

    def take_down(self, did: str, applied: bool = True) -> None:
        """As the administrator, take an account down, or bring it back."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": did}
        body = {"subject": subject, "takedown": {"applied": applied, "ref": "made up"}}
        call(f"{self.pds}/xrpc/com.atproto.admin.updateSubjectStatus", body, ADMIN)

    def delete_account(self, did: str) -> None:
        """As the administrator, delete an account for good."""
        call(f"{self.pds}/xrpc/com.atproto.admin.deleteAccount", {"did": did}, ADMIN)

    def counts(self, uris: Sequence[str]) -> dict[str, Counts]:
        """The view's counts of those posts that it shows, once it has processed everything."""
        self.settle()
        counts: dict[str, Counts] = {}
        for start in range(0, len(uris), 25):
            query = urlencode([("uris", uri) for uri in uris[start : start + 25]])
            response = call(f"{self.view}/xrpc/app.bsky.feed.getPosts?{query}")
            for post in response["posts"]:
                names = ("likeCount", "repostCount", "replyCount", "quoteCount")
                counts[post["uri"]] = Counts(*(post[name] for name in names))
        return counts


class Person(NamedTuple):
    """A logged-in user."""

    network: Network
    did: str
    handle: str
    login: str

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request to the user's server."""
        return call(f"{self.network.pds}/xrpc/{method}", params, self.login)

    def deactivate(self) -> None:
        """Deactivate the account."""
        self.ask("com.atproto.server.deactivateAccount")

    def reactivate(self) -> None:
        """Activate the account again."""
        call(f"{self.network.pds}/xrpc/com.atproto.server.activateAccount", login=self.login, verb="POST")

    def create(self, collection: str, record: dict[str, Any], *subjects: Ref) -> Ref:
        """Create a record. `subjects`: the posts that it reacts to."""
        posts = [post.uri for post in subjects]
        self.network.settle_earlier_acts(posts)
        response = self.ask("com.atproto.repo.createRecord", repo=self.did, collection=collection, record=record)
        self.network.subjects[response["uri"]] = posts
        return Ref(response["uri"], response["cid"])

    def post(self, text: str, *, link: str = "", card: str = "") -> Ref:
        """Write a post; optionally with a link under its last word, or with a card."""
        return self.create(POST, post_record(text, link=link, card=card))

    def reply(self, post: Ref, text: str) -> Ref:
        """Reply to a post."""
        return self.create(
            POST, post_record(text) | {"reply": {"root": post._asdict(), "parent": post._asdict()}}, post
        )

    def quote(self, post: Ref, text: str) -> Ref:
        """Write a post that quotes another one."""
        embed = {"$type": "app.bsky.embed.record", "record": post._asdict()}
        return self.create(POST, post_record(text) | {"embed": embed}, post)

    def edit(self, post: Ref, text: str, *, link: str = "") -> Ref:
        """Replace a post's text."""
        _, _, repo, collection, rkey = post.uri.split("/")
        record = post_record(text, link=link)
        response = self.ask("com.atproto.repo.putRecord", repo=repo, collection=collection, rkey=rkey, record=record)
        return Ref(response["uri"], response["cid"])

    def like(self, post: Ref) -> Ref:
        """Like a post."""
        return self.create(LIKE, {"subject": post._asdict(), "createdAt": moment()}, post)

    def repost(self, post: Ref) -> Ref:
        """Repost a post."""
        return self.create(REPOST, {"subject": post._asdict(), "createdAt": moment()}, post)

    def delete(self, record: Ref) -> None:
        """Delete a post, like or repost."""
        self.network.settle_earlier_acts(self.network.subjects.get(record.uri, ()))
        _, _, repo, collection, rkey = record.uri.split("/")
        self.ask("com.atproto.repo.deleteRecord", repo=repo, collection=collection, rkey=rkey)


def post_record(text: str, *, link: str = "", card: str = "") -> dict[str, Any]:
    """A post as apps write it."""
    record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": moment(), "langs": ["en"]}
    if link:
        end = len(text.encode())
        index = {"byteStart": end - len(text.rsplit(maxsplit=1)[-1].encode()), "byteEnd": end}
        record["facets"] = [{"index": index, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": link}]}]
    if card:
        external = {"uri": card, "title": "A card", "description": "Made up"}
        record["embed"] = {"$type": "app.bsky.embed.external", "external": external}
    return record


def moment() -> str:
    """The current time as records have it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def call(url: str, body: dict[str, Any] | None = None, login: str = "", verb: str | None = None) -> dict[str, Any]:
    """Send a query, or a procedure call if there is a body. Raises NetworkError."""
    headers = {} if body is None else {"Content-Type": "application/json"}
    headers |= {"Authorization": login} if login else {}
    data = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(url, data, headers, method=verb)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            content: dict[str, Any] = json.loads(answer.read() or b"{}")
            return content
    except urllib.error.HTTPError as problem:
        with problem:
            raise NetworkError(f"{url}: {problem.code} {problem.read().decode('utf-8', 'replace')}") from None


# ---- starting it ---------------------------------------------------------------------------------------


@contextmanager
def running_network(home: Path, partners: DatabaseServers | None = None, **pds: Any) -> Iterator[Network]:
    """A network until the block ends, with a view if it has partners. `home`: the folder that `setup` made.

    `pds`: settings of the account server, as the development network names them.
    """
    with scratch_folder() as scratch:
        network = _network(home, scratch, partners, pds)
        try:
            with running_jetstream(network.relay) as network.jetstream:
                yield network
        finally:
            network.close()


def _network(home: Path, scratch: Path, partners: DatabaseServers | None, pds: dict[str, Any]) -> Network:
    for _ in range(TRIES):
        process = _process(home, scratch, partners, pds)
        try:
            return Network(process)
        except NetworkError as problem:
            reason = problem
            _close(process)
    raise AssertionError(f"{reason}: {(scratch / 'errors').read_text('utf-8', 'replace')[-2000:]}")


def _process(
    home: Path, scratch: Path, partners: DatabaseServers | None, pds: dict[str, Any]
) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PDS_", "BSKY_", "DB_"))}
    environment |= {"TMPDIR": str(scratch), "LOG_ENABLED": "false", "NODE_ENV": "test"}
    if partners:
        environment |= {"DB_POSTGRES_URL": partners.postgres, "REDIS_HOST": partners.redis}
    command = [home / "bin" / "node", FOLDER / "network.mjs", home, json.dumps({"pds": pds})]
    with (scratch / "errors").open("wb") as errors:
        return subprocess.Popen(
            [str(part) for part in command], cwd=scratch, env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip


def _close(process: subprocess.Popen[bytes]) -> None:
    """The network exits once its input is closed."""
    assert process.stdin is not None and process.stdout is not None
    with process.stdin, process.stdout, suppress(subprocess.TimeoutExpired):
        process.stdin.close()
        process.wait(SECONDS / 3)
    stop_program(process)
