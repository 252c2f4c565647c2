"""Fixtures of the command line, for commands of wings."""

from __future__ import annotations

from tests.cli.conftest import cwd, demo, demo_folder, site, store

__all__ = ["cwd", "demo", "demo_folder", "site", "store"]
