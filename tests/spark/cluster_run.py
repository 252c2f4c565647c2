"""`python -m tests.spark.cluster_run MASTER PLACE TARGET MARK FILE…`: filter Jetstream files on a cluster, through a
staging place into a target. The reader of the last file kills its executor once. Prints the number of lost tasks."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from hotpapers.cli import spark_import
from hotpapers.ingest.archives import spark_job
from hotpapers.ingest.archives.findings import FilterJob, all_parts
from hotpapers.ingest.archives.spark_session import spark_session
from tests.ingest.archive_helpers import NOW
from tests.spark import fault_injection


def main(master: str, staging_place: str, target: str, marker: str, *names: str) -> None:
    """Run the job described above."""
    files = [spark_import.file_of(name, None) for name in names]
    files[-1] = files[-1]._replace(altered=partial(fault_injection.kill_once, marker, "executor"))
    job = FilterJob("jetstream", files, all_parts("jetstream", files), [], [], NOW)
    with (
        spark_session(master) as session,
        spark_job.staging(session, staging_place, Path(target)) as folder,
    ):
        run = spark_job.filter_files(session, job, folder, lambda share: None)
    print(run.lost)


if __name__ == "__main__":
    main(*sys.argv[1:])
