"""Tools for strangers: over a published site without a store, and over HTTP. Also with the official clients."""

from __future__ import annotations

import http.client
import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hotpapers.base.errors import InputError, NotFound, UsageError
from hotpapers.publish.render.html import single_pages
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.serve.api import Api
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.site.site import Site
from hotpapers.wings.mcp import rpc
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import TOOLS, all_tools, public_tools
from hotpapers.wings.mcp.route import MAX_BODY_BYTES, routes
from hotpapers.wings.mcp.site_files import folder_files
from hotpapers.wings.mcp.site_tools import SITE_TOOLS, all_site_tools
from hotpapers.wings.personal import tools
from hotpapers.wings.personal.own_order import RankedText
from hotpapers.wings.personal.tools import in_time
from tests.cli.run import command_line, environment, misuse, run
from tests.wings.mcp.test_mcp_typescript import MODULES

BASE = "https://papers.example/"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def call_of(name: str, **arguments: Any) -> dict[str, Any]:
    """A message that calls a tool."""
    return {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serve a folder as any web server does; its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answers(site: Path | str, *messages: dict[str, Any]) -> list[Any]:
    """What `hotpapers mcp --site` answers, in the order of the messages."""
    numbered = [{**message, "id": number} for number, message in enumerate(messages)]
    lines = b"".join(json.dumps(message).encode() + b"\n" for message in numbered)
    program = subprocess.run(
        command_line("mcp", "--site", site), input=lines, env=environment(), capture_output=True, check=False
    )
    assert (program.returncode, program.stderr) == (0, b"")
    replies = sorted(map(json.loads, program.stdout.splitlines()), key=itemgetter("id"))
    assert [reply["id"] for reply in replies] == list(range(len(messages)))
    return [reply["result"] for reply in replies]


# ---- a published site ------------------------------------------------------------------------------------


def test_a_site_in_a_folder_or_on_the_web_is_read_without_a_store(demo_folder: Path) -> None:
    site = demo_folder / "site"
    messages = (
        {"jsonrpc": "2.0", "id": 0, "method": "tools/list"}, call_of("hot", limit=2),
        call_of("paper", paper="2101.04869"), call_of("search", q="robot grasp"), call_of("hot", day="1999-01-01"),
    )  # fmt: skip
    from_folder = answers(site, *messages)
    with web_server(site) as address:
        from_web = answers(address, *messages)
    tools, hot, paper, search, missing = from_web
    assert [tool["name"] for tool in tools["tools"]] == list(all_site_tools()) and [
        tool.name for tool in SITE_TOOLS
    ] == [
        "hot",
        "paper",
        "search",
    ]
    hot, paper = hot["structuredContent"], paper["structuredContent"]
    assert hot["day"] == "2021-05-11" and [item["place"] for item in hot["papers"]] == [1, 2]
    assert hot["papers"][0]["title"] == "The Modern Mathematics of Deep Learning" and len(hot["earlier"]) == 4
    assert hot["papers"][0]["page"].startswith(address)
    assert paper["papers"][0]["paper"] == "2101.04869"
    assert not search["isError"] and missing["isError"]
    assert [item["paper"] for item in from_folder[1]["structuredContent"]["papers"]] == [
        item["paper"] for item in hot["papers"]
    ]


def test_it_finds_what_the_sites_own_search_finds(demo_folder: Path) -> None:
    """For each title, its paper comes first; words in names and texts count too."""
    site = PublishedSite(folder_files(demo_folder / "site"))
    for day in site.days():
        for shown in site.issue(day):
            assert site.search(shown.title, 1)[0].paper == shown.paper
            author = shown.authors[0]
            assert shown.paper in {hit.paper for hit in site.search(author, 20)}
    common = {hit.paper for hit in site.search("the", 50)}
    assert len(common) > 20, "a word of most texts finds most papers"
    assert site.search("deep nosuchword", 5) == []
    with pytest.raises(InputError):
        site.search("…", 5)


def test_a_strange_site_is_refused(tmp_path: Path) -> None:
    files: dict[str, bytes] = {"search/index.json": b'{"parts": ["../../etc"]}'}

    def fetch(path: str) -> bytes:
        if path not in files:
            raise NotFound(path)
        return files[path]

    with pytest.raises(InputError):
        list(PublishedSite(fetch).days())
    files["search/index.json"] = b'{"parts": ["2026-q1"]}'
    files["search/2026-q1/index.json"] = b'{"issues": [["2026-01-02", 1]], "ids": ["2601.00001"], "from": [""]}'
    files["search/2026-q1/00.txt"] = b"\nkettle zzzzzzA0A1A\n"
    files["search/papers/2026-01-02.json"] = b'[["2601.00001","Kettle",["A"],["cs.LG"],"",1]]'
    assert [hit.title for hit in PublishedSite(fetch).search("kettle", 5)] == ["Kettle"]
    files["search/papers/2026-01-02.json"] = b'[["../x","Kettle",["A"],["cs.LG"],"",1]]'
    with pytest.raises(InputError, match=r"2026-01-02\.json: .*not an arXiv identifier"):
        PublishedSite(fetch).issue()
    files["search/papers/2026-01-02.json"] = b"[" * 6_000_000
    with pytest.raises(InputError):
        PublishedSite(fetch).issue()
    assert "no such folder" in misuse("mcp", "--site", tmp_path / "nowhere")
    assert run("mcp", "--site", "http://127.0.0.1:1/", "--store", "x.db").status == 2
    assert run("mcp", "--site", "http://127.0.0.1:1/", "--config", tmp_path).status == 2


# ---- HTTP --------------------------------------------------------------------------------------------------


@pytest.fixture
def web(demo_folder: Path) -> Iterator[TestClient]:
    backend = Backend(lambda: Record(str(demo_folder / "hotpapers.db"), create=False), ServeConfig(rate=60, base=BASE))
    yield TestClient(Starlette(routes=routes(backend)), base_url="http://papers.example")
    backend.close()


def test_over_http_the_tools_of_published_sites_are_offered_too(web: TestClient) -> None:
    """And no tool of a wing whose work has no bound."""
    answer = web.post("/mcp", json={**PING, "method": "tools/list"}).json()["result"]
    names = [tool["name"] for tool in answer["tools"]]
    assert names == [*(tool.name for tool in TOOLS), "related", "for_me"] and "topics" in all_tools()
    assert set(names) >= set(all_site_tools()) - {"topics"}
    assert web.post("/mcp", json=call_of("topics")).json()["error"]["code"] == -32602


def test_over_http_what_takes_longer_costs_more_and_is_bounded(web: TestClient) -> None:
    """Of 60 requests in a minute, a reader's order takes 30."""
    many = web.post("/mcp", json=call_of("for_me", days=31)).json()["result"]
    assert many["isError"] and "days" in many["content"][0]["text"]
    assert not web.post("/mcp", json=call_of("for_me", stars=["2101.04869"])).json()["result"]["isError"]
    assert web.post("/mcp", json=PING).status_code == 429


def test_a_stranger_is_not_ordered_too_many_papers(demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site(demo_folder / "hotpapers.db") as site:
        monkeypatch.setattr(tools, "MAX_PAPERS", 10)
        with pytest.raises(UsageError, match="more than 10 papers; ask for fewer days"):
            public_tools()["for_me"].call(site.session, {"days": 14})
        assert all_tools()["for_me"].call(site.session, {"days": 14})["papers"], "whoever has the store may"
    clock = iter([0.0, 1.0, 11.0])
    papers = in_time([RankedText(paper, "") for paper in "abc"], lambda: next(clock))
    assert next(papers).paper == "a"
    with pytest.raises(UsageError, match="more than 10 s"):
        next(papers)


def test_over_http_each_message_has_its_answer(web: TestClient) -> None:
    assert web.post("/mcp", json=PING).json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
    answer = web.post("/mcp", json=call_of("latest_issue", entries=1)).json()["result"]["structuredContent"]
    assert answer["issue"]["day"] == "2021-05-11"
    note = web.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (note.status_code, note.content) == (202, b"")
    assert (
        web.post("/mcp", content=b"{", headers={"content-type": "application/json"}).json()["error"]["code"] == -32700
    )


META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
LATEST = {"MCP-Protocol-Version": "2026-07-28"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}
CALL = {**LIST, "method": "tools/call", "params": {"_meta": META, "name": "latest_issue", "arguments": {}}}
STATUSES: list[tuple[dict[str, str], dict[str, Any], int, int | None]] = [
    ({**LATEST, "Mcp-Method": "tools/list"}, LIST, 200, None),
    ({**LATEST, "Mcp-Method": "tools/call", "Mcp-Name": "latest_issue"}, CALL, 200, None),
    ({**LATEST, "Mcp-Method": "tools/call", "Mcp-Name": "papers"}, CALL, 400, -32020),
    ({**LATEST, "Mcp-Method": "tools/call"}, CALL, 400, -32020),
    ({**LATEST}, LIST, 400, -32020),
    ({"Mcp-Method": "tools/list"}, LIST, 400, -32020),
    ({**LATEST, "Mcp-Method": "tools/call"}, LIST, 400, -32020),
    ({**LATEST, "Mcp-Method": "ping"}, PING, 400, -32020),
    ({**LATEST, "Mcp-Method": "prompts/list"}, {**LIST, "method": "prompts/list"}, 404, -32601),
    ({"MCP-Protocol-Version": "1999-01-01"}, PING, 400, -32022),
    ({"MCP-Protocol-Version": ""}, PING, 400, -32022),
    ({"MCP-Protocol-Version": "2025-11-25"}, LIST, 400, -32020),
    *(({"MCP-Protocol-Version": version}, PING, 200, None) for version in ("2025-11-25", "2025-06-18", "2025-03-26")),
    ({"MCP-Protocol-Version": "2025-11-25"}, {**PING, "method": "prompts/list"}, 200, -32601),
    ({}, {"jsonrpc": "1.0"}, 400, -32600),
]


@pytest.mark.parametrize(("headers", "message", "status", "code"), STATUSES)
def test_over_http_the_status_is_that_of_the_revision(
    web: TestClient, headers: dict[str, str], message: dict[str, Any], status: int, code: int | None
) -> None:
    reply = web.post("/mcp", json=message, headers=headers)
    assert (reply.status_code, reply.json().get("error", {}).get("code")) == (status, code)


NOTE = {"jsonrpc": "2.0", "method": "notifications/initialized"}
BATCH = [PING, {**PING, "id": "two", "method": "tools/list"}, NOTE, {"jsonrpc": "1.0", "id": 4}, 7,
         {**PING, "id": 6, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}}]  # fmt: skip


@pytest.mark.parametrize("version", [None, *rpc.REVISIONS])
def test_over_http_a_batch_is_answered_as_its_revision_says(web: TestClient, version: str | None) -> None:
    """JSON-RPC 2.0 §6, with the rules of 2025-03-26 (base protocol, transports); later revisions have no batches."""
    headers = {} if version is None else {"MCP-Protocol-Version": version}
    reply = web.post("/mcp", json=BATCH, headers=headers)
    if version not in (None, "2025-03-26"):
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, -32600)
        return
    assert reply.status_code == 200
    replies = reply.json()
    assert [answer.get("id") for answer in replies] == [1, "two", 4, None, 6]
    assert [answer.get("error", {}).get("code") for answer in replies] == [None, None, -32600, -32600, -32600]
    assert replies[0]["result"] == {} and replies[1]["result"]["tools"]
    silent = web.post("/mcp", json=[NOTE, {"jsonrpc": "2.0", "id": 9, "result": {}}], headers=headers)
    assert (silent.status_code, silent.content) == (202, b"")


