"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hotpapers.base.wings import SettingsTable, Trial, Wing

if TYPE_CHECKING:
    from pathlib import Path

    from hotpapers.collect.job_factory import IngestContext
    from hotpapers.record import Record
    from hotpapers.site.site import Site
    from hotpapers.wings.proof.log_keeping import LogKeeping
    from hotpapers.wings.proof.site_logs import SiteLogs


def _settings() -> tuple[SettingsTable, ...]:
    from hotpapers.wings.proof.settings import TABLE

    return (TABLE,)


def _proofs(site: Site) -> SiteLogs | None:
    if not site.has_settings:
        return None
    from hotpapers.wings.proof.config import site_logs

    return site_logs(site)


def _publishing(site: Site, shared: IngestContext) -> LogKeeping | None:
    from hotpapers.wings.proof.log_keeping import log_keeping

    return log_keeping(site, shared)


def _on_change(site: Site, record: Record, publications: Sequence[str]) -> list[str]:
    from hotpapers.wings.proof.log_update import update_logs

    return update_logs(site, record, publications)


def _alarms(site: Site) -> Iterator[tuple[str, str]]:
    if site.has_settings:
        from hotpapers.wings.proof.alarms import log_alarms
        from hotpapers.wings.proof.config import log_config

        yield from ((alarm, "log --acknowledge WITNESS") for alarm in log_alarms(log_config(site)))


def _status_check(site: Site) -> None:
    from hotpapers.wings.proof.config import check_observations

    check_observations(site)


def _trials(site: Site) -> Iterator[Trial]:
    from hotpapers.wings.proof.config import log_config

    config = log_config(site)
    if config is not None and config.key_file.exists():

        def try_out(_: object) -> str:
            from hotpapers.publish.deliver.files import check_writable

            check_writable(config.folder)
            return str(config.folder)

        yield Trial("transparency", try_out, "wings/proof")


def _init(folder: Path) -> Iterator[str]:
    from hotpapers.wings.proof.log_keys import make_first_key

    return make_first_key(folder)


def _verify(files: Sequence[Path], address: str | None, policy: Path | None, site: Site, as_json: bool) -> None:
    from hotpapers.wings.proof.cli.verify_proof import verify_saved

    verify_saved(files, address, policy, site, as_json)


CLI = "hotpapers.wings.proof.cli"
WING = Wing(
    "proof",
    "A publication's log, its proofs and its witnesses.",
    commands={
        "log": (f"{CLI}.log:log", "Show the transparency log of each publication, and manage its key."),
    },
    settings=_settings,
    proofs=_proofs,
    publishing=_publishing,
    on_change=_on_change,
    alarms=_alarms,
    status_check=_status_check,
    trials=_trials,
    init=_init,
    verify=_verify,
)
