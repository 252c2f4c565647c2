"""A network that fails in any way holds up no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record
from tests.loopback.script import MINUTE
from tests.torture.rig import SOURCES_TO_READ, rig
from tests.torture.table import Report, torture_only


@torture_only
@pytest.mark.parametrize("fault", ["stall", "500"])
@pytest.mark.parametrize("source", SOURCES_TO_READ)
def test_a_failing_source_holds_up_no_other(
    source: str, fault: str, sqlite_url: str, tmp_path: Path, report: Report
) -> None:  # fmt: skip
    with rig(sqlite_url, tmp_path) as site:
        site.start()
        site.wait_until_read(site.clock.now())
        site.loopback.plan.add(f"{source}={fault}")
        other_jobs = [job for job in site.jobs if job.partition("/")[0] != source]
        site.wait_until_read(site.clock.now() + 30 * MINUTE, other_jobs)
        site.wait(lambda record: jobs_queries.load_state(record, source).failing_since is not None)
        with Record(sqlite_url) as record:
            failing = {
                state.source.partition("/")[0] for state in jobs_queries.all_states(record) if state.failing_since
            }
        assert failing == {source}
        site.loopback.plan.clear()
        site.wait(lambda record: jobs_queries.load_state(record, source).failing_since is None)
        site.finish(report, "one source fails, the others go on")
