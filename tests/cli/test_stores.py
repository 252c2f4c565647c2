"""Unusable stores, and several processes on one store."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import pytest

from hotpapers.base.networks import readable_networks
from hotpapers.record import Record
from tests.cli.run import Result, command_line, environment, failure, good, misuse, run, run_as_user
from tests.wings.classic import classic_issues

READING_COMMANDS = (["status"], ["verify", "--all"], ["export"], ["explain", "2103.90001"], ["issue"])

# ---- not a store ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*READING_COMMANDS, ["import", "classic", "-"]], ids=lambda c: c[0])
def test_a_file_of_others_is_named_and_left_alone(tmp_path: Path, command: list[str]) -> None:
    letter, other_store = tmp_path / "letter.txt", tmp_path / "other.db"
    letter.write_text("Dear aunt,\n" * 200)
    with sqlite3.connect(other_store) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    contents = letter.read_bytes(), other_store.read_bytes()
    text = classic_issues.text().encode()
    assert (
        run(*command, "--store", letter, input=text).message == f"{letter}: not a Hot Papers store (not a SQLite file)"
    )
    message = run(*command, "--store", other_store, input=text).message
    assert message == f"{other_store}: belongs to another program; choose another path with --store"
    assert (letter.read_bytes(), other_store.read_bytes()) == contents


def test_a_store_of_a_newer_version_is_named_and_left_alone(store: Path) -> None:
    connection = apsw.Connection(str(store))
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    content = store.read_bytes()
    message = failure("status", "--store", store)
    assert re.fullmatch(
        rf"{store}: written by a newer Hot Papers \(schema 999, this version supports up to \d+\); upgrade .*",
        message,
    )
    assert store.read_bytes() == content


def test_an_address_that_is_none(tmp_path: Path) -> None:
    assert misuse("status", "--store", "mysql://x") == (
        "mysql://x: a store is a path, sqlite:////absolute/path or postgresql://…; no wing that is installed opens "
        "this address: `hotpapers wings`"
    )
    assert (
        misuse("status", "--store", tmp_path)
        == f"{tmp_path}: is a folder; name a file in it, such as {tmp_path}/hotpapers.db"
    )


@pytest.mark.parametrize(
    "address",
    [
        "mysql://me:secret@h/papers", "postgresql://me:se/cret@p@127.0.0.1:1/papers",
        "postgresql://me:se/cret@127.0.0.1/papers", "postgresql://me:p@secret@127.0.0.1:1/papers",
        "postgresql://me:se cret@127.0.0.1:1/papers", "postgresql://me:secret%zz@127.0.0.1:1/papers",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_hides_its_password(address: str) -> None:
    pytest.importorskip("psycopg")
    message = run("status", "--store", address).message
    assert message.startswith(f"{address.partition(':')[0]}://me:…@") and "cret" not in message
    assert "a store is a path" in message or "in names and passwords write" in message


def test_a_name_that_is_no_utf_8(store: Path, tmp_path: Path) -> None:
    """SQLite cannot open such a file; other files may have such names."""
    odd_path = tmp_path / "odd\udcff"
    (tmp_path / "odd\udcff.db").write_bytes(store.read_bytes())
    for command in (
        ["status", "--store", f"{odd_path}.db"], ["backup", f"{odd_path}.db", "--store", str(store)],
        ["backup", f"{odd_path}.db", "--restore", "--replace", "--store", str(store)],
        ["import", "jsonl", "-", "--store", f"{odd_path}-2.db"],
    ):  # fmt: skip
        assert "a path that is not UTF-8" in misuse(*command)
    assert good("export", "--records", "--output", f"{odd_path}.jsonl", "--store", store) == ""
    report = run("import", "jsonl", f"{odd_path}.jsonl", "--store", tmp_path / "copy.db", "--json").json
    assert report["imported"][0]["file"] == f"{tmp_path}/odd?.jsonl"
    assert "odd\ufffd.jsonl" in good("forget", f"x:{classic_issues.post(100).id}", "--yes", "--store", store)


def test_run_logs_no_password_of_its_store(postgres_url: str, tmp_path: Path) -> None:
    store = f"{postgres_url}{'&' if '?' in postgres_url else '?'}password=secret-word"
    tables = ["[[publication]]", 'name = "daily"', "[source.feeds]", 'urls = ["http://127.0.0.1:1/"]']
    disabled_sources = [
        f"[source.{name}]\non = false" for name in [row.name for row in readable_networks().values() if row.is_on]
    ]
    (tmp_path / "hotpapers.toml").write_text("\n".join([f'store = "{store}"', *tables, *disabled_sources]))
    result = run("run", "--once", "--config", tmp_path / "hotpapers.toml")
    assert "running  store=postgresql://" in result.err and "secret-word" not in result.err + result.out


def test_a_server_that_does_not_answer_hides_the_password() -> None:
    pytest.importorskip("psycopg")
    message = failure("status", "--store", "postgresql://me:secret@127.0.0.1:1/papers")
    assert message.startswith("postgresql://me:…@127.0.0.1:1/papers: ") and "secret" not in message
    assert message.endswith("check that the server is running, and the user name and password")


def test_a_database_that_is_not_there(postgres_server: str) -> None:
    missing = postgres_server.rpartition("/")[0] + "/hotpapers_no_such_database"
    assert "does not exist" in failure("status", "--store", missing)


def test_a_server_that_goes_away_after_forgetting(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output names what was forgotten, and says that the same command finishes the job."""
    from hotpapers.wings.postgres.server_store import PostgresDatabase

    good("import", "classic", classic_issues.file(tmp_path, "2021-03-02"), "--store", postgres_url)
    key, erase = f"x:{classic_issues.post(100).id}", PostgresDatabase.erase_traces

    def disconnect_and_erase(database: Any) -> None:
        with Record(postgres_url) as record:
            pid = database.rows("SELECT pg_backend_pid()")[0][0]
            record.database.rows("SELECT pg_terminate_backend(?, 5000)", (pid,))
        erase(database)

    with monkeypatch.context() as patch:
        patch.setattr(PostgresDatabase, "erase_traces", disconnect_and_erase)
        result = run("forget", key, "--yes", "--store", postgres_url)
    assert result.status == 1 and result.out.startswith(f"{key}: forgotten, ")
    assert "forgotten, but the tables could not be rewritten" in result.err
    assert "run the same command again to finish" in result.err
    assert good("forget", key, "--yes", "--store", postgres_url).startswith(f"{key}: forgotten, ")


