"""The check of settings that name a file or folder."""

from __future__ import annotations

from pathlib import Path


def path_problem(path: str) -> str:
    """Why this path is unusable; empty if it is usable."""
    if "\0" in path:
        return f"{path!r} contains a null byte; remove it."
    try:
        Path(path).expanduser()
    except RuntimeError:
        return f"{path!r} is not a path: there is no such home folder; write the full path."
    return ""
