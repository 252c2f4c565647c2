"""Headless Firefox, driven with WebDriver BiDi over a WebSocket: what tests need of `chromium.Tab`.

The browser has its own profile, makes no requests of its own, and exits with its context manager.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.browser.chromium import PATIENCE, BrowserError

NAMES = ("firefox-esr", "firefox")
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c"}
SILENT = """
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.disabled", true);
user_pref("remote.prefs.recommended", false);
user_pref("toolkit.telemetry.enabled", false);
"""
"""Preferences: as readers have them, except that nothing is asked of the network."""


def find_firefox() -> str:
    """The path of the browser; empty if there is none."""
    path = os.environ.get("HOTPAPERS_TEST_FIREFOX", "")
    return path or next((candidate for name in NAMES if (candidate := shutil.which(name))), "")


class FirefoxTab:
    """A page in the browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._number = connection, 0
        self._ask("session.new", capabilities={})
        self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            response = json.loads(self._connection.recv(PATIENCE))
            if response.get("id") == self._number:
                if response["type"] == "error":
                    raise BrowserError(f"{method}: {response['message']}")
                result: dict[str, Any] = response["result"]
                return result

    def open(self, url: str) -> None:
        """Open an address and wait until it has loaded."""
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page, awaiting a promise. Raises BrowserError."""
        result = self._ask(
            "script.evaluate", expression=script, target={"context": self._context}, awaitPromise=True,
            userActivation=True,
        )  # fmt: skip
        if result["type"] != "success":
            raise BrowserError(result["exceptionDetails"]["text"])
        return _plain(result["result"])

    def wait(self, condition: str) -> None:
        """Wait until an expression is true, once the page has loaded. Raises BrowserError."""
        deadline = time.monotonic() + PATIENCE
        while not self.run(f"Boolean(document.readyState === 'complete' && ({condition}))"):
            if time.monotonic() > deadline:
                raise BrowserError(f"never true: {condition}")
            time.sleep(0.02)

    def press(self, key: str) -> None:
        """Press a key: a character, or a name such as Tab."""
        value = KEYS.get(key, key)
        presses = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        keyboard = {"type": "key", "id": "keyboard", "actions": presses}
        self._ask("input.performActions", context=self._context, actions=[keyboard])


def _plain(value: dict[str, Any]) -> Any:
    """A value of the protocol as JSON has it."""
    content = value.get("value")
    if value["type"] == "array":
        return list(map(_plain, content or ()))
    if value["type"] == "object":
        return {key: _plain(item) for key, item in content or ()}
    return content


@contextmanager
def firefox(program: str) -> Iterator[FirefoxTab]:
    """A browser with one page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        Path(profile, "user.js").write_text(SILENT)
        command = [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, "HOME": profile},
        )  # fmt: skip
        try:
            assert process.stderr is not None
            address = next(match[0] for line in process.stderr if (match := re.search(r"ws://\S+", line)))
            with connect(f"{address}/session", max_size=None) as connection:
                yield FirefoxTab(connection)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
