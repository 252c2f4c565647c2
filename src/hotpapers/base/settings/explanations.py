"""Tables of hotpapers.toml as structs, and in plain words why one is unusable: the key, what was written, what is
expected. No word of the library that checks them reaches the user."""

from __future__ import annotations

import copy
import datetime
import inspect
import json
import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from hotpapers.base.credentials import is_secret_name, without_values
from hotpapers.base.errors import SettingsError
from hotpapers.base.settings.limits import limit_of
from hotpapers.base.suggestions import did_you_mean, list_choices, nearest_names

T = TypeVar("T", bound=msgspec.Struct)
NOTHING: Mapping[str, str] = types.MappingProxyType({})
_DESCRIBED = re.compile(r"((?:`\w+`(?:, )?)+): ")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_USERS = frozenset(("feed_user", "user"))
"""Settings whose value no error shows, besides those named for a secret."""
_MAX_VALUE_CHARS = 40
"""Characters of a value that an error shows."""


class ValuePlace(NamedTuple):
    """A place in a table: `path`, as in `publication[0].hour`, the type it should have, its default and its value."""

    path: str
    hint: Any
    default: Any
    value: Any


def describe_fields(cls: type[Any]) -> dict[str, str]:
    """The description of each field in the docstrings of a class and of the classes it extends: "`hour`, `zone`: when
    a day's issue closes." → both, the same."""
    text = " ".join(" ".join(inspect.cleandoc(each.__doc__ or "") for each in reversed(cls.__mro__)).split())
    parts = _DESCRIBED.split(text)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {name: description.strip(" ;.") for names, description in pairs for name in re.findall(r"`(\w+)`", names)}


def convert_table(table: object, cls: type[T], path: str, more: Mapping[str, str] = NOTHING) -> T:
    """A table as a struct. `path`: where it is in the file; `more`: keys besides the struct's, which are read
    elsewhere, and what they do. Raises SettingsError that names the key and the remedy."""
    if not isinstance(table, Mapping):
        raise SettingsError(f"{key_at(path)}: {_expected(ValuePlace(path, cls, None, table))}")
    try:
        return msgspec.convert({key: value for key, value in table.items() if key not in more}, cls)
    except msgspec.ValidationError as problem:
        explained = _explained(problem, ValuePlace(path, cls, None, table), more, NOTHING)
        raise SettingsError(without_values(explained, table)) from problem


MAX_MISTAKES = 20
"""The most mistakes of a file that are told."""


def converted_all(table: Mapping[str, Any], cls: type[T], homes: Mapping[str, str]) -> tuple[T | None, list[str]]:
    """A whole file as a struct, and all that is wrong with it, as in `convert_table`: a wrong value is left out to see
    what else is wrong. None if something needed is missing."""
    rest = copy.deepcopy(dict(table))
    mistakes = list[str]()
    is_whole = True
    for _ in range(MAX_MISTAKES):
        try:
            result = msgspec.convert(rest, cls)
        except msgspec.ValidationError as problem:
            mistake = _explained(problem, ValuePlace("", cls, None, rest), NOTHING, homes)
            key = mistake.partition(": is missing")[0]
            if not any(earlier.startswith(f"{key}: ") for earlier in mistakes):
                mistakes.append(mistake)
            is_whole = _is_mended(rest, problem) and is_whole
        else:
            return result if is_whole else None, mistakes
    return None, mistakes


def _is_mended(table: dict[str, Any], problem: msgspec.ValidationError) -> bool:
    """Removes a wrong value, or its list, from a table. If something needed is missing, which would hide other
    mistakes, a text stands in, and the table is of no further use."""
    reason, _, text = str(problem).partition(" - at `$")
    steps = [name or int(number) for name, number in _STEP.findall(text)]
    missing = _MISSING.fullmatch(reason)
    unknown = _UNKNOWN.fullmatch(reason)
    if named := missing or unknown:
        steps.append(named[1])
    while isinstance(steps[-1], int):
        steps.pop()
    inner: Any = table
    for step in steps[:-1]:
        inner = inner[step]
    if missing:
        inner[steps[-1]] = "missing"
    else:
        del inner[steps[-1]]
    return missing is None


