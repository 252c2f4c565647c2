"""Programs on the official TypeScript SDK can use every tool: it checks answers by JSON Schema draft-07."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hotpapers.wings.mcp.record_tools import all_tools
from tests.cli.run import command_line, environment
from tests.conftest import ROOT

MODULES = ROOT / ".browser" / "node_modules"
PAPER = "2101.04869"
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("latest_issue", {}), ("latest_issue", {"first": 40, "entries": 50}),
    ("issue", {"day": "2021-01-14", "entries": 20, "posts": 5}), ("issue", {"posts": 0}),
    ("paper", {"paper": PAPER, "posts": 20}), ("explain", {"paper": PAPER, "day": "2021-01-14"}),
    ("search", {"q": "robot"}), ("search", {"q": "author:jiang"}), ("search", {"q": "no paper has all of this"}),
    ("search", {"q": "learning", "limit": 20}), ("status", {}), ("hot", {}),
    ("related", {"paper": PAPER}), ("for_me", {"stars": [PAPER, "Deep learning"]}),
]  # fmt: skip


def call_tools(store: Path, calls: list[tuple[str, dict[str, Any]]]) -> Any:
    """What the SDK's client gets for some calls."""
    node = shutil.which("node")
    if node is None or not (MODULES / "@modelcontextprotocol").is_dir():
        pytest.skip("no Model Context Protocol SDK: make test-browser sets it up")
    program = [node, str(Path(__file__).with_name("mcp_client.cjs")), str(MODULES), json.dumps(calls)]
    command = [*program, *map(str, command_line("mcp", "--store", store))]
    ended = subprocess.run(command, env=environment(), capture_output=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    return json.loads(ended.stdout)


def test_every_answer_is_valid_in_both_dialects_and_for_the_sdk(demo_folder: Path) -> None:
    reported = call_tools(demo_folder / "hotpapers.db", CALLS)
    assert reported["tools"] == list(all_tools())
    assert [(result["name"], result["problems"]) for result in reported["results"]] == [(name, []) for name, _ in CALLS]
    spans = [
        hit["spans"]
        for result in reported["results"]
        if result["name"] == "search"
        for hit in result["answer"]["papers"]
    ]
    assert all(any(span[field] for span in spans) for field in ("title", "authors", "snippet"))
