"""The checks of settings that name a file, a folder or an address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit


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
