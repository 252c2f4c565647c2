"""`search`: papers by words, authors, categories and days, and posts about them."""

from __future__ import annotations

import json
import os
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from hotpapers.base import model
from hotpapers.cli.search import mark_matches
from hotpapers.keep.search import update_index
from hotpapers.record import Record
from tests.cli.run import command_line, environment, good, misuse, run

AT = 1_614_672_000_000_000  # 2021-03-02 08:00 UTC
POST = "bluesky:at://did:plc:invented/app.bsky.feed.post/3kinvented00001"
ITEMS = (
    model.Paper(
        paper="arxiv:2103.00001", title="Kettles \x1b[31mand Steam", abstract="How a kettle sings.", observed_at=AT,
        authors=("Ada Brewster", "Čeněk Šálek", "Emil Drawer", "Bo Kettle", "Ida Lid"), categories=("cs.LG", "stat.ML"),
    ),
    model.Paper(paper="arxiv:hep-th/9901001", title="Of Steam", authors=("Emil Drawer",), observed_at=AT),
    model.Announcement(
        paper="arxiv:2103.00001", day="2021-03-02", category="cs.LG", type="new", announced_at=AT, observed_at=AT
    ),
    model.Post(
        post=POST, network="bluesky", account="bluesky:did:plc:invented", created_at=AT, observed_at=AT, lang="ja",
        text="お茶を飲みながら読んだ\nTwo cups of tea", handle="ada.example.social", name="Ada Made-Up",
    ),
    model.Post(post="x:1366659539260149761", network="x", account="x:@a", created_at=AT, observed_at=AT, text="tea"),
    model.Mention(post=POST, paper="arxiv:2103.00001", form="abs", observed_at=AT),
    model.Mention(post="x:1366659539260149761", paper="arxiv:hep-th/9901001", form="abs", observed_at=AT),
)  # fmt: skip


@pytest.fixture
def small_store(tmp_path: Path) -> Path:
    """A store of two papers and two posts."""
    with Record(str(tmp_path / "small.db")) as record:
        record.append(ITEMS, source="test")
    return tmp_path / "small.db"


def test_papers_are_lines_to_read(small_store: Path) -> None:
    assert good("search", "steam", "--store", small_store) == (
        "2 papers with “steam”\n"
        "\n"
        "hep-th/9901001  1999-01     Of Steam\n"
        "    Emil Drawer\n"
        "\n"
        "2103.00001  2021-03-02  Kettles \ufffd[31mand Steam\n"
        "    Ada Brewster, Čeněk Šálek, Emil Drawer and 2 more · cs.LG, stat.ML\n"
    )


def test_who_was_asked_for_is_named(small_store: Path) -> None:
    assert good("search", "author:lid", "OR", "author:brewster", "--store", small_store) == (
        "1 paper by “lid” or “brewster”\n"
        "\n"
        "2103.00001  2021-03-02  Kettles \ufffd[31mand Steam\n"
        "    Ada Brewster, Čeněk Šálek, Emil Drawer, Ida Lid and 1 more · cs.LG, stat.ML\n"
    )


def test_the_issues_of_a_paper_are_named(store: Path, tmp_path: Path) -> None:
    good("publish", "--all", "--to", "markdown", "--output", tmp_path / "out", "--store", store)
    line = " · cs.LG, stat.ML · in hot-papers 2021-03-04 #2, 2021-03-03 #2, 2021-03-02 #2\n"
    assert good("search", "https://arxiv.org/abs/2103.90002v1", "--store", store).endswith(line)
    with Record(str(store), create=False) as record:
        update_index(record)
        rows = [("daily", f"2021-03-0{n}", "arxiv:2103.90002", 0) for n in (6, 7)]
        with record.database.write():
            record.database.many("INSERT INTO search_entry VALUES (?, ?, ?, ?)", rows)
    line = "in daily 2021-03-07, 2021-03-06, hot-papers 2021-03-04 #2 and 2 more\n"
    assert good("search", "2103.90002", "--store", store).endswith(line)


