"""Two processes write a site: the same files as one process, even if the helper fails."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from hotpapers.base import network_terms
from hotpapers.base.errors import HotPapersError
from hotpapers.base.file_modes import temporary_files
from hotpapers.base.model import RenderedFile
from hotpapers.issues.freeze import freeze_issue, publication_of
from hotpapers.issues.queries import frozen_days, listed_days
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver import parallel
from hotpapers.publish.deliver.files import WriteCounts, WrittenPaths, write_files, write_some
from hotpapers.publish.deliver.parallel import ParallelTask, other_share, own_share, write_parallel
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from tests.publish.render.sample import LISTED_READER
from tests.wings.classic import classic_issues

NAME = "hot-papers"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with twelve issues."""
    folder = tmp_path / "posts"
    folder.mkdir()
    store = str(tmp_path / "store.db")
    with Record(store) as record:
        for file in classic_issues.files(folder, 12):
            classic_issues.import_file(record, file.name, file.read_bytes())
        publication = publication_of(record, None)
        for day in listed_days(record, NAME):
            freeze_issue(record, publication, day)
    return store


@pytest.fixture
def record(store: str) -> Iterator[Record]:
    with Record(store) as opened_record:
        yield opened_record


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def write_in_one_process(record: Record, output: Path) -> WriteCounts:
    return write_files(
        output, SiteChannel(site_config=NOBODY).render(RecordIssueReader(record), NAME, frozen_days(record, NAME))
    )


def task(record: Record, store: str) -> ParallelTask:
    return ParallelTask(store, NAME, tuple(frozen_days(record, NAME)), NOBODY, network_terms.TERMS)


@pytest.mark.long
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: no helper is started")
def test_two_processes_write_what_one_writes(
    record: Record, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots: list[Path] = []

    def write_and_note(root: Path, files: Iterable[RenderedFile]) -> WrittenPaths:
        roots.append(root)
        return write_some(root, files)

    monkeypatch.setattr(parallel, "write_some", write_and_note)
    counts = write_parallel(tmp_path / "both", RecordIssueReader(record), task(record, store))
    assert counts == write_in_one_process(record, tmp_path / "one") and counts.files == counts.changed > 50
    assert tree(tmp_path / "both") == tree(tmp_path / "one")
    assert not temporary_files(tmp_path / "both")
    second_counts = write_parallel(tmp_path / "both", RecordIssueReader(record), task(record, store))
    assert second_counts == WriteCounts(counts.files, 0)
    assert len(roots) == 2, "the helper did its share"


def test_the_share_of_a_helper_that_fails_is_done_too(record: Record, tmp_path: Path) -> None:
    counts = write_parallel(tmp_path / "both", RecordIssueReader(record), task(record, str(tmp_path / "no such.db")))
    assert counts == write_in_one_process(record, tmp_path / "one")
    assert tree(tmp_path / "both") == tree(tmp_path / "one")


def test_both_shares_are_the_whole_and_neither_is() -> None:
    days = LISTED_READER.days(NAME)
    all_files = {file.path: file.data for file in SiteChannel(site_config=NOBODY).render(LISTED_READER, NAME, days)}
    shares = [
        {file.path: file.data for file in SiteChannel(site_config=NOBODY).share(LISTED_READER, NAME, days, share)}
        for share in (own_share, other_share)
    ]
    assert shares[0] | shares[1] == all_files
    assert all(0 < len(share) < len(all_files) for share in shares)


@pytest.mark.long
def test_half_written_files_go_with_the_next_writing(record: Record, store: str, tmp_path: Path) -> None:
    """Also leftovers of a killed helper, and also when the next write fails."""
    output = tmp_path / "both"
    for task_or_none in (task(record, store), None):
        output.mkdir(exist_ok=True)
        (output / ".hotpapers-0123456789abcdef.part").write_bytes(b"half")
        if task_or_none:
            write_parallel(output, RecordIssueReader(record), task_or_none)
        else:
            with pytest.raises(HotPapersError):
                write_files(output, [RenderedFile("../out", b"!")])
        assert not temporary_files(output)
