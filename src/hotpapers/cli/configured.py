"""What the settings ask `hotpapers run` to do, and the problems that would keep it from starting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from hotpapers.cli import common
from hotpapers.cli.collect import configured_sources
from hotpapers.cli.following import follow_names, followed_sites
from hotpapers.cli.sending import check, sends
from hotpapers.errors import SettingsError, UsageError
from hotpapers.http.address_guard import require_address
from hotpapers.ingest import job_names
from hotpapers.schedule import HousekeepingJob, IssueDestination, PublishJob, SendJob
from hotpapers.store import Record
from hotpapers.summaries.generate import summarizer
from hotpapers.web.background_server import address_of


def wanted_jobs(context: common.CommandContext) -> set[str]:
    """The names of the jobs that the settings ask for; others are switched off. Raises SettingsError."""
    sending = [SendJob.name] if sends(context) else []
    return {
        PublishJob.name,
        HousekeepingJob.name,
        *sending,
        *follow_names(context),
        *job_names(configured_sources(context)),
    }


def issue_destinations(context: common.CommandContext) -> list[IssueDestination]:
    """The destinations of our own publications' issues. Raises SettingsError."""
    return [
        IssueDestination(name, *target)
        for name in context.own_publications
        for target in common.targets(context, name, (), None)
    ]


def settings_problems(context: common.CommandContext, record: Record) -> Iterator[str]:
    """Problems that would keep `run` from starting, or from publishing observations, one for each part of the
    settings."""
    further_checks: tuple[Callable[[], object], ...] = (
        partial(issue_destinations, context),
        partial(check, context, record),
        partial(_check_observations, context),
    )
    for check_one in (*settings_checks(context), *further_checks):
        try:
            check_one()
        except UsageError as problem:
            yield str(problem)


def settings_checks(context: common.CommandContext) -> tuple[Callable[[], object], ...]:
    """Functions that raise SettingsError or UsageError now, rather than when a job first uses a bad setting."""
    return (
        partial(configured_sources, context),
        partial(common.configured_publications, context),
        partial(summarizer, context.settings.summary, context.settings.contact),
        partial(followed_sites, context),
        partial(_check_run, context),
    )


def _check_run(context: common.CommandContext) -> None:
    if context.settings.run.listen:
        address_of(context.settings.run.listen)
    try:
        if context.settings.run.ping:
            require_address(context.settings.run.ping)
    except ValueError as problem:
        raise SettingsError(f"{context.file}: run.ping: {problem}") from None


def _check_observations(context: common.CommandContext) -> None:
    log = context.log_config
    if log is not None and log.observations and not log.key_file.exists():
        raise SettingsError(
            f"{context.file}: transparency.observations: nothing is published without a log;"
            " `hotpapers log --new-key` creates its key"
        )
