"""Bluesky's stream on one core: decode, match, look up, commit.

Made-up events in the mix of a recorded window of the relay (of 152 events 105 likes, 17 posts, 15 reposts, the rest
follows, deletions, accounts); 463 per second are 40 million per day. One post in two thousand links a paper, one
reaction in fifty is to a tracked post; posts are also matched against the titles, DOIs and pages of 120,000 papers.
The peer only splits the bytes into lines. Processor time of one thread; each page is committed to a store on disk.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from bench import measure
from hotpapers.base.errors import NetError
from hotpapers.base.model import Post, Response
from hotpapers.base.network_terms import TERMS
from hotpapers.base.papers.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext
from hotpapers.record import Record, current_time

EVENTS = 400_000
ROUNDS = 5
LIVE = 463
"""Events per second, as recorded."""
GOAL = 500
HITS = 0.01
"""The share of reactions that are to tracked posts."""
SETTINGS = BlueskySettings(mode="stream", jetstream=("wss://stream.example",))
MIX = {
    "like": 105,
    "post": 17,
    "repost": 15,
    "follow": 6,
    "unfollow": 3,
    "other": 3,
    "unpost": 1,
    "account": 1,
    "unlike": 1,
}
TRACKED = 20_000
PAPERS = 120_000
TEXT = "we read about what the new people said of this today and it was not so bad as all that"
WORDS = tuple(TEXT.split())
MARKS = ("🎉", "naïve", "こんにちは")
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def run(scale: float = 1.0) -> dict[str, Any]:
    """Events per second, as a multiple of real time and of the peer's rate; `scale` times 400,000 events."""
    chance = random.Random(2101)
    tracked = [_post_uri(chance) for _ in range(TRACKED)]
    keys = {f"bluesky:{uri}" for uri in tracked}
    names = PaperIndex(_named(chance, PAPERS))
    block = b"".join(_event(chance, tracked, n) for n in range(int(EVENTS * scale)))
    count, payloads = block.count(b"\n"), [0]

    def listen() -> None:
        payloads[0] = sum(len(page.payloads) for page in _pages(BlueskySource(SETTINGS, keys, names), Lines(block)))

    with stored(tracked) as store:
        own, alone, split = measure.by_turns(
            ROUNDS,
            lambda: _busy(partial(commit, block, store, names)),
            lambda: _busy(listen),
            lambda: _busy(block.splitlines),
        )
    rate = count / own
    return {
        "events_s": round(rate),
        "times_real_time": round(rate / LIVE),
        "times_real_time_without_commit": round(count / alone / LIVE),
        "share_of_splitting": round(split / own, 3),
        "kept": payloads[0],
        "events": count,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "lines": [
            measure.at_least("all of it, against real time", rate, LIVE, "events", GOAL),
            measure.at_least("against splitting into lines", rate, count / split, "events", None),
        ],
        "method": __doc__,
    }


@contextlib.contextmanager
def stored(tracked: Sequence[str]) -> Iterator[str]:
    """A store with the tracked posts."""
    with tempfile.TemporaryDirectory() as folder, Record(f"{folder}/hotpapers.db") as record:
        at = current_time()
        record.append([_tracked_post(uri, at) for uri in tracked], source="bench")
        yield f"{folder}/hotpapers.db"


def _tracked_post(uri: str, at: int) -> Post:
    account = f"bluesky:{uri.removeprefix('at://').partition('/')[0]}"
    return Post(post=f"bluesky:{uri}", network="bluesky", account=account, created_at=at, observed_at=at)


_commits = itertools.count()


def commit(block: bytes, store: str, names: PaperIndex) -> None:
    """Read the same stream into a copy of the store."""
    copy = f"{store}.{next(_commits)}"
    with Record(store) as record:
        record.database.run("VACUUM INTO ?", (copy,))
    collect(Lines(block), copy, names)


def collect(http: Lines, copy: str, names: PaperIndex) -> None:
    """Collect a network into a store, as `hotpapers collect` does."""
    with Leases(partial(Record, copy), "bench") as leases, Record(copy) as record:
        posts = TrackedPosts(record, "bluesky", http.now())
        index = SharedPaperIndex(names, http.now())
        job = CollectJob(BlueskySource(SETTINGS, posts, names), Connection(http), posts, TERMS["bluesky"], names=index)
        work = JobContext(record, job.name, Clock(http.now, http.sleep), leases)
        leases.take(record, job.name)
        with contextlib.suppress(NetError):
            job.run_once(work, once=False)


def _busy(task: Callable[[], object]) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start


def _pages(source: BlueskySource, http: Lines) -> Iterator[Any]:
    with contextlib.suppress(NetError):  # the lines come to an end
        yield from source.pages(http, None)


