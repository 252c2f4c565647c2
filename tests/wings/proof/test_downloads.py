"""A downloaded site: what it claims about itself bounds neither time nor space."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import NetError, NotAProof
from hotpapers.wings.proof import mirrors
from hotpapers.wings.proof.mirrors import MAX_EDITIONS, SiteDownload
from tests.base.http.server import FakeTime, client
from tests.issues.made import DAY
from tests.wings.proof.sample_publication import publish
from tests.wings.proof.test_log import serve_folder


@pytest.mark.parametrize("edition", [MAX_EDITIONS + 1, 10**15])
def test_an_issue_that_claims_countless_editions_is_not_fetched(tmp_path: Path, edition: int) -> None:
    site = publish(tmp_path).folder / "site"
    issue = json.loads((site / DAY / "issue.json").read_bytes())
    issue["content"]["edition"] = edition
    (site / DAY / "issue.json").write_text(json.dumps(issue))
    with serve_folder(site) as url, client(None, FakeTime(), base_addresses=[url]) as http:
        download = SiteDownload(http, url, tmp_path / "copy")
        with pytest.raises(NotAProof, match=f"claims to be edition {edition:,}"):
            download.fetch_issue(DAY)


def test_a_site_that_sends_ever_more_fills_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = publish(tmp_path)
    site, copy = published.folder / "site", tmp_path / "copy"
    (site / "log/daily/1/tile/entries/000.p/1").write_bytes(bytes(5_000_000))
    monkeypatch.setattr(mirrors, "MAX_DOWNLOAD_BYTES", 4_000_000)
    with (
        serve_folder(site) as url,
        client(None, FakeTime(), base_addresses=[url]) as http,
        pytest.raises(NetError, match="sends more than 4 MB"),
    ):
        mirrors.check_mirror(copy, published.policy, SiteDownload(http, url, copy).fetch)
    assert [file.name for file in copy.rglob("*") if file.is_file()] == ["checkpoint"]


def test_a_site_of_ever_more_files_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = publish(tmp_path).folder / "site"
    monkeypatch.setattr(mirrors, "MAX_FILES", 3)
    with serve_folder(site) as url, client(None, FakeTime(), base_addresses=[url]) as http:
        download = SiteDownload(http, url, tmp_path / "copy")
        download.fetch_issue(DAY)
        with pytest.raises(NetError, match="has more than 3 files"):
            download.fetch_issue(DAY)
            download.fetch_issue(DAY)


def test_a_full_disk_here_is_no_problem_of_the_site(tmp_path: Path) -> None:
    def full(path: str) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        mirrors.check_mirror(tmp_path, publish(tmp_path).policy, full)
