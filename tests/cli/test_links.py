"""Every link of every published folder, in every way that the docs name, and of the app, leads somewhere."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.site import demo as week
from tests import links
from tests.cli.conftest import SECOND
from tests.cli.run import good
from tests.cli.test_start import run_server
from tests.links import ORIGIN, Answer, broken_in_folder, broken_links

BASES = ("", pytest.param(f"{ORIGIN}/", marks=pytest.mark.long), f"{ORIGIN}/hot/papers/")
FEW = 8
"""Forms of each kind to open: the app limits how many one reader may have."""


def set_up(site: Path, more: str) -> None:
    settings = site / "hotpapers.toml"
    settings.write_text(settings.read_text() + more)


def test_the_checker_finds_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    page = '<link href="style.css"><a href="a/#here">x</a><a href="a">y</a><a href="urn:uuid:0">z</a><p id="p">'
    (tmp_path / "index.html").write_text(page)
    (tmp_path / "style.css").write_text("p { background: url(none.png) }")
    (tmp_path / "a" / "index.html").write_text('<a href="../#p">x</a><a href="../feeds/none.atom">y</a>')
    (tmp_path / "404.html").write_text('<a href="index.html">x</a>')
    assert set(broken_in_folder(tmp_path)) == {
        f"{ORIGIN}/ links to urn:uuid:0",
        f"{ORIGIN}/ links to {ORIGIN}/a/#here",
        f"{ORIGIN}/2021-01-14/index.html: 404",
        f"{ORIGIN}/a/b/c/index.html: 404",
        f"{ORIGIN}/a: 404",
        f"{ORIGIN}/feeds/none.atom: 404",
        f"{ORIGIN}/index.html links to urn:uuid:0",
        f"{ORIGIN}/index.html links to {ORIGIN}/a/#here",
        f"{ORIGIN}/none.png: 404",
    }


@pytest.mark.parametrize("channels", [("site",), ("site", "feeds"), ("feeds",), ()], ids=" ".join)
@pytest.mark.parametrize("base", BASES)
def test_a_folder_that_was_published_by_hand(site: Path, base: str, channels: tuple[str, ...]) -> None:
    if base:
        set_up(site, f'\n[publish]\nbase = "{base}"\n')
    good("publish", "--all", *(part for name in channels for part in ("--to", name)), "--output", "out")
    folder = site / "out" if len(channels) == 1 else site / "out" / "site"
    assert (folder / "feeds").is_dir() == (channels != ("site",))
    below = base.removeprefix(ORIGIN) or "/anywhere/"
    if channels == ("feeds",) and base:  # its pages are elsewhere
        return
    if channels == ("feeds",):
        shutil.copytree(site / "out" / "feeds", site / "pages" / "feeds")
        good("publish", "--all", "--to", "site", "--output", "pages")
        folder = site / "pages"
    host = [] if base else [f"{ORIGIN}/: 404"]  # all that a 404 page of an unknown address can lead to
    assert broken_in_folder(folder, below) == host


def test_feeds_that_come_later_are_linked_from_all_pages(site: Path) -> None:
    good("publish", "--all", "--to", "site", "--output", "out")
    assert b"feeds/" not in (site / "out/index.html").read_bytes()
    good("publish", week.DAYS[-1], "--to", "feeds", "--output", "out")
    good("publish", "--all", "--to", "site", "--output", "out")
    assert b"feeds/issues.atom" in (site / "out/2026-03-10/index.html").read_bytes()
    assert broken_in_folder(site / "out") == []


@pytest.mark.parametrize("base", BASES)
def test_two_publications_as_the_settings_have_them(site: Path, base: str) -> None:
    set_up(site, SECOND + (f'\n[publish]\nbase = "{base}"\n' if base else ""))
    below = base.removeprefix(ORIGIN) or "/"
    good("issue", week.DAYS[-1], "--publication", "again")
    good("publish", "--all", "--publication", "week")
    good("publish", "--all", "--publication", "again")
    assert (site / "public/site/feeds").is_dir() and (site / "public/again/site/feeds").is_dir()
    shutil.copytree(
        site / "public/again/site", site / "public/site/again"
    )  # one server has both, and they link each other
    assert broken_in_folder(site / "public/site", below) == []


def test_the_folder_of_a_scheduled_host(site: Path) -> None:
    set_up(site, SECOND)
    good("issue", week.DAYS[-1], "--publication", "again")
    good("scheduled", "begin")
    good("scheduled", "end", "--outcome", "success", "--base", f"{ORIGIN}/hot/", "--output", "out")
    assert (site / "out/again/index.html").is_file()
    assert broken_in_folder(site / "out", "/hot/") == []


@pytest.mark.parametrize("folder", ["site", f"{week.FOLDER}/site"])
def test_the_demo(demo_folder: Path, folder: str) -> None:
    """Without a base, the page for missing addresses knows only the server's root."""
    assert broken_in_folder(demo_folder / folder, "/below/") == [f"{ORIGIN}/: 404"]


@pytest.mark.parametrize(
    "more",
    [
        "",
        pytest.param(f'base = "{ORIGIN}/"', marks=pytest.mark.long),
        pytest.param(f'[publish]\nbase = "{ORIGIN}/"', marks=pytest.mark.long),
    ],
)
def test_the_app(site: Path, more: str) -> None:
    set_up(site, f"\n[serve]\nrate = 100_000\n{more}\n")
    with run_server() as (_, address):
        host = address.rstrip("/")

        forms = Counter[str]()

        def ask(target: str) -> Answer:
            path, _, query = target.partition("?")
            forms[path] += bool(query)
            if path.endswith(("/wrong", "/report")) and forms[path] > FEW:
                return Answer(200, "form", b"")
            try:
                with urllib.request.urlopen(target.replace(ORIGIN, host), timeout=60) as reply:
                    kind = reply.headers.get_content_type()
                    ending = {"application/feed+json": "json"}.get(kind, kind.rpartition("/")[2].partition("+")[0])
                    return Answer(reply.status, ending, reply.read())
            except urllib.error.HTTPError as problem:
                return Answer(problem.code, "html", problem.read())

        starts = (f"{host}/", *(f"{host}/feeds/{name}" for name in ("papers.rss", "issues.json", "query.atom?q=tea")))
        broken, addresses = broken_links(ask, starts, (host, ORIGIN))
        assert broken == [] and len(addresses) > 100
        issues = ask(f"{host}/feeds/issues.rss")
        assert any(link.startswith(ORIGIN) for link in links.links_of(issues)) == bool(more)


def entries_of(folder: Path) -> Iterator[str]:
    import feedparser

    for file in sorted((folder / "feeds").rglob("*.atom")):
        for entry in feedparser.parse(file.read_bytes()).entries:
            yield entry.link


def test_no_entry_of_a_feed_is_taken_to_lead_to_its_id(site: Path) -> None:
    """Readers take an entry's id for its link if it has no other."""
    good("publish", "--all", "--to", "feeds", "--output", "out")
    links_found = list(entries_of(site / "out"))
    assert links_found and not [link for link in links_found if link.startswith("urn:")]
    assert "../2026-03-13/index.html" in links_found
