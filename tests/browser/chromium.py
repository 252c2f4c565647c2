"""Headless Chromium, driven over a pipe with the DevTools protocol: JSON messages that end in a zero byte.

Each browser has its own profile, makes no requests of its own, and exits with its context manager.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--remote-debugging-pipe", "--no-proxy-server", "--disable-extensions",
    "--disable-features=BackForwardCache",  # a page kept there may keep a database open that a test deletes
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
PATIENCE = 60.0
"""Seconds of silence after which the browser is considered dead, and a condition never true."""


class BrowserError(AssertionError):
    """The browser refused a command, or a script in the page raised an error."""


class NavigationError(BrowserError):
    """The page navigated before the script's value was known."""


def find_browser() -> str:
    """The path of the browser; empty if there is none."""
    path = os.environ.get("HOTPAPERS_TEST_CHROMIUM", "")
    return path or next((candidate for name in NAMES if (candidate := shutil.which(name))), "")


class Pipe:
    """The two ends of the protocol's pipe."""

    def __init__(self, write_end: int, read_end: int) -> None:
        self._write_end, self._read_end = write_end, read_end
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        """All events since the page was opened."""

    def ask(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Call a method and return its result. Raises BrowserError."""
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": params,
            **({"sessionId": session} if session else {}),
        }
        os.write(self._write_end, json.dumps(message).encode() + b"\0")
        while True:
            response = self.read()
            if response.get("id") == self._number:
                if "error" in response:
                    raise _error_of(f"{method}: {response['error']['message']}")
                result: dict[str, Any] = response["result"]
                return result

    def wait_for(self, method: str, session: str) -> dict[str, Any]:
        """The first event with this name in a page."""
        index = 0
        while True:
            while index < len(self.events):
                event = self.events[index]
                if event["method"] == method and event.get("sessionId") == session:
                    return event
                index += 1
            self.read()

    def read(self) -> dict[str, Any]:
        """Read the next message, and keep it if it is an event."""
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read_end], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self._read_end, 1 << 20) if ready else b""
            if not data:
                raise BrowserError("no message from the browser")
            self._buffer += data
        first, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        if "method" in message:
            self.events.append(message)
        return message


class View(NamedTuple):
    """How a page is viewed. `media`: features such as prefers-color-scheme; `kind`: print or screen."""

    width: int = 1000
    height: int = 800
    media: Mapping[str, str] = {}
    kind: str = ""
    scripts: bool = True
    zoom: float = 1


class Tab:
    """A page in the browser."""

    def __init__(self, pipe: Pipe, session: str) -> None:
        self._pipe, self._session = pipe, session
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")
        self._ask("Emulation.setFocusEmulationEnabled", enabled=True)  # as if somebody were using it

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        return self._pipe.ask(method, self._session, **params)

    def beside(self) -> Tab:
        """Another page of the same browser."""
        target = self._pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        return Tab(self._pipe, self._pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])

    def close(self) -> None:
        self._ask("Page.close")

    def set_view(self, view: View) -> None:
        """Set size, media and scripts for the next page."""
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=round(view.width / view.zoom),
            height=round(view.height / view.zoom), deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        features = [{"name": name, "value": value} for name, value in view.media.items()]
        self._ask("Emulation.setEmulatedMedia", media=view.kind, features=features)
        self._ask("Emulation.setScriptExecutionDisabled", value=not view.scripts)

    def open(self, url: str) -> None:
        """Open an address and wait until it has loaded."""
        self._pipe.events.clear()
        self._ask("Page.navigate", url=url)
        self._pipe.wait_for("Page.loadEventFired", self._session)

    def open_with(self, script: str, url: str) -> None:
        """Open an address whose page runs this script before its own."""
        added = self._ask("Page.addScriptToEvaluateOnNewDocument", source=script)
        self.open(url)
        self._ask("Page.removeScriptToEvaluateOnNewDocument", **added)

    def heap_bytes(self) -> int:
        """What the page's scripts keep in memory, after a collection of garbage."""
        self._ask("HeapProfiler.collectGarbage")
        used: int = self._ask("Runtime.getHeapUsage")["usedSize"]
        return used

    def processor_seconds(self) -> float:
        """The processor time of the page's own thread."""
        self._ask("Performance.enable", timeDomain="threadTicks")
        metrics = {metric["name"]: metric["value"] for metric in self._ask("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page, awaiting a promise. Raises BrowserError."""
        result = self._ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def follow(self, script: str) -> None:
        """Run a script that opens another page, and wait until that has loaded. Raises BrowserError."""
        with suppress(NavigationError):
            self.run(f"window.isLeft = false; {script}")
        self.wait("window.isLeft === undefined")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true, on this page or on one that opens meanwhile, once it has loaded. Raises
        BrowserError."""
        deadline = time.monotonic() + PATIENCE
        while not self._is_true(condition):
            if time.monotonic() > deadline:
                raise BrowserError(f"never true: {condition}")
            time.sleep(0.02)

    def _is_true(self, condition: str) -> bool:
        try:
            return bool(self.run(f"document.readyState === 'complete' && ({condition})"))
        except NavigationError:
            return False

    def grant(self, *permissions: str) -> None:
        """Grant pages permissions."""
        self._pipe.ask("Browser.grantPermissions", permissions=list(permissions))

    def press(self, key: str) -> None:
        """Press a key: a character, or a name such as Tab."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        common = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key.upper()) if len(key) == 1 else 0)}
        self._ask("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text: str) -> None:
        """Type text into the focused element."""
        self._ask("Input.insertText", text=text)

    def set_zone(self, name: str) -> None:
        """Set the reader's time zone."""
        self._ask("Emulation.setTimezoneOverride", timezoneId=name)

    def screenshot(self) -> bytes:
        """A screenshot as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self._ask("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])

    def accessibility_tree(self) -> list[tuple[str, str]]:
        """Role and name of every node of the accessibility tree, in order."""
        nodes = {node["nodeId"]: node for node in self._ask("Accessibility.getFullAXTree")["nodes"]}
        stack, names = [next(iter(nodes))], []
        while stack:
            node = nodes[stack.pop()]
            stack += reversed([child for child in node.get("childIds", ()) if child in nodes])
            if not node.get("ignored"):
                names.append((node["role"].get("value", ""), node.get("name", {}).get("value", "")))
        return names

    def requests(self) -> list[str]:
        """The addresses that the page has requested since it was opened."""
        self.run("1")  # reads pending events
        return [
            event["params"]["request"]["url"]
            for event in self._pipe.events
            if event.get("method") == "Network.requestWillBeSent" and event.get("sessionId") == self._session
        ]

    def console_messages(self) -> list[str]:
        """The page's console messages: errors, and what the policy blocked."""
        self.run("1")
        names = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [json.dumps(event["params"]) for event in self._pipe.events if event.get("method") in names]


def _error_of(reason: str) -> BrowserError:
    """The exception for a refused call: NavigationError if opening a page has ended the previous page's scripts."""
    phrases = ("Inspected target navigated", "Execution context was destroyed", "Cannot find context")
    return NavigationError(reason) if any(phrase in reason for phrase in phrases) else BrowserError(reason)


@contextmanager
def chromium(program: str, flags: Sequence[str] = (), settings: Mapping[str, object] | None = None) -> Iterator[Tab]:
    """A browser with one page. `settings`: of its profile."""
    command_read, command_write = os.pipe()
    reply_read, reply_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        save(json.dumps(settings or {}).encode(), Path(profile) / "Default" / "Preferences")
        process = _start([program, *FLAGS, *flags, f"--user-data-dir={profile}"], command_read, reply_write, profile)
        os.close(command_read)
        os.close(reply_write)
        try:
            pipe = Pipe(command_write, reply_read)
            target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
            yield Tab(pipe, pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        finally:
            os.close(command_write)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(reply_read)


def _start(command: Sequence[str], read: int, write: int, profile: str) -> subprocess.Popen[bytes]:
    """Start the browser with the protocol's pipes as file descriptors 3 and 4."""
    script = f'exec 3<&{read} 4>&{write}; exec "$@"'
    environment = {**os.environ, "HOME": profile, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    return subprocess.Popen(
        ["bash", "-c", script, "chromium", *command], pass_fds=(read, write), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, env=environment,
    )  # fmt: skip


def save(data: bytes, path: Path) -> None:
    """Save a file, such as a screenshot, for people to look at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