def test_over_http_a_batch_has_an_end_and_costs_what_its_messages_cost(web: TestClient) -> None:
    for batch in ([], [PING] * (rpc.MAX_BATCH + 1)):
        reply = web.post("/mcp", json=batch)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, -32600)
    assert web.post("/mcp", json=[PING] * 8).status_code == 200
    assert web.post("/mcp", json=[PING] * 8).status_code == 429


def test_over_http_strangers_are_limited(web: TestClient) -> None:
    json_type = {"content-type": "application/json"}
    assert web.get("/mcp").status_code == 405
    assert web.post("/mcp", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert web.post("/mcp", content=b" " * (MAX_BODY_BYTES + 1), headers=json_type).status_code == 413
    assert web.post("/mcp", json=PING, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert web.post("/mcp", json=PING, headers={"origin": "http://papers.example"}).status_code == 200
    replies = [web.post("/mcp", json=PING) for _ in range(20)]
    assert replies[-1].status_code == 429 and int(replies[-1].headers["retry-after"]) > 0


@pytest.fixture
def running(demo_folder: Path) -> Iterator[str]:
    """The address of `/mcp` of an app that runs."""
    with serving("--store", demo_folder / "hotpapers.db") as address:
        yield address


@contextmanager
def serving(*options: str | Path) -> Iterator[str]:
    command = command_line("serve", "--port", "0", *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(PYTHONUNBUFFERED="1")) as program:
        assert program.stdout
        try:
            yield program.stdout.readline().decode().split("  ")[0].rpartition(" ")[2] + "mcp"
        finally:
            program.terminate()


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", None, 200), ("localhost", None, 200), ("[::1]", None, 200), ("evil.example", None, 421),
        ("evil.example", "http://evil.example:{}", 421), ("127.0.0.1", "http://evil.example:{}", 403),
        ("127.0.0.1", "null", 403), ("127.0.0.1", "http://127.0.0.1:{}", 200), ("127.0.0.1", "http://127.0.0.1", 403),
    ],
)  # fmt: skip
def test_a_page_with_a_name_of_its_own_for_this_machine_reads_nothing(
    running: str, host: str, origin: str | None, status: int
) -> None:
    """Tools, API, pages and search of `serve` without a base."""
    port = int(running.rpartition(":")[2].partition("/")[0])
    sent = {"host": f"{host}:{port}", **({"origin": origin.format(port)} if origin else {})}
    for method, path in (("POST", "/mcp"), ("GET", "/api/v1/publications"), ("GET", "/"), ("GET", "/search/?q=deep")):
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            body = json.dumps(PING) if method == "POST" else None
            connection.request(method, path, body, {**sent, "content-type": "application/json"})
            response = connection.getresponse()
            assert response.status == status, path
            assert response.headers["access-control-allow-origin"] is None


