"""The log on the site: what `run` writes, what pages contain, what remains after forgetting; nothing without a key."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import Mock, patch

import pytest

from hotpapers.publish.view.site_config import NOBODY

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.model import DAY as LONG
from hotpapers.base.model import HOUR
from hotpapers.base.network_terms import TERMS
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.connection import Connection
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.publish.deliver import export_site as export_site_module
from hotpapers.publish.deliver.export_site import export_again, export_site
from hotpapers.publish.schedule.health import assess_health
from hotpapers.publish.schedule.publishing import LOOK
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.wings.proof import entries, log_files, notes, site_logs
from hotpapers.wings.proof.log_keeping import ASK_EVERY, LogKeeping, export_logs
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519, Checkpoint, is_signed
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.issues.made import DAY
from tests.publish.schedule import test_publishing
from tests.publish.schedule.test_publishing import CUT, LEADING, PublishingSite, fill
from tests.wings.proof.cosigners import Cosigner, Witness, witness_server
from tests.wings.proof.logs import config_in, public_key

WITNESS = Cosigner("w.example", COSIGNATURE_ED25519, bytes(range(32)))


@contextmanager
def publishing(
    store: str, folder: Path, config: LogConfig | None, http: PoliteHttpClient | None = None
) -> Iterator[PublishingSite]:
    """The job that freezes, logs and publishes; tests control its clock."""
    logs = SiteLogs(config) if config else None
    site_config = SiteConfig(proofs=logs)
    line = Connection(http, close=http.close) if http else None
    further = [LogKeeping(logs, site_config, TERMS, line)] if logs else []
    with test_publishing.publishing(store, folder, site_config=site_config, further=further) as site:
        yield site


class Blocks(HTMLParser):
    """The data blocks of a page, by type."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.blocks: dict[str, str] = {}
        self.type = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.type = str(dict(attrs).get("type", "")) if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if self.type:
            self.blocks[self.type] = self.blocks.get(self.type, "") + data

    def handle_endtag(self, tag: str) -> None:
        self.type = ""


def check_page(page: str, config: LogConfig) -> str:
    """Checks a saved page as a stranger would; returns the digest."""
    blocks = Blocks(page).blocks
    content = json.loads(blocks["application/vnd.hotpapers.issue+json"])
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.sha256(canonical).hexdigest()
    assert digest in page
    proof = notes.parse_proof(blocks["application/vnd.c2sp.tlog-proof"])
    assert proof.includes(entries.issue_entry(digest)) and is_signed(proof.signed, [public_key(config)])
    return digest


def log_alarms(config: LogConfig) -> list[str]:
    """The open alarms of a site with these logs."""
    with patch.object(site_logs, "log_config", Mock(return_value=config)):
        return [alarm for alarm, _ in site_logs.site_alarms(Mock())]