def _explained(
    problem: msgspec.ValidationError, whole: ValuePlace, more: Mapping[str, str], homes: Mapping[str, str]
) -> str:
    reason, _, steps = str(problem).partition(" - at `$")
    place = _place(whole, steps.rstrip("`"))
    if isinstance(problem.__cause__, ValueError):  # from a check of our own
        return f"{key_at(place.path)}: {reason}"
    if match := _UNKNOWN.fullmatch(reason):
        return f"{key_at(place.path, match[1])}: {_unknown(match[1], place, more, homes)}"
    if match := _MISSING.fullmatch(reason):
        return f"{key_at(place.path, match[1])}: is missing; write {match[1]} = …"
    return f"{key_at(place.path)}: {_expected(place)}"


def _place(start: ValuePlace, steps: str) -> ValuePlace:
    place = start
    for match in _STEP.finditer(steps):
        name, number = match.groups()
        if name:
            default = next(field.default for field in msgspec.structs.fields(place.hint) if field.name == name)
            hint = get_type_hints(place.hint, include_extras=True)[name]
            members = [member for member in get_args(hint) if member is not types.NoneType]
            if get_origin(hint) in (Union, types.UnionType) and len(members) == 1:
                hint = members[0]
            place = ValuePlace(".".join(filter(None, (place.path, name))), hint, default, place.value[name])
        else:
            element = get_args(_bare(place.hint))[0]
            place = ValuePlace(f"{place.path}[{number}]", element, None, place.value[int(number)])
    return place


def key_at(path: str, name: str = "") -> str:
    """`publication[0].hour` → `publication 1: hour`."""
    text = re.sub(r"\[(\d+)\]\.?", lambda match: f" {int(match[1]) + 1}: ", ".".join(filter(None, (path, name))))
    return text.rstrip(": .") or "the file"


# ---- unknown keys --------------------------------------------------------------------------------------


def _unknown(name: str, place: ValuePlace, more: Mapping[str, str], homes: Mapping[str, str]) -> str:
    known = [*place.hint.__struct_fields__, *more]
    alike = _of_its_kind(place, name, more)
    meant = nearest_names(name, alike)
    is_table = not place.path and isinstance(place.value[name], Mapping | list)
    if name in homes and not (is_table and meant):
        return f"no such setting here; it belongs {homes[name]}"
    if not meant and is_table:
        return (
            "no such table; it may belong to a wing that is not installed: `hotpapers wings` lists those that are; "
            f"the settings here are {', '.join(known)}"
        )
    if not meant:
        return f"no such setting; the settings here are {', '.join(known)}"
    description = {**describe_fields(place.hint), **more}.get(meant[0], "")
    return f"no such setting; {did_you_mean(name, alike)}" + (f" ({meant[0]}: {description})" if description else "")


def _of_its_kind(place: ValuePlace, name: str, more: Mapping[str, str]) -> list[str]:
    """The settings that may be meant by a key at the top of a file: tables by a table, else all others."""
    if place.path:
        return [*place.hint.__struct_fields__, *more]
    value = place.value[name]
    rows = value if isinstance(value, list) else [value]
    is_table = any(isinstance(row, Mapping) for row in rows)
    hints = get_type_hints(place.hint)
    return [key for key in place.hint.__struct_fields__ if _is_of_tables(hints[key]) == is_table]


def _is_of_tables(hint: Any) -> bool:
    is_struct = isinstance(hint, type) and issubclass(hint, msgspec.Struct)
    return is_struct or _is_list_of_tables(hint) or get_origin(hint) is dict


# ---- wrong values --------------------------------------------------------------------------------------


