"""Writes a large site with two processes, because rendering keeps one core busy.

The helper is a separate Python process that reads the same store, renders its share of the pages, writes them to the
same folder, and reports which files exist and which changed. If it fails, its share is rendered here, too, and errors
are reported as usual. The helper holds the folder's lock while it runs, even if the parent process is killed.
"""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from hotpapers.base import network_terms
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.files import WriteCounts, WrittenPaths, exclusive_folder, write_some
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record

_HELP = "from hotpapers.publish.deliver.parallel import run_helper; run_helper()"


class ParallelTask(NamedTuple):
    """The helper's task."""

    store: str
    publication: str
    days: tuple[str, ...]
    site_config: SiteConfig
    allowed: network_terms.Table


def own_share(name: str) -> bool:
    """The main process's share, slightly more than half: it starts earlier."""
    return crc32(name.encode()) % 16 < 9


def other_share(name: str) -> bool:
    """The helper's share."""
    return not own_share(name)


def write_parallel(output: Path, issue_reader: RecordIssueReader, task: ParallelTask) -> WriteCounts:
    """Writes a site with a helper. Raises UsageError."""
    site_channel = SiteChannel(task.site_config)
    share = partial(site_channel.share, issue_reader, task.publication, task.days)
    with exclusive_folder(output) as (root, lock):
        command = [sys.executable, "-c", _HELP]
        pipe = subprocess.PIPE
        helper = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, pass_fds=[lock])
        assert helper.stdin is not None and helper.stdout is not None
        try:
            with suppress(BrokenPipeError), helper.stdin as given:  # if it has ended, its share is done below
                pickle.dump((task, root, gc.get_threshold()), given)
            written = write_some(root, share(own_share))
            with helper.stdout as output_stream:
                result = output_stream.read()
            helper.wait()
        finally:
            helper.kill()
            helper.wait()
        if helper.returncode:
            return (written | write_some(root, share(other_share))).counts
        return (written | WrittenPaths(*pickle.loads(result))).counts


def run_helper() -> None:
    """Runs the helper: reads a task from standard input, writes the result to standard output."""
    task, root, threshold = pickle.load(sys.stdin.buffer)
    gc.set_threshold(*threshold)
    with Record(task.store, create=False) as record:
        issue_reader = RecordIssueReader(record, task.allowed)
        site_channel = SiteChannel(task.site_config)
        share = site_channel.share(issue_reader, task.publication, task.days, other_share)
        written_files = write_some(root, share)
    pickle.dump(tuple(written_files), sys.stdout.buffer)
