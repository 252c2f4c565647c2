"""Templates, compiled once: values in, the bytes of a page out. The only file that imports the template library.

Everything is escaped (autoescape is on for every file), and a name that a template misspells is an error.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from hotpapers.publish import wording
from hotpapers.ranking import words

FOLDER = Path(__file__).parent / "templates"


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        policy=POLICY, number=words.number, count_noun=words.count_noun, weekdays=wording.WEEKDAYS
    )
    return environment


POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""What a page may load and do: its own style and images, nothing else (Content Security Policy Level 3)."""


def render(name: str, **values: object) -> bytes:
    """The page that a template makes of these values."""
    return _template(name).render(values).encode("utf-8", "replace")


@cache
def asset(name: str) -> bytes:
    """A file that is published as it is."""
    return (FOLDER / name).read_bytes()