def _expected(place: ValuePlace) -> str:
    """What a value must be, and what it is."""
    hint = _bare(place.hint)
    name = re.split(r"[.\[]", place.path)[-1]
    is_table = isinstance(hint, type) and issubclass(hint, msgspec.Struct)
    if get_origin(hint) is Literal and isinstance(place.value, str):
        return f"{place.value!r} is not one of {list_choices(place.value, get_args(hint))}"
    if is_table and isinstance(place.value, list):
        return f"must be one table; write [{place.path}] in single brackets"
    if _is_list_of_tables(hint) and isinstance(place.value, Mapping):
        return f"must be a list of tables; write [[{place.path}]] in double brackets"
    return f"must be {_kind(hint, place)}, not {_given(place.value, is_secret=name in _USERS or is_secret_name(name))}"


def _kind(hint: Any, place: ValuePlace) -> str:
    """`a whole number without quotation marks, 0 to 23, such as 8`."""
    origin = get_origin(hint) or hint
    if origin is Literal:
        return " or ".join(map(_as_toml, get_args(hint)))
    if origin is tuple and _is_list_of_tables(hint):
        return f"a list of tables, such as [[{place.path}]]"
    if origin is tuple:
        own = (place.value,) if isinstance(place.value, str) and place.value else ()
        return f"a list, such as {_as_toml(own or place.default or ('this', 'that'))}"
    if origin is bool:
        return "true or false, without quotation marks"
    limit = limit_of(place.hint)
    if origin in (int, float):
        number = "a whole number" if origin is int else "a number"
        is_number = isinstance(place.value, int | float) and not isinstance(place.value, bool)
        quoted = "" if is_number else " without quotation marks"
        return f"{number}{quoted}{f', {limit}' if limit else ''}{_example(place)}"
    if origin is str:
        if limit and isinstance(place.value, str):
            return f"text, {limit}"
        return f"text in quotation marks{_example(place) or ', such as ' + chr(34) + 'this' + chr(34)}"
    if place.path.endswith("]"):  # one of a list of tables
        return f"a table: write [[{place.path.rpartition('[')[0]}]], and {origin.__struct_fields__[0]} = … below it"
    return f"a table, such as [{place.path}]"


def _example(place: ValuePlace) -> str:
    """The value itself where only the quotation marks are missing, else the default."""
    if isinstance(place.value, datetime.date):
        return f', such as "{place.value}"'
    has_default = place.default not in (None, "", msgspec.NODEFAULT)
    return f", such as {_as_toml(place.default)}" if has_default else ""


def _given(value: object, *, is_secret: bool) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if is_secret:
        return "text" if isinstance(value, str) else "a number or date"
    if isinstance(value, str):
        is_long = len(value) > _MAX_VALUE_CHARS
        return f"a text of {len(value):,} characters" if is_long else f"the text {_as_toml(value)}"
    return _as_toml(value)[:_MAX_VALUE_CHARS]


def _as_toml(value: object) -> str:
    if isinstance(value, datetime.date | datetime.time):
        return str(value)
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def homes_below(cls: type[msgspec.Struct]) -> dict[str, str]:
    """Where each key of a file belongs, if only one of its tables has it: `in [publish]`."""
    homes: dict[str, list[str]] = {}
    for table, hint in get_type_hints(cls).items():
        is_list = _is_list_of_tables(hint)
        struct = get_args(hint)[0] if is_list else hint
        is_table = isinstance(struct, type) and issubclass(struct, msgspec.Struct)
        place = f"in [[{table}]]" if is_list else f"in [{table}]"
        place = place if is_table else "at the top of the file, before all tables"
        for key in struct.__struct_fields__ if is_table else (table,):
            homes.setdefault(key, []).append(place)
    return {key: places[0] for key, places in homes.items() if len(places) == 1}


def _is_list_of_tables(hint: Any) -> bool:
    element = get_args(hint)[0] if get_origin(hint) is tuple else None
    return isinstance(element, type) and issubclass(element, msgspec.Struct)


def _bare(hint: Any) -> Any:
    """A type without its limits."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
