"""Processes are killed at random moments: nothing is lost or duplicated."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from hotpapers.record import Record
from tests.seeds import generator
from tests.torture import comparison
from tests.torture.rig import Rig, rig
from tests.torture.table import KILLS, Report, one_database

LIFE = 0.9
"""A process's longest life in real seconds; its leases last a third of a second."""
CHECK_EVERY = 50
"""How many kills there are between checks of the whole store, which is also checked at the end."""


@pytest.mark.long
@one_database  # tests/record covers processes that are killed while writing to PostgreSQL
def test_killed_while_collecting(store_url: str, tmp_path: Path, report: Report) -> None:
    kills = max(KILLS // 2, 1)
    with rig(store_url, tmp_path) as site:
        kill_often(site, kills, generator(1))
        site.start()
        site.finish(report, "killed while collecting", kills)


def kill_often(site: Rig, kills: int, rng: random.Random) -> None:
    """Start a process and kill it after a while, again and again."""
    for n in range(kills):
        pid = site.start()
        time.sleep(rng.uniform(0, LIFE))
        site.kill(pid)
        if n % CHECK_EVERY == CHECK_EVERY - 1:
            with Record(site.parameters.store) as record:
                assert list(comparison.store_damage(record)) == []
