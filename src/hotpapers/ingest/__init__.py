"""Ingest: each source of a site is read into the record by its own job.

job_factory     from settings to jobs: which sources are on, how they are paced, what is kept
collect_job     reads a source
recount_job     reads counts again; coverage_items: what both report of what they read
pipeline        one page into the record: parse, admit, compare, append
reprocessing    parses stored raw payloads again with the current code
shared_index    the names of papers, shared by all jobs
change_filter   which posts are tracked, what is new in an observation
queries         what is known of posts and papers
archives        files in which others archived networks
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
