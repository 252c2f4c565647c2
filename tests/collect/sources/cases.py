"""Made-up network answers as pairs of files: the input `<case>.<kind>.json` and the expected `<case>.items.json`.

HOTPAPERS_REWRITE=1 rewrites the expected files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from hotpapers.base.model import AnyItem, Item, RawPayload
from tests.conftest import ROOT, data

AT = 1_790_000_000_000_000
FOLDER = ROOT / "tests" / "data" / "sources"
Reader = Callable[[RawPayload], Iterable[Item]]
KeyOf = Callable[[str, bytes], str]


def cases(source: str) -> list[str]:
    """The file names of a source's inputs."""
    return sorted(f.name for f in (FOLDER / source).iterdir() if not f.name.endswith(".items.json"))


def check(source: str, case: str, read: Reader, key_of: KeyOf) -> None:
    """Reads a case and compares the items with the expected ones."""
    name, kind = case.split(".")[:2]
    body = data(f"sources/{source}/{case}").read_bytes()
    items = list(read(RawPayload(kind, key_of(name, body), body, AT)))
    expected = FOLDER / source / f"{name}.items.json"
    if os.environ.get("HOTPAPERS_REWRITE"):
        expected.write_bytes(msgspec.json.format(msgspec.json.encode(items), indent=1) + b"\n")
    assert items == msgspec.json.decode(_bytes(expected), type=list[AnyItem])


def _bytes(expected: Path) -> bytes:
    return data(expected.relative_to(ROOT / "tests" / "data").as_posix()).read_bytes()


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in decoded JSON, at any depth, the outer one first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from objects_in(child)
