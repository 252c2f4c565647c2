"""Saved issues: what is proved about them, thousands of forgeries, and the program in the docs agrees."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from starlette.applications import Starlette

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import InputError, NotAProof
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.markdown import issue_text, markdown_link
from hotpapers.publish.view import site_paths
from hotpapers.record import Record
from hotpapers.serve.api import Api
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.wings.proof import policies, saved_issues
from hotpapers.wings.proof.mirrors import check_mirror
from hotpapers.wings.proof.publication_log import update_log
from hotpapers.wings.proof.saved_issues import check_saved, read_saved
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.conftest import ROOT
from tests.issues.made import DAILY, DAY, write
from tests.publish.render import build
from tests.serve.asgi import get
from tests.wings.proof.logs import NAME, logs_of
from tests.wings.proof.sample_publication import AT, SamplePublication, publish


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> SamplePublication:
    return publish(tmp_path_factory.mktemp("published"))


def test_a_page_a_file_and_markdown_are_verified(publication: SamplePublication) -> None:
    for file in ("site/index.html", f"site/{DAY}/index.html", f"site/{DAY}/issue.json", f"markdown/{DAY}.md"):
        verdict = check_saved(read_saved(publication.folder / file), publication.policy)
        assert not verdict.problems and verdict.witnesses == ("a 2024-05-06 12:53 UTC",)
        assert [entry.paper for entry in verdict.issue.content.entries] == [
            "arxiv:2405.00001",
            "arxiv:2405.00002",
            "arxiv:2405.00003",
        ]
        assert verdict.issue.shown is None or len(verdict.issue.shown) == 3


PREPRINTS = (
    "10.1101/2024.05.02.573921", "10.31234/osf.io/ab9c9", "10.1016/s0140-6736(05)67889-x", "10.1000/a&12_3",
    "10.21203/rs.3.rs-1234567", "10.2139/ssrn.1234567",
)  # fmt: skip


@pytest.mark.parametrize("version", [None, 2])
@pytest.mark.parametrize("doi", PREPRINTS)
def test_papers_on_other_servers_are_verified(doi: str, version: int | None, publication: SamplePublication) -> None:
    key = f"doi:{doi}"
    preprint = msgspec.structs.replace(build.paper("", "Kettles"), paper=key, version=version)
    papers = [build.paper("2101.99902", "Tea"), preprint]
    entries = [build.listing_entry(n, paper, 1, 9 - n, n, 900 - n) for n, paper in enumerate(papers, 1)]
    published = build.issue(build.OWN, "2021-01-14", entries)
    page = SitePages(build.PlainIssueReader([build.OWN], [published]), "daily").page("2021-01-14/index.html")
    assert page is not None
    saved = read_saved(publication.page)._replace(content=published.content, shown_digest="", metadata={})

    def problems(text: str) -> list[str]:
        reader = saved_issues._PageReader()
        reader.feed(text)
        shown = reader.entries or saved_issues._shown_in_markdown(text, published.content)
        return list(saved_issues._page_problems(saved._replace(shown=tuple(shown))))

    for text in (page.decode(), issue_text(published)):
        assert not problems(text)
        forged = text.replace(markdown_link("", site_paths.abs_url(key))[2:], "(<https://elsewhere.example/paper>)")
        forged = re.sub(r'(<article class="entry" id=)"10[^"]+"', r'\1"10.1000-182"', forged)
        assert forged != text and ["something else" in problem for problem in problems(forged)] == [True]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r'(class="sum">)[\d,]+', r"\g<1>9,999", "the page shows something else there"),
        (r'(class="sum">)([\d,]+)', r"\g<1>\g<2> thousand points", "the page shows something else there"),
        (r"(Place </span>)1<", r"\g<1>2<", "the page shows something else there"),
        (r'<article class="entry" id="2405.00001"', '<article class="entry" id="2405.00009"', "something else"),
        (r'<article class="entry" ', '<article class="entry" id="2405.00009" ', "something else"),
        (r'<article class="entry" id="2405.00003".*?</article>', "", "the page shows 2 papers, but the issue has 3"),
        (">arXiv:2405.00002<", ">arXiv:2405.00009<", "something else there"),
        (r'href="https://arxiv.org/abs/2405.00002"', 'href="https://arxiv.org/abs/2405.00009"', "something else there"),
        (r'href="https://arxiv.org/pdf/2405.00002"', 'href="https://elsewhere.example/2405.00002"', "something else"),
        (
            "</main>",
            '<section class="still"><li id="2405.00009"></section></main>',
            "other papers as still talked about",
        ),
        (r'"score":\d+', '"score":1', "the content is not in the log"),
        (r"(?s)(<code>)[0-9a-f]{64}", r"\g<1>" + "0" * 64, "the page shows the digest"),
        (r"(?m)^— witness[^\n]*\n", "", "0 of 1 witnesses cosigned"),
        (r"(?m)^— papers[^\n]*\n", "", "not signed by a known log"),
        (r"papers\.example/daily/log/daily/1", "papers.example/daily/log/daily/2", "not signed by a known log"),
    ],
)
def test_differences_are_named(
    publication: SamplePublication, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text, count = re.subn(old, new, publication.page.read_text(), flags=re.S)
    assert count
    (tmp_path / "page.html").write_text(text)
    verdict = check_saved(read_saved(tmp_path / "page.html"), publication.policy)
    assert any(message in problem for problem in verdict.problems), verdict.problems


def test_of_an_api_s_answer_only_what_is_proved_is_taken(publication: SamplePublication, tmp_path: Path) -> None:
    backend = Backend(
        lambda: Record(str(publication.store), create=False), ServeConfig(rate=0, proofs=SiteLogs(publication.config))
    )
    answer = json.loads(get(Starlette(routes=Api(backend).routes), f"/api/v1/publications/{NAME}/issues/{DAY}").plain)
    backend.close()
    file = tmp_path / "issue.json"
    file.write_text(json.dumps(answer))
    with pytest.raises(
        NotAProof, match=r"fields that no proof covers \(announced, .*\): keep what is proved: jq '\{con"
    ):
        read_saved(file)
    proved = {name: answer[name] for name in ("content", "metadata", "proof")}
    file.write_text(json.dumps(proved))
    assert not check_saved(read_saved(file), publication.policy).problems
    file.write_text(json.dumps(proved | {"entries": answer["entries"]}))
    with pytest.raises(NotAProof, match=r"covers \(entries\)"):
        read_saved(file)


@pytest.mark.parametrize("unit", ["", " points"])
def test_an_earlier_page_is_verified(publication: SamplePublication, tmp_path: Path, unit: str) -> None:
    """Until 1.0.0rc1, the score was in a summary, at first without a unit."""
    earlier = rf"<details><summary>Why here: \1{unit}</summary></details>"
    text, count = re.subn(r'<(?:td|span) class="sum">([\d,]+)</(?:td|span)>', earlier, publication.page.read_text())
    assert count == 3
    (tmp_path / "page.html").write_text(text)
    assert not check_saved(read_saved(tmp_path / "page.html"), publication.policy).problems
    (tmp_path / "page.html").write_text(text.replace("Why here: ", "Why here: 9", 1))
    assert check_saved(read_saved(tmp_path / "page.html"), publication.policy).problems


def test_a_changed_title_is_named(publication: SamplePublication, tmp_path: Path) -> None:
    text = (publication.folder / "site" / DAY / "issue.json").read_text()
    (tmp_path / "issue.json").write_text(text.replace("Tea <b>no. 2", "Coffee <b>no. 2"))
    verdict = check_saved(read_saved(tmp_path / "issue.json"), publication.policy)
    assert verdict.problems == ("arxiv:2405.00002: title, authors or abstract differ from the issue",)
    (tmp_path / "issue.json").write_text(text.replace('"metadata":{"', '"metadata":{"arxiv:2405.00009":{},"', 1))
    verdict = check_saved(read_saved(tmp_path / "issue.json"), publication.policy)
    assert verdict.problems == ("arxiv:2405.00009: has metadata in the file but is not in the issue",)


def test_markdown_whose_order_differs(publication: SamplePublication, tmp_path: Path) -> None:
    shutil.copytree(publication.folder / "markdown", tmp_path / "markdown")
    file = tmp_path / "markdown" / f"{DAY}.md"
    text = file.read_text()
    file.write_text(text.replace("abs/2405.00001", "abs/x").replace("abs/2405.00002", "abs/2405.00001"))
    assert len(check_saved(read_saved(file), publication.policy).problems) == 2
    file.write_text(f"{text}\n## 4. A paper that nobody has written\n\nTea boils itself.\n")
    assert "shows 4 papers, but the issue has 3" in check_saved(read_saved(file), publication.policy).problems[0]
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


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("<" * 300_000, "more than 200,000 tags"),
        ("<p>a</p>" * 150_000, "more than 200,000 tags"),
        (f"<a {'b ' * 600_000}>", "tags have more than 1,000,000 characters"),
        (f"<a {'b=c ' * 1000}>" * 400, "tags have more than 1,000,000 characters"),
        (" " * 8_000_000, "larger than 8,000,000 bytes"),
        (f"&#{'1' * 5_000};", "not HTML"),
        (f'<a title="&#x{"f" * 5_000};&#{"9" * 5_000};">', "not HTML"),
    ],
    ids=["brackets", "tags", "attributes", "tags of attributes", "spaces", "reference", "references"],
)
def test_a_huge_page_is_refused_before_it_is_read(
    publication: SamplePublication, tmp_path: Path, more: str, message: str
) -> None:
    (tmp_path / "page.html").write_text(publication.page.read_text().replace("</main>", f"{more}</main>"))
    with pytest.raises(InputError, match=message):
        read_saved(tmp_path / "page.html")


@pytest.mark.parametrize("more", ["[]," * 600_000, '{"a":{}},' * 250_000, '{"a":1},' * 300_000])
def test_huge_content_is_refused_before_it_is_read(publication: SamplePublication, tmp_path: Path, more: str) -> None:
    text = (publication.folder / "site" / DAY / "issue.json").read_text()
    (tmp_path / "issue.json").write_text(text.replace('"peers":[', f'"peers":[{more}', 1))
    with pytest.raises(InputError, match="more than 500,000 lists, objects and names"):
        read_saved(tmp_path / "issue.json")


def test_many_fractions_are_refused_before_they_are_read(publication: SamplePublication, tmp_path: Path) -> None:
    text = (publication.folder / "site" / DAY / "issue.json").read_text()
    (tmp_path / "issue.json").write_text(text.replace('"peers":[', f'"peers":[{"1e300," * 400_000}', 1))
    before = time.process_time()
    with pytest.raises(InputError, match="more than 20,000 fractions"):
        read_saved(tmp_path / "issue.json")
    assert time.process_time() - before < 2


def test_many_links_of_an_entry_take_time_in_proportion(publication: SamplePublication, tmp_path: Path) -> None:
    links = "".join(f"<a href=https://arxiv.org/abs/{n}>abs</a>" for n in range(24_000))
    page = publication.page.read_text()
    (tmp_path / "page.html").write_text(page.replace('<ul class="links">', f'<ul class="links">{links}', 1))
    before = time.process_time()
    verdict = check_saved(read_saved(tmp_path / "page.html"), publication.policy)
    assert any("something else there" in problem for problem in verdict.problems)
    assert time.process_time() - before < 2


def test_an_issue_file_with_further_fields_is_not_verified(publication: SamplePublication, tmp_path: Path) -> None:
    value = json.loads((publication.folder / "site" / DAY / "issue.json").read_text())
    for more in ({"retracted": ["2405.00001"]}, {"digest": "x", "entries": [], "ongoing": []}):
        (tmp_path / "issue.json").write_text(json.dumps(value | more))
        with contextlib.suppress(InputError):
            assert check_saved(read_saved(tmp_path / "issue.json"), publication.policy).problems


def test_markdown_of_headings_alone_is_read_once(publication: SamplePublication, tmp_path: Path) -> None:
    shutil.copy(publication.folder / "site" / DAY / "issue.json", tmp_path / "saved.json")
    for line in ("## 1. Tea\n", "## 1. <https://arxiv.org/abs/\n"):  # would take minutes if each were read to the end
        (tmp_path / "saved.md").write_text(line * 200_000)
        papers_shown = read_saved(tmp_path / "saved.md").shown
        assert papers_shown is not None and {entry.paper for entry in papers_shown} == {""}


def test_markdown_without_line_ends_takes_little_memory(publication: SamplePublication, tmp_path: Path) -> None:
    shutil.copy(publication.folder / "site" / DAY / "issue.json", tmp_path / "saved.json")
    (tmp_path / "saved.md").write_text("## 1. " + "tea " * 1_900_000)
    script = (
        "import sys; from pathlib import Path; from hotpapers.wings.proof.saved_issues import read_saved\n"
        "read_saved(Path(sys.argv[1])); print(Path('/proc/self/status').read_text())"
    )
    run = subprocess.run([sys.executable, "-c", script, tmp_path / "saved.md"], capture_output=True, check=True)
    most = re.search(rb"VmHWM:\s+(\d+) kB", run.stdout)
    assert most and int(most[1]) < 200_000


PROGRAM = ROOT / "docs" / "examples" / "check_proof.py"
CODE = compile(PROGRAM.read_text("utf-8"), "check_proof.py", "exec")


def accepts(file: Path, policy: Path) -> bool:
    """Whether the program in the docs accepts it."""
    argv_before, sys.argv = sys.argv, ["check_proof.py", str(file), str(policy)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(CODE, {"__name__": "check_proof"})
    except Exception:  # a forged page may cause any error
        return False
    finally:
        sys.argv = argv_before
    return True


def forgeries(text: str, rng: random.Random) -> Iterator[str]:
    """Pages with single characters of the proof or the content changed, removed, repeated or swapped."""
    blocks = [match.span(1) for match in re.finditer(r"<script type=[^>]*>(.*?)</script>", text, re.S)]
    while True:
        start, end = rng.choice(blocks)
        at, other_position = rng.randrange(start, end), rng.randrange(start, end)
        kind = rng.randrange(4)
        if kind == 0:
            forgery = text[:at] + rng.choice('0123456789abcdefXY+/="\\ \n,:{}') + text[at + 1 :]
        elif kind == 1:
            forgery = text[:at] + text[at + 1 :]
        elif kind == 2:
            forgery = text[:at] + text[at] + text[at:]
        else:
            low, high = sorted((at, other_position))
            forgery = text[:low] + text[high:] if high - low < 200 else text[:low] + text[low : low + 40] + text[low:]
        if forgery != text:
            yield forgery


@pytest.mark.long
def test_no_forgery_is_accepted_and_the_program_in_the_docs_agrees(
    publication: SamplePublication, tmp_path: Path
) -> None:
    text = publication.page.read_text()
    content = json.loads(re.findall(r'issue\+json">(.*?)</script>', text, re.S)[0])
    file, rng = tmp_path / "page.html", random.Random(7)
    assert accepts(publication.page, publication.policy_file)
    same_count = 0
    for _, forgery in zip(range(800), forgeries(text, rng), strict=False):
        file.write_text(forgery)
        try:
            is_accepted = not check_saved(read_saved(file), publication.policy).problems
        except InputError:
            is_accepted = False
        assert is_accepted <= accepts(file, publication.policy_file)  # the program ignores what the page shows
        if is_accepted:  # a space in the JSON, or a byte of an unknown witness: what is proved is the same
            same_count += 1
            assert json.loads(re.findall(r'issue\+json">(.*?)</script>', forgery, re.S)[0]) == content
    assert same_count < 80


def test_a_whole_site(publication: SamplePublication, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(publication.folder / "site", site)
    assert check_mirror(site, publication.policy) == (1, 1, 0, ())
    (site / "index.html").unlink()
    shutil.move(site / DAY, tmp_path)
    assert check_mirror(site, publication.policy) == (0, 1, 1, ())
    tile = site / "log/daily/1/tile/0/000.p/1"
    data = tile.read_bytes()
    tile.write_bytes(data[::-1])
    assert "tile/0/000.p/1 does not match the leaves" in check_mirror(site, publication.policy).problems[0]
    tile.write_bytes(data)
    bundle = next((site / "log/daily/1/tile/entries").rglob("1"))
    leaves = bundle.read_bytes()
    bundle.write_bytes(leaves[:-1] + bytes([leaves[-1] ^ 1]))
    assert "leaves do not match" in check_mirror(site, publication.policy).problems[0]
    bundle.unlink()
    assert check_mirror(site, publication.policy).problems


def test_a_split_view_is_named(publication: SamplePublication, tmp_path: Path) -> None:
    """The same key signs another history and shows it to others."""
    site = tmp_path / "site"
    shutil.copytree(publication.folder / "site", site)
    other_config = publication.config._replace(folder=tmp_path / "other", key_file=tmp_path / "other.key")
    shutil.copy(publication.config.key_file, other_config.key_file)
    with Record(str(tmp_path / "other.db")) as record:
        write(record, [DAILY])
        from tests.wings.proof.logs import freeze

        freeze(record, 0)
        freeze(record, 1)
        update_log(record.database, NAME, other_config, AT)
    shutil.rmtree(site / "log" / NAME)
    for path, data in logs_of(other_config).files():
        (site / "log" / NAME / path).parent.mkdir(parents=True, exist_ok=True)
        (site / "log" / NAME / path).write_bytes(data)
    problems = check_mirror(site, publication.policy).problems
    assert any("a split view" in text for text in problems), problems
    assert policies.is_of_known_log(publication.policy, logs_of(other_config).stored[0].checkpoints[0])
