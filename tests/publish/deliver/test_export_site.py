"""Publishing from the record to folders: each issue delivered once, rendered again after forgetting and hiding."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.errors import HotPapersError, UsageError
from hotpapers.base.model import IssueReader, RenderedFile
from hotpapers.issues import freeze
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.publish import render
from hotpapers.publish.deliver import delivery_states
from hotpapers.publish.deliver.export_site import (
    ExportedSite,
    RerenderedFolder,
    export_again,
    export_site,
    target_of,
    unsent_days,
)
from hotpapers.publish.deliver.queries import DeliveryKey
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import issue_path
from hotpapers.record import Record, current_time
from tests.deliveries import recorded
from tests.issues import made as world
from tests.wings.classic import classic_issues

NAME = "hot-papers"
DAYS = ("2021-03-02", "2021-03-03")


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    """A store with two listings and their issues."""
    with Record(sqlite_url) as opened_record:
        for day in DAYS:
            classic_issues.import_file(opened_record, day, classic_issues.text(day).encode())
        publication = freeze.publication_of(opened_record, None)
        for day in DAYS:
            freeze.freeze_issue(opened_record, publication, day)
        yield opened_record


def states(record: Record) -> list[tuple[str, int, str, str, str]]:
    """(day, edition, channel, state, receipt): each issue's progress at each folder, in order."""
    sql = 'SELECT "day", edition, channel, state, receipt FROM delivery_state ORDER BY 3, 1, 2, target'
    return [tuple(row) for row in record.database.rows(sql)]


def digest(record: Record, day: str) -> str:
    return freeze.list_editions(record, NAME, day)[-1].digest


def texts(folder: Path) -> str:
    pages = [file for file in sorted(folder.rglob("*")) if file.suffix in (".md", ".html")]
    return "".join(file.read_text("utf-8") for file in pages)


def watch_states(monkeypatch: pytest.MonkeyPatch, record: Record) -> list[list[tuple[str, int, str, str, str]]]:
    """The delivery states stored whenever the channel renders."""
    states_seen: list[list[tuple[str, int, str, str, str]]] = []
    original = render.CHANNELS["classic"]

    class WatchedChannel:
        name = "classic"

        def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
            states_seen.append(states(record))
            yield from original(SiteConfig()).render(issue_reader, publication, days)

    monkeypatch.setitem(render.CHANNELS, "classic", lambda _: WatchedChannel())
    return states_seen


