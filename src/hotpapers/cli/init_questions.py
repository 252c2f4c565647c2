"""What `hotpapers init` asks on a terminal, unless its options say it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import click

from hotpapers.base import settings, wings
from hotpapers.base.errors import UsageError
from hotpapers.base.settings.category_checks import category_problem
from hotpapers.cli.terminal import print_note

HERE = "here"
ZONES = "zoneinfo/"


class SiteAnswers(NamedTuple):
    """What a new site is to be: None for what is not known. `fields`: arXiv's categories, empty for all; `title`: what
    readers see; `hour`, `zone`: when each day closes; `hosts`: where the program runs, empty for here."""

    contact: str | None = None
    fields: tuple[str, ...] | None = None
    title: str | None = None
    hour: int | None = None
    zone: str | None = None
    hosts: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """The settings that differ from the template's."""
        values = {
            "contact": self.contact or None,
            "categories": self.fields,
            "title": self.title,
            "hour": self.hour,
            "zone": self.zone,
        }
        return {key: value for key, value in values.items() if value is not None}


def is_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(given: SiteAnswers) -> SiteAnswers:
    """The same, with answers to what is missing. Empty answers take what is in brackets."""
    table = settings.PublicationSettings(name="daily")
    print_note("Enter takes what is in brackets; all of it can be changed later in hotpapers.toml.")
    return SiteAnswers(
        contact=_ask(given.contact, "Your public contact, a web or mail address", "", contact_of),
        fields=_ask(given.fields, "Fields, such as cs.LG stat.ML or astro-ph; empty for all of arXiv", "", fields_of),
        title=_ask(given.title, "Name of the publication", table.title, str),
        hour=_ask(given.hour, "Hour at which each day closes, 0 to 23", table.hour, _hour),
        zone=_ask(given.zone, "Time zone", system_zone(), zone_of),
        hosts=given.hosts or _hosts(),
    )


def _ask(given: Any, question: str, default: Any, convert: Callable[[str], Any]) -> Any:
    if given is not None:
        return given

    def checked(text: Any) -> Any:
        try:
            return convert(str(text))
        except UsageError as problem:  # told, and asked again
            raise click.UsageError(str(problem)) from None

    return click.prompt(question, default, value_proc=checked, show_default=default != "", err=True)


def _hour(text: str) -> int:
    if not re.fullmatch(r"[01]?[0-9]|2[0-3]", text.strip(), re.ASCII):
        raise UsageError("write an hour from 0 to 23")
    return int(text)


def _hosts() -> tuple[str, ...]:
    kinds = wings.hosts()
    choices = click.Choice([HERE, *kinds])
    answer = click.prompt("Where it runs", HERE, type=choices, err=True) if kinds else HERE
    return () if answer == HERE else (answer,)


def contact_of(text: str) -> str:
    """A public contact, or nothing. Raises UsageError."""
    if problem := settings.contact_problem(contact := text.strip()):
        raise UsageError(f"the contact: {problem}")
    return contact


def fields_of(text: str) -> tuple[str, ...]:
    """The categories in a text, between spaces or commas. Raises UsageError."""
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for name in names:
        if problem := category_problem(name):
            raise UsageError(problem)
    return names


def zone_of(text: str) -> str:
    """The name of a time zone. Raises UsageError."""
    if problem := settings.zone_problem(zone := text.strip()):
        raise UsageError(problem)
    return zone


def system_zone() -> str:
    """This machine's time zone; UTC if it does not say."""
    for name in _zone_names():
        try:
            return zone_of(name)
        except UsageError:
            continue
    return "UTC"


def _zone_names() -> Iterator[str]:
    if os.environ.get("TZ"):
        yield os.environ["TZ"].removeprefix(":")
    elif os.path.islink("/etc/localtime"):
        yield os.path.realpath("/etc/localtime").partition(ZONES)[2]


def what_is_read() -> Iterator[str]:
    """Lines about what a new site reads, and what else it could read."""
    from hotpapers.collect.job_factory import ALWAYS_ON
    from hotpapers.collect.source_check import how_to_switch_on
    from hotpapers.collect.sources import SOURCES

    yield f"reads, without a key: {', '.join(name for name in SOURCES if name in ALWAYS_ON)}"
    yield from (f"reads {name} with {how_to_switch_on(name)}" for name in SOURCES if name not in ALWAYS_ON)
