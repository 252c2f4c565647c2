"""docs/examples/rebuild.py as a module."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import msgspec

from hotpapers.base.model import IssueContent
from hotpapers.keep.transfer.jsonl.exporter import lines
from hotpapers.record.commitments import canonical_json
from hotpapers.record.record import Record
from tests.cli.test_rebuild import PROGRAM


def load_program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rebuild", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rebuilt_differently(program: ModuleType, record: Record, content: IssueContent) -> list[str]:
    """In what an issue differs as it is and as the program rebuilds it from an export."""
    issue: dict[str, Any] = msgspec.json.decode(canonical_json(content))
    rebuilt = program.Issue(program.Export(line.decode() for line in lines(record)), issue).rebuild()
    return list(program.differences({name: issue[name] for name in rebuilt if name in issue}, rebuilt))
