"""An archive of Bluesky's stream into a new record, by two processes and by one, unpacking and matching included.

Made-up events in the shapes and the mix of the stream's benchmark, packed as `zstd` packs them, in files of a million
events. One post in two thousand links a paper; one reaction in five hundred is to one of the last posts that did. The
command is run as people run it, in processes of its own, and its own start counts. Peers in the same run: one process,
`zstd -dc | rg -c arxiv` and DuckDB's count of the same file's lines of JSON, where these programs are there. Wall time,
by turns; the processor's time of all processes is given beside it, since others may use the machine too.
"""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import zstandard

from bench import bench_bluesky as stream
from bench import measure

EVENTS = 6_000_000
FILE = 1_000_000
ROUNDS = 2
MADE = 100_000
"""Events that are made; then they come again at later moments, as others' of other records."""
GOAL = 1_100_000
VARIED = re.compile(rb'(did:plc:|"rkey":"|feed\.post/)....')
PLACE = b"zzzz"


def run(scale: float = 1.0) -> dict[str, Any]:
    """Rates, and their ratios; `scale` times six million events."""
    events = max(int(EVENTS * scale), MADE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = archive(folder, events)
        stores = iter(range(1000))
        by = {n: partial(imported, folder, stores, files, n) for n in (1, 2)}
        peers = [task for task in (ripgrep(files), duckdb(files)) if task]
        one, two, *others = measure.by_turns(ROUNDS, by[1], by[2], *peers)
        busy = measure.processor_seconds(by[2])
    what = "an archive of Bluesky's stream by two processes"
    lines = [
        measure.at_least(f"{what}, against the goal", events / two, GOAL, "events", 1.0),
        measure.at_least(f"{what}, against one", events / two, events / one, "events", 1.8),
    ]
    names = [("zstd | rg -c", 0.5)] * bool(ripgrep(files)) + [("DuckDB's count", None)] * bool(duckdb(files))
    lines += [
        measure.at_least(f"{what}, against {name}", events / two, events / taken, "events", goal)
        for (name, goal), taken in zip(names, others, strict=True)
    ]
    return {
        "events": events,
        "events_s_of_processors": round(events / busy),
        "peak_mb_of_a_process": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "lines": lines,
        "method": __doc__,
    }


def imported(folder: Path, stores: Any, files: Sequence[Path], workers: int) -> float:
    """Seconds for the command."""
    store = folder / f"store-{next(stores)}.db"
    command = [sys.executable, "-m", "hotpapers", "import", "jetstream", *map(str, files), "--store", str(store)]
    return measure.seconds(lambda: _run([*command, "--workers", str(workers)]))


def ripgrep(files: Sequence[Path]) -> Callable[[], float] | None:
    """The time of unpacking and looking for one word; None where a program is absent."""
    if not (shutil.which("zstd") and shutil.which("rg")):
        return None
    line = f"zstd -dcq {' '.join(map(str, files))} | rg -c arxiv"
    return lambda: measure.seconds(lambda: _run(["sh", "-c", line]))


def duckdb(files: Sequence[Path]) -> Callable[[], float] | None:
    """The time of counting the events by their collection in DuckDB."""
    try:
        import duckdb as database
    except ImportError:
        return None
    names = [str(file) for file in files]
    sql = """SELECT commit.collection, count(*) FROM read_json(?, format = 'newline_delimited',
        columns = {commit: 'STRUCT(collection VARCHAR)'}) GROUP BY 1"""
    return lambda: measure.seconds(lambda: database.connect().execute(sql, [names]).fetchall())


def _run(command: list[str]) -> None:
    environment = os.environ | {"PYTHONPATH": f"{measure.ROOT / 'src'}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment, cwd=measure.ROOT)
    if done.returncode:
        raise RuntimeError(f"{command[:4]}: exit status {done.returncode}")


# ---- made-up archives --------------------------------------------------------------------------------------


def archive(folder: Path, events: int) -> list[Path]:
    """Files of so many events in all."""
    chance = random.Random(1207)
    block = made(chance)
    files, began = [], time.time_ns() // 1000 - 30 * 86_400_000_000
    for number in range(0, events, FILE):
        file = folder / f"{number:012}.jsonl.zst"
        with file.open("wb") as raw, zstandard.ZstdCompressor(level=3).stream_writer(raw) as packed:
            for part in range(number, min(number + FILE, events), MADE):
                packed.write(later(block, part // MADE, began + part * 2_000))
        files.append(file)
    return files


def made(chance: random.Random) -> list[bytes]:
    """Events of which some are reactions to posts that name papers; PLACE stands where others' are other."""
    recent: deque[str] = deque(maxlen=40)
    lines = []
    for number in range(MADE):
        others = [stream._post_uri(chance) for _ in range(4 * (len(recent) or 1))]
        line = stream._event(chance, [*recent, *others], number)
        if b"arxiv.org" in line:
            did, rkey = line.partition(b'"did":"')[2][:32].decode(), line.partition(b'"rkey":"')[2][:13].decode()
            recent.append(f"at://{did}/app.bsky.feed.post/{rkey}")
        lines.append(VARIED.sub(rb"\1" + PLACE, line))
    return lines


def later(lines: Sequence[bytes], turn: int, at: int) -> bytes:
    """The events once more: other records of other accounts, later."""
    mark = stream._code(random.Random(turn), 4).encode()
    parts = []
    for number, line in enumerate(lines):
        head, _, rest = line.partition(b'"time_us":')
        parts.append(head + b'"time_us":%d' % (at + number * 2_000) + rest[16:])
    return b"".join(parts).replace(PLACE, mark)


if __name__ == "__main__":
    print(
        {
            name: value
            for name, value in run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0).items()
            if name != "method"
        }
    )
