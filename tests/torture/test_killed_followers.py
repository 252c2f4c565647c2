"""Processes that follow a site over HTTP are killed, while the server truncates files, hangs and refuses."""

from __future__ import annotations

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

from hotpapers.base.model import DAY, HOUR, KINDS, Item, Measurement
from hotpapers.base.networks import readable_networks
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record, current_time
from hotpapers.wings.proof import alarms
from tests.base.http.server import Play, Server, answer, raw, stall
from tests.issues.made import counts, post
from tests.seeds import generator
from tests.torture import comparison
from tests.torture.comparison import Outcome
from tests.torture.forks import Forks
from tests.torture.table import KILLS, Report, one_database
from tests.wings.peers.following.sites import Follower, Publisher

LIFE_FACTOR = 1.2
"""A process's longest life, as a multiple of how long an undisturbed one takes."""
RUN_FACTOR = 3.0
"""How much longer a process may run that also sets up and runs all of a site's other jobs."""
KILLS_PER_DAY, MOST_DAYS = 3, 80
"""The fewest kills before the site publishes another day, and the most days: a follower reads the last 90."""
FAULT_SHARE = 0.35
"""The share of requests that meet a fault."""
SWITCHED_OFF = "\n".join(
    f"[source.{name}]\non = false" for name in [row.name for row in readable_networks().values() if row.is_on]
)
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
    """Serves a folder. While `is_failing`, it answers with random faults, and counts them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.is_failing, self.faults = folder, False, Counter[str]()
        self._rng = generator(7)

    def next_play(self, path: str) -> Play:
        file = self.folder / path.lstrip("/")
        if not file.is_file():
            return answer(404)
        if not self.is_failing or self._rng.random() > FAULT_SHARE:
            return answer(200, file.read_bytes())
        fault = self._rng.choice(sorted(FAULTS))
        self.faults[fault] += 1
        return FAULTS[fault](file.read_bytes())


@contextmanager
def serve_unreliably(folder: Path) -> Iterator[UnreliableSite]:
    with UnreliableSite(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def live_a_day(publisher: Publisher, day: int) -> None:
    """One day of the site; every third day, it forgets somebody from the day before."""
    start = publisher.start + day * DAY
    names = [f"bluesky:{day}-{n}" for n in range(300)]
    items = [item for n, name in enumerate(names) for item in post(10 * day + 1 + n % 2, name, start + HOUR + n)]
    for hour in range(3):  # each in a file of its own
        publisher.record.append(items[hour::3], source="made-up", at=start + (2 + 5 * hour) * HOUR)
    publisher.live(day, *(counts(name, 5 + n, start + 2 * HOUR) for n, name in enumerate(names)))
    if day % 3 == 1:
        forget_key(publisher.record, f"bluesky:by-{day - 1}-7")
        forget_key(publisher.record, f"bluesky:{day - 1}-9")
    publisher.publish(day + 1)


class Killer:
    """Starts processes that follow a site, both with `follow` and within `run`, and kills them at random moments.
    `arguments`: those of `follow`; `home`: settings and store of both."""

    def __init__(self, forks: Forks, arguments: list[str], home: list[str]) -> None:
        self.forks, self.arguments, self.home = forks, [*arguments, *home], home
        self._rng, self._longest_life = generator(3), 1.0

    def kill(self, times: int) -> None:
        """Kill this many, every second one within `run`. Processes that end earlier do not count."""
        while times:
            role, arguments, factor = ("run", self.home, RUN_FACTOR) if times % 2 else ("follow", self.arguments, 1.0)
            pid = self.forks.start(role, arguments=arguments)
            time.sleep(self._rng.uniform(0, factor * self._longest_life))
            times -= self.forks.kill(pid) == -signal.SIGKILL

    def run_undisturbed(self) -> None:
        """Run one process undisturbed; it must succeed."""
        start = time.monotonic()
        assert self.forks.wait(self.forks.start("follow", arguments=self.arguments)) == 0, self.forks.output()
        self._longest_life = LIFE_FACTOR * (time.monotonic() - start)


@pytest.mark.long
@one_database
def test_killed_while_following(store_url: str, tmp_path: Path, report: Report) -> None:
    """Compared with an undisturbed follower: in the end both have the same items, once each."""
    kills = max(KILLS // 10, 6)
    days = min(kills // KILLS_PER_DAY, MOST_DAYS)
    first = current_time() - current_time() % DAY - (days + 1) * DAY
    with ExitStack() as stack:
        publisher = stack.enter_context(closing(Publisher(tmp_path / "site", start=first)))
        site = stack.enter_context(serve_unreliably(publisher.public))
        undisturbed, killed = (
            stack.enter_context(closing(Follower(tmp_path / name, f"{site.base}/", store=store)))
            for name, store in (("undisturbed", ""), ("killed", store_url))
        )
        forks = stack.enter_context(Forks(tmp_path / "log"))
        settings = tmp_path / "killed/hotpapers.toml"
        settings.write_text(SETTINGS.format(switched_off=SWITCHED_OFF, url=f"{site.base}/"))
        home = ["--config", str(settings), "--store", store_url]
        killer = Killer(forks, [f"{site.base}/", "--name", "neighbour"], home)
        for day in range(days):
            live_a_day(publisher, day)
            undisturbed.time.seconds = time.time()
            assert undisturbed.round().problems == ()
            site.is_failing = True
            killer.kill(kills // days)
            site.is_failing = False
            killer.run_undisturbed()
        assert alarms.open_alarms(killed.site.folder) == ()
        outcome = compare(undisturbed, killed)
        report.add_row("killed while following a site", kills // days * days, outcome)
        report.add_row("faults of a site that is followed", site.faults.total())
        assert outcome.is_clean and outcome.posts > 50 * days and site.faults, outcome
        assert "  running  store=" in forks.log.read_text("utf-8"), "no process ran for long enough"


def compare(undisturbed: Follower, killed: Follower) -> Outcome:
    """Compare what the killed and the undisturbed follower imported and counted."""
    with undisturbed.peer() as expected, killed.peer() as imported:
        import_outcome = differences(all_items(expected), all_items(imported))
        store_damage = tuple(comparison.store_damage(imported))
    count_outcome = differences(measurements(undisturbed.record), measurements(killed.record))
    return import_outcome + count_outcome + Outcome(errors=(*store_damage, *comparison.store_damage(killed.record)))


def differences(expected: Counter[Item], actual: Counter[Item]) -> Outcome:
    missing = tuple(map(str, expected - actual))
    duplicates = tuple(str(item) for item, times in actual.items() if item in expected and times > expected[item])
    return Outcome(expected.total(), missing, duplicates, tuple(str(item) for item in actual if item not in expected))


def all_items(record: Record) -> Counter[Item]:
    """All items of a store, and how often it has each."""
    return Counter(without_names(item) for kind in KINDS for item in comparison.all_observations(record, kind))


def without_names(item: Item) -> Item:
    """An item without the names that each store gives to what it forgot."""
    fields = ((name, getattr(item, name)) for name in item.__struct_fields__)
    names = {name: value.partition("~")[0] for name, value in fields if isinstance(value, str) and ":~" in value}
    return msgspec.structs.replace(item, **names)


def measurements(record: Record) -> Counter[Item]:
    """The latest counts, whenever they were read."""
    items = (row.item for row in record.view().latest(Measurement))
    return Counter(msgspec.structs.replace(item, observed_at=0) for item in items)
