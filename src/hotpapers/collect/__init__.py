"""Collecting: the sources of a site, each read by a job of its own into the record.

decisions   what follows a round, what it says of coverage: plain functions
known       which posts are tracked, what of an observation is new
leases      which process does which job
naming      what names the papers that are known
rounds      a job, again and again, whatever fails
reading     the job of reading a source
recounting  the job of reading counts again
runner      all jobs of a process, a thread each
assembly    from settings to jobs: which sources are on, how they are paced, what is kept
"""

from hotpapers.collect.assembly import Choice, Site, chosen_sources, job_names, make_jobs, make_line
from hotpapers.collect.leases import Leases
from hotpapers.collect.naming import SharedNames
from hotpapers.collect.rounds import Rounds
from hotpapers.collect.runner import Runner
from hotpapers.record.duty import COUNTS

__all__ = [
    "COUNTS",
    "Choice",
    "Leases",
    "Rounds",
    "Runner",
    "SharedNames",
    "Site",
    "chosen_sources",
    "job_names",
    "make_jobs",
    "make_line",
]
