"""From the record to folders: each delivery kept once, rendered again after forgetting and hiding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers import model, render
from hotpapers.deliver.export_site import ExportedSite, RerenderedFolder, export_again, export_site
from hotpapers.deliver.folders import target_of
from hotpapers.errors import HotPapersError, UsageError
from hotpapers.issues import freeze
from hotpapers.model import IssueReader, RenderedFile
from hotpapers.privacy.forget import forget
from hotpapers.store import Record, now
from hotpapers.transfer.classic_import import import_classic
from hotpapers.view.site_config import SiteConfig
from tests.cli import made
from tests.issues import made as world

NAME = "hot-papers"
DAYS = ("2021-03-02", "2021-03-03")


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    """A store with two listings and their issues."""
    with Record(sqlite_url) as opened:
        for day in DAYS:
            import_classic(opened, day, made.text(day).encode())
        publication = freeze.publication_of(opened, None)
        for day in DAYS:
            freeze.freeze(opened, publication, day)
        yield opened


def states(record: Record) -> list[tuple[str, int, str, str, str]]:
    """(day, edition, channel, state, receipt) of each delivery, in order."""
    sql = 'SELECT "day", edition, channel, state, receipt FROM delivery ORDER BY id'
    return [tuple(row) for row in record.database.rows(sql)]


def digest(record: Record, day: str) -> str:
    return freeze.editions(record, NAME, day)[-1].digest


def texts(folder: Path) -> str:
    pages = [file for file in sorted(folder.rglob("*")) if file.suffix in (".md", ".html")]
    return "".join(file.read_text("utf-8") for file in pages)


def test_a_delivery_is_written_before_and_after(record: Record, tmp_path: Path) -> None:
    assert export_site(record, NAME, DAYS, "classic", tmp_path / "out") == ExportedSite(2, 2)
    assert states(record) == [
        *((day, 1, "classic", "sending", "") for day in DAYS),
        *((day, 1, "classic", "sent", digest(record, day)) for day in DAYS),
    ]
    [(target,)] = record.database.rows("SELECT DISTINCT target FROM delivery")
    assert target == target_of(record.database, tmp_path / "out") and target.startswith("file:")


def test_each_edition_is_delivered_once(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "classic", tmp_path)
    head = record.head
    assert export_site(record, NAME, DAYS, "classic", tmp_path) == ExportedSite(2, 0)
    assert record.head == head
    freeze.freeze(record, freeze.publication_of(record, NAME), DAYS[0], again=True, reason="a kettle was miscounted")
    export_site(record, NAME, DAYS, "classic", tmp_path)
    assert states(record)[4:] == [
        (DAYS[0], 2, "classic", "sending", ""),
        (DAYS[0], 2, "classic", "sent", digest(record, DAYS[0])),
    ]


def test_what_broke_off_is_finished_the_next_time(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel of our own that breaks off after its first file."""

    class Torn:
        name = "torn"
        broken = True

        def render(self, issue_reader: IssueReader, publication: str, days: object) -> Iterator[RenderedFile]:
            yield RenderedFile("one", b"1")
            if Torn.broken:
                raise HotPapersError("torn")
            yield RenderedFile("two", b"2")

    monkeypatch.setitem(render.CHANNELS, "torn", lambda _: Torn())
    with pytest.raises(HotPapersError, match="torn"):
        export_site(record, NAME, DAYS[:1], "torn", tmp_path)
    assert [state for *_, state, _ in states(record)] == ["sending"]
    Torn.broken = False
    assert export_site(record, NAME, DAYS[:1], "torn", tmp_path) == ExportedSite(2, 1)
    assert [state for *_, state, _ in states(record)] == ["sending", "sending", "sent"]


def test_two_publications_do_not_share_a_folder(record: Record, tmp_path: Path) -> None:
    other = model.Publication(publication="other", title="Others", window="listing", observed_at=now())
    record.append([other], source="test")
    export_site(record, NAME, DAYS, "site", tmp_path / "site")
    with pytest.raises(UsageError, match=r"site: holds the site files of 'hot-papers'; name another .*--output"):
        export_site(record, "other", (), "site", tmp_path / "site")
    export_site(record, "other", (), "markdown", tmp_path / "site")  # other names of files
    (tmp_path / "site").rename(tmp_path / "moved")
    export_site(record, "other", (), "site", tmp_path / "site")  # a folder that is gone holds nothing


