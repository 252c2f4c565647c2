"""`python -m tests.spark.cluster_run MASTER STORE STAGING MARK FILE…`: import Jetstream files on a cluster. The reader
of the last part kills its executor once."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from typing import Any

from hotpapers.base.network_terms import TERMS
from hotpapers.record import Record
from hotpapers.wings.archives.cli import commands as archives
from hotpapers.wings.archives.file_import import import_archives
from hotpapers.wings.archives.scan import Progress
from hotpapers.wings.archives.spark import SparkWorkers, spark_workers
from hotpapers.wings.archives.workers import Task, Work, WorkerSetup
from tests.spark.fault_injection import KillsReader
from tests.wings.archives.archive_helpers import NOW


class DeadlyWorkers:
    """A pool whose last task kills a process (`victim`), once."""

    opens_files = True

    def __init__(self, pool: SparkWorkers, marker: str, victim: str) -> None:
        self._pool, self._marker, self._victim = pool, marker, victim

    def map(
        self, work: Work, setup: WorkerSetup, tasks: Iterable[Task], progress: Progress
    ) -> Generator[tuple[Task, Any]]:
        """As of the pool."""
        some: list[Any] = list(tasks)
        if some:
            some[-1] = KillsReader(*some[-1])
            some[-1].marker, some[-1].victim = self._marker, self._victim
        yield from self._pool.map(work, setup, some, progress)


def main(master: str, store: str, staging: str, marker: str, *names: str) -> None:
    """Run the import described above."""
    files = [archives.file_of(name, None, None) for name in names]
    with Record(store) as record, spark_workers(master) as pool:
        deadly = DeadlyWorkers(pool, marker, "executor")
        importer = import_archives(record, "jetstream", files, TERMS["bluesky"], NOW, pool=deadly, staging=staging)
        print(list(importer))


if __name__ == "__main__":
    main(*sys.argv[1:])