def test_the_settings_name_hosts(demo_folder: Path, tmp_path: Path) -> None:
    """Also by the address of the published site."""
    file = tmp_path / "hotpapers.toml"
    file.write_text(
        f'store = "{demo_folder / "hotpapers.db"}"\ncontact = "https://moth.example/"\n'
        '[publish]\nbase = "https://papers.example/"\n[serve]\nhosts = ["pages"]\n'
    )
    with serving("--config", file) as address:
        port = int(address.rpartition(":")[2].partition("/")[0])
        for host, status in (("pages:8000", 200), ("papers.example", 200), ("localhost", 200), ("evil.example", 421)):
            with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
                connection.request("GET", "/", headers={"host": host})
                assert connection.getresponse().status == status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("papers.example", "https://papers.example", 200), ("pages:8000", "https://papers.example", 200),
        ("evil.example", None, 421), ("evil.example", "https://evil.example", 421),
        ("papers.example", "https://evil.example", 403), ("127.0.0.1:8000", "https://papers.example", 200),
    ],
)  # fmt: skip
def test_tools_of_a_public_site_behind_a_proxy(demo_folder: Path, host: str, origin: str | None, status: int) -> None:
    store, config = str(demo_folder / "hotpapers.db"), ServeConfig(rate=0, base=BASE, hosts=("pages",))
    with closing(Backend(lambda: Record(store, create=False), config)) as backend:
        client = TestClient(Starlette(routes=routes(backend)), base_url=f"http://{host}")
        assert client.post("/mcp", json=PING, headers={"origin": origin} if origin else {}).status_code == status


