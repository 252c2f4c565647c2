"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, loading

WING = Wing(
    "forms",
    "Forms for readers: to report a wrong entry or an unwanted quotation, and for what other wings ask.",
    commands={
        "Moderate": {
            "reports": (
                "hotpapers.wings.forms.commands:reports",
                "List the reports that readers sent with the app's forms.",
            ),
        }
    },
    alarms=loading("hotpapers.wings.forms.commands:site_alarms"),
    routes=loading("hotpapers.wings.forms.report_pages:routes"),
    takes_reports=True,
)
