"""`import hotpapers` in programs: the same verbs and values as the command line."""

from __future__ import annotations

import hashlib
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hotpapers
from hotpapers.base import errors
from hotpapers.ids import PaperMention, find
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.record import Record
from tests.cli.run import environment
from tests.conftest import ROOT
from tests.publish.query import query_stores
from tests.publish.query.query_stores import ID

DAY = "2021-01-14"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the sample."""
    path = tmp_path_factory.mktemp("library") / "sample.db"
    with Record(str(path)) as record:
        query_stores.add_sample(record)
    return path


def test_issues(store: Path) -> None:
    with hotpapers.Site(store) as papers:
        assert [publication.publication for publication in papers.publications()] == ["hot-papers"]
        assert [line.day for line in papers.issues()][-2:] == [DAY, "2020-12-22"]
        issue = papers.issue(DAY)
        assert issue == papers.issue(DAY, "hot-papers", 1)
        assert papers.issue().day == "2021-05-11"
        assert hashlib.sha256(papers.content(DAY)).hexdigest() == issue.digest
        assert papers.verify(DAY).verified
        assert papers.explain("2101.04869").place == papers.explain("2101.04869", DAY).place == 2


def test_papers(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        query_stores.add_talk(record)
    with hotpapers.Site(sqlite_url) as papers:
        assert papers.paper(ID).title == "The only one"
        assert [post.post for post in papers.posts(ID)] == ["x:7", "bluesky:robot", "bluesky:again", "bluesky:1"]
        assert [post.post for post in papers.posts(ID, "x")] == ["x:7"]
        assert len(list(papers.snapshots(ID))) == 4 and len(list(papers.snapshots(ID, network="x"))) == 1
        assert papers.status().issues == 1
        issue = papers.freeze("2024-05-08")
        assert (issue.content.day, issue.content.edition) == ("2024-05-08", 1)
        assert papers.freeze("2024-05-08", again=True, reason="an example").content.edition == 2
        assert [line.edition for line in papers.issues("daily")] == [2, 1]


def test_pages_are_joined_into_one_sequence(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hotpapers.publish.query import request_params

    with hotpapers.Site(store) as papers:
        hits = [hit.id for hit in papers.search("the")]
        monkeypatch.setattr(request_params, "MAX_PAGE_ROWS", 7)
        assert [hit.id for hit in papers.search("the")] == hits and len(hits) > 30
        assert len(list(papers.issues())) == 5


def test_invalid_arguments_are_errors_at_once(store: Path) -> None:
    with hotpapers.Site(store) as papers:
        for call in (lambda: papers.issue("today"), lambda: papers.posts("2101.04869", "usenet"),
                     lambda: papers.search(""), lambda: papers.explain("2101.04869", edition=-1)):  # fmt: skip
            with pytest.raises(errors.UsageError):
                call()
        with pytest.raises(errors.NotFound):
            papers.paper("2101.99999")
    with pytest.raises(errors.NotFound, match="no such store"):
        hotpapers.Site(store.parent / "none.db").status()


def test_exports(store: Path, tmp_path: Path) -> None:
    with hotpapers.Site(store) as papers:
        export = b"".join(papers.export())
        assert papers.record.secret().encode() in export
        assert papers.record.secret().encode() not in b"".join(papers.export(records=True))
        assert b"".join(papers.export("csv")).startswith(b"publication,")
        chunks = papers.export()
        next(chunks)
        chunks.close()
    with hotpapers.Site(tmp_path / "copy.db", create=True) as copy:
        import_lines(copy.record, "whole.jsonl", export.splitlines(keepends=True))
        assert copy.verify(DAY).verified


def test_an_export_of_no_such_format(store: Path) -> None:
    with (
        hotpapers.Site(store) as papers,
        pytest.raises(errors.UsageError, match="'tables' is not one of jsonl, csv, bibtex, parquet"),
    ):
        next(papers.export("tables"))


def test_calls_blocked_by_an_unfinished_export_say_so(store_url: str) -> None:
    with Record(store_url) as record:
        query_stores.add_talk(record)
    with hotpapers.Site(store_url) as papers:
        chunks = papers.export()
        first_chunk = next(chunks)
        for blocked_call in (
            lambda: next(papers.export()), lambda: papers.freeze("2024-05-08"), lambda: next(papers.search("one")),
        ):  # fmt: skip
            with pytest.raises(errors.BusyStore, match="still in a read transaction"):
                blocked_call()
        assert papers.issue().day and papers.paper(ID).id
        export = first_chunk + b"".join(chunks)
        assert export == b"".join(papers.export())
        next(closed_export := papers.export())
        closed_export.close()
        assert papers.freeze("2024-05-08").content.edition == 1


def test_finding_needs_no_store() -> None:
    """Type checkers see the names of `hotpapers.ids`, too: `make check` reads this."""
    papers: list[PaperMention] = find("see arXiv:2101.04869v2, on kettles")
    assert papers == hotpapers.find("see arXiv:2101.04869v2, on kettles")
    [paper] = papers
    assert (paper.id, paper.version) == ("2101.04869", 2)


def test_names() -> None:
    assert {"find", "Site", "__version__"} <= set(dir(hotpapers))
    with pytest.raises(AttributeError, match=r"^module 'hotpapers' has no attribute 'shut'$"):
        getattr(hotpapers, "shut")  # noqa: B009


def test_nothing_is_loaded_before_it_is_needed() -> None:
    assert loaded_by("import hotpapers") == {"hotpapers.base", "hotpapers.base.version", "hotpapers.ids"}


def test_finding_papers_is_a_library_of_its_own() -> None:
    """It has what its page names, is one with what the program uses, and loads neither more nor other libraries."""
    page = (ROOT / "docs" / "reference" / "ids.md").read_text("utf-8")
    assert set(re.findall(r"^\* `(\w+)", page, re.M)) | {"NotAnArxivId"} == set(hotpapers.ids.__all__)
    assert all(hasattr(hotpapers.ids, name) for name in hotpapers.ids.__all__)
    assert importlib.import_module("hotpapers.ids") is hotpapers.ids
    with pytest.raises(AttributeError, match="'shut'"):
        getattr(hotpapers.ids, "shut")  # noqa: B009
    loaded = loaded_by("from hotpapers.ids import find, parse, ArxivId, NotAnArxivId, PaperMention, abs_url")
    own = ("hotpapers.base.papers.arxiv", "hotpapers.base.papers.mentions")
    others = {name for name in loaded if not name.startswith(own)}
    allowed = (
        "base",
        "base.papers",
        "base.text",
        "base.text.patterns",
        "base.text.unescaping",
        "base.errors",
        "base.durations",
        "base.version",
        "ids",
    )
    assert others <= {f"hotpapers.{name}" for name in allowed}


def loaded_by(code: str) -> set[str]:
    """The modules of the program, and the libraries, that some code loads."""
    names = "{n for n in sys.modules if n.startswith('hotpapers.') or n in ('msgspec', 'stringzilla', 'apsw')}"
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*{names})"]
    return set(subprocess.run(command, env=environment(), capture_output=True, check=True, text=True).stdout.split())
