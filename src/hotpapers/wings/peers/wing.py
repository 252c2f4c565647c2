"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from hotpapers.base.wings import SettingsTable, Trial, Wing

if TYPE_CHECKING:
    from hotpapers.collect.job_factory import IngestContext
    from hotpapers.collect.jobs.loop import JobLoop
    from hotpapers.site.site import Site


def _settings() -> tuple[SettingsTable, ...]:
    from hotpapers.wings.peers.settings import TABLE

    return (TABLE,)


def _jobs(site: Site) -> Mapping[str, Callable[[IngestContext], JobLoop]]:
    if not site.settings.table("follow"):
        return {}
    from hotpapers.wings.peers.cli.following import follow_jobs

    return follow_jobs(site)


def _alarms(site: Site) -> Iterable[tuple[str, str]]:
    if not site.settings.table("follow"):
        return ()
    from hotpapers.wings.peers.cli.following import site_alarms

    return site_alarms(site)


def _trials(site: Site) -> Iterable[Trial]:
    if not site.settings.table("follow"):
        return ()
    from hotpapers.wings.peers.cli.following import trials

    return trials(site)


CLI = "hotpapers.wings.peers.cli"
WING = Wing(
    "peers",
    "Follow another site, and compare with it.",
    commands={
        "follow": (f"{CLI}.following:follow", "Import the observations that another site publishes."),
        "compare": (f"{CLI}.compare:compare", "Compare the counts of two collectors and explain each difference."),
    },
    settings=_settings,
    jobs=_jobs,
    alarms=_alarms,
    trials=_trials,
)
