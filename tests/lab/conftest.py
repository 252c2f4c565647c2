"""Fixtures of tests of the lab."""

from __future__ import annotations

from tests.cli.conftest import demo_folder

__all__ = ["demo_folder"]
