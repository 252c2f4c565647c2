"""Registers the wing's commands and kinds of hosts."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.cli.hooks import Commands, HostKind, Hosts

LISTEN = "127.0.0.1:9464"
"""The address at which a container serves its figures, unless the settings name another."""

WING = Wing(
    "hosting",
    "Files for hosts: GitHub Pages, systemd, containers.",
    hooks=(
        Commands(
            {
                "Maintain": {
                    "scheduled": (
                        "hotpapers.wings.hosting.scheduled_runs:scheduled",
                        "Record the start and end of a scheduled run.",
                    )
                }
            }
        ),
        Hosts(
            {
                "github-pages": HostKind("Write a workflow for GitHub Pages.", is_public=True),
                "systemd": HostKind("Write units for a server with systemd."),
                "container": HostKind(
                    "Write a Containerfile and compose.yaml.", settings=('# listen = ""', f'listen = "{LISTEN}"')
                ),
            },
            load_lazily("hotpapers.wings.hosting.writing:write_hosts"),
        ),
    ),
)
