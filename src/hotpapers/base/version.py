"""The program's version, which it also sends to servers and writes into files."""

from __future__ import annotations

__version__ = "1.0.0rc1"
