"""A program that runs on while a newer version replaces its files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

SCRIPT = """
import sys
from pathlib import Path
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render import templating
from tests.publish.render.full_sample import FULL_READER

day = "2021-01-14"
pages = SitePages(FULL_READER, "daily")
assert pages.page(f"{day}/index.html") and Path(templating.__file__).is_relative_to(sys.argv[1])
for file in templating.FOLDER.iterdir():
    file.write_text("{{ something_new.that_is_unknown() }}")
assert b"All papers of" in pages.page(f"{day}/all/index.html"), "of one version"
assert b"unknown" not in pages.page("search.js")
"""


def test_pages_and_their_code_stay_of_one_version(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "hotpapers", tmp_path / "hotpapers", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=ROOT, env=environment, check=True)
