"""The table of mutants is true: each change can be made, and its test exists."""

from __future__ import annotations

import ast

from tests.conftest import ROOT
from tools.mutants import mutants

MUTANTS = mutants()


def test_each_mutant_can_be_made() -> None:
    assert len(MUTANTS) >= 40
    for mutant in MUTANTS:
        code = (ROOT / "src" / "hotpapers" / mutant.file).read_text("utf-8")
        assert code.count(mutant.old) == 1, mutant.name
        ast.parse(code.replace(mutant.old, mutant.new))


def test_the_test_that_kills_each_exists() -> None:
    for mutant in MUTANTS:
        file, _, name = mutant.test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), mutant.name
