"""Made-up cases of what networks say, each a pair of files: `<case>.<kind>.json` and `<case>.items.json`, what is read.

HOTPAPERS_REWRITE=1 writes the second of each pair anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from hotpapers.model import AnyItem, Item, RawPayload
from tests.conftest import ROOT, data

AT = 1_790_000_000_000_000
FOLDER = ROOT / "tests" / "data" / "sources"
Reader = Callable[[RawPayload], Iterable[Item]]
KeyOf = Callable[[str, bytes], str]


def cases(source: str) -> list[str]:
    """The cases of a source: their first files' names."""
    return sorted(f.name for f in (FOLDER / source).iterdir() if not f.name.endswith(".items.json"))


def check(source: str, case: str, read: Reader, key_of: KeyOf) -> None:
    """Reads a case and compares with what is expected of it."""
    name, kind = case.split(".")[:2]
    body = data(f"sources/{source}/{case}").read_bytes()
    found = list(read(RawPayload(kind, key_of(name, body), body, AT)))
    expected = FOLDER / source / f"{name}.items.json"
    if os.environ.get("HOTPAPERS_REWRITE"):
        expected.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    assert found == msgspec.json.decode(_bytes(expected), type=list[AnyItem])


def _bytes(expected: Path) -> bytes:
    return data(expected.relative_to(ROOT / "tests" / "data").as_posix()).read_bytes()
