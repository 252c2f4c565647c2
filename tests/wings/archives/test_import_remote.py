"""Remote archives: in memory, on a web server that supports ranges, and in an S3 store."""

from __future__ import annotations

import gzip
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hotpapers.base.errors import InputError
from hotpapers.record import Record
from hotpapers.wings.archives import framing, remote_files
from hotpapers.wings.archives.file_import import FileImport
from hotpapers.wings.archives.remote_files import name_of
from hotpapers.wings.archives.scan import Scanner
from tests.cli.run import environment, good, misuse, run
from tests.conftest import DATA, data
from tests.wings.archives.archive_helpers import bluesky_day, comments, export_lines, lines

ARCHIVES = {
    "arxiv": "arxiv-snapshot.jsonl", "car": "car-kettles.car",
    "hackernews": "hackernews-table.parquet", "jetstream": "jetstream-kettles.jsonl", "reddit": "reddit-dump.jsonl",
    "x": "x-second.jsonl",
}  # fmt: skip
SEEN_AT = "2026-01-01"
MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"


def exported_items(store: Path) -> bytes:
    with Record(str(store)) as record:
        return export_lines(record)


def seen_at_options(format_: str) -> tuple[str, ...]:
    return () if format_ in ("car", "jetstream") else ("--seen-at", SEEN_AT)


def compare_with_local(format_: str, address: str, folder: Path, *options: str) -> str:
    """Import an archive from an address and from disk, and compare the stores. Return the first import's output."""
    remote_store, local_store = folder / "far.db", folder / "near.db"
    output = good("import", format_, address, *seen_at_options(format_), "--store", remote_store, *options)
    good("import", format_, data(f"archives/{ARCHIVES[format_]}"), *seen_at_options(format_), "--store", local_store)
    assert exported_items(remote_store) == exported_items(local_store)
    assert (
        good("import", format_, address, *seen_at_options(format_), "--store", remote_store, *options)
        == "read by an earlier import\n"
    )
    return output


# ---- a web server --------------------------------------------------------------------------------------


class FileServer(ThreadingHTTPServer):
    """Serves files. `supports_ranges`: whether it answers range requests; `changes_versions`: whether each response has
    another version; `content_range`: if set, every part but the first has this Content-Range, and is empty."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FileHandler)
        self.files: dict[str, bytes] = {}
        self.supports_ranges, self.changes_versions, self.content_range, self.requested_ranges = (
            True,
            False,
            "",
            list[str](),
        )

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class FileHandler(BaseHTTPRequestHandler):
    """Handles one request."""

    server: FileServer

    def do_GET(self) -> None:
        path, server = self.path.partition("?")[0], self.server
        server.requested_ranges.append(self.headers.get("range", ""))
        if path == "/onward":
            self._send(302, b"", {"Location": "/a"})
        elif path not in server.files:
            self._send(404, b"no")
        else:
            self._send_file(server.files[path])

    def _send_file(self, content: bytes) -> None:
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        tag = {
            "ETag": f'"{len(self.server.requested_ranges) if self.server.changes_versions else 0}"',
            "Last-Modified": MODIFIED,
        }
        if match is None or not self.server.supports_ranges:
            self._send(200, content, tag)
            return
        start, end = int(match[1]), min(int(match[2]) + 1, len(content))
        if start >= len(content):
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        elif start and self.server.content_range:
            self._send(206, b"", tag | {"Content-Range": self.server.content_range.format(size=len(content))})
        else:
            self._send(206, content[start:end], tag | {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as files:
        thread = threading.Thread(target=files.serve_forever, args=(0.01,))
        thread.start()
        yield files
        files.shutdown()
        thread.join()


@pytest.fixture
def config(server: FileServer, tmp_path: Path) -> str:
    """Settings that name the server's address."""
    file = tmp_path / "hotpapers.toml"
    file.write_text(f'[source.bluesky]\nview = "{server.base}"\n', "utf-8")
    return str(file)


@pytest.mark.parametrize("format_", ARCHIVES)
@pytest.mark.parametrize("size", [1_000, 8_000_000])
def test_a_web_server_is_asked_for_parts(
    server: FileServer, config: str, tmp_path: Path, format_: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_files, "PIECE", size)
    server.files["/a"] = data(f"archives/{ARCHIVES[format_]}").read_bytes()
    compare_with_local(format_, f"{server.base}/a?token=secret", tmp_path, "--config", config)
    assert f"bytes=0-{size - 1}" in server.requested_ranges
    assert any(part.startswith("bytes=1000-") for part in server.requested_ranges) == (size == 1_000)


