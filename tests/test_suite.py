"""The suite itself runs the same wherever it is started from."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT

GRANDCHILD = "import signal; print(signal.getsignal({}) == signal.SIG_IGN)"
CHILD = "import subprocess, sys, tests.conftest; subprocess.run([sys.executable, '-c', {!r}])"


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM], ids=str)
def test_programs_under_test_get_signals_that_the_starter_of_the_suite_ignores(number: signal.Signals) -> None:
    child = CHILD.format(GRANDCHILD.format(int(number)))
    command = f"trap '' {number.name.removeprefix('SIG')}; exec \"$@\""
    process = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-c", child],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert process.stdout == "False\n"


def test_a_test_that_hangs_is_ended(pytestconfig: pytest.Config) -> None:
    assert float(pytestconfig.getini("timeout")) > 0
