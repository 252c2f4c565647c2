"""How public functions are named: so that a reader knows what one does where it is called. `make check` runs it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.source_names import FUNCTION
from tests.test_house import public, trees

MAX_ONE_WORD_FUNCTIONS = 138
"""May only fall."""
IMPORTED_ALONE = {
    "cli.main",
    "base.errors.require",
    "base.papers.arxiv.parse",  # a name of `hotpapers.ids`
    "base.papers.mentions.find",  # a name of `hotpapers.ids`
    "issues.ranking.scoring.ordered",  # which the documentation gives to rankings in other packages
}
"""Functions of one word that are imported without their module."""


def module_of(file: str) -> str:
    """`record/sqlite.py` → `record.sqlite`, `cli/__init__.py` → `cli`."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def one_word_functions(modules: dict[str, ast.Module]) -> set[str]:
    """Public functions without an underscore in their names: `record.sqlite.open`."""
    return {
        f"{module_of(file)}.{definition.name}"
        for file, tree in modules.items()
        for definition in public(tree)
        if isinstance(definition, FUNCTION) and "_" not in definition.name
    }


def imported_names(tree: ast.Module) -> Iterator[str]:
    """The names that a file imports from modules of the package, also within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hotpapers."):
            yield from (f"{node.module}.{alias.name}".removeprefix("hotpapers.") for alias in node.names)


def test_a_function_of_one_word_is_called_with_its_module() -> None:
    """`calendar.month(id)` says enough, `month(id)` does not: a function that is imported by its own name has two words
    or more, a verb first if it acts, `is_` or `has_` if it answers yes or no."""
    imported = {name for tree in trees().values() for name in imported_names(tree)}
    assert one_word_functions(trees()) & imported == IMPORTED_ALONE


def test_few_functions_have_one_word() -> None:
    """Counts every public function of a module whose name has no underscore, however it is called: also commands, which
    are named as they are typed, and hooks. Methods do not count."""
    names = one_word_functions(trees())
    assert len(names) <= MAX_ONE_WORD_FUNCTIONS, sorted(names)


def test_the_counting() -> None:
    source = (
        "def run(): ...\ndef run_it(): ...\nasync def stop(): ...\ndef _help(): ...\nclass Run:\n    def go(self): ..."
    )
    assert one_word_functions({"a/b.py": ast.parse(source)}) == {"a.b.run", "a.b.stop"}
    assert set(imported_names(ast.parse("def f():\n    from hotpapers.a.b import run, C"))) == {"a.b.run", "a.b.C"}
