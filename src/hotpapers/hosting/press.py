"""The whole site into an empty folder, from the record alone: for hosts that keep no folder between two runs."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import UsageError
from hotpapers.issue.shelf import RecordShelf
from hotpapers.model import File, Publication
from hotpapers.publish import budget, channel
from hotpapers.publish.files import write_files
from hotpapers.publish.imprint import Imprint

TOGETHER = ("site", "feeds")
"""Channels whose files lie in one folder."""


class Place(NamedTuple):
    """A publication's folder below the output, empty for the output itself, and its public address."""

    publication: Publication
    below: str
    imprint: Imprint


def places(publications: Sequence[Publication], imprint: Imprint) -> list[Place]:
    """Where publications go: one alone is the site, several have a folder each."""
    if len(publications) == 1:
        return [Place(publications[0], "", imprint)]
    return [
        Place(one, one.publication, imprint._replace(base=_within(imprint.base, one.publication)))
        for one in publications
    ]  # fmt: skip


def _within(base: str, name: str) -> str:
    return f"{base}{name}/" if base else ""


def render_all(shelf: RecordShelf, found: Sequence[Place], output: Path) -> int:
    """Writes the site and the feeds of publications; how many files. What is too large for the budget is folded. Raises
    UsageError where nothing can be written, or all of it is too large even so."""
    files = 0
    for place in found:
        name, folder = place.publication.publication, output / place.below
        for to in TOGETHER:
            files += write_files(folder, _rendered(shelf, place, to)).files
        share = place.imprint.budget // len(found)
        budget.fold(folder, share, shelf, name, partial(_rendered, shelf, place, "site"))
    if len(found) > 1:
        files += write_files(output, [File("index.html", _door(found))]).files
    _check_size(output, found[0].imprint.budget)
    return files


def _rendered(shelf: RecordShelf, place: Place, to: str, since: str = "") -> Iterator[File]:
    name = place.publication.publication
    return channel(to, place.imprint._replace(whole_since=since)).render(shelf, name, shelf.days(name))


def _check_size(output: Path, most: int) -> None:
    size = budget.site_size(output)
    if most and size > most:
        raise UsageError(budget.Forecast(str(output), size, most, None).warning)


def _door(found: Sequence[Place]) -> bytes:
    """A page that leads to several publications."""
    lines = [
        f'<li><a href="{html.escape(one.below)}/index.html">{html.escape(one.publication.title)}</a></li>'
        for one in found
    ]  # fmt: skip
    body = f"<h1>Publications</h1>\n<ul>\n{chr(10).join(lines)}\n</ul>"
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Publications</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'.encode()


def check_empty(output: Path) -> None:
    """Raises UsageError for a folder that holds something: what is left of another run would be published too."""
    if output.is_dir() and any(output.iterdir()):
        raise UsageError(f"{output}: holds something already; name an empty folder with --output.")
