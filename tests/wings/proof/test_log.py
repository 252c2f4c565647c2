"""`hotpapers log`, and `verify` on saved files and whole sites."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.model import DAY, HOUR
from hotpapers.record import Record, current_time
from hotpapers.wings.peers.following.file_intake import oldest_hour
from hotpapers.wings.proof import entries, witness_client
from hotpapers.wings.proof.alarms import Alarm, save_alarm
from hotpapers.wings.proof.log_files import read_logs
from hotpapers.wings.proof.mirrors import SiteDownload
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519
from hotpapers.wings.proof.observations import mark_of, remove_marked
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from tests.cli.run import failure, good, misuse, run
from tests.issues.made import moment, post
from tests.wings.proof.cosigners import Cosigner


@pytest.fixture
def site(cwd: Path, demo: Path) -> Path:
    """A folder with settings, a key, the demo's store, and its site."""
    good("init")
    demo.replace(cwd / "hotpapers.db")
    good("publish", "--all", "--to", "site", "--to", "markdown", "--publication", "hot-papers")
    return cwd


@pytest.fixture
def leaves(site: Path) -> int:
    """How many leaves the log of the site has: one for each issue, and one for the end of each day whose batches are in
    the store. The store was recorded when it was first needed, which may be on the day before."""
    with closing(sqlite3.connect(site / "hotpapers.db")) as store:
        sql = f"SELECT count(DISTINCT at / {DAY}) FROM batch WHERE at < ?"
        [(days,)] = store.execute(sql, (current_time() // DAY * DAY,)).fetchall()
    return 5 + int(days)


def test_a_log_is_kept_and_shown(site: Path, leaves: int) -> None:
    [log] = [row for row in json.loads(good("log", "--json"))["logs"] if row["publication"] == "hot-papers"]
    assert (log["number"], log["size"], log["witnesses"], log["complete"]) == (1, leaves, [], True)
    assert f"{log['origin']}: {leaves} leaves" in good("log") and log["key"] in good("log")
    assert log["key"] in (site / "public/site/log/policy.txt").read_text()
    assert stat.S_IMODE((site / "hotpapers.key").stat().st_mode) == 0o600


def test_a_log_without_entries_says_so(cwd: Path) -> None:
    good("init")
    assert good("log") == "nothing is logged yet: entries come with issues and the ends of days\n"


def test_saved_files_are_verified(site: Path) -> None:
    page = site / "public/site/2021-01-14/index.html"
    output = good("verify", page, site / "public/markdown/2021-01-14.md", page.with_name("issue.json"))
    assert output.count("verified: hot-papers 2021-01-14 edition 1, digest ") == 3
    forged_page = site / "forged.html"
    forged_page.write_text(page.read_text().replace('"place":1,', '"place":2,'))
    assert "the content is not in the log" in run("verify", forged_page).out
    assert run("verify", forged_page).status == 1
    [row] = json.loads(good("verify", "--json", page))
    assert row["verified"] and row["entries"][0]["place"] == 1


def test_a_site_is_verified_without_a_store(
    site: Path, leaves: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    public = site / "public/site"
    assert good("verify", "--site", public).startswith(
        f"verified: 5 issues, {leaves} leaves\nverified with the site's own keys"
    )
    assert (
        good("verify", "--site", public, "--policy", public / "log/policy.txt")
        == f"verified: 5 issues, {leaves} leaves\n"
    )
    page = public / "2021-01-14/index.html"
    assert "add --policy FILE" in misuse("verify", page)
    assert "verified" in good("verify", page, "--policy", public / "log/policy.txt")
    (tmp_path / "bad.txt").write_text("quorum none\nquorum none\n")
    assert failure("verify", page, "--policy", tmp_path / "bad.txt").endswith(":2: more than one quorum line")
    assert "no log/policy.txt" in misuse("verify", "--site", tmp_path)


def name_witness(site: Path, address: str) -> None:
    """Names a witness in the settings."""
    key = Cosigner("witness.example/a", COSIGNATURE_ED25519, bytes(range(32))).verifier
    settings = site / "hotpapers.toml"
    policy = f'policy = "witness a {key} {address}\\nquorum a\\n"'
    settings.write_text(settings.read_text().replace("[transparency]\n", f"[transparency]\n{policy}\n"))


@pytest.mark.long
def test_a_witness_that_does_not_answer_is_named(site: Path) -> None:
    name_witness(site, "http://127.0.0.1:9/")
    assert "witnesses  none (not enough yet)" in good("log")
    result = run("log", "--ask")
    assert result.status == 1 and "log of hot-papers: witness a: http://127.0.0.1:9/" in result.err


def test_a_witness_that_hangs_is_not_waited_for_long(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_client, "MAX_ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name_witness(site, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        result = run("log", "--ask")
    assert result.status == 1 and "/add-checkpoint: the whole response took too long" in result.err


def test_an_alarm_is_listed_until_it_is_acknowledged(site: Path) -> None:
    reason = "does not cosign (404): 'unknown log'"
    alarm = Alarm(subject="library", kind="refused", reason=reason, at=1_773_392_400_000_000)
    save_alarm(site / "transparency/hot-papers", alarm)
    alarm_text = f"log of hot-papers: witness library: {reason} (since 2026-03-13 09:00 UTC)"
    assert f"alarm      {alarm_text}; once dealt with: hotpapers log --acknowledge WITNESS\n" in good("status")
    assert json.loads(good("status", "--json"))["alarms"] == [alarm_text]
    assert "no alarm from witness lab" in misuse("log", "--acknowledge", "lab")
    good("log", "--acknowledge", "library")
    assert json.loads(good("status", "--json"))["alarms"] == []
    assert "no alarm from" in misuse("log", "--acknowledge", "library")


def test_what_is_forgotten_is_taken_back_for_publications_that_are_not_in_the_settings(site: Path) -> None:
    """Such as imported or earlier ones, whose observations are still on their sites."""
    config = LogConfig(site / "hotpapers.key", site / "transparency", observations=True)
    with Record("hotpapers.db") as record:
        record.append(post(1, "bluesky:1", moment("2024-05-07")), source="made-up")
        update_log(record.database, "hot-papers", config, current_time() + HOUR)
        mark = mark_of("bluesky:1", record.hasher).encode()
    *_, file = sorted((site / "transparency/hot-papers/observations").glob("*.zst"))
    assert sum(mark in line for line in remove_marked(file.name, file.read_bytes(), ())[0]) == 2
    assert run("forget", "bluesky:1", "--yes").status == 0
    assert not any(mark in line for line in remove_marked(file.name, file.read_bytes(), ())[0])
    assert file.read_bytes() == (site / f"public/site/log/hot-papers/observations/{file.name}").read_bytes()
    assert len([*(site / "public/site/log/hot-papers/observations").glob("withdrawn-*")]) == 1
    [log] = read_logs(config.folder / "hot-papers")
    [withdrawn_list] = entries.described_by(log.entries, entries.ListLeaf)
    assert withdrawn_list.hour >= oldest_hour(current_time())  # followers read it


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder without logging."""

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """The address of a web server for a folder."""
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.long
def test_a_site_is_verified_at_its_address(site: Path, leaves: int) -> None:
    public = site / "public/site"
    policy = site / "policy.txt"
    shutil.copy(public / "log/policy.txt", policy)
    with serve_folder(public) as address:
        assert good("verify", "--site", address).startswith(
            f"verified: 5 issues, {leaves} leaves\nverified with the site's own keys"
        )
        content = public / "2021-01-14/issue.json"
        content.write_text(content.read_text().replace('"place":1,', '"place":2,'))
        result = run("verify", "--site", address.rstrip("/"), "--policy", policy)
        assert result.status == 1 and f"not verified: 5 issues, {leaves} leaves" in result.out
        [checkpoint] = (public / "log").glob("*/1/checkpoint")
        checkpoint.write_text("broken")
        result = run("verify", "--site", address, "--policy", policy)
        assert result.status == 1 and "/1: the note has no signatures after an empty line\n" in result.out
        (public / "log/policy.txt").write_text("log bad")
        assert run("verify", "--site", address).status == 1
        shutil.rmtree(public / "log")
        assert "404" in failure("verify", "--site", address)
    assert "not a folder" in misuse("verify", "--site", site / "nowhere")


@pytest.mark.long
def test_a_site_that_goes_on_while_it_is_verified_is_no_split_view(
    site: Path, leaves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_issue, corrected = SiteDownload.fetch_issue, list[str]()

    def fetch(download: SiteDownload, day: str) -> None:
        if not corrected:
            corrected.append(day)
            run("issue", day, "--again", "--reason", "an example", "--publication", "hot-papers")
            good("publish", "--all", "--to", "site", "--output", "public/site", "--publication", "hot-papers")
        fetch_issue(download, day)

    monkeypatch.setattr(SiteDownload, "fetch_issue", fetch)
    with serve_folder(site / "public/site") as address:
        assert good("verify", "--site", address).startswith(f"verified: 6 issues, {leaves + 1} leaves\n")
    assert corrected == ["2020-12-22"]


def test_folders_in_odd_places(site: Path) -> None:
    assert "use --site public" in misuse("verify", "public")
    (site / "2021-01-14").mkdir()
    assert good("verify", "2021-01-14").startswith("verified: 1 issue rebuilt")
    (site / "transparency").rename(site / "elsewhere")
    (site / "transparency").write_text("")
    assert "cannot be used as the folder for logs" in failure("log")
    result = run("publish", "--all", "--to", "site", "--publication", "hot-papers")
    assert result.status == 0 and "published without the log" in result.err


def test_a_key_that_is_gone_is_not_made_again_by_init(site: Path) -> None:
    (site / "hotpapers.key").unlink()
    (site / "hotpapers.toml").unlink()
    good("init")
    assert not (site / "hotpapers.key").exists() and "restore it" in misuse("log", "--new-key")


def test_an_address_of_a_witness_is_checked_with_the_settings(site: Path) -> None:
    key = "w.example/a+e9aec8cc+BB7aEPSeiEqvCG1JCHaIs0wWakBfWKCVxvCQMp1CVsPU"
    settings = site / "hotpapers.toml"
    settings.write_text(f'[transparency]\npolicy = """\nwitness a {key} ftp://w.example\nquorum a\n"""\n')
    assert "transparency.policy: a: its address" in misuse("log", "--ask")
    settings.write_text('[transparency]\npolicy = " "\n')
    assert "hot-papers" in good("log", "--ask")


def test_a_key_is_replaced_and_old_proofs_hold(site: Path, leaves: int) -> None:
    page = site / "public/site/2021-01-14/index.html"
    assert "already exists" in misuse("log", "--new-key")
    (site / "hotpapers.key").unlink()
    assert "is gone; restore it, or use --rotate" in misuse("log", "--new-key")
    assert misuse("log", "--rotate") == "not a terminal; pass --yes to replace the key"
    good("log", "--rotate", "--yes")
    rows = [row for row in json.loads(good("log", "--json"))["logs"] if row["publication"] == "hot-papers"]
    assert [(row["number"], row["size"]) for row in rows] == [(1, leaves), (2, 1)]
    assert rows[0]["key"].split("+")[2] != rows[1]["key"].split("+")[2]
    good("publish", "--all", "--to", "site", "--to", "markdown", "--publication", "hot-papers")
    assert good("verify", "--site", site / "public/site").startswith(f"verified: 5 issues, {leaves + 1} leaves")
    assert "verified" in good("verify", page)


def test_no_log_without_settings_or_key(cwd: Path, demo: Path) -> None:
    assert "no hotpapers.toml here" in misuse("log", "--store", demo)
    (cwd / "hotpapers.toml").write_text('contact = "a@example.org"\n')
    demo.replace(cwd / "hotpapers.db")
    assert "`hotpapers log --new-key` creates one" in good("log")
    good("log", "--new-key")
    assert "hot-papers" in good("log")


def test_a_key_that_others_may_read_is_named(site: Path) -> None:
    (site / "hotpapers.key").chmod(0o644)
    assert "hotpapers.key" in json.loads(run("status", "--json").out)["exposed"][0]


def test_witnesses_that_cannot_be_read_are_named(cwd: Path, demo: Path) -> None:
    (cwd / "hotpapers.toml").write_text('contact = "a@example.org"\n[transparency]\npolicy = "quorum nobody"\n')
    assert "transparency.policy: 1: nobody: not a witness or group" in misuse(
        "log", "--store", demo, "--config", "hotpapers.toml"
    )


def test_a_log_that_cannot_go_on_keeps_no_issue_back(site: Path) -> None:
    (site / "hotpapers.key").write_text("nonsense")
    (site / "public/site/2021-01-14/index.html").unlink()
    result = run("publish", "2021-01-14", "--to", "site", "--output", "public/site", "--publication", "hot-papers")
    assert result.status == 0 and "published without the log: hotpapers.key: not a usable key" in result.err
    assert (site / "public/site/2021-01-14/index.html").is_file()


def test_a_link_in_place_of_the_entries_is_not_followed(site: Path) -> None:
    [entries] = site.glob("**/hot-papers/1/entries")
    victim = site / "victim"
    victim.write_bytes(entries.read_bytes())
    before = victim.read_bytes()
    entries.unlink()
    entries.symlink_to(victim)
    run("issue", "2021-01-14", "--again", "--reason", "a count was misread", "--publication", "hot-papers")
    result = run("publish", "2021-01-14", "--to", "site", "--publication", "hot-papers")
    assert result.status == 0 and "published without the log: " in result.err
    assert victim.read_bytes() == before


def test_every_proof_that_a_page_links_to_is_there(cwd: Path, demo: Path) -> None:
    """Also when a log begins after the pages were written, and only some of them are written again."""
    good("init")
    (cwd / "hotpapers.key").rename(cwd / "aside.key")
    demo.replace(cwd / "hotpapers.db")
    good("publish", "--all", "--to", "site", "--publication", "hot-papers")
    folder = cwd / "public/site"
    days = sorted(page.parent.name for page in folder.glob("????-??-??/index.html"))
    assert not list(folder.rglob("issue.json"))
    (cwd / "aside.key").rename(cwd / "hotpapers.key")
    good("publish", days[-2], "--to", "site", "--publication", "hot-papers")
    pages = [page for page in folder.rglob("index.html") if "issue.json" in page.read_text()]
    assert folder / "index.html" in pages and folder / days[-1] / "index.html" in pages
    for page in pages:
        for link in re.findall(r'href="([^"]*issue\.(?:json|tlog-proof))"', page.read_text()):
            assert (page.parent / link).is_file(), (page, link)
