"""Where the settings keep the logs of a site."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base.errors import NotAProof, SettingsError
from hotpapers.site.site import Site
from hotpapers.wings.proof.policies import witness_policy
from hotpapers.wings.proof.publication_log import LogConfig
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
