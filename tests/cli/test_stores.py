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

from hotpapers.ingest.job_factory import ALWAYS_ON
from hotpapers.store import Record
from tests.cli import made
from tests.cli.run import Ran, by_a_user, environment, failing, good, misuse, run, words

READING = (["status"], ["verify", "--all"], ["export"], ["explain", "2103.90001"], ["issue"])

# ---- not a store ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*READING, ["import", "classic", "-"]], ids=lambda c: c[0])
def test_a_file_of_others_is_named_and_left_alone(tmp_path: Path, command: list[str]) -> None:
    letter, other = tmp_path / "letter.txt", tmp_path / "other.db"
    letter.write_text("Dear aunt,\n" * 200)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = letter.read_bytes(), other.read_bytes()
    given = made.text().encode()
    assert (
        run(*command, "--store", letter, input=given).said == f"{letter}: not a Hot Papers store (not a SQLite file)."
    )
    said = run(*command, "--store", other, input=given).said
    assert said == f"{other}: belongs to another program; choose another path with --store."
    assert (letter.read_bytes(), other.read_bytes()) == before


def test_a_store_of_a_newer_version_is_named_and_left_alone(store: Path) -> None:
    connection = apsw.Connection(str(store))
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = store.read_bytes()
    said = failing("status", "--store", store)
    assert re.fullmatch(
        rf"{store}: written by a newer Hot Papers \(schema 999, this version supports up to \d+\); upgrade .*",
        said,
    )
    assert store.read_bytes() == before


