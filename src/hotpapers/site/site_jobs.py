"""The jobs of a site: which the settings ask for, how they are made, and problems that keep `run` from starting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from hotpapers.base.errors import SettingsError, UsageError
from hotpapers.base.http.address_guard import address_of, require_address
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import Publication, without_duplicates
from hotpapers.collect.job_factory import IngestContext, job_names, make_connection
from hotpapers.jobs.loop import Job, JobLoop
from hotpapers.publish.deliver.export_site import check_folder_owner
from hotpapers.publish.schedule.health import SiteHealth, assess_health
from hotpapers.publish.schedule.housekeeping import HousekeepingJob
from hotpapers.publish.schedule.publishing import IssueDestination, PublishJob
from hotpapers.publish.schedule.sending import SendJob
from hotpapers.record import Record
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.hooks import Alarms, Jobs, Publishing, StatusCheck
from hotpapers.site.publication_changes import check_names
from hotpapers.site.publishing import before_freezing, check_unmoved, configured_folders
from hotpapers.site.sending import all_destinations, check_sending, has_sender

JobMakers = Mapping[str, Callable[[], JobLoop]]
"""The functions that make jobs, by name."""


def site_jobs(
    site: ConfiguredSite, shared: IngestContext, read_jobs: Sequence[str], reads_more: bool
) -> tuple[JobMakers, JobMakers]:
    """The jobs that publish and keep house, and those that send issues. `read_jobs`: those that read networks;
    `reads_more`: whether there are others that read. `shared`: the context shared by the jobs of this process."""

    witnesses = shared.witnesses if read_jobs or reads_more else None

    def publish() -> PublishJob:
        parts = [parts for hook in hooks_of(Publishing) if (parts := hook.parts(site, shared))]
        return PublishJob(
            site.own_publications,
            issue_destinations(site),
            site.settings.bots,
            site.site_config,
            site.terms,
            before_freezing(site, shared.stop),
            read_jobs,
            witnesses,
            parts,
        )

    def keep_house() -> HousekeepingJob:
        ping = site.settings.run.ping
        own = (ping,) if ping else ()
        connection = make_connection(own, own, shared)  # the addresses of monitors contain a token
        return HousekeepingJob(
            connection,
            ping,
            lambda work, once: site_health(site, work.record, work.clock.now(), once=once),
            site.terms,
            witnesses,
        )

    def send() -> SendJob:
        destinations = partial(all_destinations, site, partial(make_connection, shared=shared))
        with_pages = {target.publication for target in issue_destinations(site) if target.channel == "site"}
        return SendJob(site.own_publications, destinations, site.terms, with_pages)

    def loops(makers: Mapping[str, Callable[[], Job]]) -> JobMakers:
        return {
            name: partial(JobLoop, name, make, shared.record, shared.leases, shared.clock)
            for name, make in makers.items()
        }

    return (
        loops({PublishJob.name: publish, HousekeepingJob.name: keep_house}),
        loops({SendJob.name: send} if has_sender(site) else {}),
    )


def site_health(site: ConfiguredSite, record: Record, at: int, *, once: bool = False) -> SiteHealth:
    """The health of the settings and of the jobs that they ask for, or of all if they are invalid. `once`: see
    `assess_health`."""
    known = {item.publication for item in record.view().items(Publication)}
    names = [name for name in site.own_publications if name in known]
    alarms = [alarm for alarm, _ in wing_alarms(site, record)]
    mistakes = settings_problems(site, record)
    jobs = None
    with suppress(UsageError):
        jobs = wanted_jobs(site)
    health = assess_health(record, names, at, alarms, jobs, once=once)
    return health._replace(ok=health.ok and not mistakes, problems=(*mistakes, *health.problems))


# ---- what the settings ask for ---------------------------------------------------------------------------


def wanted_jobs(site: ConfiguredSite) -> set[str]:
    """The names of the jobs that the settings ask for; others are switched off. Raises SettingsError."""
    own = (PublishJob.name, HousekeepingJob.name, *([SendJob.name] if has_sender(site) else []))
    return {*own, *wing_jobs(site), *job_names(site.sources())}


def issue_destinations(site: ConfiguredSite) -> list[IssueDestination]:
    """The destinations of our own publications' issues. Raises SettingsError."""
    return [
        IssueDestination(name, *target) for name in site.own_publications for target in configured_folders(site, name)
    ]


def settings_problems(site: ConfiguredSite, record: Record) -> tuple[str, ...]:
    """Problems that would keep `run` from starting, or from publishing observations, each once; none without
    settings."""
    return without_duplicates(_settings_problems(site, record)) if site.has_settings else ()


def _settings_problems(site: ConfiguredSite, record: Record) -> Iterator[str]:
    of_wings = [partial(hook.check, site) for hook in hooks_of(StatusCheck)]
    checks: tuple[Callable[[], object], ...] = (*settings_checks(site), *record_checks(site, record), *of_wings)
    for check_one in checks:
        try:
            check_one()
        except UsageError as problem:
            yield str(problem)


def settings_checks(site: ConfiguredSite) -> tuple[Callable[[], object], ...]:
    """Functions that raise SettingsError or UsageError now, rather than when a job first uses a bad setting."""
    return (
        site.sources,
        site.publication_items,
        partial(before_freezing, site),
        partial(wing_jobs, site),
        partial(_check_run, site),
        lambda: (site.proxies, site.site_config),
        partial(issue_destinations, site),
    )


def record_checks(site: ConfiguredSite, record: Record) -> tuple[Callable[[], object], ...]:
    """Functions that raise SettingsError or UsageError for settings that do not fit the record."""
    return (
        partial(check_names, site.file, record, site.settings.publication),
        *(partial(check_unmoved, site, record, name) for name in site.own_publications),
        partial(_check_owners, site, record),
        partial(check_sending, site, record),
    )


def _check_owners(site: ConfiguredSite, record: Record) -> None:
    for destination in issue_destinations(site):
        check_folder_owner(record, destination.folder)


def _check_run(site: ConfiguredSite) -> None:
    if site.settings.run.listen:
        address_of(site.settings.run.listen)
    try:
        if site.settings.run.ping:
            require_address(site.settings.run.ping)
    except ValueError as problem:
        raise SettingsError(f"{site.file}: run.ping: {problem}") from None


# ---- wings --------------------------------------------------------------------------------------------------


def wing_jobs(site: ConfiguredSite) -> dict[str, Callable[[IngestContext], JobLoop]]:
    """The functions that make the jobs of wings that read, by name. Raises SettingsError."""
    return {name: make for hook in hooks_of(Jobs) for name, make in hook.make(site).items()}


def jobs_in(
    makers: dict[str, Callable[[IngestContext], JobLoop]], shared: IngestContext
) -> dict[str, Callable[[], JobLoop]]:
    """These jobs for one process."""
    return {name: partial(make, shared) for name, make in makers.items()}


def wing_alarms(site: ConfiguredSite, record: Record) -> list[tuple[str, str]]:
    """The open alarms of wings, each with the command that acknowledges it."""
    return [alarm for hook in hooks_of(Alarms) for alarm in hook.list(site, record)]