# ---- damage --------------------------------------------------------------------------------------------


def test_a_store_with_damaged_pages_says_so(store: Path) -> None:
    data = bytearray(store.read_bytes())
    for page in range(4096 * 3, len(data), 4096):
        data[page : page + 1024] = b"\xa5" * 1024
    store.write_bytes(bytes(data))
    for command in (["status"], ["verify", "--all"], ["import", "classic", "-"]):
        result = run(*command, "--store", store, input=classic_issues.text("2021-05-05").encode())
        assert result.status == 1, command
        assert "damaged" in result.err or "sound      NO" in result.out
        assert "Traceback" not in result.err


def test_a_store_that_was_cut_off_says_so(store: Path) -> None:
    store.write_bytes(store.read_bytes()[: 4096 * 10])
    result = run("verify", "--all", "--store", store)
    assert result.status == 1 and "restore a backup" in result.err


# ---- permissions ---------------------------------------------------------------------------------------


@pytest.fixture
def locked_store(store: Path) -> Path:
    """A read-only store."""
    good("issue", "--store", store)
    store.chmod(0o400)
    return store


@pytest.mark.long
def test_a_store_that_cannot_be_written_can_be_read(locked_store: Path) -> None:
    content = locked_store.read_bytes()
    for command in (*READING_COMMANDS, ["verify", "2021-03-04"], ["export", "--format", "csv"], ["mail", "list"]):
        result = run_as_user(*command, "--store", locked_store)
        assert (result.status, result.err) == (0, ""), command
    assert locked_store.read_bytes() == content


@pytest.mark.long
def test_writing_where_that_is_not_allowed_says_so(locked_store: Path, tmp_path: Path) -> None:
    file = classic_issues.file(tmp_path, "2021-05-05")
    hide = ["hide", f"x:{classic_issues.post(100).id}", "--reason", "-"]
    for command in (["import", "classic", file], ["issue", "2021-03-02"], hide):
        result = run_as_user(*command, "--store", locked_store)
        assert result.status == 1, command
        assert result.message == f"{locked_store}: cannot be written; check the permissions of the file and its folder"


@pytest.mark.long
def test_a_folder_where_nothing_may_be_made(store: Path) -> None:
    """SQLite keeps its log next to the store; where it can't be created, reading still works."""
    folder = store.parent / "locked"
    folder.mkdir()
    (folder / "papers.db").write_bytes(store.read_bytes())
    folder.chmod(0o500)
    verify_result = run_as_user("verify", "--all", "--store", folder / "papers.db")
    issue_result = run_as_user("issue", "--store", folder / "papers.db")
    import_result = run_as_user("import", "classic", "-", "--store", folder / "new.db")
    folder.chmod(0o700)
    assert (verify_result.status, verify_result.out) == (0, good("verify", "--all", "--store", store))
    assert issue_result.status == import_result.status == 1
    assert "check the permissions of the file and its folder" in issue_result.message
    assert import_result.message == f"{folder / 'new.db'}: cannot be opened; check the path and its permissions"


