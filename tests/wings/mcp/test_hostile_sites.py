"""A site that sends too much, too often, twice, or nothing at all: its question is refused, and all others go on."""

from __future__ import annotations

import http.server
import io
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import HotPapersError, InputError, NetError, NotAProof, NotFound, Stopped
from hotpapers.site import configured_site
from hotpapers.site.site import Site
from hotpapers.wings.mcp import rpc, site_questions
from hotpapers.wings.mcp.commands import site_opener
from hotpapers.wings.mcp.published_site import MAX_PARTS, PublishedSite
from hotpapers.wings.mcp.site_files import (
    MAX_CACHE_BYTES,
    MAX_REQUESTS,
    TOO_LONG,
    FileCache,
    Question,
    folder_files,
)
from hotpapers.wings.mcp.site_search import MAX_ISSUES, MAX_PAPERS
from hotpapers.wings.mcp.site_tools import all_site_tools
from hotpapers.wings.proof import mirrors
from hotpapers.wings.proof.policies import LogPolicy
from tests.cli.run import command_line, environment
from tests.wings.mcp.test_mcp_strangers import PING, call_of

DAY = "2026-01-02"
CALLS: dict[str, dict[str, Any]] = {
    "hot": {}, "paper": {"paper": "2601.00001"}, "search": {"q": "kettle"}, "related": {"paper": "2601.00001"},
    "for_me": {"stars": ["2601.00001", "Kettles"], "days": 14}, "topics": {},
}  # fmt: skip
QUARTER = {"issues": [[DAY, 1]], "ids": ["2601.00001"], "from": [""]}


def site_of(changed: dict[str, Any]) -> dict[str, bytes]:
    """The files of a site of one paper, some of them others: texts, or what is sent as JSON."""
    files: dict[str, Any] = {
        "search/index.json": {"parts": ["2026-q1"]},
        "search/2026-q1/index.json": QUARTER,
        "search/2026-q1/00.txt": "\nkettle 0A0C\n",
        f"search/papers/{DAY}.json": [["2601.00001", "Kettles", ["A. Author"], ["cs.LG"], "Kettles boil.", 1]],
        f"{DAY}/hot.json": [{"paper": "2601.00001", "score": 3, "counts": []}],
        f"{DAY}/vectors.js": 'paperVectorsOf({"words":"kettle","papers":{"2601.00001":"_B"}});\n',
        **changed,
    }
    return {
        path: content.encode() if isinstance(content, str) else json.dumps(content).encode()
        for path, content in files.items()
    }


def answer_about(files: dict[str, bytes], name: str) -> Any:
    """A tool's answer about a site with these files."""

    def fetch(path: str) -> bytes:
        if path not in files:
            raise NotFound(path)
        return files[path]

    return all_site_tools()[name].call(PublishedSite(fetch), CALLS[name])


# ---- what is decoded ---------------------------------------------------------------------------------------

PARTS = [f"{year}-q{quarter}" for year in range(1000, 9999) for quarter in range(1, 5)]
HOSTILE: dict[str, tuple[str, Any]] = {
    "40,000 quarters": ("search/index.json", {"parts": [*PARTS, *PARTS][:40_000]}),
    "too many quarters": ("search/index.json", {"parts": PARTS[: MAX_PARTS + 1]}),
    "a quarter twice": ("search/index.json", {"parts": ["2026-q1", "2026-q1"]}),
    "a quarter without issues": ("search/2026-q1/index.json", {**QUARTER, "issues": [], "ids": []}),
    "too many issues": ("search/2026-q1/index.json", {**QUARTER, "issues": [[DAY, 0]] * (MAX_ISSUES + 1)}),
    "an issue twice": ("search/2026-q1/index.json", {**QUARTER, "issues": [[DAY, 1], [DAY, 0]]}),
    "an issue of another quarter": ("search/2026-q1/index.json", {**QUARTER, "issues": [["2026-07-02", 1]]}),
    "too many papers": ("search/2026-q1/index.json", {**QUARTER, "issues": [[DAY, MAX_PAPERS + 1]]}),
    "a paper 350,000 times": ("search/2026-q1/index.json", {**QUARTER, "ids": ["2601.00001"] * 350_000}),
    "days of more issues": ("search/2026-q1/index.json", {**QUARTER, "covers": [[DAY, DAY]] * 2}),
    "a paper twice": ("search/2026-q1/index.json", {**QUARTER, "issues": [[DAY, 2]], "ids": ["2601.00001"] * 2}),
    "more papers than issues have": ("search/2026-q1/index.json", {**QUARTER, "ids": ["2601.00001", "2601.00002"]}),
    "a million first words": ("search/2026-q1/index.json", {**QUARTER, "from": [""] * 1_000_000}),
    "a long identifier": ("search/2026-q1/index.json", {**QUARTER, "ids": ["2601.00001" * 100]}),
    "a long title": (f"search/papers/{DAY}.json", [["2601.00001", "a" * 30_000, [], [], "", 1]]),
    "too many authors": (f"search/papers/{DAY}.json", [["2601.00001", "Kettles", ["A"] * 1_001, [], "", 1]]),
    "a paper shown twice": (f"search/papers/{DAY}.json", [["2601.00001", "Kettles", [], [], "", 1]] * 2),
    "too many shown": (
        f"search/papers/{DAY}.json", [[f"{n}", "Kettles", [], [], "", 1] for n in range(MAX_PAPERS + 1)]),
    "figures twice": (f"{DAY}/hot.json", [{"paper": "2601.00001", "score": 3, "counts": []}] * 2),
    "a word twice": ("search/2026-q1/00.txt", "\nkettle *\nkettle *\n"),
    "a word 300,000 times": ("search/2026-q1/00.txt", "\nkettle *" * 300_000),
    "too many vectors": (
        f"{DAY}/vectors.js", json.dumps({"words": "a", "papers": {str(n): "_B" for n in range(20_001)}})),
    "more than 5 MB": ("search/index.json", "[" * 5_000_001),
}  # fmt: skip
USERS = {"search/2026-q1/00.txt": "search", f"{DAY}/vectors.js": "related"}


