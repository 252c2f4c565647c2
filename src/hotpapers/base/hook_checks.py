"""Checks the hooks of a package's wing when it is loaded (`outside_wings`), so that a wrong one is named with it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from hotpapers.base.wings import HOOK_MODULES, Loading, Wing, arguments_problem

_TYPES: dict[str, Any] = {
    "str": str,
    "bool": bool,
    "int": int,
    "tuple": tuple,
    "Mapping": Mapping,
    "Places": Mapping,
    "Callable": Callable,
}
"""By how an annotation begins. Others name types that are not imported, so they are not checked."""


def check_hooks(wing: Wing) -> None:
    """Raises TypeError for a hook of a type that no part of the program calls, a field of another type, and a function
    that takes other arguments."""
    for hook in wing.hooks:
        kind = type(hook)
        if kind.__module__ not in HOOK_MODULES or not isinstance(hook, tuple):
            raise TypeError(f"unknown hook {kind.__name__}")
        for field, annotation in annotations_of(kind).items():
            _check_field(f"{kind.__name__}.{field}", getattr(hook, field), annotation)


def annotations_of(kind: type) -> dict[str, ast.expr]:
    """The annotations of a type of hooks, by field."""
    texts = {field: str(getattr(value, "__forward_arg__", value)) for field, value in kind.__annotations__.items()}
    return {field: ast.parse(text, mode="eval").body for field, text in texts.items()}


def arguments_in(annotation: ast.expr) -> list[ast.expr] | None:
    """The arguments of a function, by its annotation; None if it is no function, or one of any arguments."""
    inside = annotation.slice if isinstance(annotation, ast.Subscript) else None
    given = inside.elts[0] if isinstance(inside, ast.Tuple) and _name_in(annotation) == "Callable" else None
    return given.elts if isinstance(given, ast.List) else None


def _name_in(annotation: ast.expr) -> str:
    """How an annotation begins: `Callable` in `Callable[[str], int]`."""
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return outer.id if isinstance(outer, ast.Name) else ""


def _check_field(name: str, value: object, annotation: ast.expr) -> None:
    expected = _TYPES.get(_name_in(annotation))
    if expected and not isinstance(value, expected):
        raise TypeError(f"{name} is of type {type(value).__name__}")
    arguments = arguments_in(annotation)
    if arguments is not None and not isinstance(value, Loading):
        problem = arguments_problem(value, arguments, {})
        if problem:
            raise TypeError(f"{name} {problem}")
