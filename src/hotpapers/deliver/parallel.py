"""A large site is written by two processes: rendering takes all of a core, and there are others.

The helper is a Python of its own that reads the same store, renders its share of the pages and writes them into the
same folder; it tells which files there are and which changed. If it fails, its share is done here too, and what is
wrong is told as always. It holds the folder's lock as long as it lives, also when the process that began it is killed.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from hotpapers import terms
from hotpapers.deliver.files import PART_OF_HELPER, WriteCounts, WrittenPaths, alone, write_files, write_some
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.render.html.pages import SiteChannel, everything
from hotpapers.store import Record
from hotpapers.view.site_config import SiteConfig

_HELP = "from hotpapers.deliver.parallel import run_helper; run_helper()"


class ParallelTask(NamedTuple):
    """What the helper must know."""

    store: str
    publication: str
    days: tuple[str, ...]
    site_config: SiteConfig
    allowed: terms.Table


def own_share(name: str) -> bool:
    """The share of the process that was asked; it begins earlier, and writes down what is done."""
    return crc32(name.encode()) % 16 < 9


def other_share(name: str) -> bool:
    """The helper's share."""
    return not own_share(name)


def write_parallel(output: Path, issue_reader: RecordIssueReader, task: ParallelTask) -> WriteCounts:
    """Writes a site, the helper its share of it, if there is a core for it. Raises UsageError."""
    share = partial(SiteChannel(task.site_config).share, issue_reader, task.publication, task.days)
    if (os.cpu_count() or 1) < 2:
        return write_files(output, share(everything))
    with alone(output) as (root, lock):
        helper = _start_helper(task, root, lock)
        try:
            written_files = write_some(root, share(own_share))
            helped = _read_result(helper)
        finally:
            helper.kill()
            helper.wait()
        return (written_files | (helped or write_some(root, share(other_share)))).counts


def _start_helper(task: ParallelTask, root: Path, lock: int) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    helper = subprocess.Popen(
        [sys.executable, "-c", _HELP], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, pass_fds=[lock]
    )
    assert helper.stdin is not None
    try:
        with helper.stdin as stdin:
            pickle.dump((task, root), stdin)
    except BrokenPipeError:  # it has ended: that is seen later
        pass
    return helper


def _read_result(helper: subprocess.Popen[bytes]) -> WrittenPaths | None:
    """What the helper did; None where it failed."""
    assert helper.stdout is not None
    with helper.stdout as output:
        data = output.read()
    return WrittenPaths(*pickle.loads(data)) if helper.wait() == 0 else None


def run_helper() -> None:
    """The helper's work: a task from standard input, what came of it on standard output."""
    task, root = pickle.load(sys.stdin.buffer)
    with Record(task.store, create=False) as record:
        issue_reader = RecordIssueReader(record, task.allowed)
        share = SiteChannel(task.site_config).share(issue_reader, task.publication, task.days, other_share)
        written_files = write_some(root, share, PART_OF_HELPER)
    pickle.dump(tuple(written_files), sys.stdout.buffer)
