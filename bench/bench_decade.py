"""Ten years of issues: how publishing a site grows with them.

Twice the same publication: the archive's issues, and five times as many (bench/decade_archive.py). Measured is the
processor time of `hotpapers publish --all --to site` into an empty folder and of `hotpapers publish DAY --to site` for
the last day, into a folder that has all others, with all issues frozen; best of two, in turns. Both were published
before, so related papers and topics are found in the folder beside the store; *the first time* they were not. Memory is
that of the largest process. `git add` is of the whole folder, by wall time.
"""

from __future__ import annotations

import itertools
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench import bench_import, measure
from bench.bench_site import again, publish
from bench.decade_archive import COPIES, copies
from hotpapers.issues.freeze import freeze_issue, publication_of
from hotpapers.issues.queries import frozen_days, listed_days
from hotpapers.record import Record
from hotpapers.wings.classic.importing import GROUP, import_parsed, read_classic

_numbers = itertools.count()


class Published(NamedTuple):
    """A store of frozen issues, and the folder that they are published to. `first`: processor seconds of that."""

    store: str
    days: list[str]
    site: Path
    first: float

    def whole(self) -> float:
        """Processor seconds to publish everything into an empty folder."""
        site = self.site.with_name(f"{self.site.name}-{next(_numbers)}")
        duration = publish(self.store, site, timer=measure.processor_seconds)
        shutil.rmtree(site)
        return duration

    def one_issue(self) -> float:
        """Processor seconds to publish the last day."""
        return again(self.store, self.site, self.days[-1], measure.processor_seconds)


def published(folder: Path, paths: list[Path], count: int) -> Published:
    """Imports, freezes and publishes an archive and its copies, `count` in all."""
    store = str(folder / f"{count}.db")
    parsed = [read_classic(file.name, file.read_bytes()) for file in paths]
    with Record(store) as record:
        for files in copies(parsed, count):
            for start in range(0, len(files), GROUP):
                import_parsed(record, files[start : start + GROUP])
        publication = publication_of(record, None)
        for day in listed_days(record, publication.publication):
            freeze_issue(record, publication, day)
        days = frozen_days(record, publication.publication)
    site = folder / f"site-{count}"
    return Published(store, days, site, publish(store, site, timer=measure.processor_seconds))


def peak_of_child(task: Callable[[], object]) -> int:
    """The peak memory of the largest process that a task starts, bytes. It must be larger than this one."""
    task()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def git_add(site: Path) -> float:
    """Seconds of `git add` of a whole folder."""
    environment = os.environ | {"GIT_DIR": str(site.with_suffix(".git")), "GIT_WORK_TREE": str(site)}
    run = partial(subprocess.run, check=True, capture_output=True, env=environment)
    run(["git", "init"])
    return measure.seconds(lambda: run(["git", "add", "--all"]))


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths, note = bench_import.files(folder, scale)
        short, long = (published(folder, paths, count) for count in (1, COPIES))
        tasks = (short.whole, long.whole, short.one_issue, long.one_issue)
        whole, whole_long, latest, latest_long = measure.by_turns(2, *tasks)
        peak = peak_of_child(long.one_issue)
        sizes = [file.stat().st_size for file in long.site.rglob("*") if file.is_file()]
        added = git_add(long.site)
    times = len(long.days) / len(short.days)
    each = (whole_long - whole) / (len(long.days) - len(short.days))
    notes = [
        f"{note}; {len(short.days):,} and {len(long.days):,} issues; a further one adds {measure.span(each)}",
        f"{len(long.days):,} issues: {len(sizes):,} files, {sum(sizes) / 1e6:,.0f} MB; git add {measure.span(added)}",
    ]
    lines = [
        measure.at_most(f"{len(long.days):,} issues, against {len(short.days):,}", whole_long, whole, 1.06 * times),
        measure.at_most("the first time", long.first, short.first, None),
        measure.at_most("a new issue", latest_long, latest, 1.1),
        measure.limit("memory", peak / 1e6, 250, "MB"),
    ]
    return {"lines": lines, "method": __doc__, "notes": notes}
