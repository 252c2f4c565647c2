"""A site that collects from the network: settings, a store, and the program itself in a process of its own."""

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

from hotpapers.http import PoliteHttpClient
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.store import Record
from tests.atproto import told
from tests.atproto.network import Network
from tests.parsing import parse_all
from tests.partners import guarded

SECONDS = 60.0
"""How long the program may take to hear of something, and to end."""
TICK = 0.2
"""Seconds between two posts of the clock: this network is never silent, as the real one is not."""


class Said(NamedTuple):
    """How the program ended, and what it said."""

    status: int
    words: str


class Site:
    """What an operator has: a folder with settings and a store. `settings`: of the source."""

    def __init__(self, folder: Path, network: Network, **settings: str) -> None:
        self.network, self.store = network, str(folder / "hotpapers.db")
        self.view = network.view or network.pds
        self._config = folder / "hotpapers.toml"
        given = {"transport": "firehose", "relay": network.relay, "view": self.view} | settings
        lines = [f'store = "{self.store}"', "[source.bluesky]", *(f'{key} = "{given[key]}"' for key in given)]
        self._config.write_text("\n".join(lines) + "\n", "utf-8")
        with Record(self.store):
            pass

    @contextmanager
    def collecting(self) -> Iterator[Listening]:
        """`hotpapers collect bluesky`: listens when the block begins, is stopped at its end, having heard it all."""
        listening = Listening(self, self._program())
        try:
            listening.catch_up()
            yield listening
            if not listening.killed:
                listening.catch_up()
                said = listening.stop()
                assert said.status == 0, said.words
        finally:
            listening.kill()

    def once(self) -> Said:
        """`hotpapers collect bluesky --once`, which ends by itself where the stream does."""
        listening = Listening(self, self._program("--once"))
        try:
            return listening.ended()
        finally:
            listening.kill()

    def _program(self, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hotpapers", "collect", "bluesky", "--config", str(self._config), *more]
        return subprocess.Popen(
            guarded(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"NO_COLOR": "1"},
        )  # fmt: skip

    def read_counts(self) -> None:
        """Has the counts of every post read again, as the program does by itself hours after each was made."""
        source = BlueskySource(BlueskySettings(view=self.view))
        http = PoliteHttpClient("hotpapers", base_addresses=[self.view], pace={"127.0.0.1": 0.0})
        with Record(self.store) as record, http:
            keys = [f"bluesky:{uri}" for uri in told.posts(record.view())]
            for page in source.counts(http, keys):
                record.ingest(parse_all(source.read, page.payloads, 0), source="bluesky")


class Listening:
    """The program at work."""

    def __init__(self, site: Site, process: subprocess.Popen[str]) -> None:
        self.killed = False
        self._site, self._process = site, process
        self._clock = site.network.person()

    def catch_up(self) -> None:
        """Waits until the record holds all that was said up to now: until it holds a later word of the clock's."""
        until, later = time.monotonic() + SECONDS, set[str]()
        while not later & self._known():
            assert self._process.poll() is None, f"it ended: {self.ended().words}"
            assert time.monotonic() < until, f"nothing was heard for {SECONDS:g} s"
            later.add(self._clock.post(f"tick, arXiv:{told.CLOCKS_PAPER}").uri)
            time.sleep(TICK)

    def _known(self) -> set[str]:
        with Record(self._site.store) as record:
            return set(told.posts(record.view(), clocks=True))

    def stop(self) -> Said:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> Said:
        """How it ended, once it has."""
        words = self._process.communicate(timeout=SECONDS)[0]
        return Said(self._process.returncode, words)

    def kill(self) -> None:
        """`kill -9`, wherever it is; nothing where it has ended."""
        self.killed = True
        with self._process:
            self._process.kill()
