"""Chat rooms through Apprise, which knows some 150 services: the only file that imports it.

It has a way out of its own, with short patience and no redirects; the addresses are the operator's. Whether a message
arrived it says with yes or no, and why not in its log, which holds addresses: of that no more is told than a status.
"""

from __future__ import annotations

import html
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from hotpapers.errors import NetError, RequestRefused, RetryLater, SettingsError, UsageError

TextFormat = Literal["plain", "markdown"]
"""How a room reads a message: as it is, or as Markdown."""

LONGEST = 1500
"""Characters of a message."""
RETRY_SECONDS = 60.0
"""Seconds to wait where a room says *too many* and not how long."""
_MARKDOWN = frozenset(("discord", "guilded", "mmost", "mmosts", "nctalk", "nctalks", "revolt", "zulip"))
"""Services that read as Markdown what Apprise hands over as plain text."""
_STATUS = re.compile(r"\berror=(\d{3})\b")
_UNREACHABLE = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused")

# Its messages and those of its HTTP library hold addresses with tokens.
logging.getLogger("apprise").propagate = False
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class AppriseClient:
    """One room, or whatever else Apprise can send a text to. `key`: where its address stands in the settings."""

    def __init__(self, url: str, key: str, home: str = "") -> None:
        """Raises UsageError where Apprise is not there, SettingsError for an address that it does not understand."""
        self._plugin = _plugin(url, home)
        if self._plugin is None:
            raise SettingsError(
                f"{key}: Apprise does not understand this address; `apprise --details` lists the services and their "
                "addresses."
            )
        named = self._plugin.notify_format
        formats = {
            str(getattr(form, "value", form)) for form in (named if isinstance(named, tuple | list) else (named,))
        }
        self._format = "text" if formats & {"text", "html"} else "markdown"
        self._is_html = "text" not in formats and "html" in formats
        schema = url.partition("://")[0].lower()
        self.text_format: TextFormat = "markdown" if self._format == "markdown" or schema in _MARKDOWN else "plain"

    @property
    def service(self) -> str:
        return str(self._plugin.service_name)

    def fits(self, text: str) -> bool:
        """Whether a message is short enough for us and for this room."""
        body = html.escape(text).replace("\n", "<br />") if self._is_html else text
        return len(text) <= LONGEST and len(body) <= int(self._plugin.body_maxlen)

    def send(self, text: str) -> None:
        """Sends a message. Raises RetryLater, RequestRefused, NetError: with `tries` 0 where it surely did not
        arrive."""
        with _capture_log() as log:
            try:
                delivered = self._plugin.notify(body=text, title="", body_format=self._format)
            except Exception:  # whatever one of 150 services does wrong, nobody knows how far it had come
                delivered = False
        if not delivered:
            raise _problem(self.service, "\n".join(log))


def _plugin(url: str, home: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its services warn of is for those who write them
        return _make_plugin(url, home)


def _make_plugin(url: str, home: str) -> Any:
    try:
        import apprise
    except ImportError as missing:
        raise UsageError("chat rooms need Apprise: pip install 'hotpapers[announce]'") from missing
    asset = apprise.AppriseAsset(
        app_id="Hot Papers", app_desc="Hot Papers", app_url=home, image_url_mask="", image_url_logo="",
        http_redirects=False, storage_mode="memory", interpret_emojis=False, allow_templates=False, language="en",
    )  # fmt: skip
    with _capture_log():
        return apprise.Apprise.instantiate(url, asset=asset)


@contextmanager
def _capture_log() -> Iterator[list[str]]:
    """What Apprise writes into its log meanwhile, line by line; nobody else hears it."""
    log, lines = logging.getLogger("apprise"), list[str]()
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def _problem(service: str, log: str) -> NetError:
    """What a log says of a message that was not taken. Without a word it may have arrived."""
    status = next((int(match[1]) for match in _STATUS.finditer(log)), 0)
    if status == 429:
        return RetryLater(RETRY_SECONDS, f"{service} answered 429")
    if 300 <= status < 500:
        return RequestRefused(f"{service} answered {status}", status)
    unreachable = not status and _UNREACHABLE.search(log)
    text = f"answered {status}" if status else "could not be reached" if unreachable else "did not say that it took it"
    problem = NetError(f"{service} {text}")
    problem.tries = 0 if unreachable else 1
    return problem
