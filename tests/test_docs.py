"""The docs are true: what the program has stands in them, what they name is there, and every link leads somewhere."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from tests.conftest import ROOT
from tools import make_docs

DOCS = ROOT / "docs"
NOTES = DOCS / "decisions"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def prose_of(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^( *)(```|~~~).*?^\1\2 *$", "", text_of(page), flags=re.M | re.S)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# ---- what the program has ------------------------------------------------------------------------------


def test_the_command_line_is_described_as_it_is() -> None:
    assert text_of(DOCS / "cli.md") == make_docs.page(), "run: make docs"


def test_every_command_and_option_is_described() -> None:
    page = text_of(DOCS / "cli.md")
    for context in make_docs.contexts(make_docs.root_command(), "hotpapers"):
        assert f"\n## {context.command_path}\n" in page
        part = page.split(f"\n## {context.command_path}\n")[1].split("\n## ")[0]
        options = [p for p in context.command.get_params(context) if not getattr(p, "hidden", False)]
        names = [name for p in options if p.param_type_name == "option" for name in [*p.opts, *p.secondary_opts]]
        assert not [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", part)]


def test_every_command_says_what_it_is_for() -> None:
    contexts = make_docs.contexts(make_docs.root_command(), "hotpapers")
    assert not [context.command_path for context in contexts if not context.command.help]


def test_every_setting_is_described() -> None:
    """docs/settings.md names each field of each struct in hotpapers.settings; without settings there is no page."""
    fields = setting_names()
    page = DOCS / "settings.md"
    described = set(re.findall(r"`([\w-]+)`", text_of(page))) if page.exists() else set()
    assert fields <= described
    assert page.exists() == bool(fields)


def setting_names() -> set[str]:
    if not (ROOT / "src" / "hotpapers" / "settings.py").exists():
        return set()
    module = importlib.import_module("hotpapers.settings")
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    structs = [value for value in own if inspect.isclass(value) and issubclass(value, msgspec.Struct)]
    return {field.encode_name for struct in structs for field in msgspec.structs.fields(struct)}


def test_every_error_is_described() -> None:
    errors = importlib.import_module("hotpapers.errors")
    names = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    described = set(re.findall(r"`(\w+)`", text_of(DOCS / "errors.md")))
    drawn = set(re.findall(r"\w+", errors.__doc__ or ""))
    assert names and not names - described
    assert not names - drawn, "draw it in the docstring of errors.py"


# ---- what the docs say -----------------------------------------------------------------------------------


def notes() -> list[Path]:
    return [page for page in sorted(NOTES.glob("*.md")) if page.name != "README.md"]


def test_every_decision_note_is_dated_and_listed() -> None:
    """A note begins with its title and names its day in the first five lines; decisions/README.md links to it."""
    index = text_of(NOTES / "README.md")
    listed = set(re.findall(r"\]\(([\w.-]+\.md)\)", index))
    assert listed == {note.name for note in notes()}
    for note in notes():
        lines = text_of(note).splitlines()
        assert lines[0].startswith("# "), note.name
        assert re.search(r"\b20\d\d-[01]\d-[0-3]\d\b", "\n".join(lines[:5])), f"{note.name} has no date"


def slug(heading: str) -> str:
    """A heading's anchor, as code hosts make it."""
    shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip()).lower()
    return re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    seen: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.*?) *#*$", prose_of(page), re.M):
        seen[slug(heading)] = seen.get(slug(heading), 0) + 1
    repeated = {f"{name}-{n}" for name, times in seen.items() for n in range(1, times)}
    return set(seen) | repeated | set(re.findall(r'<a (?:id|name)="([^"]+)"', text_of(page)))


def dead_links(page: Path) -> list[str]:
    """The relative links of a page that lead to no file, or to no heading in it."""
    inline = re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", prose_of(page))
    named = re.findall(r"^\[[^\]]+\]: *(\S+)", prose_of(page), re.M)
    html = re.findall(r'(?:href|src)="([^"]+)"', prose_of(page))
    return [
        link for link in [*inline, *named, *html] if not re.match(r"[a-z][a-z0-9+.-]*:", link) and is_dead(page, link)
    ]


def is_dead(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return not target.exists() or bool(anchor and target.suffix == ".md" and anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert not dead_links(page)


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](page.md#one-thing) [b](#one-thing) [c](gone.md) [d](#two) ![e](https://x.org/e.png)\n"
    )
    assert dead_links(page) == ["gone.md", "#two"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_named_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", text_of(ROOT / "Makefile"), re.M))
    named = re.findall(r"^(?:\$ )?make ([a-z-]+)|`make ([a-z-]+)", text_of(page), re.M)
    assert not {a or b for a, b in named} - targets


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## +\[?(\d+\.\d+\.\d+\S*?)\]?(?:[\s,:]|$)", text_of(ROOT / "CHANGELOG.md"), re.M)
    assert newest and newest[1] == version