def test_the_site_is_answered_about_otherwise() -> None:
    for name in ("hot", "paper", "search"):
        assert [paper["title"] for paper in answer_about(site_of({}), name)["papers"]] == ["Kettles"]


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_too_long_or_there_twice_is_refused(kind: str) -> None:
    path, content = HOSTILE[kind]
    with pytest.raises(InputError):
        answer_about(site_of({path: content}), USERS.get(path, "hot"))


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from([DAY, "2026-q1", "2601.00001", "", "kettle"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["parts", "issues", "ids", "from", "words", "papers", "paper"]), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(site_of({}))), JSON), st.sampled_from(sorted(CALLS)))
def test_any_files_are_answered_about_or_refused(changed: dict[str, Any], name: str) -> None:
    try:
        answer_about(site_of(changed), name)
    except HotPapersError as problem:
        assert str(problem)


# ---- how much, how often, how long -------------------------------------------------------------------------

Handle = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def web_server(handle: Handle) -> Iterator[str]:
    """A web server, and its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            handle(self)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(request: http.server.BaseHTTPRequestHandler, body: bytes | None, **headers: str) -> None:
    """A response with a body; *not found* without one."""
    request.send_response(302 if headers else 404 if body is None else 200)
    for name, value in {**headers, "content-length": str(len(body or b""))}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body or b"")


def open_unpaced(address: str, monkeypatch: pytest.MonkeyPatch) -> site_questions.OpenSite:
    """What the command opens, without waiting between requests."""
    monkeypatch.setattr(configured_site, "PACE", 0.0)
    return site_opener(address, Site())


@pytest.mark.parametrize("with_redirects", [False, True])
def test_a_question_has_so_many_requests(with_redirects: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, paths = PARTS[-MAX_PARTS:], list[str]()
    issues = {part: f"{part[:4]}-{3 * int(part[-1]):02}-01" for part in parts}

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        path, _, stage = request.path[1:].partition("?")
        if with_redirects and not stage:
            send(request, b"", location=f"{request.path}?again")
        elif path == "search/index.json":
            send(request, json.dumps({"parts": parts}).encode())
        else:
            issue = [[issues[path.split("/")[1]], 0]]
            send(request, json.dumps({"issues": issue, "ids": [], "from": []}).encode())

    with (
        web_server(handle) as address,
        open_unpaced(address, monkeypatch)(Question(300)) as site,
        pytest.raises(NetError, match="more than 150 requests"),
    ):
        site.appearances("2601.00001")
    assert len(paths) == MAX_REQUESTS


def test_a_question_has_so_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a site says nothing at all, or a byte now and then."""
    end = threading.Event()

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        if request.path.endswith("slowly"):
            request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while not end.wait(0.05) and request.path.endswith("slowly"):
            request.wfile.write(b" ")

    with web_server(handle) as address:
        open_site = open_unpaced(address, monkeypatch)
        for path in ("never", "slowly"):
            with open_site(Question(0.5)) as site, pytest.raises(NetError) as refused:
                site.file(path)
            assert str(refused.value) == TOO_LONG
        end.set()


def test_work_ends_when_nobody_waits() -> None:
    question = Question()
    items = question.within(range(10))
    assert next(items) == 0
    question.set()
    with pytest.raises(Stopped):
        next(items)
    with pytest.raises(NetError):
        list(Question(0).within(range(10)))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5_000_000)), max_size=8))
def test_files_are_kept_up_to_so_many_bytes(files: list[tuple[str, int]]) -> None:
    cache, latest = FileCache(), dict[str, int]()
    for path, size in [*files, *((f"{n}", 4_900_000) for n in range(12)), *files]:
        cache.put(path, b"a" * size)
        latest[path] = size
        kept = [body for path in latest if (body := cache.get(path)) is not None]
        assert sum(map(len, kept)) <= MAX_CACHE_BYTES and cache.get(path) == b"a" * size
    assert all(body is None or len(body) == latest[path] for path in latest for body in [cache.get(path)])


