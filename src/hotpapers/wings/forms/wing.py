"""Registers the wing's commands, alarms, routes and links to its forms."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.cli.hooks import Commands
from hotpapers.publish.hooks import ReportForms
from hotpapers.serve.hooks import Routes
from hotpapers.site.hooks import Alarms

WING = Wing(
    "forms",
    "Forms for readers: to report a wrong entry or an unwanted quotation, and for what other wings ask.",
    hooks=(
        Commands(
            {
                "Moderate": {
                    "reports": (
                        "hotpapers.wings.forms.commands:reports",
                        "List the reports that readers sent with the app's forms.",
                    ),
                }
            }
        ),
        Alarms(load_lazily("hotpapers.wings.forms.commands:site_alarms")),
        Routes(load_lazily("hotpapers.wings.forms.report_pages:routes")),
        ReportForms(),
    ),
)
