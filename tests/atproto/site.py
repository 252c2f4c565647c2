"""A site that collects from the network: settings, a store, and the program in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.http import PoliteHttpClient
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.record import Record
from tests.atproto import record_queries
from tests.atproto.network import Network
from tests.database_servers import guarded
from tests.parsing import parse_all

SECONDS = 60.0
"""How long the program may take to receive something, or to exit."""
TICK = 0.2
"""Seconds between two posts of the clock: like the real network, this one is never silent."""


class ProgramResult(NamedTuple):
    """The program's exit status and output."""

    status: int
    output: str


class Site:
    """An operator's folder with settings and a store. `settings`: those of the source."""

    def __init__(self, folder: Path, network: Network, **settings: str) -> None:
        self.network, self.store = network, str(folder / "hotpapers.db")
        self.view = network.view or network.pds
        self._config = folder / "hotpapers.toml"
        values = {"view": self.view} | settings
        lines = [  # without the posts of other tests, which came before
            f'store = "{self.store}"', "[run]", "read_back = 0", "[source.bluesky]", "overlap = 0",
            f'jetstream = ["{network.jetstream}"]',
            *(f'{key} = "{values[key]}"' for key in values),
        ]  # fmt: skip
        self._config.write_text("\n".join(lines) + "\n", "utf-8")
        with Record(self.store):
            pass

    @contextmanager
    def collecting(self) -> Iterator[Collector]:
        """Run `hotpapers collect bluesky` during the block, and stop it at the end once it has read everything."""
        collector = Collector(self, self._program())
        try:
            collector.catch_up()
            yield collector
            if not collector.killed:
                collector.catch_up()
                result = collector.stop()
                assert result.status == 0, result.output
        finally:
            collector.kill()

    def collect_once(self) -> ProgramResult:
        """Run `hotpapers collect bluesky --once`, which exits where the stream ends."""
        collector = Collector(self, self._program("--once"))
        try:
            return collector.wait()
        finally:
            collector.kill()

    def _program(self, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hotpapers", "collect", "bluesky", "--config", str(self._config), *more]
        return subprocess.Popen(
            guarded(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"NO_COLOR": "1"},
        )  # fmt: skip

    def read_counts(self) -> None:
        """Read the counts of all posts again, as the program does by itself hours after each post."""
        source = BlueskySource(BlueskySettings(view=self.view))
        http = PoliteHttpClient("hotpapers", base_addresses=[self.view], pace={"127.0.0.1": 0.0})
        with Record(self.store) as record, http:
            keys = [f"bluesky:{uri}" for uri in record_queries.posts(record.view())]
            for page in source.counts(http, keys):
                record.ingest(parse_all(source.read, page.payloads, 0), source="bluesky")


class Collector:
    """The running program."""

    def __init__(self, site: Site, process: subprocess.Popen[str]) -> None:
        self.killed = False
        self._site, self._process = site, process
        self._clock = site.network.person()

    def catch_up(self) -> None:
        """Wait until the record holds everything posted so far, that is, until it holds a later post of the clock."""
        deadline, ticks = time.monotonic() + SECONDS, set[str]()
        while not ticks & self._uris():
            assert self._process.poll() is None, f"it ended: {self.wait().output}"
            assert time.monotonic() < deadline, f"nothing was received for {SECONDS:g} s"
            ticks.add(self._clock.post(f"tick, arXiv:{record_queries.CLOCK_PAPER}").uri)
            time.sleep(TICK)

    def _uris(self) -> set[str]:
        with Record(self._site.store) as record:
            return set(record_queries.posts(record.view(), with_ticks=True))

    def stop(self) -> ProgramResult:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> ProgramResult:
        """Wait for the exit status and output."""
        output = self._process.communicate(timeout=SECONDS)[0]
        return ProgramResult(self._process.returncode, output)

    def kill(self) -> None:
        """`kill -9` at any point; does nothing once it has exited."""
        self.killed = True
        with self._process:
            self._process.kill()
