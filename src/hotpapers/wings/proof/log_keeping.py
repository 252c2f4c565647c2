"""Keeps the transparency logs up to date while the program runs, and has them cosigned."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from hotpapers.base import terms
from hotpapers.base.errors import NetError
from hotpapers.base.http import ClientLimits
from hotpapers.base.ids.timestamps import is_over
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY, HOUR, RenderedFile
from hotpapers.collect.collect_job import Connection
from hotpapers.collect.job_factory import IngestContext, make_connection
from hotpapers.collect.jobs.loop import JobContext
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.export_site import export_again, folders_of
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.schedule.publishing import Part
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.record import Record, tombstones
from hotpapers.site.site import Site
from hotpapers.wings.proof.config import site_logs
from hotpapers.wings.proof.log_pages import POLICY_PATH, LogPages
from hotpapers.wings.proof.policies import witness_policy
from hotpapers.wings.proof.publication_log import update_log
from hotpapers.wings.proof.queries import digests_by_day, frozen_digests
from hotpapers.wings.proof.site_logs import SiteLogs
from hotpapers.wings.proof.witness_client import MAX_ANSWER_SECONDS, ask_witnesses

ASK_EVERY = HOUR // 12
"""How long to wait before asking a witness that has not cosigned again."""


class LogKeeping:
    """Adds what is new in the store to the logs, and renders the logs' files again. `connection`: to the witnesses;
    None if none is asked."""

    def __init__(
        self, logs: SiteLogs, site_config: SiteConfig, allowed: terms.Table, connection: Connection | None = None
    ) -> None:
        self._logs, self._site_config, self._allowed = logs, site_config._replace(proofs=logs), allowed
        self._connection = connection
        self._states: dict[str, tuple[int, int, int]] = {}
        self._proofs: dict[str, frozenset[tuple[str, str]]] = {}
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
        logs, at = self._logs, context.clock.now()
        database = context.record.database
        period = at // (HOUR if logs.config.observations else DAY)
        state = (len(frozen_digests(database, publication)), period, tombstones.count(database))
        if self._states.get(publication) == state:
            return
        if publication not in self._proofs:
            self._proofs[publication] = self._with_proof(context, publication)
        update = update_log(database, publication, logs.config, at)
        proofs_now = self._with_proof(context, publication)
        # including issues that were published without the log
        days = {day for day, _ in proofs_now - self._proofs[publication]}
        if update.signed is not None:
            log_event("logged", publication=publication, leaves=update.added, size=update.signed.checkpoint.size)
            self._asked_at.pop(publication, None)
        if days or update.signed is not None:
            self._render(context, publication, days)
        self._states[publication], self._proofs[publication] = state, proofs_now

    def ask(self, context: JobContext, publication: str) -> None:
        """Asks the witnesses that have not cosigned yet, after publishing, and renders again the issues whose proof is
        now complete. A witness that cannot be reached or refuses is logged and asked again later; a refusal also raises
        an alarm."""
        logs, at = self._logs, context.clock.now()
        if self._connection is None or not is_over(self._asked_at.get(publication, 0), ASK_EVERY, at):
            return
        self._asked_at[publication] = at
        incomplete_days, version = self._incomplete(context, publication), logs.version(publication)
        policy = witness_policy(logs.config.policy)
        problems = list(ask_witnesses(self._connection.http, policy, logs.config.folder, publication, at))
        if logs.version(publication) != version:
            days = incomplete_days - self._incomplete(context, publication)
            self._render(context, publication, days)
        for failure in problems:
            level = logging.INFO if isinstance(failure.problem, NetError) else logging.WARNING
            log_event(
                "not cosigned", level=level, publication=publication, witness=failure.witness, reason=failure.problem
            )

    def _with_proof(self, context: JobContext, publication: str) -> frozenset[tuple[str, str]]:
        """(day, digest) of the editions that have a proof; empty if the log cannot be read."""
        log = self._logs.readable(publication)
        rows = digests_by_day(context.record.database, publication) if log else ()
        return frozenset(row for row in rows if log and log.has_proof(row[1]))

    def _incomplete(self, context: JobContext, publication: str) -> set[str]:
        """The days with an edition whose proof lacks cosignatures."""
        log = self._logs.of(publication)
        rows = digests_by_day(context.record.database, publication) if log else ()
        return {day for day, digest in rows if log and log.is_incomplete(digest)}

    def _render(self, context: JobContext, publication: str, days: set[str]) -> None:
        """Renders the log's own files, in every folder that a site was written to, and the issues of some days."""
        export_again(context.record, self._site_config, self._allowed, {(publication, day) for day in days})
        export_logs(context.record, publication, self._logs, self._site_config)


def log_keeping(site: Site, shared: IngestContext) -> LogKeeping | None:
    """What the settings ask for; None without a settings file. Raises SettingsError."""
    logs = site_logs(site)
    if logs is None:
        return None
    witnesses = [witness.url for witness in witness_policy(logs.config.policy).witnesses if witness.url]
    slowest = ClientLimits(whole=MAX_ANSWER_SECONDS)
    connection = make_connection(witnesses, (), shared, limits=slowest) if witnesses else None
    return LogKeeping(logs, site.site_config, site.terms, connection)


def export_logs(record: Record, publication: str, logs: SiteLogs, site_config: SiteConfig = NOBODY) -> int:
    """Writes only the files of a publication's log to each folder with its site. Returns how many changed. Raises
    UsageError for a folder that cannot be written."""
    log = logs.readable(publication)
    if log is None:
        return 0
    site = SiteContext(RecordIssueReader(record), publication, site_config.of(publication))
    folders = sorted(folders_of(record, publication).get("site", ()))
    return sum(
        write_files(folder, _missing_files(LogPages(site, log), folder)).changed
        for folder in folders
        if folder.is_dir()
    )


def _missing_files(pages: LogPages, folder: Path) -> Iterator[RenderedFile]:
    """The files that a site's folder may lack; without bytes, those that `ended`."""
    for path in pages.paths(folder):
        if (page := pages.page(path)) is not None:
            yield RenderedFile(path, page)
    yield from (RenderedFile(path, b"") for path in pages.ended(POLICY_PATH, folder))
