"""The core without wings: the program works when their folders are gone, and knows no commands or tables of theirs."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotpapers.wings import BUILT_IN
from tests.cli.run import PACKAGE, command_line, environment, run_process
from tests.test_house import MAY_IMPORT_WINGS


def needing(name: str) -> tuple[str, ...]:
    """The wings that import a wing, or one that does."""
    near = [wing for wing, imported in MAY_IMPORT_WINGS.items() if name in imported]
    return tuple(dict.fromkeys([*near, *(far for wing in near for far in needing(wing))]))


WITHOUT = [
    *((name, *needing(name)) for name in BUILT_IN),
    tuple(name for name in BUILT_IN if name not in ("archives", "lobsters", "mastodon", "feeds", "reddit", "x")),
]
"""Wings that are removed together: each, with those that need it; and most."""
COMMANDS = {
    "forms": "reports", "mail": "mail", "peers": "follow", "proof": "log", "mcp": "mcp", "hosting": "scheduled",
    "check": "check", "history": "history",
}  # fmt: skip
TABLES = {"mail": "mailing", "proof": "transparency", "summaries": "summary"}


def copy_without(wings: tuple[str, ...], folder: Path) -> str:
    """A copy of the package without these wings, for PYTHONPATH."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE / "hotpapers", folder / "hotpapers", ignore=ignored)
    for name in wings:
        shutil.rmtree(folder / "hotpapers" / "wings" / name)
    return str(folder)


@pytest.mark.long
@pytest.mark.parametrize("wings", WITHOUT, ids="-".join)
def test_the_core_works_without(wings: tuple[str, ...], tmp_path: Path) -> None:
    path = copy_without(wings, tmp_path / "copy")

    def printed(*args: str | Path) -> str:
        result = run_process(*args, PYTHONPATH=path)
        assert result.status == 0, result
        return result.out

    commands = set(re.findall(r"^  ([a-z]\S+) ", printed("--help-all"), re.M))
    assert {name: command in commands for name, command in COMMANDS.items()} == {n: n not in wings for n in COMMANDS}
    site = tmp_path / "site"
    printed("init", site, "--contact", "https://papers.example/")
    text = (site / "hotpapers.toml").read_text("utf-8")
    assert {name: f"[{table}]" in text for name, table in TABLES.items()} == {n: n not in wings for n in TABLES}
    assert "sound      yes" in printed("status", "--config", site / "hotpapers.toml")
    if len(wings) == 1 and (table := TABLES.get(wings[0])):
        old = tmp_path / "old.toml"
        old.write_text(f"[{table}]\n")
        refused = run_process("status", "--config", old, PYTHONPATH=path)
        assert refused.status == 2 and "wing that is not installed: `hotpapers wings`" in refused.err
    printed("demo", tmp_path / "demo")
    demo = tmp_path / "demo" / "hotpapers.db"
    printed("publish", "--all", "--store", demo, "--output", tmp_path / "out")
    assert (tmp_path / "out" / "site" / "index.html").exists()
    printed("verify", "--all", "--store", demo)


@pytest.mark.long
def test_without_mail_its_pages_and_its_channel_are_missing(tmp_path: Path, demo: Path) -> None:
    path = copy_without(("mail",), tmp_path / "copy")
    channel = run_process("publish", "--to", "mailing", "--store", demo, PYTHONPATH=path)
    assert channel.status == 2 and "'mailing' is not one of" in channel.err
    address = run_process("forget", "somebody@moth.example", "--yes", "--store", demo, PYTHONPATH=path)
    assert address.status == 2 and "not a post or account" in address.err
    with served(path, "--store", demo) as base:
        assert status_of(f"{base}about/") == 200
        assert status_of(f"{base}mail/unsubscribe/token") == status_of(f"{base}mail/join") == 404


@pytest.mark.long
def test_without_classic_its_format_and_its_channel_are_missing(tmp_path: Path, demo: Path) -> None:
    path = copy_without(("classic",), tmp_path / "copy")
    channel = run_process("publish", "--all", "--to", "classic", "--store", demo, PYTHONPATH=path)
    assert channel.status == 2 and "'classic' is not one of" in channel.err
    imported = run_process("import", "classic", "issue.md", "--store", demo, PYTHONPATH=path)
    assert imported.status == 2 and "No such format: 'classic'" in imported.err


@pytest.mark.long
def test_without_accounts_authors_have_no_page_and_no_link(tmp_path: Path, site: Path) -> None:
    file = site / "hotpapers.toml"
    file.write_text(file.read_text("utf-8") + '\n[serve]\nbase = "http://127.0.0.1/"\n')
    for wings in ((), ("accounts",)):
        path = copy_without(wings, tmp_path / "-".join(("copy", *wings)))
        with served(path, "--config", file) as base:
            assert status_of(f"{base}mine") == (404 if wings else 200)
            about = urllib.request.urlopen(f"{base}about/", timeout=30).read().decode()
            assert ("your-posts" in about) == (not wings)


@pytest.mark.long
def test_without_forms_pages_lead_to_the_contact(tmp_path: Path, site: Path) -> None:
    file = site / "hotpapers.toml"
    file.write_text(file.read_text("utf-8") + '\n[serve]\nbase = "http://127.0.0.1/"\n')
    path = copy_without(("forms", "accounts", "mail"), tmp_path / "copy")
    with served(path, "--config", file) as base:
        assert status_of(f"{base}wrong") == status_of(f"{base}report") == 404
        issue = urllib.request.urlopen(base, timeout=30).read().decode()
        assert "/wrong?" not in issue and "/report?" not in issue


@pytest.mark.long
def test_without_postgres_its_stores_are_refused(tmp_path: Path) -> None:
    path = copy_without(("postgres",), tmp_path / "copy")
    refused = run_process("status", "--store", "postgresql://ada:secret@127.0.0.1/papers", PYTHONPATH=path)
    assert refused.status == 2 and "no wing that is installed opens this address: `hotpapers wings`" in refused.err
    assert "secret" not in refused.err


@contextmanager
def served(path: str, *args: str | Path) -> Iterator[str]:
    """The address of an app of the package at `path`."""
    server = subprocess.Popen(
        command_line("serve", "--port", "0", *args), env=environment(PYTHONPATH=path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with server:
        assert server.stdout is not None
        try:
            yield re.findall(r"http://\S+", server.stdout.readline())[0]
        finally:
            server.terminate()


def status_of(url: str) -> int:
    """The status of a response."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        return refused.code
