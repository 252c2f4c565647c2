"""Ingest: the sources of a site, each read by a job of its own into the record.

job_factory     from settings to jobs: which sources are on, how they are paced, what is kept
collect_job     reads a source
recount_job     reads counts again
pipeline        a page into the record, in one line: parse, admit, compare, append
reprocessing    raw payloads, parsed again by the source as it is now
change_filter   which posts are tracked, what of an observation is new
queries         what is known of posts and papers
archives        what others kept of networks, in files
"""

from __future__ import annotations

from hotpapers.ingest.job_factory import (
    ConfiguredSource,
    IngestContext,
    chosen_sources,
    job_names,
    make_connection,
    make_jobs,
)
from hotpapers.ingest.shared_index import SharedPaperIndex

__all__ = [
    "ConfiguredSource",
    "IngestContext",
    "SharedPaperIndex",
    "chosen_sources",
    "job_names",
    "make_connection",
    "make_jobs",
]
