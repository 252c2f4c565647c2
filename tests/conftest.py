"""What tests share: real texts beside the checkout, fixture files, and stores in every database.

* `SHARED`, fixture `shared`: the folder of real texts beside the checkout; tests that want it skip where it is absent.
* `data("name")`: a file or folder below tests/data. A full run fails when a file there is read by no test.
* `store_url`: the address of an empty store, once in SQLite and once in PostgreSQL.
  `sqlite_url`, `postgres_url`: the one or the other.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import psycopg

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
DATA = ROOT / "tests" / "data"
HOUSE = "tests/test_house.py"
"""What `make check` runs: it reads no file below tests/data, so a run without it is a full one."""

# Nothing here is timed: a slow machine is no failure. Where CI is set, every run tries the same examples.
settings.register_profile(
    "hotpapers", deadline=None, print_blob=True, derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("hotpapers")

_numbers = count(1)

MEMORY = Path("/dev/shm")
"""A disk in memory, where there is one: stores make sure of each batch, and a real disk takes its time over that."""
ROOM = 4 << 30
"""Bytes that the stores of a run may need."""


def _roomy(folder: Path) -> bool:
    if not os.access(folder, os.W_OK):
        return False
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize >= ROOM


if _roomy(MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# An agent that starts the tests in the background, or under nohup, ignores these signals for them, and a process that
# ignores a signal hands that on to its children, which then cannot be interrupted. One that handles it does not.
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL),
                          (signal.SIGQUIT, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL)):  # fmt: skip
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _handler)


def data(*parts: str) -> Path:
    """The path of a file or folder below tests/data; a file counts as read. It must be there."""
    path = DATA.joinpath(*parts)
    assert path.exists(), f"no such fixture: {path}"
    _opened.add(str(path))
    return path


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real texts beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"the folder of real texts is absent: {SHARED}")
    return SHARED


# ---- stores ----------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, in each database in turn: for the tests that both must pass."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite store that is not there yet."""
    return f"sqlite:///{tmp_path / 'hotpapers.db'}"


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a new, empty PostgreSQL database, dropped after the test."""
    name = f"hotpapers_test_{os.getpid()}_{next(_numbers)}"
    with _connect(postgres_server) as connection:
        _create_database(connection, name)
    yield _with_database(postgres_server, name)
    with _connect(postgres_server) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of a PostgreSQL server on which databases may be made.

    HOTPAPERS_TEST_POSTGRES names one and must then work; else the local socket and 127.0.0.1 are tried.
    """
    named = os.environ.get("HOTPAPERS_TEST_POSTGRES")
    candidates = [named] if named else ["postgresql:///test", "postgresql://127.0.0.1:5432/test"]
    reasons = []
    for url in candidates:
        reason = _why_not(url)
        if reason is None:
            return url
        reasons.append(f"{url}: {reason}")
    why = "no PostgreSQL server for tests: " + "; ".join(reasons)
    if named:
        pytest.fail(why)
    pytest.skip(why)


def _why_not(url: str) -> str | None:
    """Why no database can be made at this address; None when one can."""
    try:
        import psycopg
    except ImportError as error:
        return str(error)
    try:
        with _connect(url) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return None if row and row[0] else "this user may not create databases"


def _connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    import psycopg

    return psycopg.connect(url, autocommit=True, connect_timeout=3)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the tests of a file share is made once: by the one worker that gets all of them."""
    for item in items:
        if _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.hookimpl(trylast=True)  # after xdist has put the groups into the ids
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuses to go on where xdist takes no notice of groups: what a file shares would be made by every worker."""
    if getattr(session.config.option, "loadgroup", False):
        grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
        if any("@" not in item.nodeid for item in grouped):
            raise pytest.UsageError("pytest-xdist does not group tests with this version of pytest")


def _shares(item: pytest.Item) -> bool:
    fixtures = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
    return any(one.scope == "module" for definitions in fixtures for one in definitions)


def _create_database(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    """An empty database that sorts text by language where the server can: a key without COLLATE "C" shows there."""
    import psycopg

    plain = f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"
    try:
        connection.execute(plain + " LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    except psycopg.Error:  # before version 15, or built without ICU
        connection.execute(plain)
    # No test stops the server itself: it need not make sure of each commit.
    connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')


def _with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{name}{query}"


# ---- fixture files that nothing reads --------------------------------------------------------------
#
# A full run ends as failed when a file below tests/data was opened by no test: it misleads whoever reads it.
# Every worker notes what Python opens there; the process that started them adds up. A file that is read by
# another program, or by a library in C, is noted by asking data() for its path.

_opened: set[str] = set()
_unused: list[str] = []


def _note_opened(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
        path = os.path.abspath(os.fsdecode(args[0]))
        if path.startswith(f"{DATA}{os.sep}"):
            _opened.add(path)


sys.addaudithook(_note_opened)


def pytest_testnodedown(node: Any) -> None:
    """A worker ends: take over what it noted."""
    _opened.update(getattr(node, "workeroutput", {}).get("opened_data", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Hands on what a worker noted; in the first process, fails a full and otherwise good run on unread files."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["opened_data"] = sorted(_opened)
    elif exitstatus == pytest.ExitCode.OK and _is_full_run(session.config):
        _unused.extend(str(file.relative_to(ROOT)) for file in sorted(DATA.rglob("*")) if _is_unread(file))
        if _unused:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the unread files at the end of the report."""
    if _unused:
        terminalreporter.section("fixture files that no test reads", red=True)
        for name in _unused:
            terminalreporter.line(f"{name}: use it, or delete it")


def _is_full_run(config: pytest.Config) -> bool:
    narrowing = ("keyword", "markexpr", "lf", "ignore", "ignore_glob", "collectonly")
    is_whole = config.getoption("deselect") in (None, [], [HOUSE])
    by_testpaths = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return by_testpaths and is_whole and not any(config.getoption(name, None) for name in narrowing)


def _is_unread(file: Path) -> bool:
    return file.is_file() and str(file) not in _opened and "__pycache__" not in file.parts
