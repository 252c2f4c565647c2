"""`issue`, `publish`, `explain` and `verify`."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import settings
from hotpapers.base.model import DAY, Coverage, Post, Publication, Window
from hotpapers.base.text.timestamps import start_of_day
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.windows import latest_label
from hotpapers.record import Record, current_time
from tests.cli.conftest import DAILY_SETTINGS, DAYS
from tests.cli.run import assert_matches_file, failure, good, misuse, run
from tests.issues.made import moment, paper, posts_about
from tests.wings.classic import classic_issues

NO_DAYS = ["2021-1-14", "2021-02-30", "14.1.2021", "today", "20210114"]

# ---- issue ---------------------------------------------------------------------------------------------


def test_the_latest_issue_of_the_demo_as_markdown(demo: Path) -> None:
    output = good("issue", "--store", demo)
    text, count = re.subn(r"(?m)(?<=^Frozen )\d+ \w+ \d{4} at \d\d:\d\d UTC|(?<=^Digest `)[0-9a-f]{64}", "…", output)
    assert count == 2
    assert_matches_file("issue.md", text)
    assert good("issue", "2021-05-11", "--store", demo) == output


def test_an_issue_is_frozen_once(store: Path) -> None:
    text = good("issue", "2021-03-03", "--store", store)
    assert text.startswith("# Hot Papers, Wednesday, 3 March 2021\n")
    batches = run("status", "--json", "--store", store).json["batches"]
    assert good("issue", "2021-03-03", "--store", store) == text
    assert run("status", "--json", "--store", store).json["batches"] == batches


def test_without_a_date_it_is_the_latest_listing(store: Path) -> None:
    assert good("issue", "--store", store).startswith("# Hot Papers, Thursday, 4 March 2021\n")


def test_an_issue_as_json_has_its_digest(store: Path) -> None:
    content = run("issue", "2021-03-03", "--json", "--store", store).json
    assert re.fullmatch(r"[0-9a-f]{64}", content.pop("digest"))
    assert (content["format"], content["day"], content["edition"], content["ranking"]) == (
        1,
        "2021-03-03",
        1,
        "rarity/1",
    )
    assert [entry["counts"][0]["reposts"] for entry in content["entries"]] == [812, 40, 51]
    assert all(isinstance(entry["score"], int) for entry in content["entries"])


def test_a_new_edition_has_a_reason_and_the_old_digest(store: Path) -> None:
    first_edition = run("issue", "2021-03-03", "--json", "--store", store).json
    reason = "two counts were <misread>"
    result = run("issue", "2021-03-03", "--again", "--reason", reason, "--json", "--store", store)
    assert result.err.startswith("hotpapers: nothing but the reason is new;")
    second_edition = result.json
    assert (second_edition["edition"], second_edition["reason"], second_edition["replaces"]) == (
        2,
        reason,
        first_edition["digest"],
    )
    assert "Edition 2. Corrected: two counts were \\<misread\\>" in good("issue", "2021-03-03", "--store", store)
    assert good("verify", "2021-03-03", "--store", store).startswith("verified: 2 issues rebuilt, ")


def test_a_later_observation_is_pointed_out(store: Path, tmp_path: Path) -> None:
    good("issue", "2021-03-02", "--store", store)
    file = classic_issues.file(tmp_path, "2021-03-02", ((812, 1204), (41, 33), (51, 0)))
    good("import", "classic", file, "--store", store)
    note = (
        "hotpapers: 2021-03-02: the record has a later observation of the listing; "
        "`hotpapers issue DATE --again --reason …` makes a new edition\n"
    )
    for command in (["issue", "2021-03-02"], ["publish", "--all", "--to", "classic", "--output", tmp_path / "out"]):
        result = run(*command, "--store", store)
        assert (result.status, result.err) == (0, note) and result.out
    assert not run("issue", "2021-03-02", "--again", "--reason", "a count was misread", "--store", store).err
    good("publish", "--all", "--to", "classic", "--output", tmp_path / "out", "--store", store)
    assert (tmp_path / "out" / "2021-03-02---Hot-Papers.md").read_text("utf-8") == file.read_text("utf-8")


def test_an_earlier_edition_is_printed_and_explained(store: Path) -> None:
    first_text = good("issue", "2021-03-03", "--store", store)
    run("issue", "2021-03-03", "--again", "--reason", "two counts were misread", "--store", store)
    second_text = good("issue", "2021-03-03", "--store", store)
    assert "two counts were misread" in second_text != first_text
    assert good("issue", "2021-03-03", "--edition", "2", "--store", store) == second_text
    content = run("issue", "2021-03-03", "--edition", "1", "--json", "--store", store).json
    assert content["edition"] == 1 and "two counts" not in good(
        "issue", "2021-03-03", "--edition", "1", "--store", store
    )
    paper = content["entries"][0]["paper"].removeprefix("arxiv:")
    for edition in ("1", "2"):
        explanation = run("explain", paper, "--issue", "2021-03-03", "--edition", edition, "--json", "--store", store)
        assert explanation.json["edition"] == int(edition)
    message = misuse("issue", "2021-03-03", "--edition", "3", "--store", store)
    assert message == "hot-papers 2021-03-03: no frozen issue of edition 3"


def test_an_issue_from_before_issues_became_weekly_is_corrected(tmp_path: Path) -> None:
    daily = Publication(publication="daily", title="Daily", observed_at=moment("2024-05-01"))
    weekly = msgspec.structs.replace(daily, window="weekly", hour=20, observed_at=moment("2024-05-10"))
    store = tmp_path / "a.db"
    with Record(str(store)) as record:
        record.append([daily, *paper(1, "2024-05-07"), *posts_about(1, 5, moment("2024-05-07"))], source="made-up")
    first = run("issue", "2024-05-07", "--json", "--store", store).json
    with Record(str(store)) as record:
        record.append([weekly], source="settings")
    correction = ("issue", "2024-05-07", "--again", "--reason", "a bot was counted", "--json", "--store", store)
    second = run(*correction).json
    assert second["edition"] == 2
    assert [second[moment] for moment in ("from_at", "as_of")] == [first[moment] for moment in ("from_at", "as_of")]


@pytest.mark.parametrize("args", [["--again"], ["--reason", "why"], ["--again", "--reason", " "]], ids=" ".join)
def test_an_edition_and_its_reason_go_together(store: Path, args: list[str]) -> None:
    good("issue", "2021-03-03", "--store", store)
    message = misuse("issue", "2021-03-03", *args, "--store", store)
    assert message == "--again and --reason '…' go together"


def test_only_what_is_frozen_is_corrected(store: Path) -> None:
    message = misuse("issue", "2021-03-03", "--again", "--reason", "why", "--store", store)
    assert message == "a new edition corrects a frozen issue and needs a reason: --again --reason '…'"


@pytest.mark.parametrize("day", NO_DAYS)
def test_a_day_that_is_none(store: Path, day: str, tmp_path: Path) -> None:
    message = f"{day}: not a date; write it like 2021-01-14"
    assert misuse("issue", day, "--store", store) == message
    assert misuse("verify", day, "--store", store) == message
    assert misuse("explain", "2103.90001", "--issue", day, "--store", store) == message
    assert misuse("publish", day, "--to", "site", "--output", tmp_path / "o", "--store", store) == message


def test_a_day_without_a_listing(store: Path, tmp_path: Path) -> None:
    message = "hot-papers 2021-03-07: no listing for that day in the record; add one with `hotpapers import`"
    assert misuse("issue", "2021-03-07", "--store", store) == message
    assert misuse("publish", "2021-03-07", "--to", "site", "--output", tmp_path / "o", "--store", store) == message
    assert not (tmp_path / "o").exists()


EMPTY_EXPORT = b'{"kind":"header","format":"hotpapers-record","version":1,"full":false}\n'
"""An empty export: importing it creates an empty store."""

# ---- several publications, and publications of one's own -------------------------------------------------


def test_a_quiet_day_is_an_issue_too(project: Path) -> None:
    output = good("issue", "2024-11-28", "--publication", "daily")
    assert output.startswith("# Tea \\& Papers, Thursday, 28 November 2024\n")
    good("publish", "2024-11-28", "--publication", "daily", "--to", "classic", "--output", "c")
    assert (project / "c" / "2024-11-28---Hot-Papers.md").read_text("utf-8").endswith("\n---\n")


def test_without_a_date_it_is_the_latest_day_that_is_over(cwd: Path) -> None:
    (cwd / settings.FILE).write_text('[[publication]]\nname = "w"\nwindow = "weekly"\nhour = 0\n', "utf-8")
    good("import", "jsonl", "-", input=EMPTY_EXPORT)
    with Record("hotpapers.db") as record:
        start = datetime.datetime.now(datetime.UTC).date()
        monday = start_of_day((start - datetime.timedelta(days=start.weekday())).isoformat())
        spans = [(monday - 7 * DAY, monday), (monday, monday + 7 * DAY)]
        items = [Coverage(network="x", from_at=a, until_at=b, state="complete", observed_at=b) for a, b in spans]
        record.append(items, source="x")
    day = datetime.date.fromisoformat(run("issue", "--json").json["day"])
    assert start - datetime.timedelta(days=7) < day <= datetime.datetime.now(datetime.UTC).date()
    assert day.weekday() == 0


def test_a_day_before_the_record_began_freezes_nothing(cwd: Path) -> None:
    good("init", "--contact", "https://library.example/")
    with Record("hotpapers.db") as record:
        deleted_post = Post(
            post="x:1", network="x", account="", created_at=0, gone="deleted", observed_at=current_time()
        )
        record.append([deleted_post], source="x")
    for command in (["issue", "2020-01-01"], ["issue"], ["publish", "2020-01-01"]):
        assert "nothing in the record is from before 20" in failure(*command), command
    assert run("status", "--json").json["issues"] == 0


@pytest.mark.parametrize(
    ("time", "hour", "window", "day"),
    [
        ("2026-11-20T08:00", 8, "daily", "2026-11-20"),  # a Friday
        ("2026-11-20T07:59", 8, "daily", "2026-11-19"),
        ("2026-11-22T12:00", 8, "daily", "2026-11-20"),
        ("2026-11-23T07:00", 8, "daily", "2026-11-20"),
        ("2026-11-22T12:00", 8, "weekly", "2026-11-16"),
        ("2026-11-23T07:00", 8, "monthly", "2026-11-01"),
    ],
)
def test_the_latest_day_by_the_clock(time: str, hour: int, window: Window, day: str) -> None:
    publication = Publication(publication="p", title="P", window=window, hour=hour, observed_at=0)
    assert latest_label(publication, moment(time)) == day


def test_a_day_that_no_issue_can_have_is_refused(cwd: Path) -> None:
    (cwd / settings.FILE).write_text('[[publication]]\nname = "w"\nwindow = "weekly"\n', "utf-8")
    good("import", "jsonl", "-", input=EMPTY_EXPORT)
    message = "2025-03-12: issues of w are weekly, on Mondays; the nearest are 2025-03-10 and 2025-03-17"
    assert misuse("issue", "2025-03-12") == message
    assert misuse("publish", "2025-03-12", "--to", "site") == message


def test_a_listing_publication_without_listings(cwd: Path) -> None:
    (cwd / settings.FILE).write_text('[[publication]]\nname = "l"\nwindow = "listing"\n', "utf-8")
    good("import", "jsonl", "-", input=EMPTY_EXPORT)
    assert misuse("issue") == "l: no listing imported yet; see hotpapers import --help"


IMPORTED = """\
[[publication]]
name = "hot-papers"
{}
[source.lobsters]
on = true
[run]
listen = ""
"""


@pytest.mark.parametrize(
    "command",
    [
        ["publish", "2021-03-03"], ["publish", "--all", "--to", "site"], ["issue"], ["issue", "2021-03-03"],
        ["run", "--once"],
        ["collect", "--once"], ["status"], ["verify", "--all"], ["explain", "2103.90001"], ["search", "kettle"],
        ["export", "--records"], ["prune"], ["backup", "copy.db"], ["serve", "--port", "0"], ["mail", "list"],
    ],
    ids=lambda command: " ".join(command[:2]),
)  # fmt: skip
def test_settings_that_make_an_imported_listing_a_publication_of_our_own_are_refused(
    store: Path, cwd: Path, command: list[str]
) -> None:
    settings_file = cwd / settings.FILE
    settings_file.write_text(f'store = "{store}"\n{IMPORTED.format("")}', "utf-8")
    text = misuse(*command)
    assert "publication 'hot-papers': name: the record has an imported listing of this name" in text
    assert 'write window = "listing"' in text
    with Record(str(store), create=False) as record:
        assert [item.window for item in record.view().items(Publication)] == ["listing"]


def test_a_listing_is_published_with_settings_of_its_own(store: Path, cwd: Path) -> None:
    listed = IMPORTED.format('window = "listing"\ntitle = "Papers of Old"')
    (cwd / settings.FILE).write_text(f'store = "{store}"\n{listed}', "utf-8")
    assert good("issue", "2021-03-03").startswith("# Papers of Old, Wednesday, 3 March 2021\n")


def test_a_listing_is_not_imported_into_a_publication_of_our_own(cwd: Path, tmp_path: Path) -> None:
    (cwd / settings.FILE).write_text('[[publication]]\nname = "hot-papers"\n', "utf-8")
    with Record(str(cwd / "hotpapers.db")) as record:
        record.append([settings.publication_item(settings.load(cwd / settings.FILE).publication[0], 0)], source="test")
    file = classic_issues.file(tmp_path, "2021-03-03")
    assert "hot-papers is a publication with issues of its own" in misuse("import", "classic", file)


def test_a_day_that_is_not_over_says_when_it_closes(project: Path) -> None:
    assert failure("issue", "2999-01-01", "--publication", "daily") == (
        "2999-01-01 is not over: its issue closes at 2999-01-01 08:00 Europe/Zurich"
    )


def test_nothing_to_publish_yet(project: Path) -> None:
    assert misuse("publish", "--all", "--publication", "daily") == (
        "daily: nothing to publish yet; `hotpapers run` freezes a first issue"
    )


def test_two_publications_need_two_folders(project: Path) -> None:
    good("issue", "2024-11-28", "--publication", "daily")
    good("publish", "--all", "--publication", "hot-papers")
    assert misuse("publish", "--all", "--publication", "daily") == (
        "public/site: contains the site files of 'hot-papers'; choose another folder with --output"
    )
    (project / settings.FILE).write_text(DAILY_SETTINGS + 'output = "tea"\n', "utf-8")
    assert "in tea/site, " in good("publish", "--all", "--publication", "daily")


def test_an_empty_store_says_where_publications_come_from(cwd: Path) -> None:
    good("init", "new")
    for command in (["issue"], ["publish", "--all"], ["explain", "2101.04869"], ["serve"]):
        message = misuse(*command, "--store", "new/hotpapers.db")
        assert message.startswith(
            "no publication yet: `hotpapers init` writes one into hotpapers.toml, `hotpapers import` brings "
        )


# ---- publish -------------------------------------------------------------------------------------------


def test_publish_writes_what_was_read(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert good("publish", "--all", "--to", "classic", "--output", out, "--store", store) == (
        f"classic: 3 files in {out}, 3 changed\n"
    )
    for file in (store.parent / "posts").iterdir():
        assert (out / file.name).read_bytes() == file.read_bytes()
    output = good("publish", "--all", "--to", "classic", "--output", out, "--store", store)
    assert output == f"classic: 3 files in {out}, 0 changed\n"


def test_several_channels_have_a_folder_each(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    to = ["--to", "classic", "--to", "markdown", "--to", "classic"]
    report = run("publish", "2021-03-03", "2021-03-02", *to, "--output", out, "--json", "--store", store).json
    assert report == {
        "publication": "hot-papers",
        "days": ["2021-03-02", "2021-03-03"],
        "channels": [
            {"channel": "classic", "output": str(out / "classic"), "files": 2, "changed": 2},
            {"channel": "markdown", "output": str(out / "markdown"), "files": 2, "changed": 2},
        ],
    }
    assert sorted(file.name for file in (out / "markdown").iterdir()) == ["2021-03-02.md", "2021-03-03.md"]


def test_the_settings_say_where_to(cwd: Path, store: Path) -> None:
    output = good("publish", "--all", "--store", store)
    assert [line.split(" files in ")[1].partition(", ")[0] for line in output.splitlines()] == [
        "public/site", "public/site", "public/markdown",
    ]  # fmt: skip
    assert output.endswith("markdown: 3 files in public/markdown, 3 changed\n")
    toml = cwd / settings.FILE
    toml.write_text(f'store = "{store}"\n[publish]\nchannels = ["classic"]\noutput = "pages"\n', "utf-8")
    assert good("publish", "--all") == "classic: 3 files in pages, 3 changed\n"
    assert good("publish", "--all", "--to", "markdown", "--output", "md") == "markdown: 3 files in md, 3 changed\n"


def test_the_settings_say_how_posts_are_shown(cwd: Path, store: Path) -> None:
    """Posts of an imported listing are links unless the operator allows text; `classic` always has the text."""
    text, address = "Kettle 100 is out", f"https://x.com/i/status/{classic_issues.post(100).id}"
    toml = cwd / settings.FILE
    for terms, shows_text in (
        ("", False),
        ('[terms.x]\nshown = "text"\n', True),
        ('[terms.x]\nshown = "link"\n', False),
    ):
        toml.write_text(f'store = "{store}"\n{terms}', "utf-8")
        good("publish", "--all", "--to", "site", "--to", "markdown", "--to", "classic", "--output", "out")
        pages = {
            "issue": good("issue", "2021-03-02"),
            "markdown": (cwd / "out/markdown/2021-03-02.md").read_text("utf-8"),
            "site": (cwd / "out/site/2021-03-02/index.html").read_text("utf-8"),
        }
        assert {name: text in page for name, page in pages.items()} == dict.fromkeys(pages, shows_text)
        assert {name: address in page for name, page in pages.items()} == dict.fromkeys(pages, True)
        assert text in (cwd / "out/classic/2021-03-02---Hot-Papers.md").read_text("utf-8")
    assert good("verify", "--all").startswith("verified: 3 issues rebuilt, ")


@pytest.mark.parametrize("args", [[], ["--all", "2021-03-02"]], ids=["nothing", "both"])
def test_either_dates_or_all(store: Path, args: list[str]) -> None:
    assert misuse("publish", *args, "--store", store) == "name either days such as 2021-01-14, or add --all"
    either = "name either days such as 2021-01-14, or add one of --all and --site"
    assert misuse("verify", *args, "--store", store) == either


def test_a_folder_that_cannot_be_written(store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("publish", "--all", "--to", "site", "--output", tmp_path / "file", "--store", store)
    assert result.status == 2 and "is a file" in result.err
    message = misuse("publish", "--all", "--to", "site", "--output", tmp_path / "file" / "x", "--store", store)
    assert message == f"{tmp_path / 'file' / 'x'}: cannot be written: Not a directory"


# ---- explain -------------------------------------------------------------------------------------------


def test_the_explanation_of_a_demo_paper(demo: Path) -> None:
    assert_matches_file("explain.txt", good("explain", "2105.04297", "--issue", "2021-05-11", "--store", demo))


@pytest.mark.parametrize(
    "paper",
    [
        "2105.04297v1", "arXiv:2105.04297", "arxiv:2105.04297", "https://arxiv.org/abs/2105.04297v2",
        "https://arxiv.org/pdf/2105.04297.pdf", "http://export.arxiv.org/abs/2105.04297?context=cs",
        "https://doi.org/10.48550/arXiv.2105.04297", "https://huggingface.co/papers/2105.04297",
        "https://www.alphaxiv.org/abs/2105.04297",
    ],
)  # fmt: skip
def test_a_paper_is_known_by_every_form(demo: Path, paper: str) -> None:
    assert good("explain", paper, "--store", demo) == good("explain", "2105.04297", "--store", demo)


def test_an_explanation_as_json_has_names_and_numbers(demo: Path) -> None:
    explanation = run("explain", "2105.04297", "--json", "--store", demo).json
    fields = ("place", "classic_rank", "entries", "score")
    assert tuple(explanation[field] for field in fields) == (3, 4, 27, 757)
    assert explanation["score"] == sum(part["score"] for part in explanation["parts"])
    assert explanation["above"]["place"] == 2 and explanation["below"]["place"] == 4
    [swap] = explanation["above"]["swaps"]
    assert swap["network"] == "x" and swap["needed"] > swap["now"]


def test_the_latest_issue_that_holds_it_is_explained(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "2021-04-04.md"
    file.write_text(classic_issues.text("2021-04-04").replace("2104.", "2103."), "utf-8")
    good("import", "classic", file, "--store", store)
    good("publish", "--all", "--to", "classic", "--output", tmp_path / "out", "--store", store)
    assert "Issue of 2021-04-04, " in good("explain", "2103.90001", "--store", store)
    assert "Issue of 2021-03-02, " in good("explain", "2103.90001", "--issue", "2021-03-02", "--store", store)


def test_a_paper_that_is_not_there(demo: Path) -> None:
    assert misuse("explain", "2101.00001", "--store", demo) == "2101.00001 is not in any frozen issue of hot-papers"
    message = misuse("explain", "2105.04297", "--issue", "2021-01-14", "--store", demo)
    assert message.startswith("2105.04297 is not in the issue of 2021-01-14")
    message = misuse("explain", "2105.04297", "--issue", "2021-01-15", "--store", demo)
    assert message == "hot-papers: no issue on 15 January; the latest is 11 May"


@pytest.mark.parametrize("paper", ["9999.99999", "tea", "https://example.org/abs/2105.04297", "\x1b[31m2105"])
def test_what_is_no_paper(demo: Path, paper: str) -> None:
    message = misuse("explain", paper, "--store", demo)
    assert "is not an arXiv identifier" in message and "write it like 2101.04869" in message and "\x1b" not in message


# ---- verify --------------------------------------------------------------------------------------------


def test_the_demo_verifies(demo: Path) -> None:
    assert_matches_file("verify.txt", good("verify", "--all", "--store", demo))
    assert run("verify", "2021-01-14", "2021-05-11", "--json", "--store", demo).json["issues"] == 2


@pytest.mark.parametrize("selection", [["--all"], ["2021-03-03"]], ids=["all", "one"])
def test_a_changed_row_is_named(store: Path, selection: list[str]) -> None:
    for day in DAYS:
        good("issue", day, "--store", store)
    with Record(str(store)) as record:
        record.database.run(
            "UPDATE tally SET likes = 99 WHERE paper = (SELECT id FROM identity WHERE key = 'arxiv:2103.90002')"
        )
    result = run("verify", *selection, "--store", store)
    assert result.status == 1 and not result.err
    assert "changed: tally arxiv:2103.90002 x hot-papers/2" in result.out
    assert re.search(r"(?m)^issue: hot-papers 2021-03-03 edition 1: \S+\.likes is 33, rebuilt 99$", result.out)
    assert re.search(r"(?m)^\d+ differences: ", result.out)
    json_result = run("verify", *selection, "--json", "--store", store)
    assert json_result.status == 1 and json_result.json["verified"] is False
    assert {"what", "name"} == set(json_result.json["findings"][0])


def test_what_was_forgotten_is_said(store: Path) -> None:
    good("issue", "2021-03-03", "--store", store)
    good("forget", f"x:{classic_issues.post(200).id}", "--yes", "--store", store)
    assert re.match(r"verified, \d+ parts forgotten: 1 issue rebuilt, ", good("verify", "--all", "--store", store))
    assert run("verify", "--all", "--json", "--store", store).json["forgotten"] > 0


def test_a_day_that_is_not_frozen(store: Path) -> None:
    message = misuse("verify", "2021-03-03", "--store", store)
    assert message == "no frozen issue for 2021-03-03; `hotpapers issue DATE` freezes one"


def test_a_frozen_issue_does_not_change_with_what_comes_later(store: Path, tmp_path: Path) -> None:
    content = run("issue", "2021-03-03", "--json", "--store", store).json
    for day in ("2021-02-20", "2021-03-05"):
        good("import", "classic", classic_issues.file(tmp_path, day), "--store", store)
    good("prune", "--store", store)
    assert run("issue", "2021-03-03", "--json", "--store", store).json == content
    with Record(str(store)) as record:
        assert issues_queries.frozen_days(record, "hot-papers") == ["2021-03-03"]
    good("verify", "--all", "--store", store)
