"""The plan of the house: which parts import which, no circles, and who knows what a paper server is.

The limits here may only fall.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT
from tests.test_house import SRC, code_texts, trees, without_type_checking

Graph = dict[str, set[str]]

FOLDERS = {"hotpapers": SRC, "bench": ROOT / "bench", "lab": ROOT / "lab", "tools": ROOT / "tools"}


def modules_in(folders: dict[str, Path]) -> dict[str, Path]:
    """Each module's dotted name, and its file."""
    files = [(name, folder, file) for name, folder in folders.items() for file in folder.rglob("*.py")]
    parts = {file: (name, *file.relative_to(folder).with_suffix("").parts) for name, folder, file in files}
    return {".".join(names).removesuffix(".__init__"): file for file, names in parts.items()}


def imported_by(tree: ast.AST, modules: set[str]) -> Iterator[str]:
    """The modules that some code imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from names & modules or {node.module}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def import_graph(modules: dict[str, Path], *, for_types: bool) -> Graph:
    """Each module with those that it imports; `for_types`: also those that only type checkers import."""
    graph: Graph = {}
    for name, file in modules.items():
        tree = parsed(file)
        code = tree if for_types else without_type_checking(tree)
        graph[name] = set(imported_by(code, set(modules))) - {name}
    return graph


def reached_from(graph: Graph, start: str) -> set[str]:
    """The modules that a module imports, directly or through others."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def circles_in(graph: Graph) -> set[frozenset[str]]:
    """The groups of modules that import each other."""
    reached = {name: reached_from(graph, name) for name in graph}
    return {
        frozenset(other for other in reached[name] if name in reached[other]) for name in graph if name in reached[name]
    }


def test_no_modules_import_each_other() -> None:
    assert circles_in(import_graph(modules_in({"hotpapers": SRC}), for_types=False)) == set()


def test_no_modules_need_each_other_s_types() -> None:
    assert circles_in(import_graph(modules_in({"hotpapers": SRC}), for_types=True)) == set()


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str](), "e": {"e"}}
    assert circles_in(graph) == {frozenset("bc"), frozenset("e")}
    modules = {"a", "a.b", "c"}
    code = "import c\nfrom a import b\ndef f():\n    from a import x\nif TYPE_CHECKING:\n    import a.b"
    assert set(imported_by(ast.parse(code), modules)) == {"c", "a.b", "a"}
    assert set(imported_by(without_type_checking(ast.parse("if TYPE_CHECKING:\n    import c")), modules)) == set()


MOST_ROOMS, MOST_ARROWS = 18, 91


def room_of(module: str) -> str:
    """The part of the program, or the folder beside it, with a module."""
    names = module.split(".")
    return names[0] if names[0] != "hotpapers" else (*names, "hotpapers")[1]


def test_the_plan_grows_no_arrows() -> None:
    graph = import_graph(modules_in(FOLDERS), for_types=True)
    arrows = {(room_of(name), room_of(other)) for name, others in graph.items() for other in others}
    assert len({room_of(name) for name in graph}) == MOST_ROOMS
    assert len({arrow for arrow in arrows if len({*arrow}) == 2}) == MOST_ARROWS


# ---- what a paper server is ------------------------------------------------------------------------------

ARXIV_HOMES = ("base/papers/", "base/networks.py", "collect/sources/", "ids.py", "wings/")
"""Its rules, its terms, the readers of networks, and the library for papers in a text."""
NAMES_ARXIV = {
    "base/errors.py",  # a public error
    "base/settings/limits.py",  # what is wrong with the name of a category
    "cli/issue.py",  # the public error
    "cli/status.py",  # the name of its job
    "keep/search/query_parser.py",  # the public error
    "publish/view/citation_formats.py",  # fields that reference managers have for its papers
    "publish/view/site_paths.py",  # addresses of its papers elsewhere
    "record/tombstones.py",  # a post's id that is also one of a paper
}
"""At most eight. Sentences for people may name it anywhere."""
ARXIV = re.compile(r"(https?://)?arxiv(:|\.org.*)?", re.IGNORECASE)


def identifiers_in(tree: ast.AST) -> Iterator[str]:
    """The names in some code: of variables, attributes, arguments, definitions and modules."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            if isinstance(name := getattr(node, field, None), str):
                yield name


def names_arxiv(tree: ast.Module) -> bool:
    """Whether code names arXiv, in an identifier or in a text that is nothing but its name or an address."""
    return any("arxiv" in name.lower() for name in identifiers_in(tree)) or any(map(ARXIV.fullmatch, code_texts(tree)))


def test_few_know_arxiv_by_name() -> None:
    others = {name: tree for name, tree in trees().items() if not name.startswith(ARXIV_HOMES)}
    assert {name for name, tree in others.items() if names_arxiv(tree)} == NAMES_ARXIV
    assert len(NAMES_ARXIV) <= 8
    for code in ("arxiv.key()", "from a import parse as arxiv_parse", "x = 'arXiv'", "x(is_on_arxiv=1)"):
        assert names_arxiv(ast.parse(code)), code
    assert not names_arxiv(ast.parse("'''arXiv'''\nx = 'a category of arXiv'"))
