"""The checks of settings that name a file, a folder or an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_API = re.compile(r"(?:https|http)://[^\s/?#\"<>@]+(?:/[^\s?#\"<>]*)?")
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


def model_problems(url: str, model: str, key: str) -> Iterator[tuple[str, str]]:
    """Problems with a model on a server, whose API has this address, as (key, reason and remedy)."""
    if not url:
        for name, value in (("model", model), ("key", key)):
            if value:
                yield name, "has no effect without a url; set url to the API's address, or remove it"
        return
    if not (_API.fullmatch(url) and is_address(url)):
        yield "url", "write a full address, such as http://127.0.0.1:11434/v1"
    if not model.strip():
        yield "model", "is missing; write the model's name on that server"
