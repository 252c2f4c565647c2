"""A real browser under observation: which dialogs opened, which scripts ran, what it requested, what was blocked.

Headless Chromium, driven over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/). Only this
machine's address resolves, so nothing leaves it even if a script runs.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps", "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0",
)  # fmt: skip
WATCH = """
window.__calls = [];
for (const name of ["alert", "confirm", "prompt", "print", "open", "eval"]) {
  const before = window[name];
  window[name] = (...args) => { window.__calls.push(name + " " + args.join(" ").slice(0, 80)); return before; };
}
document.addEventListener("securitypolicyviolation", (event) => window.__calls.push("policy " + event.blockedURI));
"""
"""Runs before any script of a page, and records calls of these functions."""
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
TIMEOUT = 60.0


def browser_path() -> str | None:
    """The path of this machine's browser, if it has one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class PageEvents(NamedTuple):
    """What happened while a page was open. `requests`: requested addresses, including the page's own; `scripts`:
    addresses of the scripts that ran, which for inline scripts is the page's own; `calls`: calls and violations."""

    dialogs: list[str]
    requests: list[str]
    scripts: list[str]
    calls: list[str]
    elements: int


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[str]:
    """Serve files on this machine, and return the address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files.get(self.path.partition("?")[0].lstrip("/"))
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Type", TYPES.get(Path(self.path).suffix, "application/octet-stream"))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Logs nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


class Browser:
    """One tab, and its events."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._number = connection, 0
        self._events: list[dict[str, Any]] = []
        for domain in ("Page", "Network", "Runtime", "Debugger"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Run one command, and return its result."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            message = json.loads(self._connection.recv(timeout=TIMEOUT))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return dict(message["result"])
            self._handle(message)
        raise TimeoutError(method)

    def _handle(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        if event.get("method") == "Page.javascriptDialogOpening":  # it blocks the page until it is closed
            self._number += 1
            close = {"id": self._number, "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
            self._connection.send(json.dumps(close))

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression in the page, awaiting its promise."""
        response = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in response, response
        return response["result"].get("value")

    def open(self, address: str, *, script: str = "0") -> PageEvents:
        """Open a page, wait until it has loaded, run a script in it, and return what happened."""
        self._events.clear()
        self.call("Page.navigate", url=address)
        self._wait_for("Page.loadEventFired")
        self.evaluate(script)
        self.evaluate("new Promise((done) => setTimeout(done, 200))")
        calls = self.evaluate("[window, ...Array.from(frames)].flatMap((frame) => frame.__calls)")
        elements = self.evaluate("document.querySelectorAll('*').length")
        return PageEvents(
            dialogs=[event["params"]["message"] for event in self._events_of("Page.javascriptDialogOpening")],
            requests=[event["params"]["request"]["url"] for event in self._events_of("Network.requestWillBeSent")],
            scripts=[
                event["params"]["url"] for event in self._events_of("Debugger.scriptParsed")
                if not _is_ours(event["params"])
            ],
            calls=list(calls), elements=int(elements),
        )  # fmt: skip

    def _wait_for(self, method: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not self._events_of(method):
            assert time.monotonic() < deadline, method
            self._handle(json.loads(self._connection.recv(timeout=TIMEOUT)))

    def _events_of(self, method: str) -> list[dict[str, Any]]:
        return [event for event in self._events if event.get("method") == method]


def _is_ours(script: dict[str, Any]) -> bool:
    """Whether this file ran the script: it has no address, and is neither inline nor an event handler."""
    return not script["url"] and not script.get("hasSourceURL") and script.get("embedderName", "") in ("", "debugger")


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser with a temporary profile of its own."""
    program = browser_path()
    assert program, "call browser_path() first"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hotpapers-", ignore_cleanup_errors=True))
        process = subprocess.Popen(
            [program, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": folder},
        )  # fmt: skip
        stack.callback(process.wait, 30)
        stack.callback(process.kill)
        port = _port(Path(folder) / "DevToolsActivePort", process)
        yield Browser(stack.enter_context(connect(_tab(port), max_size=None)))


def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        assert process.poll() is None, "the browser ended at once"
        time.sleep(0.05)
    raise TimeoutError(str(file))


def _tab(port: int) -> str:
    """The address of the first tab."""
    import urllib.request

    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=TIMEOUT) as response:
            tabs = [tab for tab in json.load(response) if tab["type"] == "page"]
        if tabs:
            return str(tabs[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise TimeoutError("no tab")
