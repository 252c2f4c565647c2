"""Topics beyond their store: their notes in full exports, and a tool that reads a published site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hotpapers.base.errors import InputError, NotFound
from hotpapers.keep.hooks import NoteKind
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.query import QuerySession
from hotpapers.record import Record
from hotpapers.record.meta import read_meta, read_prefixed, write_meta
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import all_tools
from hotpapers.wings.mcp.site_files import folder_files
from hotpapers.wings.mcp.site_tools import all_site_tools
from hotpapers.wings.topics.finding import METHOD
from hotpapers.wings.topics.freezing import check_notes, freeze_next, note_name
from hotpapers.wings.topics.wing import WING
from tests.wings.topics.made import FRIDAYS, WEEK, fill

NAME = "topics/1 daily 2024-W19"

[NOTES] = [hook for hook in WING.hooks if isinstance(hook, NoteKind)]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with Record(str(tmp_path_factory.mktemp("topics") / "papers.db")) as opened:
        fill(opened)
        while freeze_next(opened, "daily"):
            pass
        yield opened


def brought(file: Path, exported: Sequence[bytes]) -> Record:
    """A store with an export in it."""
    record = Record(str(file))
    import_lines(record, "export.jsonl", exported)
    return record


def test_notes_travel_with_a_full_export(record: Record, tmp_path: Path) -> None:
    exported = list(record_lines(record))
    notes = read_prefixed(record.database, note_name("daily"))
    assert WEEK in notes and sum(b'"kind":"note"' in line for line in exported) == len(notes)
    with brought(tmp_path / "again.db", exported) as again:
        assert read_prefixed(again.database, note_name("daily")) == notes
        assert list(record_lines(again)) == exported
        assert not list(check_notes(again, None))
        import_lines(again, "export.jsonl", exported)
        assert list(record_lines(again)) == exported
    assert not any(b'"kind":"note"' in line for line in record_lines(record, records_only=True))


def test_an_export_without_notes_is_whole_and_other_notes_stay_out(record: Record, tmp_path: Path) -> None:
    exported = list(record_lines(record))
    without = [line for line in exported if b'"kind":"note"' not in line]
    with brought(tmp_path / "old.db", without) as old:
        assert old.head == record.head and read_prefixed(old.database, note_name("daily")) == {}
        with old.database.write():
            write_meta(old.database, note_name("daily", WEEK), "0" * 64)
        import_lines(old, "export.jsonl", exported)  # what is here stays
        assert read_meta(old.database, note_name("daily", WEEK)) == "0" * 64
        assert [str(finding) for finding in check_notes(old, None)]
    strange = b'{"kind":"note","name":"secret","value":"00"}\n'
    with brought(tmp_path / "strange.db", [*without[:-1], strange, without[-1]]) as other:
        assert read_meta(other.database, "secret") == read_meta(record.database, "secret")


@pytest.mark.parametrize(("name", "value"), [("topics/1 " + "y" * 1000, '""'), (NAME, "7"), (NAME, '"\\u0000"')])
def test_a_note_that_is_none_is_refused(record: Record, tmp_path: Path, name: str, value: str) -> None:
    exported = list(record_lines(record))
    note = f'{{"kind":"note","name":"{name}","value":{value}}}\n'.encode()
    with pytest.raises(InputError):
        brought(tmp_path / "new.db", [*exported[:-1], note, exported[-1]])


def test_the_wing_names_its_notes() -> None:
    assert f"{METHOD} daily {WEEK}".startswith(NOTES.prefix)


def test_a_published_site_is_asked_for_its_topics(record: Record, tmp_path: Path) -> None:
    export_site(record, "daily", FRIDAYS, "site", tmp_path / "site")
    fetch = folder_files(tmp_path / "site")
    tool, session = all_site_tools()["topics"], QuerySession(record)
    expected = all_tools()["topics"].call(session, {"week": WEEK})
    assert tool.call(PublishedSite(fetch), {}) == tool.call(PublishedSite(fetch), {"week": WEEK}) == expected
    assert expected["topics"][0]["name"] == "kettle lattices"
    with pytest.raises(NotFound, match="no topics of 2024-W01"):
        tool.call(PublishedSite(fetch), {"week": "2024-W01"})
    with pytest.raises(InputError):
        tool.call(PublishedSite(lambda path: b"{}" if "topics" in path else fetch(path)), {"week": WEEK})
