"""Checks the hooks of a wing when it is loaded, so that a wrong one is named with its wing."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from hotpapers.base.wings import HOOK_MODULES, Loading, Wing, arguments_problem

_TYPES: dict[str, type] = {"str": str, "bool": bool, "int": int, "tuple": tuple, "Mapping": Mapping, "Places": Mapping}


def check_hooks(wing: Wing) -> None:
    """Raises TypeError for a hook of a type that no part of the program calls, a field of another type, and a function
    that takes other arguments."""
    for hook in wing.hooks:
        kind = type(hook)
        if kind.__module__ not in HOOK_MODULES or not isinstance(hook, tuple):
            raise TypeError(f"unknown hook {kind.__name__}")
        for field, annotation in kind.__annotations__.items():
            _check_field(
                f"{kind.__name__}.{field}",
                getattr(hook, field),
                str(getattr(annotation, "__forward_arg__", annotation)),
            )


def _check_field(name: str, value: object, annotation: str) -> None:
    """Checks a field by its annotation alone: others name types that are not imported."""
    expected = ast.parse(annotation, mode="eval").body
    outer = expected.value if isinstance(expected, ast.Subscript) else expected
    arguments = expected.slice if isinstance(expected, ast.Subscript) else None
    kind = outer.id if isinstance(outer, ast.Name) else ""
    if kind == "Callable":
        _check_function(name, value, arguments)
    elif kind in _TYPES and not isinstance(value, _TYPES[kind]):
        raise TypeError(f"{name} is of type {type(value).__name__}")


def _check_function(name: str, value: object, arguments: ast.expr | None) -> None:
    if not callable(value):
        raise TypeError(f"{name} is of type {type(value).__name__}")
    given = arguments.elts[0] if isinstance(arguments, ast.Tuple) else None
    if isinstance(given, ast.List) and not isinstance(value, Loading):
        problem = arguments_problem(value, given.elts, {})
        if problem:
            raise TypeError(f"{name} {problem}")
