"""The whole site of a host that keeps no files, within its budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base.errors import UsageError
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.size_budget import site_size
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.hosting.scheduled_runs import render_all


@pytest.mark.long
def test_a_host_without_a_folder_gets_a_site_that_fits_or_none(demo: Path, tmp_path: Path) -> None:
    def size_within(budget: int, folder: Path) -> int:
        render_all(issue_reader, {publication.publication: ""}, SiteConfig(budget=budget), folder)
        return site_size(folder)

    with Record(str(demo)) as record:
        publication, issue_reader = publication_of(record, None), RecordIssueReader(record)
        size = size_within(0, tmp_path / "whole")
        assert 0 < size_within(size - 1, tmp_path / "tight") < size
        with pytest.raises(UsageError, match="although all paper pages are folded"):
            size_within(1000, tmp_path / "none")
