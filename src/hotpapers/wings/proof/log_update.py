"""Extends the logs when a command has published issues or forgotten something."""

from __future__ import annotations

from collections.abc import Sequence

from hotpapers.base.errors import LogError, UsageError
from hotpapers.base.model import Publication
from hotpapers.record import Record, now
from hotpapers.site.site import Site
from hotpapers.wings.proof.config import log_config
from hotpapers.wings.proof.log_files import publications
from hotpapers.wings.proof.publication_log import update_log


def update_logs(site: Site, record: Record, names: Sequence[str]) -> list[str]:
    """Updates the logs of publications; returns problems, which do not stop issues from being published. The logs
    of the record's other publications, which the settings may have had once, get no new observations, only withdrawals.
    """
    try:
        if config := log_config(site):
            for name in names:
                update_log(record.database, name, config, now())
            known = {publication.publication for publication in record.view().items(Publication)}
            for name in known.intersection(publications(config.folder)).difference(names):
                update_log(record.database, name, config._replace(observations=False), now())
    except (LogError, UsageError, OSError) as problem:
        return [f"published without the log: {problem}"]
    return []
