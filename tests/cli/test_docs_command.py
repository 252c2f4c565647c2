"""`hotpapers docs`: the documentation for those who have only installed the package."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hotpapers.base.errors import NotFound
from hotpapers.cli import root_command
from hotpapers.cli.about import all_pages, page_named
from hotpapers.collect.sources import SOURCES
from tests.cli.run import good, misuse
from tests.conftest import ROOT

SRC = ROOT / "src" / "hotpapers"
PAGES = list(all_pages())
PATH = re.compile(r"docs/[\w/-]+(?:\.md)?\b")
CALL = re.compile(r"[`']hotpapers docs ([\w/-]+|\{.*?\}|wings/\{name\})[`']")


def test_it_lists_every_page_with_its_title() -> None:
    lines = good("docs").splitlines()
    assert len(lines) == len(PAGES) == sum(1 for _ in (ROOT / "docs").rglob("*.md") if is_for_users(_))
    assert re.search(r"^wings/mailing +\S", "\n".join(lines), re.M)
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def is_for_users(file: Path) -> bool:
    return file.parent.name != "docs" and "development" not in file.parts


def test_it_prints_a_page_as_it_is() -> None:
    text = (ROOT / "docs" / "wings" / "mailing.md").read_text("utf-8")
    for name in ("mailing", "wings/mailing", "docs/wings/mailing.md", "wings/mailing.md#bounces"):
        assert good("docs", name) == text


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("bluesky", "bluesky: there are several such pages; write reference/sources/bluesky or wings/bluesky"),
        ("mailings", "mailings: no such page; did you mean wings/mailing?"),
        ("cake-recipes", "cake-recipes: no such page; `hotpapers docs` lists them"),
    ],
)
def test_a_page_that_is_not_there(typed: str, message: str) -> None:
    assert message in misuse("docs", typed)
    with pytest.raises(NotFound):
        page_named(typed, PAGES)


def test_a_package_without_pages_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("hotpapers.cli.about.FOLDERS", (tmp_path / "docs",))
    assert "the documentation is missing from this installation" in misuse("docs")


# ---- how everything else refers to it ------------------------------------------------------------------


def texts_for_users() -> Iterator[tuple[str, str]]:
    """Every text that may reach a user, with where it is: strings that are not docstrings, help, templates."""
    for file in SRC.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and id(node) not in docstrings:
                yield file.name, ast.unparse(node)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield file.name, node.value
    for file in (
        *SRC.rglob("template.toml"),
        *(SRC / "wings" / "hosting" / "templates").iterdir(),
    ):
        yield file.name, file.read_text("utf-8")
    for name in root_command.places():
        yield from helps(name, root_command.get_command(click.Context(root_command), name))


def helps(name: str, command: click.Command | None) -> Iterator[tuple[str, str]]:
    assert command is not None
    context = click.Context(command, help_option_names=["-h", "--help"])  # a command keeps its first help option
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for part in command.list_commands(context):
            yield from helps(f"{name} {part}", command.get_command(context, part))


def test_no_text_names_a_file_that_only_a_checkout_has() -> None:
    found_paths = [(place, PATH.findall(text)) for place, text in texts_for_users() if place != "docs"]
    allowed = {"docs/croissant-spec", "docs/huggingface_hub"}
    assert [(place, paths) for place, paths in found_paths if set(paths) - allowed and "cli/about" not in place] == []


def test_every_page_that_a_text_names_exists() -> None:
    names = {name for _, text in texts_for_users() for name in CALL.findall(text)}
    assert len(names) > 10
    for name in names:
        if "{" not in name:
            assert page_named(name, PAGES)
    for source in ("arxiv", "bluesky", "hackernews", "huggingface"):
        assert page_named(f"sources/{source}", PAGES) == f"reference/sources/{source}"
    for source in ("lobsters", "mastodon", "feeds", "reddit", "x"):
        assert page_named(f"sources/{source}", PAGES) == f"wings/{source}"
    for source in SOURCES:
        assert page_named(f"sources/{source}", PAGES)
    assert page_named("sources/biorxiv", PAGES) == "wings/preprints"
    for channel in ("mailing", "chat", "webhook", "bluesky"):
        assert page_named(f"wings/{channel}", PAGES) == f"wings/{channel}"
