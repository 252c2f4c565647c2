"""Registers the wing's settings, commands, proofs, alarms, checks and other hooks."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load, loading
from hotpapers.cli.hooks import Commands, NewSite, Verifier
from hotpapers.site.hooks import AfterChange, Alarms, Proofs, Publishing, StatusCheck, Trials

PROOF = "hotpapers.wings.proof"
WING = Wing(
    "proof",
    "A publication's log, its proofs and its witnesses.",
    settings=lambda: (load(f"{PROOF}.settings:TABLE"),),
    hooks=(
        Commands(
            {
                "Maintain": {
                    "log": (
                        f"{PROOF}.commands:log",
                        "Show the transparency log of each publication, and manage its key.",
                    ),
                }
            }
        ),
        Proofs(loading(f"{PROOF}.site_logs:site_logs")),
        Publishing(loading(f"{PROOF}.log_keeping:log_keeping")),
        AfterChange(loading(f"{PROOF}.site_logs:update_logs")),
        Alarms(lambda site, _: load(f"{PROOF}.site_logs:site_alarms")(site)),
        StatusCheck(loading(f"{PROOF}.site_logs:check_observations")),
        Trials(loading(f"{PROOF}.site_logs:trials")),
        NewSite(loading(f"{PROOF}.log_keys:make_first_key")),
        Verifier(loading(f"{PROOF}.commands:verify_saved")),
    ),
)
