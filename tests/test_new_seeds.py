"""The nightly run of new seeds."""

from __future__ import annotations

import itertools
import re

from tests.conftest import ROOT
from tools import new_seeds
from tools.new_seeds import Failure, Run


def test_each_target_takes_its_turn_with_a_new_seed() -> None:
    runs = list(itertools.islice(new_seeds.runs_from(7), 2 * len(new_seeds.RUNS)))
    assert [run.seed for run in runs] == list(range(7, 7 + len(runs)))
    assert {run.target for run in runs} == {target for target, _ in new_seeds.RUNS}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.M) for target, _ in new_seeds.RUNS)


def test_failing_runs_are_kept_with_the_line_that_repeats_them() -> None:
    clock = itertools.count()
    outputs = {8: (1, "…\nreplay: git switch --detach abc && SEED=8 make drift\n…"), 9: (2, "killed")}
    failures = list(
        new_seeds.failures_until(
            4, new_seeds.runs_from(7), lambda run: outputs.get(run.seed, (0, "")), lambda: next(clock)
        )
    )
    assert [failure.replay for failure in failures] == [
        "replay: git switch --detach abc && SEED=8 make drift",
        f'replay: SEED=9 make torture ARGS="{new_seeds.RUNS[2][1]}"',
    ]
    assert failures[0] == Failure(Run("drift", "", 8), failures[0].replay)


def test_nothing_more_is_tried_if_each_target_fails() -> None:
    failures = new_seeds.failures_until(1, new_seeds.runs_from(7), lambda _: (2, "no make"), lambda: 0)
    assert len(list(failures)) == len(new_seeds.RUNS)
