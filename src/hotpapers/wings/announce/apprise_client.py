"""Chat rooms through Apprise, which supports about 150 services: the only file that imports it.

Apprise makes its own HTTP requests, with short timeouts and no redirects, to addresses from the settings. It reports
success only as yes or no. The reason is in its log, which contains addresses with tokens, so errors show only a status.
"""

from __future__ import annotations

import html
import logging
import re
import warnings
from typing import Any, Literal

from hotpapers.base.errors import NetError, RequestRefused, RetryLater, SettingsError, UsageError

TextFormat = Literal["plain", "markdown"]
"""How a room displays a message: as plain text or as Markdown."""

MAX_MESSAGE_CHARS = 1500
"""Characters of a message."""
RETRY_SECONDS = 60.0
"""Seconds to wait if a room says *too many requests* but not how long."""
_PASSING = (408, 425, 429, 502, 503, 521, 523, 530)
"""Statuses of a message that did not arrive but may later: a timeout, too many requests, a service that is down or that
Cloudflare does not reach."""
_MARKDOWN = frozenset(("discord", "guilded", "mmost", "mmosts", "nctalk", "nctalks", "revolt", "zulip"))
"""Services that treat Apprise's plain text as Markdown."""
_STATUS = re.compile(r"\b(?:error|Matrix Response: code)=(?!2)(\d{3})\b")
_PAYLOAD = re.compile(r"payload:.*", re.IGNORECASE)
"""Apprise's log line with the message, whose words are no reason."""
_SENT = re.compile(r"^Sent ", re.MULTILINE)
"""Apprise's log line for each of an address's rooms that accepted the message."""
_UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused|(?:Could not|Failed to) authenticate"
    r"|CERTIFICATE_VERIFY_FAILED|WRONG_VERSION_NUMBER|Name or service not known|Temporary failure in name resolution"
    r"|No address associated with hostname|No route to host|Network is unreachable"
)

# Log messages of Apprise and its HTTP library contain addresses with tokens.
LOG = logging.getLogger("apprise")
LOG.propagate = False
LOG.setLevel(logging.WARNING)
LOG.addHandler(logging.NullHandler())
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class AppriseClient:
    """One room, or anything else that Apprise can send a text to. `key`: the setting with its address."""

    def __init__(self, url: str, key: str, home: str) -> None:
        """Raises UsageError if Apprise is not installed, SettingsError for an address that it does not recognize."""
        self._plugin = _plugin(url, home)
        if self._plugin is None:
            raise SettingsError(
                f"{key}: Apprise does not recognize this address; `apprise --details` lists the services and their "
                "address formats"
            )
        given = self._plugin.notify_format
        several = given if isinstance(given, tuple | list) else (given,)
        formats = {str(getattr(form, "value", form)) for form in several}
        self._format = "text" if formats & {"text", "html"} else "markdown"
        self._is_html = "text" not in formats and "html" in formats
        schema = url.partition("://")[0].lower()
        self.text_format: TextFormat = "markdown" if self._format == "markdown" or schema in _MARKDOWN else "plain"

    @property
    def service(self) -> str:
        return str(self._plugin.service_name)

    def fits(self, text: str) -> bool:
        """Whether a message is within our limit and this room's."""
        body = html.escape(text).replace("\n", "<br />") if self._is_html else text
        if len(text) > MAX_MESSAGE_CHARS:
            return False
        return len(body) <= int(self._plugin.body_maxlen)

    def send(self, text: str) -> None:
        """Sends a message. Raises RetryLater, RequestRefused, NetError: with `tries` 0 if it certainly did not
        arrive."""
        import apprise

        with apprise.LogCapture(level=logging.DEBUG, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
            try:
                delivered = self._plugin.notify(body=text, title="", body_format=self._format)
            except Exception:  # a bug in one of 150 services: the message may or may not have been sent
                delivered = False
        if not delivered:
            raise _problem(self.service, _PAYLOAD.sub("", log.getvalue()))


def _plugin(url: str, home: str) -> Any:
    try:
        import apprise
    except ImportError as missing:
        raise UsageError("chat rooms need Apprise: pip install 'hotpapers[announce]'") from missing
    asset = apprise.AppriseAsset(
        app_id="Hot Papers",
        app_desc="Hot Papers",
        app_url=home,
        image_url_mask="",
        image_url_logo="",
        http_redirects=False,
        storage_mode="memory",
        interpret_emojis=False,
        allow_templates=False,
        language="en",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its services' warnings are for their developers
        return apprise.Apprise.instantiate(url, asset=asset)


def _problem(service: str, log: str) -> NetError:
    """The error for a failed message, from the log. If the log has no reason, the message may have arrived; if only
    some rooms of the address took it, it must not be sent to them again."""
    matches = _STATUS.finditer(log)
    status = next((int(match[1]) for match in matches), 0)
    is_partial = _SENT.search(log)
    if status in _PASSING and not is_partial:
        return RetryLater(RETRY_SECONDS, f"{service} answered {status}")
    if 300 <= status < 500 and status not in _PASSING:
        return RequestRefused(f"{service} answered {status}", status)
    unreachable = not status and _UNREACHABLE.search(log)
    text = "could not be reached" if unreachable else "did not confirm the message"
    if status:
        text = f"answered {status}"
    return NetError(f"{service} {text}", tries=0 if unreachable and not is_partial else 1)