def test_an_unknown_channel_names_those_there_are(record: Record, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pigeon: no such channel; there are classic, feeds, markdown, site"):
        export_site(record, NAME, DAYS, "pigeon", tmp_path)
    assert not states(record)


def test_what_is_forgotten_goes_from_every_folder(record: Record, tmp_path: Path) -> None:
    for to in ("classic", "markdown", "site"):
        export_site(record, NAME, DAYS, to, tmp_path / to)
    assert "Kettle 200 is out" in texts(tmp_path / "classic")
    assert made.post(200).id in texts(tmp_path / "markdown") and made.post(200).id in texts(tmp_path / "site")
    forget(record, f"x:{made.post(200).id}")
    again = export_again(record)
    folders = [tmp_path.resolve() / to for to in ("classic", "markdown", "site")]
    assert again == [RerenderedFolder(folder, NAME, folder.name, True) for folder in folders]
    assert "Kettle 200 is out" not in texts(tmp_path)
    assert made.post(200).id not in texts(tmp_path)
    assert "Kettle 300 is out" in texts(tmp_path / "classic")


def test_what_is_forgotten_goes_with_the_page_of_a_paper_that_was_taken_out(sqlite_url: str, tmp_path: Path) -> None:
    seen_at = world.moment(world.DAY) + model.HOUR
    with Record(sqlite_url) as record:
        world.write(record, [world.DAILY], world.background(), world.paper(1), world.talk(1, 40, seen_at))
        world.write(
            record, world.post(1, "bluesky:kettle", seen_at, text="Kettles tire early, a made-up opinion of a person")
        )
        world.issue(record)
        export_site(record, "daily", [world.DAY], "site", tmp_path)
        page = tmp_path / "paper/2405.00001/index.html"
        assert "a made-up opinion" in page.read_text("utf-8")
        doubtful = [world.judged(post, "doubtful", about=world.key(1)) for post in ("bluesky:kettle", "bluesky:1")]
        world.write(record, doubtful)
        late = world.moment(world.DAY) + 72 * model.HOUR
        freeze.freeze(record, world.DAILY, world.DAY, again=True, reason="another kettle was meant", at=late)
        export_site(record, "daily", [world.DAY], "site", tmp_path)
        assert not page.exists()
        forget(record, "bluesky:kettle")
        assert all(one.rendered for one in export_again(record))
        assert "a made-up opinion" not in texts(tmp_path)


def test_what_is_forgotten_goes_from_the_page_of_a_day_that_was_a_neighbour_once(
    sqlite_url: str, tmp_path: Path
) -> None:
    publication = msgspec.structs.replace(world.DAILY, ranking="classic/1", threshold=1)
    with Record(sqlite_url) as record:
        world.write(record, [publication], world.background())
        for number, day in enumerate(("2024-05-06", "2024-05-07", "2024-05-08"), 1):
            at = world.moment(day) + model.HOUR
            world.write(
                record,
                world.paper(number, day),
                world.post(number, f"bluesky:k{number}", at, text=f"Cups cool off before breakfast. Tea {day}"),
            )
            world.write(record, world.counts(f"bluesky:k{number}", 90, at))
        for day in ("2024-05-06", "2024-05-08"):
            world.issue(record, publication, day)
        export_site(record, "daily", ["2024-05-06"], "site", tmp_path)
        assert "Tea 2024-05-08" in (tmp_path / "2024-05-08/index.html").read_text("utf-8")
        world.issue(record, publication, "2024-05-07")
        forget(record, "bluesky:k3")
        export_again(record)
        assert "Tea 2024-05-08" not in texts(tmp_path) and "Tea 2024-05-06" in texts(tmp_path)


def test_what_is_hidden_goes_and_comes_back(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "classic", tmp_path)
    before = texts(tmp_path)
    for judgement in ("hidden", "shown"):
        verdict = model.Verdict(
            subject=f"x:{made.post(200).id}", about="", rule="hide", judgement=judgement, version=1, reason="-",
            observed_at=now(),
        )  # fmt: skip
        record.append([verdict], source="operator")
        export_again(record)
        assert ("Kettle 200 is out" in texts(tmp_path)) == (judgement == "shown")
    assert texts(tmp_path) == before


def test_only_the_days_that_were_delivered_are_rendered_anew(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS[:1], "classic", tmp_path)
    (tmp_path / f"{DAYS[0]}---Hot-Papers.md").unlink()
    export_again(record)
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".md"] == [f"{DAYS[0]}---Hot-Papers.md"]


def test_no_more_is_rendered_anew_than_asked_for(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "markdown", tmp_path)
    for file in tmp_path.glob("*.md"):
        file.write_text("an older look")
    assert export_again(record, only={("other", DAYS[0])}) == []
    [again] = export_again(record, only={(NAME, DAYS[0]), (NAME, "1999-01-01")})
    assert again.rendered
    assert [day for day in DAYS if (tmp_path / f"{day}.md").read_text() != "an older look"] == [DAYS[0]]


def test_a_folder_that_is_gone_or_cannot_be_written_is_named(record: Record, tmp_path: Path) -> None:
    for name in ("gone", "here"):
        export_site(record, NAME, DAYS[:1], "classic", tmp_path / name)
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    page = tmp_path / "here" / f"{DAYS[0]}---Hot-Papers.md"
    page.unlink()
    page.mkdir()
    gone, here = export_again(record)
    assert gone == RerenderedFolder(tmp_path.resolve() / "gone", NAME, "classic", False, "is not there any more")
    assert not here.rendered and here.reason.endswith("cannot be written: Is a directory")
    assert not (tmp_path / "gone").exists()


def test_the_contact_is_on_the_site(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "site", tmp_path, SiteConfig("desk@papers.example"))
    assert "desk@papers.example" in (tmp_path / "about" / "index.html").read_text("utf-8")
    export_again(record, SiteConfig("desk@papers.example"))
    assert "desk@papers.example" in (tmp_path / "about" / "index.html").read_text("utf-8")
