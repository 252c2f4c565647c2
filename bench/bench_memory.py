"""The job that reads Bluesky's stream, over ten million different events.

The events of the benchmark `bluesky`, each with other accounts and records, go through the job into a SQLite store with
the tracked posts. Resident memory is read after each tenth.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench import bench_bluesky as stream
from bench import measure
from hotpapers.base.papers.mentions.paper_index import PaperIndex

EVENTS = 10_000_000
BLOCK = 40_000
"""Events generated; they then repeat with other accounts."""
GOAL = 250
"""Megabytes."""
PLACE = b"zzzz"
LETTERS = stream.LETTERS[:-1]
TENTHS = 10


def run(scale: float = 1.0) -> dict[str, Any]:
    """Megabytes after each tenth of the events."""
    megabytes: list[float] = measure.child("bench.bench_memory", str(int(EVENTS * scale)))
    peak, first = max(megabytes), megabytes[0]
    return {
        "megabytes": megabytes,
        "grown": round(megabytes[-1] / first, 2),
        "lines": [
            measure.limit("peak", peak, GOAL, "MB"),
        ],
        "method": __doc__,
    }


class Different(stream.Lines):
    """Repeat a block's events, each time with other accounts and records, and record memory."""

    def __init__(self, block: bytes, events: int) -> None:
        super().__init__(block)
        self._times, self._every = events // BLOCK, max(events // BLOCK // TENTHS, 1)
        self.megabytes: list[float] = []

    def messages(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        for number, letters in enumerate(itertools.islice(itertools.product(LETTERS, repeat=4), self._times), 1):
            yield from self._block.replace(PLACE, "".join(letters).encode()).splitlines()
            if number % self._every == 0:
                self.megabytes.append(resident())


def resident() -> float:
    """This process's resident memory in megabytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * 4096 / 1e6, 1)


def block_of(tracked: list[str]) -> bytes:
    """Events with placeholders where accounts and records differ between repeats."""
    chance = random.Random(2102)
    block = b"".join(stream._event(chance, tracked, n) for n in range(BLOCK))
    return re.sub(rb'("did":"did:plc:|"rkey":")....', rb"\1" + PLACE, block)


def main(events: int) -> None:
    chance = random.Random(2101)
    tracked = [stream._post_uri(chance) for _ in range(stream.TRACKED)]
    http = Different(block_of(tracked), events)
    with stream.stored(tracked) as store, contextlib.suppress(KeyboardInterrupt):
        stream.collect(http, store, PaperIndex(stream._named(chance, stream.PAPERS)))
    print(json.dumps(http.megabytes))


if __name__ == "__main__":
    main(int(sys.argv[1]))