def test_a_round_freezes_logs_and_publishes(sqlite_url: str, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with publishing(sqlite_url, tmp_path / "public", config) as site:
        fill(site.record)
        assert site.round(CUT + 1) == "idle"
        digest = check_page(site.page(), config)
        day_folder = tmp_path / "public" / DAY
        assert notes.parse_proof((day_folder / "issue.tlog-proof").read_text()).includes(entries.issue_entry(digest))
        saved = json.loads((day_folder / "issue.json").read_text())
        assert Blocks(site.page()).blocks["application/vnd.c2sp.tlog-proof"] == saved["proof"]
        for entry in saved["content"]["entries"]:
            item = json.dumps(
                saved["metadata"][entry["paper"]], sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            assert hashlib.sha256(item.encode()).hexdigest() == entry["metadata"]
        first_checkpoint = (tmp_path / "public/log/daily/1/checkpoint").read_text()
        page = site.page()
        site.round(CUT + 3 * LONG)  # later issues, and ends of days
        second_checkpoint = (tmp_path / "public/log/daily/1/checkpoint").read_text()
        assert first_checkpoint != second_checkpoint and Blocks(site.page()).blocks == Blocks(page).blocks


def test_a_log_is_looked_up_once_for_all_its_files(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site has hundreds of them, and a row for each issue in its folder."""
    config = config_in(tmp_path)
    with publishing(sqlite_url, tmp_path / "public", config) as site:
        fill(site.record)
        for day in range(4):
            site.round(CUT + day * LONG + 1)
        assert len(frozen_days(site.record, "daily")) == 3
        version, folder_of = Mock(wraps=log_files.version), Mock(wraps=export_site_module.folder_of)
        monkeypatch.setattr(log_files, "version", version)
        monkeypatch.setattr(export_site_module, "folder_of", folder_of)
        shutil.rmtree(tmp_path / "public/log")
        assert export_logs(site.record, "daily", SiteLogs(config), site_config=NOBODY) == 8
    assert (version.call_count, folder_of.call_count) == (1, 1)


def test_files_of_the_log_that_a_folder_has_wrong_are_written_again(sqlite_url: str, tmp_path: Path) -> None:
    """Also in a folder called `tile`, as those of tiles are."""
    config, public = config_in(tmp_path), tmp_path / "tile" / "public"
    with publishing(sqlite_url, public, config) as site:
        fill(site.record)
        site.round(CUT + 1)
        folder, site_logs = public / "log/daily/1", SiteLogs(config)
        checkpoint, tile = folder / "checkpoint", folder / "tile/0/000.p/1"
        right = {file: file.read_bytes() for file in (checkpoint, tile)}
        assert export_logs(site.record, "daily", site_logs, site_config=NOBODY) == 0
        wrong: list[dict[Path, bytes]] = [
            {checkpoint: b"another log's"},
            {tile: right[tile][:-1]},  # not copied completely
            {checkpoint: b"another log's", tile: b"\0" * len(right[tile])},  # the log was started again
        ]
        for files in wrong:
            for file, data in files.items():
                file.write_bytes(data)
            assert export_logs(site.record, "daily", site_logs, site_config=NOBODY) == len(files)
            assert {file: file.read_bytes() for file in right} == right
        for width in range(2, 10):  # the other log was longer
            (folder / f"tile/0/000.p/{width}").write_bytes(b"\0" * 32 * width)
        assert update_log(site.record.database, "daily", config, CUT + 3 * LONG).added
        assert export_logs(site.record, "daily", site_logs, site_config=NOBODY) >= 3
        logs = site_logs.of("daily")
        assert logs and all((public / "log/daily" / path).read_bytes() == data for path, data in logs.files() if data)


def test_a_page_proves_itself_after_forgetting(sqlite_url: str, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    site_config = SiteConfig(proofs=SiteLogs(config))
    with publishing(sqlite_url, tmp_path / "public", config) as site:
        fill(site.record)
        site.round(CUT + 1)
        digest = check_page(site.page(), config)
        assert "Moss grows here" in site.page()
        forget_key(site.record, LEADING)
        export_again(site.record, site_config)
        assert "Moss grows here" not in site.page() and check_page(site.page(), config) == digest
    log_bytes = b"".join(path.read_bytes() for path in (tmp_path / "transparency").rglob("*") if path.is_file())
    for word in (b"Moss", b"did:plc", b"arxiv", b"2405"):
        assert word not in log_bytes


def test_without_a_key_the_site_has_no_log(sqlite_url: str, tmp_path: Path) -> None:
    config = LogConfig(tmp_path / "no.key", tmp_path / "none")
    with publishing(sqlite_url, tmp_path / "public", config) as site:
        fill(site.record)
        assert site.round(CUT + 1) == "idle"
        export_site(site.record, "daily", [DAY], "site", tmp_path / "other", SiteConfig())
    files_by_path = [
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "public", tmp_path / "other")
    ]
    assert files_by_path[0] == files_by_path[1] and not [path for path in files_by_path[0] if "log" in path]
    assert not re.search(r"tlog-proof|issue\.json", files_by_path[0][f"{DAY}/index.html"].decode())


def test_a_log_that_cannot_continue_is_reported_and_issues_appear(sqlite_url: str, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    config.key_file.write_text("nonsense")
    with publishing(sqlite_url, tmp_path / "public", config) as site:
        fill(site.record)
        assert site.round(CUT + 1) == "partial"
        assert any("not a usable key" in text for text in assess_health(site.record, ["daily"], CUT + 2).problems)
        assert "Moss grows here" in site.page() and "tlog-proof" not in site.page()


@pytest.mark.long
def test_no_issue_waits_for_a_log_that_cannot_continue_and_proofs_come_later(sqlite_url: str, tmp_path: Path) -> None:
    """The log fails for hours before an issue closes: the issue still appears on time."""
    config = config_in(tmp_path)
    key = config.key_file.read_text()
    config.key_file.write_text("nonsense")
    with publishing(sqlite_url, tmp_path / "public", config) as site:
        fill(site.record)
        for minute in range(120):
            assert site.round(CUT - (120 - minute) * 60_000_000) == "partial"
            state = jobs_queries.load_state(site.record, "issues")
            assert state.next_at is not None and state.next_at - site.clock[0] == LOOK * 1_000_000
        for day in range(4):
            site.round(CUT + day * LONG + 1)
        pages = [tmp_path / "public" / day / "index.html" for day in frozen_days(site.record, "daily")]
        assert len(pages) == 3 and not any("tlog-proof" in page.read_text() for page in pages)
        config.key_file.write_text(key)
        assert site.round(CUT + 3 * LONG + HOUR // 2) == "idle"
        assert len({check_page(page.read_text(), config) for page in pages}) == 3


def test_leaves_that_were_tampered_with_stop_no_issue(sqlite_url: str, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with publishing(sqlite_url, tmp_path / "public", config) as site:
        fill(site.record)
        site.round(CUT + 1)
        file = tmp_path / "transparency/daily/1/entries"
        leaves = file.read_bytes()
        file.write_bytes(leaves[:-1] + bytes([leaves[-1] ^ 1]))
        later_moment = CUT + 2 * LONG
        assert site.round(later_moment) == "partial"
        assert any(
            "leaves do not match" in text for text in assess_health(site.record, ["daily"], later_moment + 1).problems
        )
        assert (tmp_path / "public" / "2024-05-08" / "index.html").is_file()


@pytest.mark.long
def test_the_issue_appears_at_once_and_its_proof_is_completed(sqlite_url: str, tmp_path: Path) -> None:
    """The witness is down when the issue appears, then answers; later the log has been rolled back."""
    config_without_policy = config_in(tmp_path)
    witness = Witness(public_key(config_without_policy), [WITNESS])
    with witness_server(witness) as port:
        pass  # it is down
    witness_url = f"http://127.0.0.1:{port}/"
    config = config_without_policy._replace(policy=f"witness w {WITNESS.verifier} {witness_url}\nquorum w\n")
    http = PoliteHttpClient(
        "hotpapers", base_addresses=[witness_url], pace={"127.0.0.1": 0.0}, sleep=lambda seconds: None
    )
    with publishing(sqlite_url, tmp_path / "public", config, http) as site, closing(http):
        fill(site.record)
        assert site.round(CUT + 1) == "idle"
        assert "not yet cosigned" in site.page()
        with witness_server(witness, port):
            site.round(CUT + 2)
            assert "not yet cosigned" in site.page()  # it was asked a moment ago
            site.round(CUT + ASK_EVERY + 3)
            assert "cosigned by 1 witness: w" in site.page()
            digest = check_page(site.page(), config)
            witness.last = Checkpoint(public_key(config).name, 9, bytes.fromhex(digest[::-1]))
            assert site.round(CUT + 2 * LONG) == "idle"  # other work does not wait for it
            assert (tmp_path / "public" / "2024-05-08" / "index.html").is_file()
            for delay in (0, 20_000_000):  # the problem remains although nobody was asked in the meantime
                assert site.round(CUT + 2 * LONG + delay) == "idle"
                [problem] = log_alarms(config)
                assert problem.startswith("log of daily: witness w: has seen 9 leaves of this log, which has ")
                assert problem in assess_health(site.record, ["daily"], CUT + 2 * LONG, log_alarms(config)).problems
            witness.last = None  # it has forgotten the log and starts over
            site.round(CUT + 2 * LONG + 2 * ASK_EVERY)
            assert not list(log_alarms(config))
