"""Registers the wing's settings, commands, jobs, alarms and checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hotpapers.base.wings import Wing, load_object
from hotpapers.cli.hooks import Commands
from hotpapers.site.hooks import Alarms, Jobs, Trials

COMMANDS = "hotpapers.wings.peers.commands"


def _if_followed(name: str, nothing: Any) -> Callable[..., Any]:
    """A function of a site, which is imported only if its settings follow any other."""
    return lambda site, *_: load_object(f"{COMMANDS}:{name}")(site) if site.settings.table("follow") else nothing


WING = Wing(
    "peers",
    "Follow another site.",
    settings=lambda: (load_object("hotpapers.wings.peers.settings:TABLE"),),
    hooks=(
        Commands(
            {
                "Maintain": {
                    "follow": (f"{COMMANDS}:follow", "Import the observations that another site publishes."),
                }
            }
        ),
        Jobs(_if_followed("follow_jobs", {})),
        Alarms(_if_followed("site_alarms", ())),
        Trials(_if_followed("trials", ())),
    ),
)
