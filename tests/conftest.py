"""Shared by the tests: real texts next to the checkout, fixture files, and stores in every database.

* `SHARED`, fixture `shared`: the folder of real texts next to the checkout; tests that need it are skipped without it.
* `data("name")`: a file or folder in tests/data. A full run fails if no test reads a file there.
* `store_url`: the address of an empty store, once in SQLite and once in PostgreSQL.
  `sqlite_url`, `postgres_url`: in one of them. `bare_store_url`: like `store_url`, but without tables.
  `module_url`: like `store_url`, one for all tests of a file. `other_url`: in the database that `store_url` is not in.
* `sqlite_record`: one open record for all examples of a file; `postgres_record`: an open, empty one.
* `shared_folder`: a folder that all tests of a run share.
* `statements`: the questions to SQLite stores, as SQL.
"""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from hotpapers.base import logs
from hotpapers.record import Record
from hotpapers.record.database import Params
from hotpapers.record.record import open_database
from hotpapers.record.schema import MIGRATIONS
from hotpapers.record.sqlite import SqliteDatabase
from tests import postgres

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
DATA = ROOT / "tests" / "data"
HAS_WINGS = (ROOT / "src" / "hotpapers" / "wings").is_dir()
needs_wings = pytest.mark.skipif(not HAS_WINGS, reason="wings are left out, and it expects something of theirs")
_OF_A_WING = re.compile(
    r"(x|feeds|lobsters|mastodon|reddit[ _]?(feeds?)?)[]-]|\[+(source\.)?(x|twitter|feeds|lobsters|mastodon|reddit)\b"
)
DEFAULT = "not long"
"""The tests that `make test` runs, which read every file in tests/data."""
HOUSE = "tests/test_house.py"
"""The test file that `make check` runs. It reads no file in tests/data, so a run without it is a full one."""

_current_frames = sys._current_frames


def _frames_without_collection() -> dict[int, FrameType]:
    """All threads' frames, which the measurement of coverage asks for. If garbage is collected meanwhile, CPython 3.11
    waits forever for a lock that it holds."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return _current_frames()
    finally:
        if is_collecting:
            gc.enable()


sys._current_frames = _frames_without_collection

# Nothing is timed, so slow machines don't fail. If CI is set, every run tries the same examples. For mutants
# (`make mutation`) it only matters whether a test fails, so examples are not shrunk.
settings.register_profile(
    "hotpapers", max_examples=int(os.environ.get("HOTPAPERS_TEST_EXAMPLES", "50")), deadline=None, print_blob=True,
    derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate] if "HOTPAPERS_TEST_UNSHRUNK" in os.environ else tuple(Phase),
)  # fmt: skip
settings.load_profile("hotpapers")

MEMORY = Path("/dev/shm")
"""A disk in memory, if there is one: stores sync each batch, which is slow on a real disk."""
ROOM = 4 << 30
"""Bytes that the stores of a run may need."""


def _roomy(folder: Path) -> bool:
    if not os.access(folder, os.W_OK):
        return False
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize >= ROOM


if _roomy(MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# If the tests are started in the background or under nohup, these signals are ignored, and child processes inherit that
# and cannot be interrupted. They don't inherit handlers.
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL),
                          (signal.SIGQUIT, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL)):  # fmt: skip
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _handler)


def data(*parts: str) -> Path:
    """The path of a file or folder in tests/data, which must exist; a file counts as read."""
    path = DATA.joinpath(*parts)
    assert path.exists(), f"no such fixture: {path}"
    _opened.add(str(path))
    return path


@pytest.fixture(autouse=True)
def as_before_logging() -> Iterator[None]:
    """After each test, nothing is logged that it began to log: the next command starts as in a process of its own."""
    yield
    logs.LOG.handlers.clear()
    logs.LOG.setLevel(logging.NOTSET)
    logs.LOG.propagate = True


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real texts next to the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"the folder of real texts is absent: {SHARED}")
    return SHARED


def shared_folder(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], object]) -> Path:
    """A folder that all tests of a run share, on all workers; `fill` fills it on first use. Nothing may change it."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = (factory.getbasetemp().parent if is_worker else factory.getbasetemp()) / f"shared-{name}"
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fill(folder)
            lock.write("ready")
    return folder


