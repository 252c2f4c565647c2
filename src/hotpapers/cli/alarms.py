"""Alarms for the operator: about a site's logs, and about the sites that it follows."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.cli import common
from hotpapers.schedule.health import followed_alarms, log_alarms

FOLLOWED = "followed"
"""The folder, next to the settings, for the state of followed sites."""


def site_alarms(context: common.CommandContext) -> Iterator[str]:
    """The open alarms about followed sites."""
    yield from followed_alarms(context.folder / FOLLOWED / table.name for table in context.settings.follow)


def all_alarms(context: common.CommandContext) -> list[str]:
    """All alarms that are not acknowledged."""
    return [*log_alarms(context.log_config), *site_alarms(context)]
