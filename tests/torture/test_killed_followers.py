"""Processes that follow a site over HTTP are killed, while the server truncates files, hangs and refuses."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.ingest.job_factory import ALWAYS_ON
from hotpapers.model import DAY, HOUR, KINDS, Item, Measurement
from hotpapers.privacy.forget import forget
from hotpapers.store import Record, now
from hotpapers.transparency import alarms
from tests.following.sites import Follower, Publisher
from tests.http.server import Play, Server, answer, raw, stall
from tests.issues.made import counts, post
from tests.torture import agree
from tests.torture.agree import Outcome
from tests.torture.forks import Forks
from tests.torture.table import KILLS, Telling, one_is_enough

LIFE = 1.2
"""A process's longest life, as a share of what an undisturbed one takes."""
RUNS = 3.0
"""How much longer to let one live that also sets up and runs all of a site's other jobs."""
PER_DAY, MOST_DAYS = 3, 80
"""The least number of kills before the site publishes another day; days, of which the last 90 are read."""
ILL = 0.35
"""The share of requests that meet a fault."""
SWITCHED_OFF = "\n".join(f"[source.{name}]\non = false" for name in ALWAYS_ON)
SETTINGS = """contact = "https://library.example/"
{switched_off}
[source.feeds]
urls = ["{url}feed.xml"]

[[publication]]
name = "daily"
title = "Daily"

[[follow]]
name = "neighbour"
url = "{url}"
"""
FAULTS: Mapping[str, Callable[[bytes], Play]] = {
    "answers 500": lambda data: answer(500),
    "cuts short": lambda data: raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data[: len(data) // 2]
    ),
    "has a torn file": lambda data: answer(200, data[: len(data) * 2 // 3]),
    "has an empty file": lambda data: answer(200),
    "hangs": lambda data: stall(b"HTTP/1.1 200 OK\r\n"),
    "resets": lambda data: raw(b"", rudely=True),
    "has other bytes": lambda data: answer(200, bytes(byte ^ 1 for byte in data)),
    "withholds": lambda data: answer(404),
}


class UnreliableSite(Server):
    """Serves a folder. While `ill`, it answers with random faults, and counts them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.ill, self.faults = folder, False, Counter[str]()
        self._dice = random.Random(7)

    def next_play(self, path: str) -> Play:
        file = self.folder / path.lstrip("/")
        if not file.is_file():
            return answer(404)
        if not self.ill or self._dice.random() > ILL:
            return answer(200, file.read_bytes())
        fault = self._dice.choice(sorted(FAULTS))
        self.faults[fault] += 1
        return FAULTS[fault](file.read_bytes())


@contextmanager
def unreliable(folder: Path) -> Iterator[UnreliableSite]:
    with UnreliableSite(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def live(publisher: Publisher, day: int) -> None:
    """One day of the site; on every third day somebody from the day before is forgotten."""
    start = publisher.start + day * DAY
    names = [f"bluesky:{day}-{n}" for n in range(300)]
    more = [item for n, name in enumerate(names) for item in post(10 * day + 1 + n % 2, name, start + HOUR + n)]
    for hour in range(3):  # each in a file of its own
        publisher.record.append(more[hour::3], source="made-up", at=start + (2 + 5 * hour) * HOUR)
    publisher.live(day, *(counts(name, 5 + n, start + 2 * HOUR) for n, name in enumerate(names)))
    if day % 3 == 1:
        forget(publisher.record, f"bluesky:by-{day - 1}-7")
        forget(publisher.record, f"bluesky:{day - 1}-9")
    publisher.publish(day + 1)


class Killer:
    """Starts processes that follow a site, both with `follow` and within `run`, and kills them at random moments.
    `words`: the arguments of `follow`; `home`: settings and store of both."""

    def __init__(self, forks: Forks, words: list[str], home: list[str]) -> None:
        self.forks, self.words, self.home = forks, [*words, *home], home
        self._dice, self._life = random.Random(3), 1.0

    def kill(self, times: int) -> None:
        """Kill this many, every second one within `run`. Processes that end before do not count."""
        while times:
            role, words, lives = ("run", self.home, RUNS) if times % 2 else ("follow", self.words, 1.0)
            pid = self.forks.start(role, words=words)
            time.sleep(self._dice.uniform(0, lives * self._life))
            times -= self.forks.kill(pid) == -signal.SIGKILL

    def leave_alone(self) -> None:
        """Run one process undisturbed; it must succeed."""
        began = time.monotonic()
        assert self.forks.wait(self.forks.start("follow", words=self.words)) == 0, self.forks.said()
        self._life = LIFE * (time.monotonic() - began)


@pytest.mark.long
@one_is_enough
def test_killed_while_following(store_url: str, tmp_path: Path, told: Telling) -> None:
    """Compared with an undisturbed follower: in the end both have the same items, once each."""
    kills = max(KILLS // 10, 6)
    days = min(kills // PER_DAY, MOST_DAYS)
    first = now() - now() % DAY - (days + 1) * DAY
    with ExitStack() as stack:
        publisher = stack.enter_context(closing(Publisher(tmp_path / "site", start=first)))
        site = stack.enter_context(unreliable(publisher.public))
        calm, other = (
            stack.enter_context(closing(Follower(tmp_path / name, f"{site.base}/", store=store)))
            for name, store in (("calm", ""), ("killed", store_url))
        )
        forks = stack.enter_context(Forks(tmp_path / "log"))
        settings = tmp_path / "killed/hotpapers.toml"
        settings.write_text(SETTINGS.format(switched_off=SWITCHED_OFF, url=f"{site.base}/"))
        home = ["--config", str(settings), "--store", store_url]
        killer = Killer(forks, [f"{site.base}/", "--name", "neighbour"], home)
        for day in range(days):
            live(publisher, day)
            calm.time.seconds = time.time()
            assert calm.round().problems == ()
            site.ill = True
            killer.kill(kills // days)
            site.ill = False
            killer.leave_alone()
        assert alarms.open_alarms(other.site.folder) == ()
        outcome = compared(calm, other)
        told.row("killed while following a site", kills // days * days, outcome)
        told.row("faults of a site that is followed", site.faults.total())
        assert outcome.good and outcome.posts > 50 * days and site.faults, outcome
        assert "  running  store=" in forks.log.read_text("utf-8"), "none lived for long enough"


def compared(calm: Follower, other: Follower) -> Outcome:
    """Compare what the killed and the undisturbed follower imported and counted."""
    with calm.peer() as wanted, other.peer() as there:
        taken = differing(all_items(wanted), all_items(there))
        unsound = tuple(agree.unsound(there))
    counted = differing(measured(calm.record), measured(other.record))
    return taken + counted + Outcome(wrong=(*unsound, *agree.unsound(other.record)))


def differing(wanted: Counter[Item], there: Counter[Item]) -> Outcome:
    lost = tuple(map(str, wanted - there))
    doubled = tuple(str(item) for item, times in there.items() if item in wanted and times > wanted[item])
    return Outcome(wanted.total(), lost, doubled, tuple(str(item) for item in there if item not in wanted))


def all_items(record: Record) -> Counter[Item]:
    """All items of a store, and how often it has each."""
    return Counter(nameless(item) for kind in KINDS for item in agree.everything(record, kind))


def nameless(item: Item) -> Item:
    """An item without the names that each store gives to what was forgotten."""
    fields = ((name, getattr(item, name)) for name in item.__struct_fields__)
    gone = {name: value.partition("~")[0] for name, value in fields if isinstance(value, str) and ":~" in value}
    return msgspec.structs.replace(item, **gone)


def measured(record: Record) -> Counter[Item]:
    """The latest counts, whenever they were read."""
    items = (row.item for row in record.view().latest(Measurement))
    return Counter(msgspec.structs.replace(item, observed_at=0) for item in items)
