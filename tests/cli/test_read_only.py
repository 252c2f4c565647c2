"""Commands that read, on a store that they may not write: a locked file, a PostgreSQL role that may only read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from hotpapers.record import Record
from tests.cli.run import good, run, run_as_user
from tests.cli.test_stores import READING_COMMANDS
from tests.wings.classic import classic_issues

SEARCHES = (["search", "kettle"], ["search", "kettle", "--posts"], ["search", "category:cs.LG", "--json"])
COMMANDS = (
    *READING_COMMANDS, *SEARCHES, ["export", "--format", "csv"], ["export", "--records"], ["mail", "list"],
    ["quarantine"], ["reports"], ["verify", "2021-03-04"],
)  # fmt: skip


@pytest.fixture
def read_store(store: Path) -> Path:
    """A store with a frozen issue, in which nobody has searched yet."""
    good("issue", "--store", store)
    return store


def test_a_locked_file_without_a_search_index_can_be_searched(read_store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(read_store.read_bytes())
    read_store.chmod(0o400)
    content = read_store.read_bytes()
    for command in SEARCHES:
        result = run_as_user(*command, "--store", read_store)
        assert (result.status, result.err) == (0, ""), command
        assert result.out == good(*command, "--store", copy)
    assert read_store.read_bytes() == content


def test_a_new_blocklist_does_not_keep_from_reading(read_store: Path) -> None:
    config = read_store.with_name("hotpapers.toml")
    config.write_text(f'store = "{read_store}"\n[quote]\nblock_words = ["owl"]\n')
    read_store.chmod(0o400)
    for command in (["status"], ["explain", "2103.90001"], ["search", "kettle"]):
        assert run_as_user(*command, "--config", config).status == 0, command
    result = run_as_user("hide", f"x:{classic_issues.post(100).id}", "--reason", "-", "--config", config)
    assert result.status == 1 and "cannot be written" in result.err


@pytest.fixture
def reading_role(postgres_url: str, read_store: Path) -> Iterator[str]:
    """The address of a PostgreSQL store with the same contents, with a role that may only read."""
    role = f"hotpapers_reader_{os.getpid()}"
    whole = read_store.with_name("whole.jsonl")
    whole.write_text(good("export", "--store", read_store), "utf-8")
    good("import", "jsonl", whole, "--store", postgres_url)
    with Record(postgres_url) as record:
        record.database.run(f"CREATE ROLE {role}")
        record.database.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    yield with_options(postgres_url, f"-c role={role}")
    with Record(postgres_url) as record:
        record.database.run(f"DROP OWNED BY {role}")
        record.database.run(f"DROP ROLE {role}")


def with_options(url: str, options: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}options={quote(options)}"


def test_a_role_that_may_only_read_can_read_and_search(reading_role: str, read_store: Path) -> None:
    for command in COMMANDS:
        result = run(*command, "--store", reading_role)
        assert (result.status, result.err) == (0, ""), command
    for command in SEARCHES:
        assert run(*command, "--store", reading_role).out == good(*command, "--store", read_store)


def test_a_server_that_allows_nothing_says_why(postgres_url: str, reading_role: str) -> None:
    standby = with_options(postgres_url, "-c default_transaction_read_only=on")
    assert run("status", "--store", standby).status == 0
    result = run("search", "kettle", "--store", standby)
    assert result.status == 1
    assert "read-only transaction. There is no search index yet: search once as a user who may write" in result.err
    good("search", "kettle", "--store", postgres_url)
    assert run("search", "kettle", "--store", standby).out == good("search", "kettle", "--store", postgres_url)
