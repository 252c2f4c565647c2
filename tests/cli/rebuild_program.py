"""docs/examples/rebuild.py and its parts as modules."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any
from unittest.mock import patch

import msgspec

from hotpapers.base.model import IssueContent
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.record.commitments import canonical_json
from hotpapers.record.record import Record
from tests.cli.test_rebuild import PROGRAM


def load_program(name: str = "rebuild") -> ModuleType:
    """The program, or one of its parts."""
    with patch.object(sys, "path", [str(PROGRAM.parent), *sys.path]), patch.object(sys, "dont_write_bytecode", True):
        return importlib.import_module(name)


def rebuilt_differently(program: ModuleType, record: Record, content: IssueContent) -> list[str]:
    """In what an issue differs as it is and as the program rebuilds it from an export."""
    frozen = canonical_json(content)
    issue: dict[str, Any] = msgspec.json.decode(frozen)
    rebuilt = program.Issue(program.Export(line.decode() for line in record_lines(record)), issue).rebuild()
    return [] if program.canonical(rebuilt) == frozen else [*program.differences(issue, rebuilt), "not the same bytes"]