def test_how_many_there_are(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def head(*args: str) -> str:
        return good("search", *args, "--store", store).splitlines()[0]

    assert head("kettle", "--limit", "2") == "3 papers with “kettle”; showing the first 2"
    assert head("kettle", "--limit", "1") == "3 papers with “kettle”; showing the first"
    assert head("ettle") == "no paper with “ettle”; 3 papers with it as part of a word"
    assert head("category:cs date:2021") == "3 papers in cs, of 2021"
    assert head("2103.90001") == "1 paper 2103.90001"
    monkeypatch.setattr("hotpapers.keep.search.index.COUNT_LIMIT", 2)
    assert head("kettle", "--limit", "2") == "more than 2 papers with “kettle”; showing the first 2"


def test_a_word_to_leave_out_needs_no_quotation_marks(small_store: Path) -> None:
    output = good("search", "kettle -tea -heat", "--store", small_store)
    assert good("search", "kettle", "-tea", "-heat", "--store", small_store) == output
    assert good("search", "--limit", "5", "-tea", "kettle", "-heat", "--store", small_store)
    assert good("search", "kettle", "--store", small_store, "--", "-tea", "-heat") == output
    result = json.loads(good("search", "kettle", "-tea", "--json", "--store", small_store))
    assert result["query"] == "kettle -tea"
    assert "No such option '--tea'" in run("search", "kettle", "--tea", "--store", small_store).err
    assert good("search", "-h").startswith("Usage: hotpapers search")


def test_nothing_found_is_a_sentence(small_store: Path) -> None:
    assert good("search", "quokka category:cs.LG -tea", "--store", small_store) == (
        "no paper with “quokka”, in cs.LG, without “tea”\n"
    )
    assert good("search", "お茶", "--store", small_store) == "no paper with “お茶”; 1 post matches: add --posts\n"
    assert good("search", "quokka", "--posts", "--store", small_store) == "no post with “quokka”\n"


def test_posts_are_found_in_any_language_where_they_may_be_shown(small_store: Path, cwd: Path) -> None:
    expected = (
        "1 post with “お茶”\n"
        "\n"
        "Bluesky · 2021-03-02 08:00 UTC · Ada Made-Up (@ada.example.social) · about 2103.00001\n"
        "    お茶を飲みながら読んだ\n"
        "    Two cups of tea\n"
        "    https://bsky.app/profile/did:plc:invented/post/3kinvented00001\n"
    )
    assert good("search", "お茶", "--posts", "--store", small_store) == expected
    assert good("search", "tea", "--posts", "--store", small_store).startswith("1 post with “tea”\n\nBluesky")
    (cwd / "hotpapers.toml").write_text(
        f'store = "{small_store}"\n[terms.x]\nshown = "text"\n[terms.bluesky]\nshown = "link"\n'
    )
    assert good("search", "tea", "--posts") == (
        "1 post with “tea”\n"
        "\n"
        "X (Twitter) · 2021-03-02 08:00 UTC · about hep-th/9901001\n"
        "    tea\n"
        "    https://x.com/i/status/1366659539260149761\n"
    )


def test_json_has_everything(small_store: Path) -> None:
    result = json.loads(good("search", "kettle", "sings", "--json", "--store", small_store))
    [hit] = result.pop("papers")
    assert result == {
        "query": "kettle sings", "understood": "with “kettle” and “sings”", "total": 1, "exact": True, "next": None,
        "parts": False, "behind": 0, "meant": "",
    }  # fmt: skip
    assert hit.pop("score") > 0
    assert hit == {
        "paper": "arxiv:2103.00001", "day": "2021-03-02", "title": "Kettles \x1b[31mand Steam",
        "authors": ["Ada Brewster", "Čeněk Šálek", "Emil Drawer", "Bo Kettle", "Ida Lid"],
        "categories": ["cs.LG", "stat.ML"], "snippet": "How a kettle sings.", "issues": [], "taken_back": "",
        "spans": {"title": [[0, 7]], "authors": [[3, 3, 9]], "snippet": [[6, 12], [13, 18]]},
    }  # fmt: skip
    result = json.loads(good("search", "tea", "--posts", "--json", "--store", small_store))
    assert [(post["post"], post["papers"], post["spans"]) for post in result["posts"]] == [
        (POST, ["arxiv:2103.00001"], [[24, 27]])
    ]
    assert json.loads(good("search", "quokka", "--json", "--store", small_store))["papers"] == []


@pytest.mark.parametrize("query", ["", "!!!", "-"])
def test_what_asks_for_nothing_is_refused(small_store: Path, query: str) -> None:
    for options in ([], ["--posts"], ["--json"]):
        assert misuse("search", "--store", small_store, *options, "--", query).startswith("missing search terms")


def test_misuse_is_refused(small_store: Path, tmp_path: Path) -> None:
    assert "leave out author:" in misuse("search", "author:ada", "--posts", "--store", small_store)
    assert "no such store" in misuse("search", "kettle", "--store", tmp_path / "no.db")
    result = run("search", "kettle", "--limit", "-1", "--store", small_store)
    assert result.status == 2 and "-1" in result.err
    assert "x00" not in repr(result.err)
    assert run("search").status == 2 and run("search", "kettle", "--limit", "0", "--store", small_store).status == 2


def test_a_store_that_cannot_be_written_says_so(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good("search", "kettle", "--store", small_store)
    with Record(str(small_store)) as record:
        record.append([model.Paper(paper="arxiv:2103.00002", title="Kettle", observed_at=AT)], source="test")
    monkeypatch.setattr("hotpapers.keep.search.papers.indexing.catch_up", refuse)
    result = run("search", "kettle", "--store", small_store)
    assert result.status == 0 and result.out.startswith("1 paper with “kettle”\n")
    assert result.err == "hotpapers: the store cannot be written, so the search index lacks the last 1 batch\n"


def refuse(*_: object) -> int:
    from hotpapers.base.errors import ReadOnlyStore

    raise ReadOnlyStore("cannot be written")


def test_a_large_record_shows_how_far_it_is(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotpapers.site.site.LONG", 2)
    assert good("search", "kettle", "--store", small_store).startswith("1 paper with “kettle”\n")


# ---- on a terminal ---------------------------------------------------------------------------------------


def terminal_output(*args: str | Path, **variables: str) -> str:
    """The output of a command on its own terminal."""
    reader, writer = os.openpty()
    with subprocess.Popen(command_line(*args), stdout=writer, env=environment(**variables)) as process:
        os.close(writer)
        output = b""
        while True:
            try:
                piece = os.read(reader, 4096)
            except OSError:  # Linux: the other side was closed
                break
            if not piece:
                break
            output += piece
    os.close(reader)
    assert process.returncode == 0
    return output.decode().replace("\r\n", "\n")


class Terminal(StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_nothing_in_a_text_commands_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "\x1b[2Ja kettle\u202e here"
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert mark_matches(hostile, [(6, 12)]) == "\ufffd[2Ja kettle here"
    monkeypatch.setattr("sys.stdout", Terminal())
    assert mark_matches(hostile, [(6, 12)]) == "\ufffd[2Ja \x1b[1mkettle\x1b[0m here"
    monkeypatch.setattr("sys.stdout", None)
    assert mark_matches("kettle", [(0, 6)]) == "kettle"


def test_what_was_asked_for_is_bold_on_a_terminal(small_store: Path) -> None:
    output = terminal_output("search", "kettle", "--store", small_store, TERM="xterm", NO_COLOR="")
    assert "  \x1b[1mKettles\x1b[0m \ufffd[31mand Steam\n" in output and "Bo \x1b[1mKettle\x1b[0m and 1 more" in output
    assert "\x1b" not in terminal_output("search", "kettle", "--store", small_store, TERM="xterm", NO_COLOR="1")
