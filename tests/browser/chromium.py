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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
PATIENCE = 60.0
"""Seconds of silence after which the browser is considered dead."""


class Broken(AssertionError):
    """The browser refused a command, or a script in the page raised an error."""


class Left(Broken):
    """The page navigated before the script's value was known."""


def found() -> str:
    """The path of the browser; empty if there is none."""
    named = os.environ.get("HOTPAPERS_TEST_CHROMIUM", "")
    return named or next((path for name in NAMES if (path := shutil.which(name))), "")


class Pipe:
    """The two ends of the protocol's pipe."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        """All events since the page was opened."""

    def ask(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Call a method and return its result. Raises Broken."""
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": params,
            **({"sessionId": session} if session else {}),
        }
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self.read()
            if told.get("id") == self._number:
                if "error" in told:
                    raise _broken(f"{method}: {told['error']['message']}")
                result: dict[str, Any] = told["result"]
                return result

    def wait_for(self, method: str, session: str) -> dict[str, Any]:
        """The first event with this name in a page."""
        at = 0
        while True:
            while at < len(self.events):
                event = self.events[at]
                if event["method"] == method and event.get("sessionId") == session:
                    return event
                at += 1
            self.read()

    def read(self) -> dict[str, Any]:
        """Read the next message, and keep it if it is an event."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._back], [], [], max(0, end - time.monotonic()))
            data = os.read(self._back, 1 << 20) if ready else b""
            if not data:
                raise Broken("the browser says nothing")
            self._rest += data
        first, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(first)
        if "method" in told:
            self.events.append(told)
        return told


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

    def look(self, view: View) -> None:
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

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page, awaiting a promise. Raises Broken."""
        told = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in told:
            details = told["exceptionDetails"]
            raise Broken(details.get("exception", {}).get("description", details["text"]))
        return told["result"].get("value")

    def leave(self, script: str) -> None:
        """Run a script that opens another page. Raises Broken."""
        with suppress(Left):
            self.run(script)

    def wait(self, condition: str) -> None:
        """Wait until an expression is true, on this page or on one that opens meanwhile. Raises Broken."""
        end = time.monotonic() + 10
        while not self._holds(condition):
            if time.monotonic() > end:
                raise Broken(f"never true: {condition}")
            time.sleep(0.02)

    def _holds(self, condition: str) -> bool:
        try:
            return bool(self.run(condition))
        except Left:
            return False

    def allow(self, *permissions: str) -> None:
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

    def zone(self, name: str) -> None:
        """Set the reader's time zone."""
        self._ask("Emulation.setTimezoneOverride", timezoneId=name)

    def picture(self) -> bytes:
        """A screenshot as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self._ask("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])

    def tree(self) -> list[tuple[str, str]]:
        """Role and name of every node of the accessibility tree, in order."""
        nodes = {node["nodeId"]: node for node in self._ask("Accessibility.getFullAXTree")["nodes"]}
        waiting, told = [next(iter(nodes))], []
        while waiting:
            node = nodes[waiting.pop()]
            waiting += reversed([child for child in node.get("childIds", ()) if child in nodes])
            if not node.get("ignored"):
                told.append((node["role"].get("value", ""), node.get("name", {}).get("value", "")))
        return told

    def requests(self) -> list[str]:
        """The addresses that the page has requested since it was opened."""
        self.run("1")  # reads pending events
        return [
            event["params"]["request"]["url"]
            for event in self._pipe.events
            if event.get("method") == "Network.requestWillBeSent" and event.get("sessionId") == self._session
        ]

    def complaints(self) -> list[str]:
        """The page's console messages: errors, and what the policy blocked."""
        self.run("1")
        names = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [json.dumps(event["params"]) for event in self._pipe.events if event.get("method") in names]


def _broken(reason: str) -> Broken:
    """The exception for a refused call. Opening a page ends the previous page's scripts, which raises Left."""
    gone = ("Inspected target navigated", "Execution context was destroyed", "Cannot find context")
    return Left(reason) if any(words in reason for words in gone) else Broken(reason)


@contextmanager
def chromium(program: str, flags: Sequence[str] = ()) -> Iterator[Tab]:
    """A browser with one page."""
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = _started([program, *FLAGS, *flags, f"--user-data-dir={profile}"], to_browser, from_browser, profile)
        os.close(to_browser)
        os.close(from_browser)
        try:
            pipe = Pipe(from_us, to_us)
            target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
            yield Tab(pipe, pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        finally:
            os.close(from_us)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(to_us)


def _started(command: Sequence[str], read: int, write: int, home: str) -> subprocess.Popen[bytes]:
    """Start the browser with the protocol's pipes as file descriptors 3 and 4."""
    script = f'exec 3<&{read} 4>&{write}; exec "$@"'
    environment = {**os.environ, "HOME": home, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    return subprocess.Popen(
        ["bash", "-c", script, "chromium", *command], pass_fds=(read, write), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, env=environment,
    )  # fmt: skip


def save(picture: bytes, path: Path) -> None:
    """Save a picture for people to look at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