def test_over_http_a_client_has_the_budget_of_the_app(demo_folder: Path) -> None:
    store = str(demo_folder / "hotpapers.db")
    with closing(Backend(lambda: Record(store, create=False), ServeConfig(rate=10, base=BASE))) as backend:
        app = TestClient(Starlette(routes=[*Api(backend).routes, *routes(backend)]), base_url=BASE)
        assert [app.get("/api/v1/status").status_code for _ in range(2)] == [200, 200]
        assert app.post("/mcp", json=PING).status_code == 429


def test_a_site_says_how_to_ask_it() -> None:
    site_config = SiteConfig(base="https://papers.example/")
    text = single_pages.llms_txt("Papers", site_config).decode()
    assert "hotpapers mcp --site https://papers.example/" in text
    assert text.rstrip().endswith(": hot, paper, search, related, for_me, topics")
    live_text = single_pages.llms_txt("Papers", site_config._replace(is_live=True)).decode()
    assert "--site" not in live_text and "`/mcp` below https://papers.example/" in live_text


# ---- official clients ----------------------------------------------------------------------------------


@pytest.mark.long
def test_the_official_typescript_client(demo_folder: Path, running: str) -> None:
    node = shutil.which("node")
    if node is None or not (MODULES / "@modelcontextprotocol").is_dir():
        pytest.skip("no Model Context Protocol SDK: make test-browser sets it up")
    calls = [("hot", {}), ("paper", {"paper": "2101.04869"}), ("search", {"q": "learning"}),
             ("related", {"paper": "2101.04869"}), ("for_me", {"stars": ["2101.04869", "Deep learning"]})]  # fmt: skip
    client = str(Path(__file__).with_name("mcp_client.cjs"))
    for server in (command_line("mcp", "--site", demo_folder / "site"), [running]):
        program = [node, client, str(MODULES), json.dumps(calls), *server]
        ended = subprocess.run(program, env=environment(), capture_output=True, timeout=120, check=True)
        reported = json.loads(ended.stdout)
        assert [result["problems"] for result in reported["results"]] == [[]] * 5
        assert all(result["answer"] for result in reported["results"])