def test_an_address_that_is_none(tmp_path: Path) -> None:
    assert misuse("status", "--store", "mysql://x") == (
        "mysql://x: a store is a path, sqlite:////absolute/path or postgresql://…"
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
    said = run("status", "--store", address).said
    assert said.startswith(f"{address.partition(':')[0]}://me:…@") and "cret" not in said
    assert "a store is a path" in said or "in names and passwords write" in said


def test_a_name_that_is_no_utf_8(store: Path, tmp_path: Path) -> None:
    """SQLite cannot open such a file; other files may have such names."""
    odd = tmp_path / "odd\udcff"
    (tmp_path / "odd\udcff.db").write_bytes(store.read_bytes())
    for command in (
        ["status", "--store", f"{odd}.db"], ["backup", f"{odd}.db", "--store", str(store)],
        ["backup", f"{odd}.db", "--restore", "--replace", "--store", str(store)],
        ["import", "jsonl", "-", "--store", f"{odd}-2.db"],
        ["export", "--format", "tables", "--output", str(odd), "--store", str(store)],
    ):  # fmt: skip
        assert "a path that is not UTF-8" in misuse(*command)
    assert good("export", "--records", "--output", f"{odd}.jsonl", "--store", store) == ""
    imported = run("import", "jsonl", f"{odd}.jsonl", "--store", tmp_path / "copy.db", "--json").json
    assert imported["imported"][0]["file"] == f"{tmp_path}/odd?.jsonl"
    assert "odd\ufffd.jsonl" in good("forget", f"x:{made.post(100).id}", "--yes", "--store", store)


def test_run_logs_no_password_of_its_store(postgres_url: str, tmp_path: Path) -> None:
    store = f"{postgres_url}{'&' if '?' in postgres_url else '?'}password=secret-word"
    tables = ["[[publication]]", 'name = "daily"', "[source.feeds]", 'urls = ["http://127.0.0.1:1/"]']
    off = [f"[source.{name}]\non = false" for name in ALWAYS_ON]
    (tmp_path / "hotpapers.toml").write_text("\n".join([f'store = "{store}"', *tables, *off]))
    ran = run("run", "--once", "--config", tmp_path / "hotpapers.toml")
    assert "running  store=postgresql://" in ran.err and "secret-word" not in ran.err + ran.out


def test_a_server_that_does_not_answer_hides_the_password() -> None:
    pytest.importorskip("psycopg")
    said = failing("status", "--store", "postgresql://me:secret@127.0.0.1:1/papers")
    assert said.startswith("postgresql://me:…@127.0.0.1:1/papers: ") and "secret" not in said
    assert said.endswith("check that the server is running, and the user name and password.")


def test_a_database_that_is_not_there(postgres_server: str) -> None:
    missing = postgres_server.rpartition("/")[0] + "/hotpapers_no_such_database"
    assert "does not exist" in failing("status", "--store", missing)


def test_a_server_that_goes_away_after_forgetting(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output names what was forgotten, and says that the same command finishes the job."""
    from hotpapers.store.postgres import PostgresDatabase

    good("import", "classic", made.file(tmp_path, "2021-03-02"), "--store", postgres_url)
    key, erase = f"x:{made.post(100).id}", PostgresDatabase.erase_traces

    def away(database: Any) -> None:
        with Record(postgres_url) as other:
            pid = database.rows("SELECT pg_backend_pid()")[0][0]
            other.database.rows("SELECT pg_terminate_backend(?, 5000)", (pid,))
        erase(database)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(PostgresDatabase, "erase_traces", away)
        ran = run("forget", key, "--yes", "--store", postgres_url)
    assert ran.status == 1 and ran.out.startswith(f"{key}: forgotten, ")
    assert "forgotten, but the tables could not be rewritten" in ran.err
    assert "run the same command again to finish" in ran.err
    assert good("forget", key, "--yes", "--store", postgres_url).startswith(f"{key}: forgotten, ")


# ---- damage --------------------------------------------------------------------------------------------


def test_a_store_with_damaged_pages_says_so(store: Path) -> None:
    data = bytearray(store.read_bytes())
    for page in range(4096 * 3, len(data), 4096):
        data[page : page + 1024] = b"\xa5" * 1024
    store.write_bytes(bytes(data))
    for command in (["status"], ["verify", "--all"], ["import", "classic", "-"]):
        ran = run(*command, "--store", store, input=made.text("2021-05-05").encode())
        assert ran.status == 1, command
        assert "damaged" in ran.err or "sound      NO" in ran.out
        assert "Traceback" not in ran.err


def test_a_store_that_was_cut_off_says_so(store: Path) -> None:
    store.write_bytes(store.read_bytes()[: 4096 * 10])
    ran = run("verify", "--all", "--store", store)
    assert ran.status == 1 and "restore a backup" in ran.err


# ---- permissions ---------------------------------------------------------------------------------------


@pytest.fixture
def locked(store: Path) -> Path:
    """A read-only store."""
    good("issue", "--store", store)
    store.chmod(0o400)
    return store


@pytest.mark.long
def test_a_store_that_cannot_be_written_can_be_read(locked: Path) -> None:
    before = locked.read_bytes()
    for command in (*READING, ["verify", "2021-03-04"], ["export", "--format", "csv"], ["mail", "list"]):
        ran = by_a_user(*command, "--store", locked)
        assert (ran.status, ran.err) == (0, ""), command
    assert locked.read_bytes() == before


@pytest.mark.long
def test_writing_where_that_is_not_allowed_says_so(locked: Path, tmp_path: Path) -> None:
    file = made.file(tmp_path, "2021-05-05")
    hide = ["hide", f"x:{made.post(100).id}", "--reason", "-"]
    for command in (["import", "classic", file], ["issue", "2021-03-02"], hide):
        ran = by_a_user(*command, "--store", locked)
        assert ran.status == 1, command
        assert ran.said == f"{locked}: cannot be written; check the permissions of the file and its folder."


@pytest.mark.long
def test_a_folder_where_nothing_may_be_made(store: Path) -> None:
    """SQLite keeps its log next to the store; where it can't be created, reading still works."""
    folder = store.parent / "locked"
    folder.mkdir()
    (folder / "papers.db").write_bytes(store.read_bytes())
    folder.chmod(0o500)
    there = by_a_user("verify", "--all", "--store", folder / "papers.db")
    changed = by_a_user("issue", "--store", folder / "papers.db")
    new = by_a_user("import", "classic", "-", "--store", folder / "new.db")
    folder.chmod(0o700)
    assert (there.status, there.out) == (0, good("verify", "--all", "--store", store))
    assert changed.status == new.status == 1
    assert "check the permissions of the file and its folder" in changed.said
    assert new.said == f"{folder / 'new.db'}: cannot be opened; check the path and its permissions."


def test_a_store_that_cannot_be_read_says_so(store: Path) -> None:
    store.chmod(0o000)
    ran = by_a_user("status", "--store", store)
    store.chmod(0o600)
    assert ran.status == 1 and ran.said.startswith(f"{store}: cannot be ")


# ---- several processes ---------------------------------------------------------------------------------


def started(*args: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words(*args), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def ended(children: Sequence[subprocess.Popen[str]]) -> list[Ran]:
    outputs = [child.communicate(timeout=60) for child in children]
    return [Ran(child.returncode, *output) for child, output in zip(children, outputs, strict=True)]


def observed(store: str | Path) -> list[str]:
    """A store's observations, without publications: these have times of their own."""
    lines = good("export", "--records", "--store", store).splitlines()
    return sorted(line for line in lines if '"kind":"publication"' not in line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made_here = tmp_path / "posts"
    made_here.mkdir()
    return made_here


@pytest.mark.long
def test_two_writers_and_a_reader_at_once(store_url: str, folder: Path) -> None:
    files = made.files(folder, 24)
    good("import", "classic", files[0], "--store", store_url)
    writers = [started("import", "classic", *files[n::2], "--store", store_url) for n in (0, 1)]
    for _ in range(3):
        assert run("verify", "--all", "--store", store_url).status == 0
    one, two = ended(writers)
    assert (one.status, one.err, two.status, two.err) == (0, "", 0, "")
    assert run("status", "--json", "--store", store_url).json["items"]["listing"] == 24
    good("verify", "--all", "--store", store_url)
    alone = f"{folder}/alone.db"
    good("import", "classic", *files, "--store", alone)
    assert observed(store_url) == observed(alone)


@pytest.mark.long
def test_the_same_file_by_two_at_once_is_in_once(store_url: str, folder: Path) -> None:
    [file] = made.files(folder, 1)
    good("import", "classic", *made.files(folder, 2)[1:], "--store", store_url)
    for ran in ended([started("import", "classic", file, "--store", store_url) for _ in range(3)]):
        assert (ran.status, ran.err) == (0, "")
    assert run("status", "--json", "--store", store_url).json["items"]["listing"] == 2
    assert observed(store_url).count(observed(store_url)[0]) == 1
    good("verify", "--all", "--store", store_url)


@pytest.mark.long
@pytest.mark.parametrize(
    ("sign", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, -15)], ids=str
)
def test_stopped_in_the_midst_nothing_is_lost_and_nothing_doubled(
    store_url: str, folder: Path, sign: signal.Signals, status: int
) -> None:
    files = made.files(folder, 40)
    good("import", "classic", *files[:1], "--store", store_url)
    for more in (3, 9):
        reached = listings(store_url) + more
        if reached > len(files):
            break
        child = started("import", "classic", *files, "--store", store_url)
        while listings(store_url) < reached:
            time.sleep(0.005)
        child.send_signal(sign)
        [ran] = ended([child])
        if ran.status == 0 or ran.out:  # it finished before the signal came
            break
        assert ran.status == status and "Traceback" not in ran.err
        assert reached <= listings(store_url) <= 40
        good("verify", "--all", "--store", store_url)
    good("import", "classic", *files, "--store", store_url)
    good("verify", "--all", "--store", store_url)
    assert listings(store_url) == 40
    alone = f"{folder}/alone.db"
    good("import", "classic", *files, "--store", alone)
    assert observed(store_url) == observed(alone)


def listings(store: str) -> int:
    with Record(store, create=False) as record:
        return int(record.database.rows("SELECT count(*) FROM listing WHERE until = 0")[0][0])


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_publication_that_was_stopped_is_finished_by_the_same_command(
    folder: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    store, out = tmp_path / "s.db", tmp_path / "out"
    good("import", "classic", *made.files(folder, 28), "--store", store)
    command = ("publish", "--all", "--to", "site", "--output", out, "--store", store)
    child = started(*command)
    while not out.exists():
        time.sleep(0.002)
    child.send_signal(sign)
    ended([child])
    good(*command)
    good("verify", "--all", "--store", store)
    fresh = tmp_path / "fresh"
    good("publish", "--all", "--to", "site", "--output", fresh, "--store", store)
    assert tree(out) == tree(fresh)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
