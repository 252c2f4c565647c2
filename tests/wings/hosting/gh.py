"""The part of GitHub's command line that the workflow calls, with a folder for one repository's releases.

Run as a program named `gh`. The folder is GH_FOLDER: `releases.json` (id, draft, tag_name), `assets.json` (id,
release, name, state, size), one file per asset under `assets/`, and `calls.jsonl`, the arguments of every call.
GH_FAULT makes one kind of call fail: list, assets, download (half of the bytes arrive), upload, partial (the asset
remains a starter), enable.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(os.environ.get("GH_FOLDER", "."))
FAULT = os.environ.get("GH_FAULT", "")
API = "https://api.github.com/"
UPLOADS = "https://uploads.github.com/"


class Call(NamedTuple):
    """One call of `gh api`."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    fields: dict[str, Any]
    headers: dict[str, str]
    input: str
    jq: str


def main(args: list[str]) -> int:
    """Simulates one call; returns its exit status."""
    with (FOLDER / "calls.jsonl").open("a") as log:
        log.write(json.dumps(args) + "\n")
    if not os.environ.get("GH_TOKEN"):
        return _refuse("set the GH_TOKEN environment variable")
    call = _read(args)
    for method, pattern, handler in HANDLERS:
        match = re.fullmatch(pattern, call.path)
        if method == call.method and match:
            status: int = handler(call, *match.groups())
            return status
    return _refuse(f"HTTP 404: {call.method} {call.path}")


def _refuse(reason: str) -> int:
    print(f"gh: {reason}", file=sys.stderr)
    return 1


def _read(args: list[str]) -> Call:
    assert args[0] == "api", args
    options: dict[str, Any] = {"fields": {}, "headers": {}, "method": "", "input": "", "jq": "", "url": ""}
    remaining = iter(args[1:])
    for arg in remaining:
        if arg in ("-f", "-F"):
            name, _, value = next(remaining).partition("=")
            options["fields"][name] = json.loads(value) if arg == "-F" and value in ("true", "false") else value
        elif arg == "-H":
            name, _, value = next(remaining).partition(":")
            options["headers"][name.lower()] = value.strip()
        elif arg in ("--method", "--input", "--jq"):
            options[arg[2:]] = next(remaining)
        elif arg != "--paginate":
            assert not arg.startswith("-") and not options["url"], arg
            options["url"] = arg
    host = UPLOADS if options["url"].startswith(UPLOADS) else API
    path, _, query = options["url"].removeprefix(host).partition("?")
    pairs = dict(pair.split("=", 1) for pair in query.split("&")) if query else {}
    method = options["method"] or ("POST" if options["fields"] or options["input"] else "GET")
    return Call(method, host, path, pairs, options["fields"], options["headers"], options["input"], options["jq"])


# ---- the folder ----------------------------------------------------------------------------------------


def _load(name: str) -> list[dict[str, Any]]:
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else []


def _save(name: str, rows: list[dict[str, Any]]) -> None:
    (FOLDER / f"{name}.json").write_text(json.dumps(rows, indent=1))


def _answer(call: Call, value: Any) -> int:
    text = json.dumps(value)
    if call.jq:
        text = subprocess.run(["jq", "-r", call.jq], input=text, text=True, capture_output=True, check=True).stdout
    sys.stdout.write(text)
    return 0


def _releases(call: Call) -> int:
    return _refuse("HTTP 502") if FAULT == "list" else _answer(call, _load("releases"))


def _create(call: Call) -> int:
    rows = _load("releases")
    row = {"id": 100 + len(rows), "assets": [], **call.fields}
    _save("releases", [*rows, row])
    return _answer(call, row)


def _assets(call: Call, release: str) -> int:
    rows = [row for row in _load("assets") if row["release"] == int(release)]
    return _refuse("HTTP 502") if FAULT == "assets" else _answer(call, rows)


def _download(call: Call, asset: str) -> int:
    assert call.headers["accept"] == "application/octet-stream"
    data = (FOLDER / "assets" / asset).read_bytes()
    if FAULT == "download":
        sys.stdout.buffer.write(data[: len(data) // 2])
        return _refuse("unexpected EOF")
    sys.stdout.buffer.write(data)
    return 0


def _upload(call: Call, release: str) -> int:
    assert call.host == UPLOADS and call.headers["content-type"] == "application/octet-stream"
    if FAULT == "upload":
        return _refuse("HTTP 422")
    data, rows = Path(call.input).read_bytes(), _load("assets")
    state = "starter" if FAULT == "partial" else "uploaded"
    number = 1 + max((row["id"] for row in rows), default=0)
    size = 0 if state == "starter" else len(data)
    row = {"id": number, "release": int(release), "name": call.query["name"], "state": state, "size": size}
    (FOLDER / "assets").mkdir(exist_ok=True)
    (FOLDER / "assets" / str(number)).write_bytes(data)
    _save("assets", [*rows, row])
    return _answer(call, row)


def _delete(call: Call, asset: str) -> int:
    (FOLDER / "assets" / asset).unlink()
    _save("assets", [row for row in _load("assets") if row["id"] != int(asset)])
    return 0


def _enable(call: Call) -> int:
    return _refuse("HTTP 403") if FAULT == "enable" else 0


REPOSITORY = "repos/made-up/papers"
HANDLERS: tuple[tuple[str, str, Any], ...] = (
    ("GET", f"{REPOSITORY}/releases", _releases),
    ("POST", f"{REPOSITORY}/releases", _create),
    ("GET", f"{REPOSITORY}/releases/(\\d+)/assets", _assets),
    ("POST", f"{REPOSITORY}/releases/(\\d+)/assets", _upload),
    ("GET", f"{REPOSITORY}/releases/assets/(\\d+)", _download),
    ("DELETE", f"{REPOSITORY}/releases/assets/(\\d+)", _delete),
    ("PUT", f"{REPOSITORY}/actions/workflows/hotpapers\\.yml/enable", _enable),
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
