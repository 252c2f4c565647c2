"""Keeps the transparency logs up to date while the program runs, and has them cosigned."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hotpapers.base import errors, http, network_terms
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY, HOUR, RenderedFile
from hotpapers.base.text.timestamps import is_over
from hotpapers.collect.job_factory import IngestContext, make_connection
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.loop import JobContext
from hotpapers.publish.deliver.export_site import export_again, folders_of
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.schedule.publishing import Part
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, tombstones
from hotpapers.site.site import Site
from hotpapers.wings.proof import policies, publication_log, queries, site_logs, witness_client

ASK_EVERY = HOUR // 12
"""How long to wait before asking a witness that has not cosigned again."""


LogState = tuple[object, set[tuple[str, str, bool]]]
"""A publication's log at a moment: its version; day and digest of each edition with a proof, and whether that has
enough cosignatures."""


class LogKeeping:
    """Adds what is new in the store to the logs, and renders the logs' files again. `connection`: to the witnesses;
    None if none is asked."""

    def __init__(
        self,
        logs: site_logs.SiteLogs,
        site_config: SiteConfig,
        allowed: network_terms.Table,
        connection: Connection | None,
    ) -> None:
        self._logs = logs
        self._site_config = site_config._replace(proofs=logs)
        self._allowed = allowed
        self._connection = connection
        self._states: dict[str, tuple[int, int, int]] = {}
        self._rendered: dict[str, LogState] = {}
        self._asked_at: dict[str, int] = {}

    def after_freezing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        """Updates the logs."""
        return ((f"log of {name}", partial(self.update, context, name)) for name in publications)

    def after_publishing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        """Asks the witnesses."""
        return ((f"witnesses of {name}", partial(self.ask, context, name)) for name in publications)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def update(self, context: JobContext, publication: str) -> None:
        """Updates a log when there are new issues, a day is over (an hour, if observations are published), or something
        was forgotten. Raises LogError or UsageError if a log cannot be continued; issues still appear."""
        logs = self._logs
        at = context.clock.now()
        database = context.record.database
        period = at // (HOUR if logs.config.observations else DAY)
        frozen_digests = queries.frozen_digests(database, publication)
        state = (len(frozen_digests), period, tombstones.count(database))
        if self._states.get(publication) == state:
            return
        with self._rendering(context, publication):
            update = publication_log.update_log(database, publication, logs.config, at)
            if update.signed is not None:
                log_event("logged", publication=publication, leaves=update.added, size=update.signed.size)
                self._asked_at.pop(publication, None)
        self._states[publication] = state

    def ask(self, context: JobContext, publication: str) -> None:
        """Asks the witnesses that have not cosigned yet, after publishing, and renders again the issues whose proof is
        now complete. A witness that cannot be reached or refuses is logged and asked again later; a refusal also raises
        an alarm."""
        logs = self._logs
        at = context.clock.now()
        if self._connection is None or not is_over(self._asked_at.get(publication, 0), ASK_EVERY, at):
            return
        self._asked_at[publication] = at
        policy = policies.witness_policy(logs.config.policy)
        with self._rendering(context, publication):
            folder = logs.config.folder / publication
            problems = list(witness_client.ask_witnesses(self._connection.http, policy, folder, at))
        for failure in problems:
            level = logging.INFO if isinstance(failure.problem, errors.NetError) else logging.WARNING
            log_event(
                "not cosigned", level=level, publication=publication, witness=failure.witness, reason=failure.problem
            )

    @contextmanager
    def _rendering(self, context: JobContext, publication: str) -> Iterator[None]:
        """If the log changes meanwhile, renders its own files, in every folder that a site was written to, and the
        issues whose proof is new or now complete, including those that were published without the log."""
        if publication not in self._rendered:  # when the program starts, pages show it as it is
            self._rendered[publication] = self._state(context, publication)
        yield
        before = self._rendered[publication]
        now = self._state(context, publication)
        if now != before:
            days = {(publication, day) for day, _, _ in now[1] - before[1]}
            export_again(context.record, self._site_config, self._allowed, days)
            export_logs(context.record, publication, self._logs, self._site_config)
        self._rendered[publication] = now

    def _state(self, context: JobContext, publication: str) -> LogState:
        version = self._logs.version(publication)
        log = self._logs.readable(publication)
        rows = queries.frozen_digests(context.record.database, publication) if log else ()
        proofs = ((day, digest, log.is_complete(digest)) for _, day, digest in rows if log)
        return version, {(day, digest, state) for day, digest, state in proofs if state is not None}


def log_keeping(site: Site, shared: IngestContext) -> LogKeeping | None:
    """The log keeping configured in the settings. Returns None without a settings file. Raises SettingsError."""
    logs = site_logs.site_logs(site.settings, site.file)
    if logs is None:
        return None
    witness_policy = policies.witness_policy(logs.config.policy)
    witnesses = [witness.url for witness in witness_policy.witnesses if witness.url]
    slowest = http.ClientLimits(whole=witness_client.MAX_ANSWER_SECONDS)
    connection = make_connection(witnesses, (), shared, limits=slowest) if witnesses else None
    return LogKeeping(logs, site.site_config, site.terms, connection)


def export_logs(record: Record, publication: str, logs: site_logs.SiteLogs, site_config: SiteConfig) -> int:
    """Writes only the files of a publication's log to each folder with its site. Returns how many changed. Raises
    UsageError for a folder that cannot be written."""
    log = logs.readable(publication)
    if log is None:
        return 0
    site = SiteContext(RecordIssueReader(record), publication, site_config.of(publication))
    folders = sorted(folders_of(record, publication).get("site", ()))
    pages = log.pages(site)

    def missing(folder: Path) -> Iterator[RenderedFile]:
        """The files that a site's folder may lack; without bytes, those that ended."""
        for path in pages.paths(folder):
            if (page := pages.page(path)) is not None:
                yield RenderedFile(path, page)
        yield from (RenderedFile(path, b"") for path in pages.ended(policies.POLICY_PATH))

    return sum(write_files(folder, missing(folder)).changed for folder in folders if folder.is_dir())
