"""Ingest: the sources of a site, each read by a job of its own into the record.

job_factory     from settings to jobs: which sources are on, how they are paced, what is kept
collect_job     reads a source
recount_job     reads counts again
change_filter   which posts are tracked, what of an observation is new
shared_index    what names the papers that are known
reprocessing    raw payloads, parsed again by the source as it is now
archives        what others kept of networks, in files
"""

from hotpapers.ingest.job_factory import (
    ConfiguredSource,
    IngestContext,
    chosen_sources,
    job_names,
    make_jobs,
    make_line,
)
from hotpapers.ingest.shared_index import SharedPaperIndex
from hotpapers.jobs.job_state import COUNTS
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import JobLoop
from hotpapers.jobs.runner import JobRunner

__all__ = [
    "COUNTS",
    "ConfiguredSource",
    "IngestContext",
    "JobLoop",
    "JobRunner",
    "Leases",
    "SharedPaperIndex",
    "chosen_sources",
    "job_names",
    "make_jobs",
    "make_line",
]
