"""What a setting that names a file or folder must be."""

from __future__ import annotations

from pathlib import Path


def path_problem(path: str) -> str:
    """Why no file can have this path; nothing where one can."""
    if "\0" in path:
        return f"{path!r} is no path: it holds a zero byte; take it out."
    try:
        Path(path).expanduser()
    except RuntimeError:
        return f"{path!r} is no path: nobody here has that home folder; write the folder itself."
    return ""
