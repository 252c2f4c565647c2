"""`import classic`: each file becomes items once; input that isn't in the format changes nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hotpapers.base import model
from hotpapers.base.errors import NotClassic
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.record import Record
from hotpapers.wings.classic import importing as classic_import
from hotpapers.wings.classic.channel import ClassicChannel
from hotpapers.wings.classic.importing import ClassicImport
from tests.cli.run import good
from tests.conftest import data
from tests.discussion.moderation.test_author_voices import voices
from tests.keep.privacy import traces
from tests.record import made
from tests.wings.classic import classic_issues

PLAIN = "plain.md"


def text_of(name: str) -> str:
    return data("classic", name).read_text("utf-8")


def test_a_listing_becomes_items(store_url: str) -> None:
    raw = data("classic", PLAIN).read_bytes()
    with Record(store_url) as record:
        assert classic_issues.import_file(record, PLAIN, raw) == ClassicImport(
            PLAIN, "new", "2021-03-02", 2, False, notes=()
        )
        assert record.head.position == 1
        [listing] = made.all_rows(record, model.Listing)
        sha = hashlib.sha256(raw).hexdigest()
        at = made.moment("2021-03-03 01:15:09")  # Japan is nine hours ahead
        assert listing == model.Listing(
            publication="hot-papers", day="2021-03-02", made="2021-03-03T10:15:09", lead=0, places=2, file=sha,
            observed_at=at,
        )  # fmt: skip
        places = [item for item in made.all_rows(record, model.Place) if isinstance(item, model.Place)]
        assert [(item.place, item.paper, item.method, item.file) for item in places] == [
            (1, "arxiv:2103.99901", "hot-papers/2", sha), (2, "arxiv:2103.99902", "hot-papers/2", sha),
        ]  # fmt: skip
        assert places[0].title == "A Teapot That Learns: Steeping with  Gradients"
        papers = {item.title for item in made.all_rows(record, model.Paper) if isinstance(item, model.Paper)}
        assert "A Teapot That Learns: Steeping with Gradients" in papers
        tallies = [item for item in made.all_rows(record, model.Tally) if isinstance(item, model.Tally)]
        assert [(item.reposts, item.likes) for item in tallies] == [(812, 1204), (51, 0)]
        post = next(item for item in made.all_rows(record, model.Post) if "teapot" in str(item))
        assert isinstance(post, model.Post) and post.account == "x:@made_up_ada"
        assert made.moment("2021-03-02 00:00") < post.created_at < made.moment("2021-03-03 00:00")
        assert post.text.startswith('Our teapot is out! It\'s small & warm, "x < y > z"\n\npaper: https://t.co/'), (
            "no HTML"
        )


def test_the_method_tells_when_the_counting_changed(sqlite_url: str) -> None:
    assert classic_import.method_of("2020-09-16") == "hot-papers/1"
    assert classic_import.method_of("2020-09-17") == "hot-papers/2"


@pytest.mark.parametrize("name", made.LISTINGS)
def test_the_made_up_listings_of_other_tests_are_what_is_imported(name: str, sqlite_url: str, other_url: str) -> None:
    with Record(sqlite_url) as record, Record(other_url) as other:
        classic_issues.import_file(record, f"{name}.md", data("classic", f"{name}.md").read_bytes())
        made.listing(other, name)
        imported = [item for item in made.everything(record) if not isinstance(item, model.Publication)]
        assert imported == [item for item in made.everything(other) if not isinstance(item, model.Publication)] != []


def test_twice_is_once(store_url: str) -> None:
    with Record(store_url) as record:
        made.listings(record)
        before = record.head
        outcomes = [
            classic_issues.import_file(record, name, data("classic", name).read_bytes()).state
            for name in (PLAIN, "irregular.md", "no_items.md")
        ]
        assert outcomes == ["known"] * 3 and record.head == before


def test_the_same_post_twice_in_one_place_and_odd_names_come_back(store_url: str) -> None:
    """However the record stores it, the file comes out as it went in."""
    names = {"2021-03-02": PLAIN, "2021-04-20": "irregular.md", "2020-12-07": "no_items.md"}
    with Record(store_url) as record:
        made.listings(record)
        publication = freeze.publication_of(record, None)
        for day in names:
            freeze.freeze_issue(record, publication, day)
        for file in ClassicChannel().render(RecordIssueReader(record), "hot-papers", sorted(names)):
            assert file.data.decode() == text_of(names[file.path[:10]])


def test_an_exported_listing_is_reproduced_from_another_store(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as other:
        made.rich(record)
        import_lines(other, "export", exporter.record_lines(record))
        [page] = ClassicChannel().render(RecordIssueReader(other), "hot-papers", ["2021-03-02"])
        assert page.data.decode() == text_of(PLAIN)


def test_what_was_forgotten_is_not_imported_and_told(store_url: str) -> None:
    raw = data("classic", PLAIN).read_bytes()
    with Record(store_url) as record:
        made.listings(record)
        forget_key(record, "x:@made_up_ada")
        assert classic_issues.import_file(record, PLAIN, raw).state == "known"
        next_day = classic_issues.import_file(record, PLAIN, raw.replace(b"2021-03-02", b"2021-03-03"))
        assert next_day.state == "new" and any("were not imported" in note for note in next_day.notes)
        later = raw.replace(b"favorites: 1204", b"favorites: 1300")
        assert classic_issues.import_file(record, PLAIN, later).state == "later"
        assert not traces.where_found(traces.store_bytes(record), ["made_up_ada", "Our teapot is out"])


def test_after_classic_files_were_imported(tmp_path: Path) -> None:
    text = data("classic", "plain.md").read_text("utf-8").replace("Ada &quot;Leaf&quot; B.", "Ada Brewster")
    (tmp_path / "plain.md").write_text(text, "utf-8")
    good("import", "classic", tmp_path / "plain.md", "--store", tmp_path / "hotpapers.db")
    with Record(str(tmp_path / "hotpapers.db")) as record:
        assert voices(record) == {("arxiv:2103.99901", "x:@made_up_ada")}


def test_other_counts_are_a_later_observation(store_url: str) -> None:
    text = text_of(PLAIN)
    versions = [
        text,
        text.replace("favorites: 1204", "favorites: 1300"),
        text.replace("favorites: 1204", "favorites: 9"),
    ]
    with Record(store_url) as record:
        states = [classic_issues.import_file(record, PLAIN, version.encode()).state for version in versions]
        assert states == ["new", "later", "later"]
        tally = record.view().latest_row(model.Tally, "arxiv:2103.99901", "x", "hot-papers/2")
        assert tally is not None and getattr(tally.item, "likes") == 9  # noqa: B009
        publication = freeze.publication_of(record, None)
        freeze.freeze_issue(record, publication, "2021-03-02")
        [page] = ClassicChannel().render(RecordIssueReader(record), "hot-papers", ["2021-03-02"])
        assert page.data.decode() == versions[2]
        first = record.view(position=1).latest_row(model.Tally, "arxiv:2103.99901", "x", "hot-papers/2")
        assert first is not None and getattr(first.item, "likes") == 1204  # noqa: B009
        assert not made.verified(record).findings


def test_files_that_were_read_as_mac_roman_are_repaired(store_url: str) -> None:
    good = text_of(PLAIN)
    broken = good.encode().decode("mac_roman").encode()
    with Record(store_url) as record:
        assert classic_issues.import_file(record, "broken.md", broken).repaired
        assert classic_issues.import_file(record, PLAIN, good.encode()).state == "known"


def test_categories_that_arxiv_does_not_have_are_kept_and_flagged(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        result = classic_issues.import_file(record, "i.md", data("classic", "irregular.md").read_bytes())
        assert result.notes == ("#1: unknown category sock.SM, kept",)


def test_a_post_shown_in_two_wordings_keeps_both(store_url: str) -> None:
    """Same moment and post, under two papers, once with another name: the file still comes out as it went in."""
    lines = text_of(PLAIN).split("\n")
    [quote] = [line for line in lines if "made_up_ada/status" in line]
    script = next(line for line in lines if line.startswith("<script"))
    at = lines.index("We count drops. Most of them miss.") + 2
    text = "\n".join([*lines[:at], quote.replace("&mdash; Ada", "&mdash; Dr. Ada"), script, "", *lines[at:]])
    with Record(store_url) as record:
        classic_issues.import_file(record, PLAIN, text.encode())
        freeze.freeze_issue(record, freeze.publication_of(record, None), "2021-03-02")
        [page] = ClassicChannel().render(RecordIssueReader(record), "hot-papers", ["2021-03-02"])
        assert page.data.decode() == text
        assert record.database.rows(
            "SELECT count(*) FROM post WHERE post = (SELECT id FROM identity WHERE key = 'x:1366659539260149761')"
        ) == [(2,)]


@pytest.mark.parametrize(
    ("change", "reason", "line"),
    [
        (lambda text: text[:900], "", None),
        (lambda text: text.replace("# 2. ", "# 3. "), "", None),
        (lambda text: text.replace("2103.99902", "2103.99901"), "2103.99901 is listed twice", None),
        (lambda text: text.replace("favorites: 0", "favorites: 90000"), "has more reposts and likes than #", None),
        (lambda text: text.replace("favorites: 0", "favorites: -1"), "", 42),
        (lambda text: text.replace("favorites: 0", "favorites: 9007199254740992"), "", 42),
        (lambda text: text.replace("Dora Cloud", "<script>x</script>"), "", 40),
        (lambda text: "# A diary", "", 1),
    ],
)
def test_what_is_not_in_the_format_changes_nothing(
    sqlite_url: str, change: object, reason: str, line: int | None
) -> None:
    assert callable(change)
    with Record(sqlite_url) as record:
        with pytest.raises(NotClassic, match=f"^bad.md:.*{reason}") as problem:
            classic_issues.import_file(record, "bad.md", change(text_of(PLAIN)).encode())
        assert problem.value.file == "bad.md" and (line is None or problem.value.line == line)
        assert record.head.position == 0 and made.everything(record) == []
