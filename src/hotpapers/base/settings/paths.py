"""The checks of settings that name a file, a folder or an address."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

_APP = re.compile(r"(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[^\s?#\"<>]*/")
"""The public address of the app: https, unless it is on this machine, since people send it data."""
BASE_REMEDY = "write a full address that begins with https:// and ends with /, such as https://papers.example/"


def path_problem(path: str) -> str:
    """Why this path is unusable; empty if it is usable."""
    if "\0" in path:
        return f"{path!r} contains a null byte; remove it"
    try:
        Path(path).expanduser()
    except RuntimeError:
        return f"{path!r} is not a path: there is no such home folder; write the full path"
    return ""


def is_address(url: str) -> bool:
    """Whether host and port of an address can be read: brackets must be around an IPv6 address, a port below 65,536."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_app_address(base: str) -> bool:
    """Whether the app's public address is usable, or empty."""
    return not base or (_APP.fullmatch(base) is not None and is_address(base))