def test_a_file_is_kept_as_long_as_it_is_fresh() -> None:
    clock = iter([0.0, 300.0, 301.0])
    cache = FileCache(lambda: next(clock))
    cache.put("a", b"")
    assert cache.get("a") == b"" and cache.get("a") is None


def test_a_pipe_in_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "log" / "papers" / "1"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "checkpoint")
    with pytest.raises(NotFound, match="not a file"):
        folder_files(folder)("checkpoint")
    with pytest.raises(NotAProof, match="not a file"):
        mirrors.read_log(tmp_path.joinpath, "papers.example/log/papers/1", LogPolicy())


# ---- other questions ---------------------------------------------------------------------------------------


def test_one_question_blocks_no_other_message() -> None:
    """While a site leaves five questions without an answer, others, *ping* and cancellations go on."""
    files, is_read, end = site_of({}), threading.Event(), threading.Event()

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        if "2026-01-05" in request.path:
            is_read.set()
            end.wait()
        send(request, files.get(request.path[1:]))

    hanging = [{**call_of("hot", day="2026-01-05"), "id": f"hanging {n}"} for n in range(site_questions.MAX_AT_ONCE)]
    with web_server(handle) as address:
        program = subprocess.Popen(
            command_line("mcp", "--site", address), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        assert program.stdin and program.stdout and program.stderr

        def tell(*messages: dict[str, Any]) -> None:
            for message in messages:
                program.stdin.write(json.dumps(message).encode() + b"\n")  # type: ignore[union-attr]
            program.stdin.flush()  # type: ignore[union-attr]

        def next_reply() -> Any:
            return json.loads(program.stdout.readline())  # type: ignore[union-attr]

        tell(*hanging[1:])
        assert is_read.wait(60)
        tell(PING, {**call_of("search", q="kettle"), "id": 2})
        first, second = next_reply(), next_reply()
        assert {first["id"], second["id"]} == {1, 2}
        assert not (first["result"] if first["id"] == 2 else second["result"])["isError"]
        tell(hanging[0], *(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": message["id"]}}
            for message in hanging
        ))  # fmt: skip
        tell({**call_of("hot"), "id": 3})
        assert (reply := next_reply())["id"] == 3 and not reply["result"]["isError"]
        output, errors = program.communicate()
        end.set()
    assert (program.returncode, output, errors) == (0, b"", b"")


def test_a_question_that_cannot_be_interrupted_is_answered_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As while the name of a host is looked up."""
    monkeypatch.setattr(site_questions, "MAX_SECONDS", 0.1)
    monkeypatch.setattr(site_questions, "GRACE", 0.1)
    end, output = threading.Event(), io.BytesIO()

    @contextmanager
    def open_site(question: Question) -> Iterator[PublishedSite]:
        end.wait()
        yield PublishedSite(partial(lambda path: b""))

    lines = json.dumps(call_of("hot")).encode() + b"\n" + json.dumps(PING).encode() + b"\n"
    site_questions.run(open_site, io.BytesIO(lines), output)
    end.set()
    ping, refused = map(json.loads, output.getvalue().splitlines())
    assert ping["id"] == 1 and refused["result"] == {"content": [{"type": "text", "text": TOO_LONG}], "isError": True}


def test_a_question_that_never_had_a_place_is_answered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time was up while others were read."""
    monkeypatch.setattr(site_questions, "GRACE", 600)
    monkeypatch.setattr(site_questions, "Question", partial(Question, 0))
    output = io.BytesIO()
    start = {**PING, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}}
    messages = [start, call_of("hot"), [PING, call_of("hot")]]
    lines = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    site_questions.run(lambda question: pytest.fail("nothing is read"), io.BytesIO(lines), output)
    _, *replies = map(json.loads, output.getvalue().splitlines())
    refused = [reply for reply in replies if isinstance(reply, dict)]
    assert [reply["result"]["content"][0]["text"] for reply in refused] == [TOO_LONG]
    assert [[member["id"] for member in reply] for reply in replies if isinstance(reply, list)] == [[1, 7]]


def test_only_so_many_questions_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_questions, "MAX_WAITING", 2)
    output, end = io.BytesIO(), threading.Event()

    @contextmanager
    def open_site(question: Question) -> Iterator[PublishedSite]:
        end.wait()
        yield PublishedSite(folder_files(Path("nowhere")))

    questions = site_questions.Questions(open_site, output)
    for number in range(4):
        questions.take(rpc.message_of({**call_of("hot"), "id": number}))
    refused = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [reply["id"] for reply in refused] == [2, 3] and all(reply["result"]["isError"] for reply in refused)
    end.set()
    questions.wait()
    assert len(output.getvalue().splitlines()) == 4
