"""Run the console examples in README and docs; they must print what the pages show."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import IssueContent
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.record import Record
from hotpapers.site.demo import take_sample
from tests.cli.run import good
from tests.conftest import ROOT
from tools import make_docs, tour

PAGES = make_docs.pages_with_examples()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder; tests must not change it."""
    folder = tmp_path_factory.mktemp("tour") / "hotpapers-demo"
    good("demo", folder)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_print_what_the_pages_show(page: Path, demo: Path) -> None:
    for step, output_lines in tour.run(page.read_text("utf-8"), demo):
        assert not any(line.startswith("Traceback") for line in output_lines), "\n".join(output_lines)
        assert tour.agrees(step.expected, output_lines), "\n".join(
            ["run: make docs", f"$ {step.command}", *output_lines]
        )


def test_there_is_a_tour() -> None:
    page = ROOT / "docs" / "tutorial" / "tour.md"
    commands = " ".join(step.command for step in tour.steps(page.read_text("utf-8")))
    assert {page, ROOT / "README.md"} <= set(PAGES)
    for name in ("make demo", "explain", "verify", "export", "import jsonl", "forget", "import classic", "publish"):
        assert name in commands


def test_make_demo_runs_the_demo() -> None:
    """This is the command that the tour runs for `make demo`."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"^demo: .*\n\t@\$\(venv\)/bin/hotpapers demo$", makefile, re.M)


def test_another_output_is_noticed() -> None:
    page = "```console\n$ echo one\ntwo\n$ echo a b c\na … c\n$ true\n$ printf 'x\\ny\\nz\\n'\nx\n…\nz\n```\n"
    assert [tour.agrees(step.expected, output_lines) for step, output_lines in tour.run(page)] == [
        False,
        True,
        True,
        True,
    ]
    assert tour.refreshed(page) == page.replace("two", "one")
    assert not tour.agrees((), ("said something",))


def test_the_sample_is_the_same_wherever_and_whenever_it_is_frozen(tmp_path: Path) -> None:
    issues_by_moment = [
        contents(tmp_path / f"{moment}.db", moment) for moment in (1_800_000_000_000_000, 1_900_000_000_000_000)
    ]
    assert issues_by_moment[0] == issues_by_moment[1] and len(issues_by_moment[0]) == 5


def contents(store: Path, at: int) -> list[IssueContent]:
    """The issues without the chain, which differs between stores."""
    with Record(str(store)) as record:
        take_sample(record)
        publication = freeze.publication_of(record, None)
        days = issues_queries.listed_days(record, publication.publication)
        issues = [freeze.freeze_issue(record, publication, day, at=at).content for day in days]
    return [msgspec.structs.replace(content, chain="") for content in issues]