def test_its_date_is_when_a_dump_was_made_and_redirects_are_followed(
    server: FileServer, config: str, tmp_path: Path
) -> None:
    server.files["/a"] = gzip.compress(data("archives/hackernews-shapes.jsonl").read_bytes())
    for path in ("a", "onward"):
        good("import", "hackernews", f"{server.base}/{path}", "--store", tmp_path / f"{path}.db", "--config", config)
    assert (
        b'"observed_at":1767225600000000,'
        in exported_items(tmp_path / "a.db")
        == exported_items(tmp_path / "onward.db")
    )


def test_inside_addresses_are_not_asked_unless_the_settings_name_them(server: FileServer, tmp_path: Path) -> None:
    server.files["/a"] = data("archives/hackernews-shapes.jsonl").read_bytes()
    result = run("import", "hackernews", f"{server.base}/a?token=secret", "--store", tmp_path / "s.db")
    assert (result.status, result.out, server.requested_ranges) == (1, "", [])
    assert f"refused {server.base}/a: cannot be read: " in result.err and "is an inside address" in result.err
    assert "secret" not in result.err


def test_what_a_web_server_may_do_wrong(server: FileServer, config: str, tmp_path: Path, monkeypatch: Any) -> None:
    def error(path: str) -> str:
        result = run("import", "jetstream", f"{server.base}/{path}", "--store", tmp_path / "s.db", "--config", config)
        assert result.status == 1
        return result.err

    server.files |= {"/a": b"".join(bluesky_day(40)), "/large": bytes(10_000_001), "/empty": b""}
    assert "404" in error("missing")
    server.supports_ranges = False
    assert "the server does not support range requests: download it first" in error("large")
    server.supports_ranges = True
    monkeypatch.setattr(remote_files, "PIECE", 700)
    server.changes_versions = True
    assert "was changed while being read; import it again when nobody is writing to it" in error("a")
    server.changes_versions = False
    for server.content_range in ("bytes 700-699/{size}", "bytes 700-699/" + "9" * 5_000):
        assert "the server does not say which part of the file it sent" in error("a")
    assert good("import", "jetstream", f"{server.base}/empty", "--store", tmp_path / "e.db", "--config", config) == (
        "0 lines read; added: 0 posts, 0 mentions, 0 reactions, 0 snapshots\n"
    )


# ---- stores --------------------------------------------------------------------------------------------


@pytest.fixture
def memory() -> Iterator[Callable[[str, bytes], str]]:
    """Put files into fsspec's memory store."""
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")

    def put(name: str, content: bytes) -> str:
        store.pipe_file(f"/kettles/{name}", content)
        return f"memory://kettles/{name}"

    yield put
    store.rm("/kettles", recursive=True)


@pytest.mark.parametrize("format_", ARCHIVES)
def test_a_store_in_memory(memory: Callable[[str, bytes], str], tmp_path: Path, format_: str) -> None:
    address = memory("a", data(f"archives/{ARCHIVES[format_]}").read_bytes())
    compare_with_local(format_, address, tmp_path)


