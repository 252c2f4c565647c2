"""`python -m lab`: in a checkout."""

from __future__ import annotations

import sys

from hotpapers.cli import collect_rarely, run_command
from lab.commands import lab

collect_rarely()
sys.exit(run_command(sys.argv[1:], lab, "python -m lab"))
