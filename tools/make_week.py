"""Writes the made-up week that `hotpapers demo` shows: src/hotpapers/site/demo/week.jsonl.zst, an export of records.

The program reads the loopback internet (tests/loopback) in simulated time, as in tests/years: for five quiet weeks, in
which accounts become known, and then for a week of which week_script.py tells what happens. It reads back when it
starts, Reddit joins in the middle of the week, and two networks fail for some hours. What has been recorded by then,
without issues, is the week; the demo freezes its own issues. Each run gives the same lines.

    python -m tools.make_week
"""

from __future__ import annotations

import random
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import zstandard

from hotpapers.base.model import HOUR
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.record import Record
from tests.loopback import preprints, stream, words
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import fault
from tests.loopback.settings import settings_toml, source_tables
from tests.years import program
from tests.years.fault_plan import DailyFaultPlan
from tests.years.program import Environment, run_program, simulated_time
from tests.years.store_failures import StoreFailures
from tests.years.timeline import Timeline
from tools.week_script import SERVER, WeekScript

HERE = Path(__file__).parent
WEEK = HERE.parent / "src" / "hotpapers" / "site" / "demo" / "week.jsonl.zst"
WORDS = HERE / "week_words.txt"
PUBLICATION = b'{"kind":"publication",'
"""The start of a line that the demo doesn't need: it has its own publication."""
SEED, READERS = 7, 700
"""READERS: how many accounts react on Bluesky."""
START, BEGINS = "2026-01-19", moment("2026-02-02T05:00")
"""The first day with papers, and when the program starts."""
FAULTS = (
    fault("mastodon.two", "503", moment("2026-03-10T04:00"), moment("2026-03-10T09:30")),
    fault("hackernews", "refused", moment("2026-03-10T20:00"), moment("2026-03-11T13:00")),
)
REDDIT, X = "[source.reddit]", "[source.x]"
PUBLISH = '\n[publish]\nchannels = ["markdown"]\n'
"""Nobody reads the site that the program would build."""


class Phase(NamedTuple):
    """Until when the program runs, how long its rounds take, and which table of the settings is the first left out."""

    until: int
    round_interval: int
    without: str


PHASES = (
    Phase(moment("2026-02-02T14:00"), HOUR, REDDIT),
    Phase(moment("2026-03-05T03:00"), 6 * HOUR, REDDIT),
    Phase(moment("2026-03-10T15:00"), HOUR, REDDIT),
    Phase(moment("2026-03-14T09:00"), HOUR, X),
)
"""Rounds are rarer in the quiet weeks, which keeps the file small. X is left out since it costs money."""


def settings(script: WeekScript, without: str) -> str:
    """Default settings with the loopback's addresses; Bluesky's likes are read one by one."""
    bases = DirectClient(script, SteppedClock(0)).bases
    text = settings_toml(bases).partition(without)[0].partition(f"[source.{SERVER}]")[0] + PUBLISH
    text += source_tables(bases)[SERVER].replace("on = false", "on = true") + source_tables(bases)["crossref"]
    text = text.replace('title = "Loopback Papers"', f'title = "Loopback Papers"\npapers = ["arxiv", "{SERVER}"]')
    return text.replace('# mode = "stream"', 'mode = "stream"')


def lived(folder: Path) -> Path:
    """The store that the program filled."""
    script, timeline, file = WeekScript(SEED, START), Timeline(BEGINS), folder / "hotpapers.toml"
    plan, failures = DailyFaultPlan(FAULTS), StoreFailures(timeline.now, (), ())
    environment = Environment(file, script, plan, timeline, failures, reads_back=True)
    language_of = {line.partition("\t")[2]: line.partition("\t")[0] for line in WORDS.read_text("utf-8").splitlines()}
    language = words.language
    with ExitStack() as stack:
        stack.enter_context(patch.object(words, "PRAISE", tuple(language_of)))
        stack.enter_context(patch.object(preprints, "new_works", script.preprints.new_works))
        stack.enter_context(patch.object(preprints, "LICENSE", "cc_by"))  # the week is an export
        stack.enter_context(patch.object(words, "language", lambda text: language_of.get(text) or language(text)))
        stack.enter_context(patch.object(stream, "READERS", READERS))
        file.write_text(settings(script, REDDIT))
        stack.enter_context(simulated_time(environment))
        timeline.to_start(BEGINS)
        for phase in PHASES:
            file.write_text(settings(script, phase.without))
            with patch.object(program, "ROUND_INTERVAL", phase.round_interval):
                run_program(environment, phase.until)
    return Path(environment.context.store)


def with_public_hosts(lines: bytes) -> bytes:
    """The lines with hosts as readers know them. Names stay as long, so that links in texts stay in place."""
    return lines.replace(b".loopback", b".example").replace(b"http://mastodon-", b"https://mastodon-")


def main() -> None:
    """Run through the week and compress it."""
    random.seed(SEED)  # waits between retries are random
    with tempfile.TemporaryDirectory() as scratch, Record(str(lived(Path(scratch)))) as record:
        lines = b"".join(line for line in exporter.record_lines(record, records_only=True) if PUBLICATION not in line)
    lines = with_public_hosts(lines)
    WEEK.write_bytes(zstandard.ZstdCompressor(level=19).compress(lines))
    print(f"{WEEK.name}: {len(lines.splitlines()):,} lines, {WEEK.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