@pytest.mark.long
def test_several_processes_read_parts_of_what_one_fetches(
    memory: Callable[[str, bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = lines(bluesky_day(300))
    address, local = memory("a.zst", zstandard.compress(content)), tmp_path / "a.jsonl"
    local.write_bytes(content)
    monkeypatch.setattr(framing, "BLOCK", 9_000)
    good("import", "jetstream", address, "--workers", "2", "--store", tmp_path / "far.db")
    good("import", "jetstream", local, "--workers", "1", "--store", tmp_path / "near.db")
    assert exported_items(tmp_path / "far.db") == exported_items(tmp_path / "near.db")


@pytest.mark.parametrize(
    ("format_", "content", "reader", "method"),
    [("hackernews", comments(20), FileImport, "to_the_end"), ("jetstream", bluesky_day(20), Scanner, "scan")],
)
def test_what_takes_its_place_while_it_is_read_is_told(
    memory: Callable[[str, bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str,
    content: Sequence[bytes], reader: type, method: str,
) -> None:  # fmt: skip
    address, original = memory("a", lines(content)), getattr(reader, method)

    def change_and_read(*args: Any) -> Any:
        memory("a", lines((*content, content[0])))
        return original(*args)

    monkeypatch.setattr(reader, method, change_and_read)
    result = run("import", format_, address, "--store", tmp_path / "s.db")
    assert result.status == 1 and f"refused {address}: was changed while being read" in result.err


def test_addresses_that_are_none(memory: Callable[[str, bytes], str], tmp_path: Path) -> None:
    address = memory("a", data("archives/hackernews-shapes.jsonl").read_bytes())
    result = run(
        "import", "hackernews", "memory://kettles/none", address, "--seen-at", SEEN_AT, "--store", tmp_path / "s.db"
    )
    assert result.status == 1 and result.out.startswith("18 lines read; added: 5 posts")
    assert result.err == "hotpapers: refused memory://kettles/none: cannot be read: no such file\n"


@pytest.mark.parametrize(
    "address", ["ftp://a.example/b", "zip://a::http://127.0.0.1/a", "memory://a::http://127.0.0.1"]
)
def test_other_addresses_are_refused(tmp_path: Path, address: str) -> None:
    """Including those that would make fsspec contact a web server."""
    message = misuse("import", "x", address, "--store", tmp_path / "s")
    assert "unsupported URL; use one of http://, https://, s3://" in message


def test_without_the_extra_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    message = misuse("import", "hackernews", "s3://kettles/a", "--store", tmp_path / "s.db")
    assert "s3://kettles/a: needs the extra remote: pip install 'hotpapers[remote]'" in message


def test_a_store_whose_library_is_not_there_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    monkeypatch.setitem(sys.modules, "adlfs", None)
    assert "needs adlfs: pip install adlfs" in misuse("import", "x", "abfs://kettles/a", "--store", tmp_path / "s.db")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://ladle:secret@a.example:8443/b/c.zst?token=secret#d", "https://a.example:8443/b/c.zst"),
        ("s3://kettles/a?versionId=1", "s3://kettles/a"),
        ("http://[secret@/b?secret", "/b"),
    ],
)
def test_no_secret_of_an_address_is_shown(address: str, name: str) -> None:
    assert name_of(address) == name


# ---- S3 ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server with a bucket; also in the environment, where operators put it."""
    for library in ("s3fs", "moto", "flask", "flask_cors"):
        pytest.importorskip(library)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", base)
        patch.setenv("AWS_ACCESS_KEY_ID", "made-up")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        try:
            deadline = time.monotonic() + 60
            while not _is_up(base):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            _bucket(base).create_bucket(Bucket="kettles")
            yield base
        finally:
            process.kill()
            process.wait()


def _is_up(base: str) -> bool:
    try:
        with urllib.request.urlopen(base, timeout=30):
            return True
    except urllib.error.URLError:
        return False


def _bucket(base: str) -> Any:
    return pytest.importorskip("boto3").client("s3", endpoint_url=base)


def upload(base: str, name: str, content: bytes) -> str:
    """Put a file into the bucket."""
    _bucket(base).put_object(Bucket="kettles", Key=name, Body=content)
    return f"s3://kettles/{name}"


@pytest.mark.long
@pytest.mark.parametrize("format_", ["car", "hackernews", "jetstream"])
def test_a_store_that_speaks_s3(s3: str, tmp_path: Path, format_: str) -> None:
    """In its own process, because the S3 library starts threads."""
    content = data(f"archives/{ARCHIVES[format_]}").read_bytes()
    address, local_store = upload(s3, format_, content), tmp_path / "near.db"
    command = [sys.executable, "-m", "hotpapers", "import", format_, address, "--workers", "2", "--json"]
    command += [*seen_at_options(format_), "--store", str(tmp_path / "far.db")]
    process = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert process.returncode == 0 and process.stderr == ""
    good("import", format_, DATA / "archives" / ARCHIVES[format_], *seen_at_options(format_), "--store", local_store)
    assert exported_items(tmp_path / "far.db") == exported_items(local_store)


@pytest.mark.long
def test_what_s3_refuses_is_told(s3: str, tmp_path: Path) -> None:
    for address in ("s3://kettles/none", "s3://no-such-bucket/a"):
        command = [sys.executable, "-m", "hotpapers", "import", "x", address, "--store", str(tmp_path / "s.db")]
        process = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        assert process.returncode == 1 and process.stderr.startswith(f"hotpapers: refused {address}: cannot be read: ")
        assert "Traceback" not in process.stderr


def test_a_library_that_fails_in_any_way_is_told() -> None:
    class BrokenFile:
        """A file whose library raises errors of its own."""

        def read(self, count: int) -> bytes:
            raise RuntimeError("no credentials\nwere given")

        def close(self) -> None:
            """Do nothing."""

    with pytest.raises(InputError, match="cannot be read: no credentials were given"):
        next(remote_files.stored_chunks("s3://a/b", BrokenFile))
