"""`python -m hotpapers`."""

from __future__ import annotations

from hotpapers.cli import main

main()
