"""Whether a folder may be written to: it is empty or ours. Nobody's own files are replaced without being asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hotpapers.base.errors import UsageError

_KEPT = re.compile(r"\..*|CNAME|hotpapers\..*", re.DOTALL)
"""Files that are no pages of anybody: what hosts want, hidden files such as those of Git, our own settings and keys."""
_MARKDOWN = re.compile(r"\d{4}-\d\d-\d\d\.md", re.ASCII)
_CLASSIC = re.compile(r"\d{4}-\d\d-\d\d---Hot-Papers\.md", re.ASCII)
_MESSAGE = re.compile(r"\d{4}-\d\d-\d\d\.eml", re.ASCII)
_SITE = ("reader.js", "search_index.js", "method/index.html")
_FEED, _GENERATOR = "feeds/issues.atom", b">Hot Papers</generator>"
_DIGEST = b"Check it: `hotpapers verify "


def check_owner(output: Path, own_paths: Iterable[Path] = ()) -> None:
    """Raises UsageError if a folder has files that this program did not write. `own_paths`: the store's own files, and
    the folders that it has written to, which may be below."""
    if not output.is_dir() or is_recognized(output):
        return
    own = {path for own_path in own_paths for path in (own_path.resolve(), *own_path.resolve().parents)}
    others = sorted(path.name for path in output.resolve().iterdir() if not _is_kept(path.name) and path not in own)
    if others:
        raise UsageError(
            f"{output}: contains {others[0]}, which this program did not write; choose another folder, or add --force "
            "to write into this one"
        )


def is_recognized(folder: Path) -> bool:
    """Whether a folder looks like one that a channel wrote, maybe of a store that is lost."""
    names = [path.name for path in folder.iterdir() if not _is_kept(path.name)]
    if all((folder / name).is_file() for name in _SITE):
        return True
    if (folder / _FEED).is_file():
        return _GENERATOR in (folder / _FEED).read_bytes()
    if names and all(map(_MARKDOWN.fullmatch, names)):
        return _DIGEST in (folder / max(names)).read_bytes()
    return bool(names) and any(all(map(form.fullmatch, names)) for form in (_CLASSIC, _MESSAGE))


def _is_kept(name: str) -> bool:
    return _KEPT.fullmatch(name) is not None
