"""Compiled templates are kept where Python keeps compiled modules, and pages are the same without them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RENDER = (
    "import sys; from hotpapers.publish.render import templating;"
    "sys.stdout.buffer.write(templating.render_file('missing.html', site='Kettles', note='', style='', policy=''))"
)


def rendered(folder: Path, **variables: str) -> bytes:
    """A page, rendered by a new process that keeps compiled code in a folder."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = own | {"PYTHONPYCACHEPREFIX": str(folder)} | variables
    return subprocess.run([sys.executable, "-c", RENDER], env=environment, check=True, capture_output=True).stdout


def test_compiled_templates_are_kept_and_used(tmp_path: Path) -> None:
    page = rendered(tmp_path)
    [kept] = tmp_path.rglob("jinja2-*.bin")
    compiled = kept.read_bytes()
    assert b"Kettles" in page and kept.parent.name == "render"
    kept.write_bytes(compiled.replace(b"</html>", b"</htmx>"))
    assert rendered(tmp_path) == page.replace(b"</html>", b"</htmx>") != page
    for damaged in (b"", compiled[:9], compiled[:-9], b"x" * len(compiled)):
        kept.write_bytes(damaged)
        assert rendered(tmp_path) == page and kept.read_bytes() != damaged


def test_pages_need_none(tmp_path: Path) -> None:
    page = rendered(tmp_path, PYTHONDONTWRITEBYTECODE="1")
    assert list(tmp_path.rglob("*")) == []
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert rendered(tmp_path / "link") == page == rendered(tmp_path)
