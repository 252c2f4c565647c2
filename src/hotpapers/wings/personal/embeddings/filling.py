"""Asks for the vectors of the record's papers that have none, the latest first.

A round takes at most `MAX_SECONDS`: issues are published after it. If the server fails, related papers stay in the
order of words, the job that publishes is *partial*, and the server is asked again later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from urllib.parse import urlsplit

from hotpapers.base.errors import InputError, NetError, PartiallyRead, RequestRefused
from hotpapers.base.logs import log_event
from hotpapers.base.model import Paper
from hotpapers.base.text.timestamps import SECOND
from hotpapers.collect.job_factory import IngestContext, make_connection
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.loop import JobContext
from hotpapers.publish.schedule.publishing import FurtherParts, Part
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import Database
from hotpapers.site.site import Site
from hotpapers.wings.personal.embeddings.embedding_server import LIMITS, MAX_BATCH, embed_texts, server_of
from hotpapers.wings.personal.embeddings.queries import (
    SavedModel,
    SavedVectors,
    begin_model,
    delete_vectors,
    saved_vectors,
)
from hotpapers.wings.personal.embeddings.settings import TABLE, EmbeddingSettings
from hotpapers.wings.personal.for_me import text_of
from hotpapers.wings.personal.own_order import RankedText

MAX_SECONDS = 60.0
"""Of a round."""
MAX_ROWS = 256
"""Rows of papers that are read together."""
TOO_MUCH = (400, 413, 422)
"""Statuses of servers that do not take a text, such as one that is too long for the model."""


class VectorFilling(FurtherParts):
    """The part of the job that publishes."""

    def __init__(self, server: EmbeddingSettings, connection: Connection) -> None:
        self._server = server
        self._connection = connection
        self._rows: list[tuple[int, int]] = []
        """The rows of papers that are not looked at yet: after a number, up to a number."""
        self._last = 0
        self._count = self._refused = 0
        """Vectors that a round has saved, and texts of which the server wants to know nothing."""

    def after_freezing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        yield "embeddings", partial(self._fill, context)

    def close(self) -> None:
        self._connection.close()

    def _fill(self, context: JobContext) -> None:
        """Raises PartiallyRead if the server fails."""
        until = context.clock.now() + int(MAX_SECONDS * SECOND)
        self._count = self._refused = 0
        try:
            self._work_through(context.record.view(), lambda: context.clock.now() > until)
        except (InputError, NetError) as problem:
            raise PartiallyRead(f"{problem}; related papers stay in the order of words") from problem
        finally:
            if self._count:
                log_event("vectors saved", papers=self._count, refused=self._refused)

    def _work_through(self, view: AsOfView, is_late: Callable[[], bool]) -> None:
        last = view.last_row(Paper)
        if last > self._last:
            self._rows.append((self._last, last))
            self._last = last
        while self._rows:
            start, end = self._rows[-1]
            after = max(start, end - MAX_ROWS)
            papers = view.items(Paper, "t.id > ? AND t.id <= ? AND t.title <> ''", (after, end))
            texts = list(map(text_of, papers))
            saved = self._saved(view.database)
            known = saved.vectors([text.paper for text in texts]) if saved else {}
            missing = (text for text in texts if text.paper not in known)
            while batch := list(islice(missing, MAX_BATCH)):
                if is_late():
                    return
                self._save(view.database, batch)
            self._rows[-1:] = [(start, after)] if after > start else []

    def _save(self, database: Database, batch: Sequence[RankedText]) -> None:
        """Asks about a batch, or about each text alone if the server refuses them together. Raises InputError,
        NetError, StoreError."""
        papers = [text.paper for text in batch]
        vectors = dict(zip(papers, self._answers(batch), strict=True))
        numbers = len(next(iter(vectors.values())))
        saved_model = self._saved(database)
        saved = saved_model or begin_model(database, SavedModel(self._server.model, numbers))
        if numbers != saved.model.numbers:
            raise InputError(
                f"vectors of {numbers:,} numbers, not {saved.model.numbers:,} as before; if the model is another one "
                "now, run once without [embeddings], which deletes the earlier ones"
            )
        saved.save(vectors)
        self._count += len(vectors)

    def _answers(self, batch: Sequence[RankedText]) -> list[bytes]:
        texts = [f"{text.title}\n\n{text.abstract}" for text in batch]
        try:
            return embed_texts(self._connection.http, self._server, texts)
        except RequestRefused as problem:
            if problem.status not in TOO_MUCH or len(texts) == 1:
                raise
        alone = list(map(self._answer, texts))
        numbers = {len(vector) for vector in alone if vector}
        if len(numbers) != 1:  # it refuses everything, not a text
            raise InputError(f"{self._server.model}: the server refuses every text, or its vectors differ in length")
        self._refused += alone.count(b"")
        return [vector or bytes(*numbers) for vector in alone]

    def _answer(self, text: str) -> bytes:
        """The vector of one text; empty if the server refuses it."""
        try:
            return embed_texts(self._connection.http, self._server, [text])[0]
        except RequestRefused as problem:
            if problem.status not in TOO_MUCH:
                raise
            return b""

    def _saved(self, database: Database) -> SavedVectors | None:
        saved = saved_vectors(database)
        return saved if saved and saved.model.model == self._server.model else None


class VectorClearing(FurtherParts):
    """Deletes the vectors of an earlier server, while none is named."""

    def after_freezing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        yield "embeddings", partial(delete_vectors, context.record.database)


def vector_filling(site: Site, shared: IngestContext) -> VectorFilling | VectorClearing:
    """The part for a site. Raises SettingsError."""
    table = site.settings.table(TABLE.name)
    if not table.url:
        return VectorClearing()
    server = server_of(table)
    pace = {urlsplit(server.url).hostname or "": 0.0}  # no pause: the operator's own server, one request at a time
    connection = make_connection((server.url,), (server.key,), shared, pace, LIMITS)
    return VectorFilling(server, connection)


def check_server(site: Site) -> None:
    """Raises SettingsError if the server's key is not to be found."""
    table = site.settings.table(TABLE.name)
    if table.url:
        server_of(table)
