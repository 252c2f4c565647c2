"""Hooks: what wings add, of types that the parts define which call them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest

from hotpapers.base.hook_checks import annotations_of, arguments_in, check_hooks
from hotpapers.base.installed import installed_wings
from hotpapers.base.wings import HOOK_MODULES, Loading, Wing, arguments_problem, load_object
from tests.conftest import ROOT

VALUES = {"SettingsTable", "Wing", "HostKind", "Trial", "PostPages"}
"""Types in these modules that are parts of hooks, or of wings."""


def hook_types() -> dict[str, type]:
    modules = [importlib.import_module(name) for name in HOOK_MODULES]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, tuple) and value.__module__ == module.__name__
        and name not in VALUES
    }  # fmt: skip


def callables_of(wing: Wing) -> Iterator[tuple[str, object, int]]:
    """The functions in a wing's hooks: the name of the field, the function, and how many arguments it gets."""
    for hook in wing.hooks:
        for field, annotation in annotations_of(type(hook)).items():
            arguments = arguments_in(annotation)
            if arguments is not None:
                yield f"{type(hook).__name__}.{field}", getattr(hook, field), len(arguments)


@pytest.mark.parametrize("wing", installed_wings(), ids=lambda wing: wing.name)
def test_the_hooks_of_a_wing_are_as_their_types_say(wing: Wing) -> None:
    check_hooks(wing)
    for name, function, count in callables_of(wing):
        loaded = load_object(function.place) if isinstance(function, Loading) else function
        assert arguments_problem(loaded, [None] * count, {}) == "", (wing.name, name)


def test_every_type_is_used_and_described() -> None:
    used = {type(hook).__name__ for wing in installed_wings() for hook in wing.hooks}
    examples = (ROOT / "docs" / "examples").glob("*/*/__init__.py")
    shown = "".join(example.read_text("utf-8") for example in examples)
    assert {name for name in hook_types() if name not in used and f"{name}(" not in shown} == set()
    page = (ROOT / "docs" / "development" / "hooks.md").read_text("utf-8")
    assert set(re.findall(r"`([A-Z]\w+)`", page)) == {*hook_types(), "Wing"}


def test_a_wing_has_few_fields() -> None:
    assert len(Wing._fields) <= 6
