"""Prepares the related papers of an app's publications when it starts, so that pages with a list do not keep others
waiting. Until then, which may take a minute the first time, those with a list are answered with 503."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from threading import Event

from hotpapers.issues.repository import RecordIssueReader
from hotpapers.serve.backend import Backend
from hotpapers.serve.http_messages import Refused
from hotpapers.wings.personal.kept import PREPARING
from hotpapers.wings.personal.neighbors import Neighbors

MAX_WAIT = 2.0
"""Seconds since the app's start that a page waits."""
RETRY = 10
"""Seconds after which a client may ask again."""


def prepare(backend: Backend) -> None:
    """Begins to prepare, in a thread of its own. Between two blocks the backend can be closed. A failure ends it: the
    pages then prepare what is missing."""
    lane = backend.lane(1)
    steps = _steps(backend)

    def step() -> None:
        for _ in steps:
            lane.begin(step)
            return

    lane.begin(step)


def _steps(backend: Backend) -> Iterator[None]:
    record = backend.open_record()
    is_done = Event()
    until = time.monotonic() + MAX_WAIT

    def wait() -> None:
        if not is_done.wait(max(until - time.monotonic(), 0)):
            raise Refused(503, "related papers are being prepared", RETRY)

    with closing(record.database):
        PREPARING[record.database.where] = wait
        try:
            reader = RecordIssueReader(record)
            for publication in reader.publications():
                yield from Neighbors(reader, publication.publication).prepare()
        finally:
            PREPARING.pop(record.database.where)
            is_done.set()
