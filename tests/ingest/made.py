"""Jobs of a made-up site, with a scripted network, a real store and a lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from hotpapers.ingest.change_filter import TrackedPosts
from hotpapers.ingest.collect_job import CollectJob, Connection
from hotpapers.ingest.recount_job import RecountJob
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, Job, JobContext, JobLoop
from hotpapers.model import HttpClient, Source
from hotpapers.sources.lobsters import LobstersSettings, LobstersSource
from hotpapers.store import Record
from hotpapers.terms import TERMS
from tests.sources.net import ScriptedClient

LIST = "https://lobste.rs/domains/arxiv.org.json"


class Made(NamedTuple):
    """A job's rounds, its network, and the store for the test to inspect."""

    rounds: JobLoop
    http: ScriptedClient
    record: Record

    def work(self) -> JobContext:
        """The job's context, with its lease taken."""
        self.rounds._leases.take(self.record, self.rounds.job.name)
        return self.rounds._context or self.rounds._open_context()


@contextmanager
def reading(store: str, answers: object, *, source: Source | None = None, holder: str = "one") -> Iterator[Made]:
    """A job that reads a source; Lobsters by default."""
    http = ScriptedClient({LIST: answers} if not callable(answers) else answers)  # type: ignore[dict-item]
    with Record(store) as record:
        known = TrackedPosts(record, "lobsters", http.now())
        job = CollectJob(
            source or LobstersSource(LobstersSettings(), known), Connection(http), known, TERMS["lobsters"]
        )
        yield from _made(rounds_of(job, store, http, holder), http, record)


@contextmanager
def recounting(store: str, source: Source, http: ScriptedClient) -> Iterator[Made]:
    """A job that reads a source's counts again."""
    with Record(store) as record:
        yield from _made(
            rounds_of(RecountJob(source, Connection(http), TERMS["lobsters"]), store, http, "one"), http, record
        )


def _made(rounds: JobLoop, http: ScriptedClient, record: Record) -> Iterator[Made]:
    try:
        yield Made(rounds, http, record)
    finally:
        rounds._close_store()


def rounds_of(job: Job, store: str, http: HttpClient, holder: str) -> JobLoop:
    """A job's rounds, timed by the network's clock."""
    open_record = partial(Record, store)
    return JobLoop(job.name, lambda: job, open_record, Leases(open_record, holder), Clock(http.now, http.sleep))
