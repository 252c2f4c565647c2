"""The logs of a site as its settings want them: where they are, what is wrong with them, and what a command adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hotpapers.base.errors import LogError, NotAProof, SettingsError, UsageError
from hotpapers.base.model import Publication
from hotpapers.base.wings import Trial
from hotpapers.publish.deliver.files import check_writable
from hotpapers.record import Record, now
from hotpapers.site.site import Site
from hotpapers.wings.proof.alarms import log_alarms
from hotpapers.wings.proof.log_files import publications
from hotpapers.wings.proof.policies import witness_policy
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.settings import transparency
from hotpapers.wings.proof.site_logs import SiteLogs


def log_config(site: Site) -> LogConfig | None:
    """Where the logs are; None without a settings file. Raises SettingsError for an invalid policy of witnesses."""
    if not site.has_settings:
        return None
    table = transparency(site.settings)
    try:
        witness_policy(table.policy)
    except NotAProof as problem:
        raise SettingsError(f"{site.file}: transparency.policy: {problem}") from problem
    key_file, folder = (site.folder / Path(path).expanduser() for path in (table.key, table.folder))
    base, bases = site.settings.publish.base, site.settings.bases
    return LogConfig(key_file, folder, base, table.policy, table.observations, bases)


def site_logs(site: Site) -> SiteLogs | None:
    """The logs; None without a settings file. Raises SettingsError."""
    config = log_config(site)
    return None if config is None else SiteLogs(config)


def check_observations(site: Site) -> None:
    """Raises SettingsError if observations are to be published, but cannot be."""
    log = log_config(site)
    if log is not None and log.observations and not log.key_file.exists():
        raise SettingsError(
            f"{site.file}: transparency.observations: nothing is published without a log;"
            " `hotpapers log --new-key` creates its key"
        )


def site_alarms(site: Site) -> Iterator[tuple[str, str]]:
    """Witnesses' open alarms about the logs, each with the command that acknowledges it. Raises SettingsError."""
    return ((alarm, "log --acknowledge WITNESS") for alarm in log_alarms(log_config(site)))


def trials(site: Site) -> Iterator[Trial]:
    """For `check`: whether the folder of a log that is kept can be written."""
    config = log_config(site)
    if config is not None and config.key_file.exists():

        def try_out(_: object) -> str:
            check_writable(config.folder)
            return str(config.folder)

        yield Trial("transparency", try_out, "wings/proof")


def update_logs(site: Site, record: Record, names: Sequence[str]) -> list[str]:
    """Updates the logs of publications; returns problems, which do not stop issues from being published. The logs
    of the record's other publications, which the settings may have had once, get no new observations, only withdrawals.
    """
    try:
        if config := log_config(site):
            for name in names:
                update_log(record.database, name, config, now())
            known = {publication.publication for publication in record.view().items(Publication)}
            for name in known.intersection(publications(config.folder)).difference(names):
                update_log(record.database, name, config._replace(observations=False), now())
    except (LogError, UsageError, OSError) as problem:
        return [f"published without the log: {problem}"]
    return []
