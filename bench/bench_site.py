"""The archive's issues and their papers, against Hugo, Pelican and Eleventy.

Ours is `hotpapers publish --all --to site` into an empty folder, with all issues already frozen. Each peer builds the
same pages from Markdown (bench/site_content.py) with templates of the same frame (bench/site_peers.py); everything that
makes more pages is off, and the numbers of pages must be equal. The whole process is timed, best of three. *One new
issue* is `hotpapers publish DAY --to site` for the last day, into a folder that has all others. Hugo uses all cores,
ours two for a whole site and one for a day, so processor time is shown beside wall time, measured in separate turns.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import bench_import, measure
from bench.site_content import further, pages
from bench.site_peers import GENERATORS, Generator
from hotpapers.issues.freeze import freeze_issue, publication_of
from hotpapers.issues.queries import frozen_days, listed_days
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view.site_paths import issue_path
from hotpapers.record import Record
from hotpapers.wings.classic.importing import import_parsed, read_classic

ASSETS = ("style.css", "icon.svg")


def frozen(store: str, files: Sequence[Path]) -> list[str]:
    """Import and freeze all listings. Returns their days."""
    with Record(store) as record:
        for file in files:
            import_parsed(record, [read_classic(file.name, file.read_bytes())])
        publication = publication_of(record, None)
        for day in listed_days(record, publication.publication):
            freeze_issue(record, publication, day)
        return frozen_days(record, publication.publication)


Timed = Callable[[Callable[[], object]], float]
"""How a task's time is measured."""


def publish(store: str, output: Path, *days: str, timer: Timed = measure.seconds) -> float:
    """Seconds of the whole command, for these days or all."""
    selection = days or ("--all",)
    command = [sys.executable, "-m", "hotpapers", "publish", *selection, "--to", "site", "--output", str(output)]
    return timer(lambda: _run([*command, "--store", store], output.parent))


def _run(command: Sequence[str], folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=environment)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {process.stdout[-2000:]}{process.stderr[-2000:]}")


def prepared(folder: Path, store: str, assets: Path) -> dict[str, Callable[[Timed], float]]:
    """For each installed generator, a function that builds its site into a new folder and returns the time taken."""
    builders: dict[str, Callable[[Timed], float]] = {}
    with Record(store) as record:
        issue_reader = RecordIssueReader(record)
        name = publication_of(record, None).publication
        content = list(pages(issue_reader, name))
    content += further(assets, content)
    for generator in GENERATORS:
        program = generator.installed_path()
        if program is not None:
            source = folder / generator.program
            generator.prepare(source, content)
            _place_assets(source, generator, assets)
            builders[generator.name] = _builder(generator, program, source, folder)
    return builders


def _place_assets(source: Path, generator: Generator, assets: Path) -> None:
    """Put style and icon where the generator copies files from."""
    where = {"Hugo": source / "static", "Pelican": source / "theme" / "static"}.get(generator.name)
    if where:
        where.mkdir(parents=True, exist_ok=True)
        for name in ASSETS:
            shutil.copy(assets / name, where / name)


_numbers = itertools.count()


def _builder(generator: Generator, program: str, source: Path, folder: Path) -> Callable[[Timed], float]:
    def build(timer: Timed) -> float:
        output = folder / f"{generator.program}-{next(_numbers)}"
        return timer(lambda: _run(generator.command(program, source, output), source))

    return build


def html(folder: Path) -> tuple[int, int]:
    """A site's number of pages, and their bytes."""
    files = list(folder.rglob("*.html"))
    return len(files), sum(file.stat().st_size for file in files)


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths, note = bench_import.files(folder, scale)
        store = str(folder / "store.db")
        days = frozen(store, paths)
        site = folder / "ours"
        publish(store, site)
        peers = prepared(folder, store, site)
        one_day = partial(again, store, site, days[-1])

        def whole(timer: Timed) -> float:
            return publish(store, folder / f"ours-{next(_numbers)}", timer=timer)

        times = _turns([whole, one_day, *peers.values()], measure.seconds)
        processor_times = _turns([whole, one_day, *peers.values()], measure.processor_seconds)
        notes = [f"{note}; {len(days):,} issues", *_sizes(folder, site, peers)]
    lines = [*_lines("", times, list(peers)), *_lines(", processor time", processor_times, list(peers))]
    return {"lines": lines, "method": __doc__, "notes": notes}


def _turns(tasks: Sequence[Callable[[Timed], float]], timer: Timed) -> list[float]:
    return measure.by_turns(3, *(partial(task, timer) for task in tasks))


def _lines(how: str, times: Sequence[float], peers: Sequence[str]) -> list[dict[str, Any]]:
    full, one_issue, *peer_times = times
    time_of = dict(zip(peers, peer_times, strict=True))
    lines = [_line(generator.name, how, full, time_of.get(generator.name)) for generator in GENERATORS]
    return [*lines, measure.at_most(f"one new issue, against the full build{how}", one_issue, full, 0.1)]


def _line(peer: str, how: str, own_time: float, peer_time: float | None) -> dict[str, Any]:
    label, goal = f"against {peer}{how}", 2 if peer == "Hugo" else 1
    if peer_time is None:
        return measure.Line(label, measure.span(own_time), "not installed", None, f"≤ {goal}")._asdict()
    return measure.at_most(label, own_time, peer_time, goal)


def again(store: str, site: Path, day: str, timer: Timed) -> float:
    """Seconds to publish one day into a site that lacks it."""
    shutil.rmtree((site / issue_path(day)).parent)
    return publish(store, site, day, timer=timer)


def _sizes(folder: Path, site: Path, peers: dict[str, Any]) -> list[str]:
    """Pages and bytes of every site. Raises AssertionError if one has other pages."""
    own = html(site)
    notes = [f"ours: {own[0]:,} pages, {own[1] / 1e6:.1f} MB"]
    for generator in GENERATORS:
        if generator.name in peers:
            output = next(path for path in folder.glob(f"{generator.program}-*") if path.is_dir())
            size = html(output)
            notes.append(f"{generator.name} ({generator.release()}): {size[0]:,} pages, {size[1] / 1e6:.1f} MB")
            if size[0] != own[0]:
                raise AssertionError(f"{generator.name} made {size[0]} pages, ours {own[0]}")
    return notes