def test_states_are_stored_before_and_after_and_recorded_once(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states_seen, head = watch_states(monkeypatch, record), record.head.position
    assert export_site(record, NAME, DAYS, "classic", tmp_path / "out") == ExportedSite(2, 2)
    assert states_seen == [[(day, 1, "classic", "sending", "") for day in DAYS]]
    assert states(record) == [(day, 1, "classic", "sent", digest(record, day)) for day in DAYS]
    [(target,)] = record.database.rows("SELECT DISTINCT target FROM delivery_state")
    assert target == target_of(record.database, tmp_path / "out") and target.startswith("file:")
    assert recorded(record, "classic") == [(day, 1, "everybody", "sent", digest(record, day)) for day in DAYS]
    assert record.head.position == head + 1, "one batch for all of them"


def test_a_second_folder_is_stored_and_not_recorded_again(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS[:1], "classic", tmp_path / "one")
    head = record.head
    export_site(record, NAME, DAYS[:1], "classic", tmp_path / "two")
    assert record.head == head and len(states(record)) == 2
    export_site(record, NAME, DAYS, "classic", tmp_path / "two")
    assert [row[:3] for row in recorded(record, "classic")] == [(day, 1, "everybody") for day in DAYS]
    export_site(record, NAME, DAYS, "markdown", tmp_path / "two")
    assert len(recorded(record, "markdown")) == 2 and len(recorded(record, "classic")) == 2


def test_the_chain_does_not_name_folders(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "classic", tmp_path / "a-folder-of-ada")
    rows = [line for line in exporter.record_lines(record) if b"a-folder-of-ada" in line]
    assert len(rows) == 2 and all(line.startswith(b'{"kind":"delivery_state"') for line in rows)
    assert not any(b"a-folder-of-ada" in line for line in exporter.record_lines(record, records_only=True))


def test_each_edition_is_delivered_once(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "classic", tmp_path)
    head = record.head
    assert export_site(record, NAME, DAYS, "classic", tmp_path) == ExportedSite(2, 0)
    assert record.head == head
    freeze.freeze_issue(
        record, freeze.publication_of(record, NAME), DAYS[0], again=True, reason="a kettle was miscounted"
    )
    export_site(record, NAME, DAYS, "classic", tmp_path)
    assert (DAYS[0], 2, "classic", "sent", digest(record, DAYS[0])) in states(record) and len(states(record)) == 3
    assert [row[:2] for row in recorded(record, "classic")] == [(DAYS[0], 1), (DAYS[0], 2), (DAYS[1], 1)]


def test_an_interrupted_export_is_finished_the_next_time(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel of our own that is interrupted after its first file."""

    class FailingChannel:
        name = "torn"
        broken = True

        def render(self, issue_reader: IssueReader, publication: str, days: object) -> Iterator[RenderedFile]:
            yield RenderedFile("one", b"1")
            if FailingChannel.broken:
                raise HotPapersError("torn")
            yield RenderedFile("two", b"2")

    monkeypatch.setitem(render.CHANNELS, "torn", lambda _: FailingChannel())
    with pytest.raises(HotPapersError, match="torn"):
        export_site(record, NAME, DAYS[:1], "torn", tmp_path)
    assert [state for *_, state, _ in states(record)] == ["sending"] and not recorded(record, "torn")
    assert [(folder.folder, folder.channel) for folder in export_again(record)] == [(tmp_path.resolve(), "torn")]
    FailingChannel.broken = False
    assert export_site(record, NAME, DAYS[:1], "torn", tmp_path) == ExportedSite(2, 1)
    assert [state for *_, state, _ in states(record)] == ["sent"] and len(recorded(record, "torn")) == 1


def test_forgotten_posts_go_from_an_interrupted_export(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after writing everything but before recording it; then with no record of any delivery at all."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(delivery_states, "finish_all", interrupt)
        with pytest.raises(KeyboardInterrupt):
            export_site(record, NAME, DAYS, "classic", tmp_path)
    assert not recorded(record, "classic") and "Kettle 200 is out" in texts(tmp_path)
    forget_key(record, f"x:{classic_issues.post(200).id}")
    assert [folder.rendered for folder in export_again(record)] == [True]
    assert "Kettle 200 is out" not in texts(tmp_path) and "Kettle 300 is out" in texts(tmp_path)
    assert unsent_days(record, NAME, "classic", tmp_path) == list(DAYS)
    export_site(record, NAME, DAYS, "classic", tmp_path)
    assert not unsent_days(record, NAME, "classic", tmp_path) and len(recorded(record, "classic")) == 2


def test_two_publications_do_not_share_a_folder(record: Record, tmp_path: Path) -> None:
    other_publication = model.Publication(
        publication="other", title="Others", window="listing", observed_at=current_time()
    )
    record.append([other_publication], source="test")
    export_site(record, NAME, DAYS, "site", tmp_path / "site")
    with pytest.raises(UsageError, match=r"site: contains the site files of 'hot-papers'; choose another .*--output"):
        export_site(record, "other", (), "site", tmp_path / "site")
    export_site(record, "other", (), "markdown", tmp_path / "site")  # files with other names
    (tmp_path / "site").rename(tmp_path / "moved")
    export_site(record, "other", (), "site", tmp_path / "site")  # a folder that is gone contains nothing


def test_a_deleted_folder_is_another_publications_from_then_on(record: Record, tmp_path: Path) -> None:
    """By each channel, in any order, and what the first one had does not come back."""
    other_publication = model.Publication(
        publication="other", title="Others", window="listing", observed_at=current_time()
    )
    record.append([other_publication], source="test")
    folder = tmp_path / "site"
    for channel in ("site", "feeds"):
        export_site(record, NAME, DAYS, channel, folder)
    shutil.rmtree(folder)
    for channel in ("site", "feeds"):
        export_site(record, "other", (), channel, folder)
    assert {(again.publication, again.channel) for again in export_again(record)} == set()
    assert not states(record)


def test_an_unknown_channel_names_those_there_are(record: Record, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pigeon: no such channel; choose from feeds, markdown, site, classic"):
        export_site(record, NAME, DAYS, "pigeon", tmp_path)
    assert not states(record)


def test_forgotten_posts_go_from_every_folder(record: Record, tmp_path: Path) -> None:
    for channel in ("classic", "markdown", "site"):
        export_site(record, NAME, DAYS, channel, tmp_path / channel)
    assert "Kettle 200 is out" in texts(tmp_path / "classic")
    assert classic_issues.post(200).id in texts(tmp_path / "markdown") and classic_issues.post(200).id in texts(
        tmp_path / "site"
    )
    forget_key(record, f"x:{classic_issues.post(200).id}")
    rerendered = export_again(record)
    folders = [tmp_path.resolve() / channel for channel in ("classic", "markdown", "site")]
    assert rerendered == [RerenderedFolder(folder, NAME, folder.name, True) for folder in folders]
    assert "Kettle 200 is out" not in texts(tmp_path)
    assert classic_issues.post(200).id not in texts(tmp_path)
    assert "Kettle 300 is out" in texts(tmp_path / "classic")


def test_forgotten_posts_go_with_the_page_of_a_removed_paper(sqlite_url: str, tmp_path: Path) -> None:
    seen_at = world.moment(world.DAY) + model.HOUR
    with Record(sqlite_url) as record:
        world.write(record, [world.DAILY], world.background(), world.paper(1), world.posts_about(1, 40, seen_at))
        world.write(
            record, world.post(1, "bluesky:kettle", seen_at, text="Kettles tire early, a made-up opinion of a person")
        )
        world.issue(record)
        export_site(record, "daily", [world.DAY], "site", tmp_path)
        page = tmp_path / "paper/2405.00001/index.html"
        assert "a made-up opinion" in page.read_text("utf-8")
        verdicts = [world.judged(post, "doubtful", about=world.key(1)) for post in ("bluesky:kettle", "bluesky:1")]
        world.write(record, verdicts)
        later = world.moment(world.DAY) + 72 * model.HOUR
        freeze.freeze_issue(record, world.DAILY, world.DAY, again=True, reason="another kettle was meant", at=later)
        export_site(record, "daily", [world.DAY], "site", tmp_path)
        assert not page.exists()
        forget_key(record, "bluesky:kettle")
        assert all(folder.rendered for folder in export_again(record))
        assert "a made-up opinion" not in texts(tmp_path)


def test_forgotten_posts_go_from_the_page_of_a_former_neighbor_day(sqlite_url: str, tmp_path: Path) -> None:
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
        forget_key(record, "bluesky:k3")
        export_again(record)
        assert "Tea 2024-05-08" not in texts(tmp_path) and "Tea 2024-05-06" in texts(tmp_path)


def test_hidden_posts_go_and_come_back(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "classic", tmp_path)
    texts_before = texts(tmp_path)
    for judgement in ("hidden", "shown"):
        verdict = model.Verdict(
            subject=f"x:{classic_issues.post(200).id}", about="", rule="hide", judgement=judgement, version=1,
            reason="-", observed_at=current_time(),
        )  # fmt: skip
        record.append([verdict], source="operator")
        export_again(record)
        assert ("Kettle 200 is out" in texts(tmp_path)) == (judgement == "shown")
    assert texts(tmp_path) == texts_before


def test_only_the_days_that_were_delivered_are_rendered_again(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS[:1], "classic", tmp_path)
    (tmp_path / f"{DAYS[0]}---Hot-Papers.md").unlink()
    export_again(record)
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".md"] == [f"{DAYS[0]}---Hot-Papers.md"]


def test_no_more_is_rendered_again_than_requested(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "markdown", tmp_path)
    for file in tmp_path.glob("*.md"):
        file.write_text("an older look")
    assert export_again(record, only={("other", DAYS[0])}) == []
    [rerendered] = export_again(record, only={(NAME, DAYS[0]), (NAME, "1999-01-01")})
    assert rerendered.rendered
    assert [day for day in DAYS if (tmp_path / f"{day}.md").read_text() != "an older look"] == [DAYS[0]]


def test_a_folder_that_was_emptied_is_written_whole(record: Record, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    export_site(record, NAME, DAYS, "site", folder)
    files = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    for file in files:
        file.unlink()
    [rerendered] = export_again(record, only={(NAME, DAYS[0])})
    assert rerendered.rendered
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == files


def test_a_correction_renders_every_page_that_may_link_to_what_it_removed(record: Record, tmp_path: Path) -> None:
    world.write(record, world.DAILY)
    days = ["2024-05-07", "2024-05-08", "2024-05-09", "2024-05-10"]
    for number, day in enumerate(days, 1):
        world.write(record, world.background(day), world.paper(number, day))
        world.write(record, world.posts_about(number, 9, world.moment(day) + model.HOUR))
        world.frozen(record, day=day)
    export_site(record, "daily", days, "site", tmp_path)
    pages = [tmp_path / issue_path(day) for day in days]
    for page in pages:
        page.write_text("an older look")
    publication = freeze.publication_of(record, "daily")
    freeze.freeze_issue(record, publication, days[0], again=True, reason="miscounted")
    export_site(record, "daily", days[:1], "site", tmp_path)
    assert "an older look" not in {page.read_text("utf-8") for page in pages}


def test_a_folder_that_is_gone_or_cannot_be_written_is_named(record: Record, tmp_path: Path) -> None:
    for name in ("gone", "here"):
        export_site(record, NAME, DAYS[:1], "classic", tmp_path / name)
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    page = tmp_path / "here" / f"{DAYS[0]}---Hot-Papers.md"
    page.unlink()
    page.mkdir()
    missing_folder, unwritable_folder = export_again(record)
    assert missing_folder == RerenderedFolder(tmp_path.resolve() / "gone", NAME, "classic", False, "no longer exists")
    assert not unwritable_folder.rendered and unwritable_folder.reason.endswith("cannot be written: Is a directory")
    assert not (tmp_path / "gone").exists()


def test_a_folder_that_could_not_be_created_is_not_remembered(record: Record, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written: Not a directory"):
        export_site(record, NAME, DAYS, "classic", tmp_path / "file" / "pages")
    assert not states(record) and not export_again(record)


def test_the_contact_is_on_the_site(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "site", tmp_path, SiteConfig("desk@papers.example"))
    assert "desk@papers.example" in (tmp_path / "about" / "index.html").read_text("utf-8")
    export_again(record, SiteConfig("desk@papers.example"))
    assert "desk@papers.example" in (tmp_path / "about" / "index.html").read_text("utf-8")


# ---- copies ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a second, empty store, in each database in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "other.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


def test_an_export_contains_the_folders(record: Record, tmp_path: Path, other_url: str) -> None:
    """A store rebuilt from its export still removes forgotten items from its pages, and delivers nothing again."""
    export_site(record, NAME, DAYS, "classic", tmp_path / "out")
    delivery_states.begin_all(
        record,
        [DeliveryKey(NAME, DAYS[0], 1, "markdown", target_of(record.database, tmp_path / "half"))],
        current_time(),
    )
    exported_lines = list(exporter.record_lines(record))
    assert sum(line.startswith(b'{"kind":"delivery_state"') for line in exported_lines) == 3
    with Record(other_url) as other_record:
        importer.import_lines(other_record, "export", exported_lines)
        assert states(other_record) == states(record) and list(exporter.record_lines(other_record)) == exported_lines
        importer.import_lines(other_record, "export", exported_lines)
        assert states(other_record) == states(record) and other_record.head == record.head


def test_a_rebuilt_store_renders_its_folders_again(record: Record, tmp_path: Path) -> None:
    export_site(record, NAME, DAYS, "classic", tmp_path / "out")
    exported_lines = list(exporter.record_lines(record))
    record.database.close()
    (tmp_path / "hotpapers.db").unlink()
    with Record(str(tmp_path / "hotpapers.db")) as rebuilt_record:
        importer.import_lines(rebuilt_record, "export", exported_lines)
        assert not unsent_days(rebuilt_record, NAME, "classic", tmp_path / "out")
        forget_key(rebuilt_record, f"x:{classic_issues.post(200).id}")
        assert [(folder.folder, folder.rendered) for folder in export_again(rebuilt_record)] == [
            (tmp_path.resolve() / "out", True)
        ]
    assert "Kettle 200 is out" not in texts(tmp_path / "out")


def test_a_store_of_another_record_takes_over_no_folders(record: Record, tmp_path: Path, other_url: str) -> None:
    export_site(record, NAME, DAYS, "classic", tmp_path / "out")
    with Record(other_url) as other_record:
        other_record.append([world.DAILY], source="test")
        assert importer.import_lines(other_record, "export", exporter.record_lines(record)).added
        assert not states(other_record) and not recorded(other_record, "classic")


def test_a_backup_that_is_restored_still_knows_the_folders(record: Record, sqlite_url: str, tmp_path: Path) -> None:
    """The folders were written to after the backup: the restored record does not know it, and records it again."""
    copy, out = tmp_path / "copy.db", tmp_path / "out"
    back_up_store(record, copy)
    export_site(record, NAME, DAYS, "classic", out)
    freeze.freeze_issue(
        record, freeze.publication_of(record, NAME), DAYS[0], again=True, reason="a kettle was miscounted"
    )
    export_site(record, NAME, DAYS, "classic", out)
    restore_backup(copy, sqlite_url, replace=True)
    with Record(sqlite_url) as restored_record:
        assert not recorded(restored_record, "classic") and len(states(restored_record)) == 3
        forget_key(restored_record, f"x:{classic_issues.post(200).id}")
        assert [(folder.rendered, folder.reason) for folder in export_again(restored_record)] == [(True, "")]
        assert "Kettle 200 is out" not in texts(out) and "Kettle 300 is out" in texts(out)
        assert unsent_days(restored_record, NAME, "classic", out) == list(DAYS)
        export_site(restored_record, NAME, DAYS, "classic", out)
        assert not unsent_days(restored_record, NAME, "classic", out) and len(recorded(restored_record, "classic")) == 2


def test_pages_that_an_old_backup_cannot_update_are_named(record: Record, sqlite_url: str, tmp_path: Path) -> None:
    copy, out = tmp_path / "copy.db", tmp_path / "out"
    export_site(record, NAME, DAYS, "classic", out)
    with Record(str(tmp_path / "old.db")) as old_record:
        old_record.adopt_secret(record.secret())
        classic_issues.import_file(old_record, DAYS[0], classic_issues.text(DAYS[0]).encode())
        freeze.freeze_issue(old_record, freeze.publication_of(old_record, None), DAYS[0])
        back_up_store(old_record, copy)
    restore_backup(copy, sqlite_url, replace=True)
    with Record(sqlite_url) as restored_record:
        [rerendered] = export_again(restored_record)
    assert rerendered.rendered and rerendered.reason.startswith(f"not updated: {DAYS[1]}; the record does not have")
