"""What an operator must look at: alarms about the logs of a site, and about the sites that it follows."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.cli import common
from hotpapers.schedule.health import followed_alarms, log_alarms

FOLLOWED = "followed"
"""The folder beside the settings in which things are kept of followed sites."""


def site_alarms(context: common.CommandContext) -> Iterator[str]:
    """What stands against the sites that the settings name."""
    yield from followed_alarms(context.folder / FOLLOWED / table.name for table in context.settings.follow)


def all_alarms(context: common.CommandContext) -> list[str]:
    """All that stands and is not acknowledged."""
    return [*log_alarms(context.log_config), *site_alarms(context)]