PYTHON_CLIENT = """
import asyncio, json, os, sys
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

def connected(command, args):
    if command.startswith("http://"):
        return streamable_http_client(command)
    return stdio_client(StdioServerParameters(command=command, args=args, env=dict(os.environ)))

async def main(command, args):
    async with connected(command, args) as streams:
        async with ClientSession(*streams[:2]) as session:
            await session.initialize()
            tools = await session.list_tools()
            answer = await session.call_tool("hot", {"limit": 1})
            print(json.dumps([[tool.name for tool in tools.tools], json.loads(answer.content[0].text)]))

asyncio.run(main(sys.argv[1], sys.argv[2:]))
"""


@pytest.mark.long
def test_the_official_python_client(demo_folder: Path, running: str, tmp_path: Path) -> None:
    """In an environment of its own: the client is no dependency."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "client"], cwd=tmp_path, check=True)
    python = tmp_path / "client" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet", "install"]
    if subprocess.run([*pip, "mcp"], capture_output=True, timeout=240, check=False).returncode:
        pytest.skip("no package index is reachable")
    ways = {tuple(all_site_tools()): command_line("mcp", "--site", demo_folder / "site"),
            tuple(public_tools()): [running]}  # fmt: skip
    for tool_names, server in ways.items():
        command = [str(python), "-c", PYTHON_CLIENT, *map(str, server)]
        ended = subprocess.run(command, env=environment(), capture_output=True, timeout=120, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        names, answer = json.loads(ended.stdout)
        assert tuple(names) == tool_names and answer["papers"][0]["place"] == 1


INSPECTOR = "@modelcontextprotocol/inspector@0.15.0"


@pytest.mark.long
def test_the_official_inspector(demo_folder: Path, running: str, tmp_path: Path) -> None:
    """Its command line, in a folder of its own: 150 MB that nothing else needs."""
    npm = shutil.which("npm")
    install = [str(npm), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(tmp_path), INSPECTOR]
    if npm is None or subprocess.run(install, capture_output=True, timeout=240, check=False).returncode:
        pytest.skip("no npm, or no registry is reachable")
    inspector = [str(tmp_path / "node_modules" / ".bin" / "mcp-inspector"), "--cli"]

    def inspect(server: Sequence[str | Path], *method: str) -> Any:
        command = [*inspector, *map(str, server), "--method", *method]
        ended = subprocess.run(command, env=environment(), capture_output=True, timeout=120, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        return json.loads(ended.stdout)

    ways = {tuple(all_site_tools()): command_line("mcp", "--site", demo_folder / "site"),
            tuple(public_tools()): [running, "--transport", "http"]}  # fmt: skip
    for names, server in ways.items():
        assert tuple(tool["name"] for tool in inspect(server, "tools/list")["tools"]) == names
        answer = inspect(server, "tools/call", "--tool-name", "related", "--tool-arg", "paper=2101.04869")
        assert answer["structuredContent"]["papers"] and not answer["isError"]
