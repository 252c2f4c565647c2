"""Saved issues: what is proved about them, thousands of forgeries, and the program in the docs agrees."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.errors import InputError
from hotpapers.store import Record
from hotpapers.transparency import policies
from hotpapers.transparency.mirrors import check_mirror
from hotpapers.transparency.publication_log import update_log
from hotpapers.transparency.saved_issues import check_saved, read_saved
from tests.conftest import ROOT
from tests.issues.made import DAILY, DAY, write
from tests.transparency.logs import NAME, logs_of
from tests.transparency.published import AT, Published, publish


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return publish(tmp_path_factory.mktemp("published"))


def test_a_page_a_file_and_markdown_are_verified(published: Published) -> None:
    for file in ("site/index.html", f"site/{DAY}/index.html", f"site/{DAY}/issue.json", f"markdown/{DAY}.md"):
        verdict = check_saved(read_saved(published.folder / file), published.policy)
        assert not verdict.problems and verdict.witnesses == ("a 2024-05-06 12:53 UTC",)
        assert [one.paper for one in verdict.issue.content.entries] == [
            "arxiv:2405.00001",
            "arxiv:2405.00002",
            "arxiv:2405.00003",
        ]
        assert verdict.issue.shown is None or len(verdict.issue.shown) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r"(Why here: )[\d,]+", r"\g<1>9,999", "the page shows something else there"),
        (r"(Place </span>)1<", r"\g<1>2<", "the page shows something else there"),
        (r'<article class="entry" id="2405.00001"', '<article class="entry" id="2405.00009"', "something else"),
        (r'<article class="entry" ', '<article class="entry" id="2405.00009" ', "something else"),
        (r'<article class="entry" id="2405.00003".*?</article>', "", "the page shows 2 papers, but the issue has 3"),
        (r'"score":\d+', '"score":1', "the content is not in the log"),
        (r"(?s)(<code>)[0-9a-f]{64}", r"\g<1>" + "0" * 64, "the page shows the digest"),
        (r"(?m)^— witness[^\n]*\n", "", "0 of 1 witnesses cosigned"),
        (r"(?m)^— papers[^\n]*\n", "", "not signed by a known log"),
        (r"papers\.example/daily/log/daily/1", "papers.example/daily/log/daily/2", "not signed by a known log"),
    ],
)
def test_what_differs_is_named(published: Published, tmp_path: Path, old: str, new: str, said: str) -> None:
    text, count = re.subn(old, new, published.page.read_text(), flags=re.S)
    assert count
    (tmp_path / "page.html").write_text(text)
    verdict = check_saved(read_saved(tmp_path / "page.html"), published.policy)
    assert any(said in problem for problem in verdict.problems), verdict.problems


def test_a_changed_title_is_named(published: Published, tmp_path: Path) -> None:
    text = (published.folder / "site" / DAY / "issue.json").read_text()
    (tmp_path / "issue.json").write_text(text.replace("Tea <b>no. 2", "Coffee <b>no. 2"))
    verdict = check_saved(read_saved(tmp_path / "issue.json"), published.policy)
    assert verdict.problems == ("arxiv:2405.00002: title, authors or abstract differ from the issue",)
    (tmp_path / "issue.json").write_text(text.replace('"metadata":{"', '"metadata":{"arxiv:2405.00009":{},"', 1))
    verdict = check_saved(read_saved(tmp_path / "issue.json"), published.policy)
    assert verdict.problems == ("arxiv:2405.00009: has metadata in the file but is not in the issue",)


def test_markdown_whose_order_differs(published: Published, tmp_path: Path) -> None:
    shutil.copytree(published.folder / "markdown", tmp_path / "markdown")
    file = tmp_path / "markdown" / f"{DAY}.md"
    text = file.read_text()
    file.write_text(text.replace("abs/2405.00001", "abs/x").replace("abs/2405.00002", "abs/2405.00001"))
    assert len(check_saved(read_saved(file), published.policy).problems) == 2
    file.write_text(f"{text}\n## 4. A paper that nobody has written\n\nTea boils itself.\n")
    assert "shows 4 papers, but the issue has 3" in check_saved(read_saved(file), published.policy).problems[0]
    file.with_suffix(".json").unlink()
    with pytest.raises(InputError, match="which is missing"):
        read_saved(file)


FOREIGN = [
    "",
    "<p>",
    "no page",
    '<script type="application/vnd.c2sp.tlog-proof">',
    "\x00",
    "{}",
    "[" * 100_000,
    "<" * 9000,
    "<![x",
]


@pytest.mark.parametrize("text", FOREIGN)
@pytest.mark.parametrize("name", ["page.html", "page.json", "page.htm"])
def test_files_that_are_no_issues(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError):
        read_saved(tmp_path / name)


def test_a_file_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    page = tmp_path / "endless.html"
    page.symlink_to("/dev/zero")
    with pytest.raises(InputError, match="larger than"):
        read_saved(page)


def test_markdown_of_headings_alone_is_read_once(published: Published, tmp_path: Path) -> None:
    shutil.copy(published.folder / "site" / DAY / "issue.json", tmp_path / "saved.json")
    for line in ("## 1. Tea\n", "## 1. <https://arxiv.org/abs/\n"):  # would take minutes if each were read to the end
        (tmp_path / "saved.md").write_text(line * 200_000)
        shown = read_saved(tmp_path / "saved.md").shown
        assert shown is not None and {entry.paper for entry in shown} == {""}


PROGRAM = ROOT / "docs" / "examples" / "check_proof.py"
CODE = compile(PROGRAM.read_text("utf-8"), "check_proof.py", "exec")


def accepts(file: Path, policy: Path) -> bool:
    """Whether the program in the docs accepts it."""
    before, sys.argv = sys.argv, ["check_proof.py", str(file), str(policy)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(CODE, {"__name__": "check_proof"})
    except Exception:  # a forged page may cause any error
        return False
    finally:
        sys.argv = before
    return True


def forgeries(text: str, chance: random.Random) -> Iterator[str]:
    """Pages with single characters of the proof or the content changed, removed, repeated or swapped."""
    blocks = [match.span(1) for match in re.finditer(r"<script type=[^>]*>(.*?)</script>", text, re.S)]
    while True:
        start, end = chance.choice(blocks)
        at, other = chance.randrange(start, end), chance.randrange(start, end)
        kind = chance.randrange(4)
        if kind == 0:
            made = text[:at] + chance.choice('0123456789abcdefXY+/="\\ \n,:{}') + text[at + 1 :]
        elif kind == 1:
            made = text[:at] + text[at + 1 :]
        elif kind == 2:
            made = text[:at] + text[at] + text[at:]
        else:
            low, high = sorted((at, other))
            made = text[:low] + text[high:] if high - low < 200 else text[:low] + text[low : low + 40] + text[low:]
        if made != text:
            yield made


@pytest.mark.long
def test_no_forgery_is_accepted_and_the_program_in_the_docs_agrees(published: Published, tmp_path: Path) -> None:
    text = published.page.read_text()
    content = json.loads(re.findall(r'issue\+json">(.*?)</script>', text, re.S)[0])
    file, chance = tmp_path / "page.html", random.Random(7)
    assert accepts(published.page, published.policy_file)
    same = 0
    for _, made in zip(range(800), forgeries(text, chance), strict=False):
        file.write_text(made)
        try:
            accepted = not check_saved(read_saved(file), published.policy).problems
        except InputError:
            accepted = False
        assert accepted <= accepts(file, published.policy_file)  # the program ignores what the page shows
        if accepted:  # a space in the JSON, or a byte of an unknown witness: what is proved is the same
            same += 1
            assert json.loads(re.findall(r'issue\+json">(.*?)</script>', made, re.S)[0]) == content
    assert same < 80


def test_a_whole_site(published: Published, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(published.folder / "site", site)
    assert check_mirror(site, published.policy) == (1, 1, 0, ())
    (site / "index.html").unlink()
    shutil.move(site / DAY, tmp_path)
    assert check_mirror(site, published.policy) == (0, 1, 1, ())
    tile = site / "log/daily/1/tile/0/000.p/1"
    data = tile.read_bytes()
    tile.write_bytes(data[::-1])
    assert "tile/0/000.p/1 does not match the leaves" in check_mirror(site, published.policy).problems[0]
    tile.write_bytes(data)
    bundle = next((site / "log/daily/1/tile/entries").rglob("1"))
    leaves = bundle.read_bytes()
    bundle.write_bytes(leaves[:-1] + bytes([leaves[-1] ^ 1]))
    assert "leaves do not match" in check_mirror(site, published.policy).problems[0]
    bundle.unlink()
    assert check_mirror(site, published.policy).problems


def test_a_split_view_is_named(published: Published, tmp_path: Path) -> None:
    """The same key signs another history and shows it to others."""
    site = tmp_path / "site"
    shutil.copytree(published.folder / "site", site)
    other = published.config._replace(folder=tmp_path / "other", key_file=tmp_path / "other.key")
    shutil.copy(published.config.key_file, other.key_file)
    with Record(str(tmp_path / "other.db")) as record:
        write(record, [DAILY])
        from tests.transparency.logs import freeze

        freeze(record, 0)
        freeze(record, 1)
        update_log(record.database, NAME, other, AT)
    shutil.rmtree(site / "log" / NAME)
    for path, data in logs_of(other).files():
        (site / "log" / NAME / path).parent.mkdir(parents=True, exist_ok=True)
        (site / "log" / NAME / path).write_bytes(data)
    problems = check_mirror(site, published.policy).problems
    assert any("a split view" in text for text in problems), problems
    assert policies.is_of_known_log(published.policy, logs_of(other).stored[0].checkpoints[0])