# ---- stores ----------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, in each database in turn: for the tests that both must pass."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL of each question that is put to a SQLite store from now on."""
    asked: list[str] = []
    rows = SqliteDatabase.rows

    def note(self: SqliteDatabase, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return rows(self, sql, params)

    monkeypatch.setattr(SqliteDatabase, "rows", note)
    return asked


@pytest.fixture
def other_url(request: pytest.FixtureRequest, store_url: str) -> str:
    """The address of an empty store in the other database."""
    other = "sqlite_url" if store_url.startswith("postgresql") else "postgres_url"
    url: str = request.getfixturevalue(other)
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite store that does not exist yet."""
    return f"sqlite:///{tmp_path / 'hotpapers.db'}"


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The address of a new, empty PostgreSQL store, dropped after the test. Its tables exist: making them would take
    longer than most tests."""
    with postgres.database_on(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture
def bare_postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a new PostgreSQL database without tables, dropped after the test."""
    with postgres.database_on(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite_url", "bare_postgres_url"], ids=["sqlite", "postgres"])
def bare_store_url(request: pytest.FixtureRequest) -> str:
    """The address of a store that has not been created yet, in each database in turn."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def module_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty store for the tests of one file, in each database in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store') / 'hotpapers.db'}"
    else:
        server, template = map(request.getfixturevalue, ("postgres_server", "postgres_template"))
        with postgres.database_on(server, template) as url:
            yield url


@pytest.fixture(scope="module")
def sqlite_record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """One record for all examples of a file: each empties it."""
    with Record(str(tmp_path_factory.mktemp("record") / "hotpapers.db")) as record:
        record.database.run("PRAGMA synchronous = OFF")
        yield record


@pytest.fixture
def postgres_record(postgres_url: str) -> Iterator[Record]:
    """An empty record."""
    with Record(postgres_url) as record:
        yield record


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server on which databases can be created, for all tests of this process."""
    if not HAS_WINGS:
        pytest.skip("the wing postgres is left out")
    with postgres.server(MEMORY if _roomy(MEMORY) else None) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The address of a database with a store's tables but no secret: the template of stores for tests."""
    with postgres.database_on(postgres_server) as url:
        with closing(open_database(url, create=True)) as database:
            database.migrate(MIGRATIONS)
        yield url


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group tests that share something, which is then made once, by the worker that gets all of them. One worker gets
    all browser tests, which take more processor time than any others."""
    for item in items:
        if not HAS_WINGS and _OF_A_WING.match(item.name.partition("[")[2]):  # for each source, of which some are wings
            item.add_marker(needs_wings)
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.long)
        elif _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.hookimpl(trylast=True)  # after xdist has put the groups into the ids
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to go on if xdist ignores groups: every worker would then make what the tests of a file share."""
    gc.collect()
    gc.freeze()  # thousands of tests and their modules stay to the end: don't let the garbage collector scan them
    if getattr(session.config.option, "loadgroup", False):
        grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
        if any("@" not in item.nodeid for item in grouped):
            raise pytest.UsageError("pytest-xdist does not group tests with this version of pytest")


def _shares(item: pytest.Item) -> bool:
    fixtures = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
    return any(fixture.scope == "module" for definitions in fixtures for fixture in definitions)


# ---- fixture files that nothing reads --------------------------------------------------------------
#
def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Where wings are left out (`make test-core`), so are the files that also test one, or the docs of all."""
    if HAS_WINGS or collection_path.suffix != ".py":
        return None
    return True if _imports_wings(collection_path) else None


def _imports_wings(file: Path) -> bool:
    """Whether a test file imports wings, itself or by another test file."""
    text = file.read_text("utf-8")
    imported = re.findall(r"^from (tests\.[\w.]*test_\w+) import", text, re.MULTILINE)
    others = (ROOT / f"{name.replace('.', '/')}.py" for name in imported)
    return bool(re.search(r"(hotpapers|tests)\.wings|tools\.make_docs", text)) or any(map(_imports_wings, others))


# A full run fails if no test opened a file in tests/data: such a file misleads readers. Every worker records which
# files Python opens there, and the main process combines this. Files read by other programs or C libraries count if
# data() was asked for their path.

_opened: set[str] = set()
_unused: list[str] = []


def _note_opened(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
        path = os.path.abspath(os.fsdecode(args[0]))
        if path.startswith(f"{DATA}{os.sep}"):
            _opened.add(path)


sys.addaudithook(_note_opened)


def pytest_testnodedown(node: Any) -> None:
    """A worker has ended: add the files it recorded."""
    _opened.update(getattr(node, "workeroutput", {}).get("opened_data", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In a worker, report the recorded files; in the main process, fail a full and passing run if files are unread."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["opened_data"] = sorted(_opened)
    elif exitstatus == pytest.ExitCode.OK and _is_full_run(session.config):
        _unused.extend(str(file.relative_to(ROOT)) for file in sorted(DATA.rglob("*")) if _is_unread(file))
        if _unused:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the unread files at the end of the report."""
    if _unused:
        terminalreporter.section("fixture files that no test reads", red=True)
        for name in _unused:
            terminalreporter.line(f"{name}: use it, or delete it")


def _is_full_run(config: pytest.Config) -> bool:
    narrowing = ("keyword", "lf", "ignore", "ignore_glob", "collectonly")
    is_whole = HAS_WINGS and config.getoption("deselect") in (None, [], [HOUSE])
    by_testpaths = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    is_default = config.getoption("markexpr") in ("", DEFAULT)
    return by_testpaths and is_whole and is_default and not any(config.getoption(name, None) for name in narrowing)


def _is_unread(file: Path) -> bool:
    return file.is_file() and str(file) not in _opened and "__pycache__" not in file.parts
