"""Where publications are written, and that none moves without a word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hotpapers.site import demo as week
from tests.cli.conftest import SECOND
from tests.cli.run import good, misuse, run

DAY = week.DAYS[-1]


def settings(site: Path, *changes: tuple[str, str], more: str = "") -> None:
    file = site / "hotpapers.toml"
    text = file.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text + more)


def sites(folder: Path) -> set[str]:
    """The folders with a site that has the day's issue."""
    return {str(page.relative_to(folder).parents[1]) for page in folder.rglob(f"{DAY}/index.html")}


def test_a_second_publication_leaves_the_first_where_it_is(site: Path) -> None:
    good("publish", DAY)
    first = sites(site)
    settings(site, more=SECOND)
    good("publish", DAY, "--publication", "week")
    assert sites(site) == first == {"public/site"}
    good("publish", DAY, "--publication", "again")
    assert sites(site) == {"public/site", "public/again/site"}
    assert (site / "public/again/markdown" / f"{DAY}.md").is_file()


@pytest.mark.parametrize("base", ["", pytest.param("https://papers.example/", marks=pytest.mark.long)])
def test_a_publication_that_would_move_is_refused_with_what_to_write(site: Path, base: str) -> None:
    publish = f'\n[publish]\nbase = "{base}"\n' if base else ""
    settings(site, more=publish)
    good("publish", DAY)
    settings(site, ("[[publication]]", f"{SECOND}\n[[publication]]"))
    lines = 'output = "public"' + (f' and base = "{base}"' if base else "")
    message = (
        f"week: site was written to public/site and would now go to public/week/site, at other addresses; to keep it "
        f"there, write {lines} in its [[publication]] in hotpapers.toml, or move public/site away first"
    )
    for command in (("publish", DAY, "--publication", "week"), ("run", "--once")):
        assert misuse(*command) == message
    assert message in run("status").out
    good("publish", DAY, "--publication", "week", "--output", "copy")
    settings(site, ('name = "week"', 'name = "week"\n' + lines.replace(" and ", "\n")))
    good("publish", DAY, "--publication", "week")
    assert not (site / "public/week").exists()


CANONICAL = '<link rel="canonical" href="'


def address_of(page: Path) -> str:
    """The address that a page says is its own; empty if it says none."""
    return page.read_text("utf-8").partition(CANONICAL)[2].partition('"')[0]


def test_a_publication_that_is_no_longer_named_stays_where_it_is_with_its_addresses(site: Path) -> None:
    base = "https://papers.example/"
    settings(site, more=f'{SECOND}\n[publish]\nbase = "{base}"\n')
    for name in ("week", "again"):
        good("publish", DAY, "--publication", name)
    first, second = (site / place / DAY / "index.html" for place in ("public/site", "public/again/site"))
    addresses = [f"{base}{DAY}/", f"{base}again/{DAY}/"]
    assert [address_of(first), address_of(second)] == addresses
    settings(site, (SECOND, ""))  # the second one
    good("publish", DAY, "--publication", "again")
    settings(site, ('name = "week"', 'name = "tea"'))  # the first one
    good("publish", DAY, "--publication", "week")
    assert [address_of(first), address_of(second)] == addresses
    assert sites(site) == {"public/site", "public/again/site"}


def test_a_publication_that_had_a_folder_of_its_own_has_no_address_without_its_settings(site: Path) -> None:
    own = f'{SECOND}\noutput = "tea"\nbase = "https://tea.example/"\n'
    settings(site, more=f'{own}[publish]\nbase = "https://papers.example/"\n')
    good("publish", DAY, "--publication", "again")
    settings(site, (own, "\n"))
    message = misuse("publish", DAY, "--publication", "again")
    assert message.startswith("again: site was written to ") and "name the folder with --output" in message
    good("publish", DAY, "--publication", "again", "--to", "site", "--output", "tea/site")
    page = site / "tea/site" / DAY / "index.html"
    assert page.is_file() and address_of(page) == "", "it may be anywhere"


def test_one_that_was_moved_by_hand_stays_where_it_is_now(site: Path) -> None:
    good("publish", DAY)
    settings(site, ("[[publication]]", f"{SECOND}\n[[publication]]"))
    (site / "public/week").mkdir()
    for name in ("site", "markdown"):
        (site / "public" / name).rename(site / "public/week" / name)
    good("publish", DAY, "--publication", "week")
    assert sites(site) == {"public/week/site"}


def test_another_channel_would_move_the_only_one(site: Path) -> None:
    settings(site, more='\n[publish]\nchannels = ["site"]\n')
    good("publish", DAY)
    assert sites(site) == {"public"}
    settings(site, ('channels = ["site"]', 'channels = ["site", "markdown"]'))
    assert misuse("publish", DAY) == (
        "week: site was written to public and would now go to public/site, at other addresses; set channels in "
        "[publish] as they were, and publish to others with --to and --output, or move public away first"
    )
    good("publish", DAY, "--to", "markdown", "--output", "text")
    assert (site / "text" / f"{DAY}.md").is_file()


def test_channels_are_chosen_among_the_folders_of_the_settings(site: Path) -> None:
    good("publish", "--all", "--to", "site")
    assert {path.name for path in (site / "public").iterdir()} == {"site"}
    good("publish", "--all", "--to", "feeds")
    assert {path.name for path in (site / "public").iterdir()} == {"site"} and (site / "public/site/feeds").is_dir()
    good("publish", "--all", "--to", "markdown")
    assert {path.name for path in (site / "public").iterdir()} == {"site", "markdown"}
    assert misuse("publish", "--all", "--to", "classic") == (
        "classic is not among the channels of [publish], so it has no folder; add it to channels in hotpapers.toml, or "
        "name a folder with --output"
    )
    good("publish", "--all", "--to", "site", "--output", "copy")
    assert (site / "copy/index.html").is_file()


def test_a_publication_is_not_named_like_a_folder_of_the_first_ones_site(site: Path, demo_folder: Path) -> None:
    site_folders = {path.name for path in (demo_folder / week.FOLDER / "site").iterdir() if path.is_dir()}
    for name in sorted(folder for folder in site_folders if not folder.startswith("2")):
        shutil.copy(demo_folder / week.FOLDER / "hotpapers.toml", site / "hotpapers.toml")
        settings(site, more=SECOND.replace("again", name))
        assert "is a folder of the first publication's pages" in misuse("publish", DAY), name


@pytest.mark.parametrize(
    "change",
    [
        ('title = "The Made-Up Week"', 'title = "A Newly Named Week"', "A Newly Named Week"),
        pytest.param(("are invented.", "are made up by us.", "are made up by us."), marks=pytest.mark.long),
        pytest.param(
            ("[[publication]]", 'contact = "desk@new.example"\n[[publication]]', "desk@new.example"),
            marks=pytest.mark.long,
        ),
        ("[[publication]]", '[publish]\nbase = "https://new.example/"\n[[publication]]', "https://new.example/"),
    ],
    ids=("title", "note", "contact", "base"),
)
def test_what_pages_show_of_the_settings_is_new_on_all_at_once(site: Path, change: tuple[str, str, str]) -> None:
    good("publish", "--all")
    good("publish", "--all", "--to", "site", "--output", "copy")
    settings(site, change[:2])
    output = good("publish", DAY)
    assert "rendered again: " in output
    page = "about/index.html" if change[2].startswith("desk@") else f"{week.DAYS[0]}/index.html"
    for folder in ("public/site", "copy"):
        assert change[2] in (site / folder / page).read_text("utf-8"), folder
    assert "rendered again" not in good("publish", DAY)
