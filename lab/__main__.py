"""`python -m lab`: in a checkout."""

from __future__ import annotations

import sys

from hotpapers.cli import run_command
from lab.commands import lab

sys.exit(run_command(sys.argv[1:], lab, "python -m lab"))