class Lines:
    """A network that sends the lines of a block as fast as they are read."""

    def __init__(self, block: bytes) -> None:
        self._block = block

    def messages(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        return iter(self._block.splitlines())

    def lines(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        raise NotImplementedError

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
        accept: Sequence[int] = (), with_body: bool = True,
    ) -> Response:  # fmt: skip
        raise NotImplementedError

    def post(
        self, url: str, *, form: Mapping[str, str] | None = None, body: bytes = b"",
        headers: Mapping[str, str] | None = None, accept: Sequence[int] = (), with_body: bool = True,
    ) -> Response:  # fmt: skip
        raise NotImplementedError

    def now(self) -> int:
        return time.time_ns() // 1000

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


# ---- made-up events ------------------------------------------------------------------------------------


def _event(chance: random.Random, tracked: Sequence[str], number: int) -> bytes:
    [kind] = chance.choices(list(MIX), list(MIX.values()))
    did = f"did:plc:{_code(chance, 24)}"
    head: dict[str, Any] = {"did": did, "time_us": time.time_ns() // 1000 - 1_000_000 + number, "kind": "commit"}
    if kind == "account":
        status = {"active": True, "did": did, "seq": 31_000_000_000 + number, "time": "2026-08-01T00:00:00.000Z"}
        return msgspec.json.encode(head | {"kind": kind, kind: status}) + b"\n"
    collection, record = _record(chance, kind, tracked)
    commit: dict[str, Any] = {
        "rev": _code(chance, 13), "operation": "delete" if record is None else "create",
        "collection": collection, "rkey": _code(chance, 13),
    }  # fmt: skip
    if record is not None:
        moment = {"$type": collection, "createdAt": "2026-08-01T00:00:00.000Z"}
        commit |= {"record": moment | record, "cid": f"bafyrei{_code(chance, 52)}"}
    return msgspec.json.encode(head | {"commit": commit}) + b"\n"


def _record(chance: random.Random, kind: str, tracked: Sequence[str]) -> tuple[str, dict[str, Any] | None]:
    if kind in ("like", "repost"):
        uri = chance.choice(tracked) if chance.random() < HITS else _post_uri(chance)
        return f"app.bsky.feed.{kind}", {"subject": {"cid": f"bafyrei{_code(chance, 52)}", "uri": uri}}
    if kind == "post":
        return "app.bsky.feed.post", _post(chance)
    if kind == "follow":
        return "app.bsky.graph.follow", {"subject": f"did:plc:{_code(chance, 24)}"}
    if kind == "other":
        return "org.example.status", {"status": " ".join(chance.choices(WORDS, k=40))}
    return {"unpost": "app.bsky.feed.post", "unlike": "app.bsky.feed.like"}.get(kind, "app.bsky.graph.follow"), None


def _post(chance: random.Random) -> dict[str, Any]:
    text = " ".join(chance.choices(WORDS + MARKS, k=chance.randrange(5, 50)))
    record: dict[str, Any] = {"text": text, "langs": ["en"]}
    if chance.random() < 0.4:
        parent = {"cid": f"bafyrei{_code(chance, 52)}", "uri": _post_uri(chance)}
        record["reply"] = {"parent": parent, "root": parent}
    if chance.random() < 0.2:
        paper = chance.random() < 0.0025
        link = (
            f"https://arxiv.org/abs/2609.{chance.randrange(1, 20_000):05}"
            if paper
            else "https://news.example/a/story-of-today"
        )
        index = {"byteStart": 0, "byteEnd": len(text.encode())}
        record["facets"] = [{"features": [{"$type": "app.bsky.richtext.facet#link", "uri": link}], "index": index}]
        card = {"uri": link, "title": "A story of today", "description": " ".join(chance.choices(WORDS, k=20))}
        record["embed"] = {"$type": "app.bsky.embed.external", "external": card}
    return record


def _named(chance: random.Random, count: int) -> Iterator[PaperAlias]:
    """Papers with titles of words that posts don't use; every tenth has a DOI, every sixth a page."""
    words = [_code(chance, 6) for _ in range(5_000)]
    for n in range(count):
        doi = "" if n % 10 else f"10.1000/made-up.{n}"
        page = () if n % 6 else (f"github.com/made-up/{n}",)
        yield PaperAlias(f"arxiv:2609.{n:06}", " ".join(chance.choices(words, k=chance.randrange(5, 14))), doi, page)


def _post_uri(chance: random.Random) -> str:
    return f"at://did:plc:{_code(chance, 24)}/app.bsky.feed.post/{_code(chance, 13)}"


def _code(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(LETTERS, k=length))


if __name__ == "__main__":
    print({name: value for name, value in run().items() if name not in ("lines", "method")})
