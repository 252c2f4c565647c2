"""Servers that the tests start on free ports and in temporary folders: PostgreSQL and Redis."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

SECONDS = 30.0
"""How long a server may take to start, and to stop."""
TRIES = 3
"""How often to try starting a server, each time on another port: a free port may be taken a moment later."""


class Missing(Exception):
    """A program is not installed on this machine; the message says which."""


class DatabaseServers(NamedTuple):
    """The addresses of the two servers."""

    postgres: str
    redis: str


class ProgramUser(NamedTuple):
    """The user to run a program as; by default the current one."""

    id: int | None = None
    group: int | None = None


CURRENT_USER = ProgramUser()


@contextmanager
def running_servers() -> Iterator[DatabaseServers]:
    """Both servers, until the block ends. Raises Missing."""
    bin, redis = postgres_programs(), shutil.which("redis-server")
    if redis is None:
        raise Missing("there is no redis-server")
    with scratch_folder() as folder, running_postgres(bin, folder) as port, running_redis(redis, folder) as redis_port:
        yield DatabaseServers(postgres_url(port), f"127.0.0.1:{redis_port}")


def postgres_programs() -> Path:
    """The folder with PostgreSQL's programs. On Debian they are not on the PATH."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda bin: -int(bin.parent.name))
    for folder in (*newest_first, *map(Path, os.get_exec_path())):
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready")):
            return folder
    raise Missing("there is no PostgreSQL server to start (initdb, postgres, pg_isready)")


def postgres_url(port: int) -> str:
    """The address of a server started here, for the superuser."""
    return f"postgresql://network@127.0.0.1:{port}/postgres"


@contextmanager
def running_postgres(bin: Path, folder: Path) -> Iterator[int]:
    """The port of an empty server that trusts everybody on this machine and does not sync to disk."""
    user, data = unprivileged_user(), folder / "postgres"
    folder.chmod(0o711)
    data.mkdir()
    if user.id is not None:
        os.chown(data, user.id, user.group or -1)
    initdb = [bin / "initdb", "-D", data, "-A", "trust", "-U", "network", "-E", "UTF8", "--no-locale", "--no-sync"]
    initdb += ["--wal-segsize=1"]  # MB; forgetting begins a new segment each time
    assert start_program(initdb, data, user).wait(SECONDS) == 0, "initdb failed"
    with _running_cluster(bin, data, user) as port:
        yield port


@contextmanager
def running_standby(bin: Path, folder: Path, primary: int) -> Iterator[int]:
    """The port of a server with a copy of all that the one on port `primary` commits; that one acknowledges nothing
    before the copy has it."""
    import psycopg

    user, data = unprivileged_user(), folder / "standby"
    data.mkdir(mode=0o700)
    if user.id is not None:
        os.chown(data, user.id, user.group or -1)
    copy = [bin / "pg_basebackup", "-D", data, "-h", "127.0.0.1", "-p", primary, "-U", "network", "-R", "--no-sync"]
    assert start_program(copy, data, user).wait(SECONDS) == 0, "pg_basebackup failed"
    with _running_cluster(bin, data, user) as port:
        with psycopg.connect(postgres_url(primary), autocommit=True) as server:
            server.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            server.execute("SELECT pg_reload_conf()")
        yield port


def crash_server(folder: Path) -> None:
    """End the first server's processes at once; it is not started again."""
    with suppress(ProcessLookupError):
        os.kill(int((folder / "postgres" / "postmaster.pid").read_text("ascii").split()[0]), signal.SIGQUIT)


@contextmanager
def _running_cluster(bin: Path, data: Path, user: ProgramUser) -> Iterator[int]:
    def start(port: int) -> subprocess.Popen[bytes]:
        settings = ("listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "max_connections=200")
        options = [part for setting in settings for part in ("-c", setting)]
        return start_program([bin / "postgres", "-D", data, "-k", data, "-p", port, *options], data, user)

    def is_ready(port: int) -> bool:
        return start_program([bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", port], data.parent).wait(SECONDS) == 0

    with listening("PostgreSQL", start, is_ready) as port:
        yield port


@contextmanager
def running_redis(program: str, folder: Path) -> Iterator[int]:
    """The port of an empty Redis that saves nothing."""

    def start(port: int) -> subprocess.Popen[bytes]:
        return start_program([program, "--bind", "127.0.0.1", "--save", "", "--port", port], folder)

    def is_ready(port: int) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(100).startswith(b"+PONG")
        return False

    with listening("Redis", start, is_ready) as port:
        yield port


def unprivileged_user() -> ProgramUser:
    """The user to run the database server as: it refuses to run as root."""
    if os.geteuid() != 0:
        return ProgramUser()
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            return ProgramUser(account.pw_uid, account.pw_gid)
    raise Missing("PostgreSQL does not run as root, and there is no user postgres or nobody")


# ---- programs of ours ----------------------------------------------------------------------------------


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder with a short path, as a socket's path has at most about 100 bytes; deleted after the block."""
    folder = Path(tempfile.mkdtemp(prefix="hotpapers-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def guarded(command: Sequence[object]) -> list[str]:
    """A command that ends when we do, even if we are killed, if Linux has the program for that."""
    setpriv = shutil.which("setpriv")
    return [str(part) for part in ([setpriv, "--pdeathsig", "INT", "--", *command] if setpriv else command)]


def start_program(command: Sequence[object], folder: Path, user: ProgramUser = CURRENT_USER) -> subprocess.Popen[bytes]:
    """Start a program in a folder, without input and output."""
    return subprocess.Popen(
        guarded(command), cwd=folder, user=user.id, group=user.group,
        extra_groups=None if user.id is None else (), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def stop_program(process: subprocess.Popen[bytes]) -> None:
    """Stop a program: interrupt it, then kill it if it does not end."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


@contextmanager
def listening(
    name: str, start: Callable[[int], subprocess.Popen[bytes]], is_ready: Callable[[int], bool]
) -> Iterator[int]:
    """The port of a server that runs until the block ends."""
    for _ in range(TRIES):
        port = free_port()
        server = start(port)
        try:
            if _becomes_ready(server, port, is_ready):
                yield port
                return
        finally:
            stop_program(server)
    raise AssertionError(f"{name} did not start in {TRIES} tries")


def _becomes_ready(server: subprocess.Popen[bytes], port: int, is_ready: Callable[[int], bool]) -> bool:
    until = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < until:
        if is_ready(port):
            return True
        time.sleep(0.02)
    return False


def free_port() -> int:
    """A port of 127.0.0.1 that is free at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
