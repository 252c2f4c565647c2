"""Headless Firefox, driven over WebDriver BiDi, which it speaks itself: JSON messages over a websocket.

Each browser has its own profile and exits with its context manager.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("firefox-esr", "firefox")
PREFERENCES = {
    "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "browser.safebrowsing.update.enabled": False, "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False, "browser.startup.page": 0,
}  # fmt: skip
"""So that it makes no requests of its own."""
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004"}
PATIENCE = 60.0


def find_firefox() -> str:
    """The path of the browser; empty if there is none."""
    path = os.environ.get("HOTPAPERS_TEST_FIREFOX", "")
    return path or next((candidate for name in NAMES if (candidate := shutil.which(name))), "")


class FirefoxTab:
    """A page in the browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._number = socket, 0
        self._ask("session.new", capabilities={})
        self._context = self._ask("browsingContext.create", type="tab")["context"]

    def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE))
            if message.get("id") == self._number:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, url: str) -> None:
        """Open an address and wait until it has loaded."""
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page whose value JSON can have, awaiting a promise."""
        expression = f"Promise.resolve({script}).then((value) => JSON.stringify(value ?? null))"
        answer = self._ask(
            "script.evaluate", expression=expression, target={"context": self._context}, awaitPromise=True
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def wait(self, condition: str) -> None:
        """Wait until an expression is true, on this page or on one that opens meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while not self._is_true(condition):
            assert time.monotonic() < deadline, f"never true: {condition}"
            time.sleep(0.02)

    def _is_true(self, condition: str) -> bool:
        try:
            return bool(self.run(f"document.readyState === 'complete' && ({condition})"))
        except AssertionError:  # another page is opening
            return False

    def press(self, *keys: str) -> None:
        """Press keys: characters, or names such as Tab."""
        values = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self._ask("input.performActions", context=self._context, actions=[source])

    def set_size(self, width: int, height: int) -> None:
        """Set the size of the window."""
        viewport = {"width": width, "height": height}
        self._ask("browsingContext.setViewport", context=self._context, viewport=viewport)

    def screenshot(self) -> str:
        """A screenshot as PNG in base64."""
        data: str = self._ask("browsingContext.captureScreenshot", context=self._context)["data"]
        return data


@contextmanager
def firefox(program: str) -> Iterator[FirefoxTab]:
    """A page in a browser of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (Path(folder) / "user.js").write_text("".join(lines))
        command = [program, "--headless", "--remote-debugging-port", "0", "--profile", folder, "--no-remote"]
        log = Path(folder) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "HOME": folder})
        try:
            with connect(f"{_address(log)}/session", max_size=None, proxy=None) as socket:
                yield FirefoxTab(socket)
        finally:
            process.terminate()
            process.wait()


def _address(log: Path) -> str:
    """The address that the browser names once it listens."""
    deadline = time.monotonic() + PATIENCE
    while not (match := re.search(r"BiDi listening on (ws://[0-9.:]+)", log.read_text())):
        assert time.monotonic() < deadline, "Firefox does not start"
        time.sleep(0.05)
    return match[1]
