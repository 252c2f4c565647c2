"""Writes the made-up week that `hotpapers demo` shows: src/hotpapers/demo/week.jsonl.zst, an export of records.

The program reads the loopback internet (tests/loopback) from a Sunday to a Saturday, with faults, in simulated time, as
in tests/years. That world makes up the papers, people and their words (from week_words.txt). What has been recorded by
then, without issues, is the week; the demo freezes its own issues. Each run gives the same lines.

    python -m tools.make_week
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from unittest.mock import patch

import zstandard

from hotpapers.store import Record
from hotpapers.transfer.jsonl import exporter
from tests.loopback import words
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import fault
from tests.loopback.settings import settings_toml
from tests.loopback.world import World as Script
from tests.years.fault_plan import DailyFaultPlan
from tests.years.program import Environment, run_program, simulated_time
from tests.years.store_failures import StoreFailures
from tests.years.timeline import Timeline

HERE = Path(__file__).parent
WEEK = HERE.parent / "src" / "hotpapers" / "demo" / "week.jsonl.zst"
WORDS = HERE / "week_words.txt"
START, BEGINS, ENDS = "2026-02-23", moment("2026-03-05T03:00"), moment("2026-03-14T09:00")
PUBLICATION = b'{"kind":"publication",'
"""The start of a line that the demo doesn't need: it has its own publication."""
SEED, PAPERS, POSTS, CHATTER = 7, 30, 2.0, 55
FAULTS = (
    fault("mastodon.two", "503", moment("2026-03-10T01:00"), moment("2026-03-10T09:30")),
    fault("hackernews", "refused", moment("2026-03-11T20:00"), moment("2026-03-12T11:00")),
    fault("reddit", "403", moment("2026-03-12T02:00"), moment("2026-03-14T12:00")),
)


def settings(folder: Path, script: Script) -> Path:
    """Default settings with the loopback's addresses; without X, which costs money."""
    text = settings_toml(DirectClient(script, SteppedClock(0)).bases).partition("[source.x]")[0]
    file = folder / "hotpapers.toml"
    file.write_text(text)
    return file


def lived(folder: Path) -> Path:
    """The store that the program filled."""
    script = Script(SEED, START, papers=PAPERS, post_rate=POSTS, chatter=CHATTER)
    timeline = Timeline(BEGINS)
    environment = Environment(
        settings(folder, script), script, DailyFaultPlan(FAULTS), timeline, StoreFailures(timeline.now, (), ())
    )
    language_of = {line.partition("\t")[2]: line.partition("\t")[0] for line in WORDS.read_text("utf-8").splitlines()}
    language = words.language
    with (
        patch.object(words, "PRAISE", tuple(language_of)),
        patch.object(words, "language", lambda text: language_of.get(text) or language(text)),
        simulated_time(environment),
    ):
        timeline.to_start(BEGINS)
        run_program(environment, ENDS)
    return Path(environment.context.store)


def main() -> None:
    """Run through the week and compress it."""
    random.seed(SEED)  # waits between retries are random
    with tempfile.TemporaryDirectory() as scratch, Record(str(lived(Path(scratch)))) as record:
        lines = b"".join(line for line in exporter.lines(record, records_only=True) if PUBLICATION not in line)
    WEEK.write_bytes(zstandard.ZstdCompressor(level=19).compress(lines))
    print(f"{WEEK.name}: {len(lines.splitlines()):,} lines, {WEEK.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
