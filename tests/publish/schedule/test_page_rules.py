"""Terms or a blocklist that begin to forbid the words of posts on pages that were published before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base import network_terms
from hotpapers.base.network_terms import TERMS, TermsOverride
from hotpapers.discussion.moderation.quotation_policy import Blocklist, save_blocklist
from tests.cli.run import good
from tests.publish.schedule.test_publishing import CUT, PublishingSite, fill, publishing
from tests.record import made

LINKS_ONLY = network_terms.reviewed_terms({"bluesky": TermsOverride(shown="link")})
CHANNELS = ("site", "feeds", "markdown")
WORDS = b"Moss grows here"


def files_with_words(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.name for path in files if WORDS in path.read_bytes())


def round_with(store: str, folder: Path, allowed: network_terms.Table, at: int) -> str:
    """A round of a process that has just started with these terms."""
    with publishing(store, folder, channels=CHANNELS, allowed=allowed) as site:
        return site.round(at)


def test_words_that_the_terms_forbid_now_go_from_all_folders(store_url: str, tmp_path: Path) -> None:
    public, copy = tmp_path / "public", tmp_path / "copy"
    with publishing(store_url, public, channels=CHANNELS) as site:
        fill(site.record)
        site.round(CUT + 1)
        assert len(files_with_words(public)) > 2
        good("publish", "--all", "--to", "site", "--output", copy, "--store", store_url)
        round_with(store_url, public, LINKS_ONLY, CUT + 2)
        assert files_with_words(public) == files_with_words(copy) == []
        assert [finding for finding in made.verified(site.record).findings if finding.what == "issue"] == []
        round_with(store_url, public, TERMS, CUT + 3)
        assert len(files_with_words(public)) > 2 and files_with_words(copy)


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[PublishingSite]:
    with publishing(sqlite_url, tmp_path / "public") as site:
        fill(site.record)
        site.round(CUT + 1)
        yield site


def test_words_of_a_blocked_account_go(site: PublishingSite) -> None:
    save_blocklist(site.record.database, Blocklist(words=("moss",)))
    assert site.round(CUT + 2) == "idle" and files_with_words(site.folder) == []


def test_a_folder_that_cannot_be_written_is_tried_again(site: PublishingSite) -> None:
    save_blocklist(site.record.database, Blocklist(words=("moss",)))
    away = site.folder.rename(site.folder.with_name("away"))
    site.folder.write_text("a file in its place")
    assert site.round(CUT + 2) == "partial"
    site.folder.unlink()
    away.rename(site.folder)
    assert site.round(CUT + 60_000_000) == "idle" and files_with_words(site.folder) == []


def test_the_same_rules_render_nothing_again(site: PublishingSite, sqlite_url: str) -> None:
    pages = {path: path.stat().st_mtime_ns for path in site.folder.rglob("*.html")}
    for path in pages:
        path.write_bytes(b"as it was")
    round_with(sqlite_url, site.folder, TERMS, CUT + 2)
    assert {path.read_bytes() for path in pages} == {b"as it was"}
