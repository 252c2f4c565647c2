"""Jobs of a made-up site, with a scripted network, a real store and a lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import pytest

from hotpapers.base.errors import BusyStore
from hotpapers.base.model import HttpClient, Source
from hotpapers.base.network_terms import TERMS
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob, RecountJob
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, Job, JobContext, JobLoop
from hotpapers.record import Record
from hotpapers.record.batches import BatchWriter
from tests.collect.sources.net import ScriptedClient
from tests.collect.story_source import LIST, StorySettings, StorySource


class JobSetup(NamedTuple):
    """A job's loop, its network, and the record for the test to inspect."""

    loop: JobLoop
    http: ScriptedClient
    record: Record

    def context(self) -> JobContext:
        """The job's context, with its lease taken."""
        self.loop._leases.take(self.record, self.loop.job.name)
        return self.loop._context or self.loop._open_context()


@contextmanager
def collect_setup(
    store: str, answers: object, *, source: Source | None = None, holder: str = "one"
) -> Iterator[JobSetup]:
    """A job that reads a source; stories by default."""
    http = ScriptedClient({LIST: answers} if not callable(answers) else answers)  # type: ignore[dict-item]
    with Record(store) as record:
        tracked = TrackedPosts(record, "hackernews", http.now())
        job = CollectJob(
            source or StorySource(StorySettings(), tracked),
            Connection(http),
            tracked,
            TERMS["hackernews"],
            names=SharedPaperIndex(),
        )
        yield from _setup(loop_of(job, store, http, holder), http, record)


@contextmanager
def recount_setup(store: str, source: Source, http: ScriptedClient) -> Iterator[JobSetup]:
    """A job that reads a source's counts again."""
    with Record(store) as record:
        yield from _setup(
            loop_of(RecountJob(source, Connection(http), TERMS["hackernews"]), store, http, "one"), http, record
        )


def _setup(loop: JobLoop, http: ScriptedClient, record: Record) -> Iterator[JobSetup]:
    try:
        yield JobSetup(loop, http, record)
    finally:
        loop._close_store()


def loop_of(job: Job, store: str, http: HttpClient, holder: str) -> JobLoop:
    """The loop of a job, timed by the network's clock."""
    open_record = partial(Record, store)
    return JobLoop(job.name, lambda: job, open_record, Leases(open_record, holder), Clock(http.now, http.sleep))


def fail_next_append(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next batch that any record writes fails as if another process were writing; later ones do not."""
    append = BatchWriter.append

    def fail_once(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(BatchWriter, "append", append)
        raise BusyStore("another process is writing")

    monkeypatch.setattr(BatchWriter, "append", fail_once)
