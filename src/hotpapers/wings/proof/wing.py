"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing, load, loading

PROOF = "hotpapers.wings.proof"
WING = Wing(
    "proof",
    "A publication's log, its proofs and its witnesses.",
    commands={
        "Maintain": {
            "log": (f"{PROOF}.commands:log", "Show the transparency log of each publication, and manage its key."),
        }
    },
    settings=lambda: (load(f"{PROOF}.settings:TABLE"),),
    proofs=loading(f"{PROOF}.site_logs:site_logs"),
    publishing=loading(f"{PROOF}.log_keeping:log_keeping"),
    on_change=loading(f"{PROOF}.site_logs:update_logs"),
    alarms=lambda site, _: load(f"{PROOF}.site_logs:site_alarms")(site),
    status_check=loading(f"{PROOF}.site_logs:check_observations"),
    trials=loading(f"{PROOF}.site_logs:trials"),
    init=loading(f"{PROOF}.log_keys:make_first_key"),
    verify=loading(f"{PROOF}.commands:verify_saved"),
)