def test_a_store_that_cannot_be_read_says_so(store: Path) -> None:
    store.chmod(0o000)
    result = run_as_user("status", "--store", store)
    store.chmod(0o600)
    assert result.status == 1 and result.message.startswith(f"{store}: cannot be ")


# ---- several processes ---------------------------------------------------------------------------------


def start(*args: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line(*args), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def results(children: Sequence[subprocess.Popen[str]]) -> list[Result]:
    outputs = [child.communicate(timeout=60) for child in children]
    return [Result(child.returncode, *output) for child, output in zip(children, outputs, strict=True)]


def observations(store: str | Path) -> list[str]:
    """A store's observations, without publications: these have times of their own."""
    lines = good("export", "--records", "--store", store).splitlines()
    return sorted(line for line in lines if '"kind":"publication"' not in line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    posts = tmp_path / "posts"
    posts.mkdir()
    return posts


@pytest.mark.long
def test_two_writers_and_a_reader_at_once(store_url: str, folder: Path) -> None:
    files = classic_issues.files(folder, 24)
    good("import", "classic", files[0], "--store", store_url)
    writers = [start("import", "classic", *files[n::2], "--store", store_url) for n in (0, 1)]
    for _ in range(3):
        assert run("verify", "--all", "--store", store_url).status == 0
    first, second = results(writers)
    assert (first.status, first.err, second.status, second.err) == (0, "", 0, "")
    assert run("status", "--json", "--store", store_url).json["items"]["listing"] == 24
    good("verify", "--all", "--store", store_url)
    single_store = f"{folder}/alone.db"
    good("import", "classic", *files, "--store", single_store)
    assert observations(store_url) == observations(single_store)


@pytest.mark.long
def test_the_same_file_by_two_at_once_is_in_once(store_url: str, folder: Path) -> None:
    [file] = classic_issues.files(folder, 1)
    good("import", "classic", *classic_issues.files(folder, 2)[1:], "--store", store_url)
    for result in results([start("import", "classic", file, "--store", store_url) for _ in range(3)]):
        assert (result.status, result.err) == (0, "")
    assert run("status", "--json", "--store", store_url).json["items"]["listing"] == 2
    assert observations(store_url).count(observations(store_url)[0]) == 1
    good("verify", "--all", "--store", store_url)


@pytest.mark.long
@pytest.mark.parametrize(
    ("sign", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, -15)], ids=str
)
def test_stopped_in_the_midst_nothing_is_lost_and_nothing_doubled(
    store_url: str, folder: Path, sign: signal.Signals, status: int
) -> None:
    files = classic_issues.files(folder, 40)
    good("import", "classic", *files[:1], "--store", store_url)
    for step in (3, 9):
        target = listings(store_url) + step
        if target > len(files):
            break
        child = start("import", "classic", *files, "--store", store_url)
        while listings(store_url) < target:
            time.sleep(0.005)
        child.send_signal(sign)
        [result] = results([child])
        if result.status == 0 or result.out:  # it finished before the signal came
            break
        assert result.status == status and "Traceback" not in result.err
        assert target <= listings(store_url) <= 40
        good("verify", "--all", "--store", store_url)
    good("import", "classic", *files, "--store", store_url)
    good("verify", "--all", "--store", store_url)
    assert listings(store_url) == 40
    single_store = f"{folder}/alone.db"
    good("import", "classic", *files, "--store", single_store)
    assert observations(store_url) == observations(single_store)


def listings(store: str) -> int:
    with Record(store, create=False) as record:
        return int(record.database.rows("SELECT count(*) FROM listing WHERE until = 0")[0][0])


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_publication_that_was_stopped_is_finished_by_the_same_command(
    folder: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    store, out = tmp_path / "s.db", tmp_path / "out"
    good("import", "classic", *classic_issues.files(folder, 28), "--store", store)
    command = ("publish", "--all", "--to", "site", "--output", out, "--store", store)
    child = start(*command)
    while not out.exists():
        time.sleep(0.002)
    child.send_signal(sign)
    results([child])
    good(*command)
    good("verify", "--all", "--store", store)
    new_folder = tmp_path / "fresh"
    good("publish", "--all", "--to", "site", "--output", new_folder, "--store", store)
    assert tree(out) == tree(new_folder)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
