"""Compiled templates, kept as Python keeps its own compiled files: compiling takes longer than making a day's pages."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import __version__ as jinja
from jinja2.bccache import Bucket, FileSystemBytecodeCache


class TemplateCache(FileSystemBytecodeCache):
    """The compiled forms of a folder's templates, in its `__pycache__`. Where nothing can be kept, nothing is.

    `how`: what beside its own text tells one compiled form of a template from another.
    """

    def __init__(self, folder: Path, how: str) -> None:
        super().__init__(os.path.dirname(cache_from_source(str(folder / "any.py"))), "%s.jinja")
        self._how = f"{jinja} {how}"

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The name of a template's compiled form; it is another one for another Python."""
        return f"{name}.{sys.implementation.cache_tag}"

    def get_source_checksum(self, source: str) -> str:
        """What a compiled form is known by: it is made anew when this differs."""
        return super().get_source_checksum(self._how + source)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Reads a compiled form; one that is damaged is made anew."""
        with suppress(Exception):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps a compiled form, unless Python is told to keep none."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                os.makedirs(self.directory, exist_ok=True)
                super().dump_bytecode(bucket)
