"""Registers the wing's settings, commands, proofs, alarms, checks and other hooks."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load_lazily, load_object
from hotpapers.cli.hooks import Commands, NewSite, Verifier
from hotpapers.publish.hooks import Proofs
from hotpapers.site.hooks import AfterChange, Alarms, Publishing, StatusCheck, Trials

PROOF = "hotpapers.wings.proof"
WING = Wing(
    "proof",
    "A publication's log, its proofs and its witnesses.",
    settings=lambda: (load_object(f"{PROOF}.settings:TABLE"),),
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
        Proofs(load_lazily(f"{PROOF}.site_logs:site_logs")),
        Publishing(load_lazily(f"{PROOF}.log_keeping:log_keeping")),
        AfterChange(load_lazily(f"{PROOF}.site_logs:update_logs")),
        Alarms(lambda site, _: load_object(f"{PROOF}.site_logs:site_alarms")(site)),
        StatusCheck(load_lazily(f"{PROOF}.site_logs:check_observations")),
        Trials(load_lazily(f"{PROOF}.site_logs:trials")),
        NewSite(load_lazily(f"{PROOF}.log_keys:make_first_key")),
        Verifier(load_lazily(f"{PROOF}.commands:verify_saved")),
    ),
)
