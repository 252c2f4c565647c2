"""Other static site generators, each with its content files and minimal templates for the same pages.

Generators are looked up on the PATH, or in the folders that HOTPAPERS_BENCH_PATH names. Feeds, taxonomies, search and
everything else that would make more pages is switched off.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.site_content import Page

SEARCHED = "HOTPAPERS_BENCH_PATH"


class Generator(NamedTuple):
    """`prepare(folder, pages)` writes its input; `command(program, folder, output)` builds the site."""

    name: str
    program: str
    version: tuple[str, ...]
    prepare: Callable[[Path, Iterable[Page]], None]
    command: Callable[[str, Path, Path], list[str]]

    def installed_path(self) -> str | None:
        """The path of the program."""
        return shutil.which(
            self.program, path=os.pathsep.join(filter(None, [os.environ.get(SEARCHED), os.defpath]))
        ) or (shutil.which(self.program))

    def release(self) -> str:
        """The program's version output, on one line."""
        command = [self.installed_path() or self.program, *self.version]
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return output.strip().splitlines()[0][:20] if output.strip() else "?"


def base(mapping: Mapping[str, str]) -> str:
    """The frame of every page, with the generator's own syntax for title, root and content."""
    frame = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="TITLE">
<title>TITLE · Hot Papers</title>
<link rel="stylesheet" href="ROOTstyle.css">
<link rel="icon" type="image/svg+xml" href="ROOTicon.svg">
</head>
<body>
<header class="masthead">
<p class="name"><a href="ROOTindex.html">Hot Papers</a></p>
<nav aria-label="Site">
<ul>
<li><a href="ROOTindex.html">Latest</a></li>
<li><a href="ROOTarchive/index.html">Archive</a></li>
<li><a href="ROOTabout/index.html">About</a></li>
</ul>
</nav>
</header>
<main id="main">
<h1>TITLE</h1>
CONTENT
</main>
<footer class="foot">
<p>Every score here is a sum of listed parts. <a href="ROOTabout/index.html">How it is counted</a>.</p>
</footer>
</body>
</html>
"""
    for word, own in mapping.items():
        frame = frame.replace(word, own)
    return frame


def write(file: Path, text: str) -> None:
    """Write a file, creating its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def _front(values: Mapping[str, object], body: str) -> str:
    """YAML front matter; a JSON value is a YAML one."""
    lines = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
    return f"---\n{lines}---\n{body}\n"


# ---- Hugo ------------------------------------------------------------------------------------------------


def _prepare_hugo(folder: Path, pages: Iterable[Page]) -> None:
    settings = {
        "baseURL": "https://example.org/", "title": "Hot Papers", "uglyURLs": True,
        "disableKinds": ["taxonomy", "term", "RSS", "sitemap", "section", "404"],
    }  # fmt: skip
    write(folder / "config.json", json.dumps(settings))
    words = {"TITLE": "{{ .Title }}", "ROOT": "{{ .Params.root }}", "CONTENT": "{{ .Content }}"}
    for layout in ("_default/single.html", "index.html"):
        write(folder / "layouts" / layout, base(words))
    for page in pages:
        home = page.path == "index.html"
        values = {"title": page.title, "root": page.root} | ({} if home else {"url": f"/{page.path}"})
        name = "_index.md" if home else page.path.removesuffix("/index.html").removesuffix(".html") + ".md"
        write(folder / "content" / name, _front(values, page.body))


# ---- Pelican ---------------------------------------------------------------------------------------------

_PELICAN = """
SITENAME = "Hot Papers"
SITEURL = ""
PATH = "content"
THEME = "theme"
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
ARTICLE_PATHS = []
PAGE_PATHS = ["pages"]
DIRECT_TEMPLATES = []
AUTHOR_SAVE_AS = CATEGORY_SAVE_AS = TAG_SAVE_AS = ARCHIVES_SAVE_AS = ""
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
THEME_STATIC_DIR = "."
TYPOGRIFY = False
"""


def _prepare_pelican(folder: Path, pages: Iterable[Page]) -> None:
    write(folder / "settings.py", _PELICAN)
    words = {"TITLE": "{{ page.title|striptags|e }}", "ROOT": "{{ page.root }}", "CONTENT": "{{ page.content }}"}
    write(folder / "theme" / "templates" / "page.html", base(words))
    for page in pages:
        title = " ".join(page.title.split())
        slug = page.path.removesuffix(".html").replace("/", "-")
        head = f"Title: {title}\nSlug: {slug}\nRoot: {page.root}\nSave_as: {page.path}\nUrl: {page.path}\n\n"
        write(folder / "content" / "pages" / f"{slug}.md", head + page.body + "\n")


# ---- Eleventy --------------------------------------------------------------------------------------------

_ELEVENTY = """module.exports = (config) => {
  return { dir: { input: "content", includes: "../layouts" }, markdownTemplateEngine: false };
};
"""


def _prepare_eleventy(folder: Path, pages: Iterable[Page]) -> None:
    write(folder / ".eleventy.js", _ELEVENTY)
    write(folder / "package.json", "{}")
    words = {"TITLE": "{{ title }}", "ROOT": "{{ root }}", "CONTENT": "{{ content | safe }}"}
    write(folder / "layouts" / "base.njk", base(words))
    for page in pages:
        values = {"title": page.title, "root": page.root, "permalink": page.path, "layout": "base.njk"}
        name = page.path.removesuffix(".html").replace("/", "-") + ".md"
        write(folder / "content" / name, _front(values, page.body))


GENERATORS = (
    Generator(
        "Hugo", "hugo", ("version",), _prepare_hugo,
        lambda program, folder, output: [program, "--quiet", "--source", str(folder), "--destination", str(output)],
    ),
    Generator(
        "Pelican", "pelican", ("--version",), _prepare_pelican,
        lambda program, folder, output: [
            program, f"{folder}/content", "--settings", f"{folder}/settings.py", "--output", str(output), "--quiet",
        ],
    ),
    Generator(
        "Eleventy", "eleventy", ("--version",), _prepare_eleventy,
        lambda program, folder, output: [program, "--quiet", "--output", os.path.relpath(output, folder)],
    ),
)  # fmt: skip
