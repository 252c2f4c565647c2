"""Collecting: the sources of a site, each read by a worker of its own into the record.

runner     rounds, patience, coverage: what follows what
assembly   from settings to workers: which sources are on, how they are paced, what is kept
"""

from hotpapers.collect.assembly import chosen_sources, make_worker
from hotpapers.collect.runner import Collector, Worker

__all__ = ["Collector", "Worker", "chosen_sources", "make_worker"]
