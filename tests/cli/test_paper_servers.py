"""Issues with papers of several servers, beside one of arXiv alone: which papers, compared with which, rebuilt by the
docs' program, and their pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from hotpapers.base.model import (
    HOUR,
    Announcement,
    CoverageState,
    Item,
    Mention,
    Notice,
    Paper,
    Post,
    Publication,
    ServerCount,
    Snapshot,
    Window,
)
from hotpapers.base.papers import categories
from hotpapers.issues import announcement_counts
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.transfer.export_formats import EXPORTS
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.query import QuerySession
from hotpapers.publish.query.papers import paper as paper_details
from hotpapers.publish.query.papers import search
from hotpapers.publish.query.request_params import PaperParams, SearchParams
from hotpapers.publish.render.markdown import markdown_link
from hotpapers.publish.schedule.queries import revised_papers
from hotpapers.publish.view import glance
from hotpapers.publish.view.reading_words import readings_text
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import abs_url, paper_anchor
from hotpapers.record.record import Record
from hotpapers.wings.mail.issue_text import as_text, message_view
from hotpapers.wings.mcp.record_tools import all_tools
from hotpapers.wings.personal import packing
from tests.cli.rebuild_program import load_program
from tests.cli.test_rebuild_edges import assert_rebuilt, issue
from tests.conftest import HAS_WINGS, needs_wings
from tests.issues.made import DAILY, DAY, background, moment, paper, posts_about, read, write

BEFORE, NEXT = DAY, "2024-05-08"
AFTERWARDS = moment("2024-05-11")
"""After the issue of NEXT was frozen."""
"""The day on which preprints were posted, and that of the issue."""
BIOLOGY = msgspec.structs.replace(DAILY, publication="bio", categories=("biorxiv",), threshold=1)
MIXED = msgspec.structs.replace(DAILY, publication="mixed", categories=("arxiv", "biorxiv.neuroscience"), threshold=1)
ALONE = msgspec.structs.replace(DAILY, threshold=1)


def doi(number: int) -> str:
    return f"doi:10.1101/2024.05.06.{number:06}"


def preprint(number: int, voices: int, category: str = "biorxiv.neuroscience") -> list[Item]:
    """A preprint posted on the day before the issue, and a post about it with likes."""
    at = moment(BEFORE)
    name = f"bluesky:preprint{number}"
    return [
        Paper(
            paper=doi(number), title=f"Made-up neurons {number}", authors=("Ada Amberfield",), categories=(category,),
            published_at=at, observed_at=at,
        ),
        Announcement(
            paper=doi(number), day=BEFORE, category=category, type="new", announced_at=at, version=1, observed_at=at
        ),
        Post(
            post=name, network="bluesky", account=f"{name}-by", created_at=at + HOUR, text="Neurons",
            observed_at=at + HOUR,
        ),
        Mention(post=name, paper=doi(number), form="biorxiv", found_in="link", observed_at=at + HOUR),
        Snapshot(post=name, likes=voices - 1, observed_at=at + 2 * HOUR),
    ]  # fmt: skip


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        for network in ("bluesky", "biorxiv"):
            write(opened, read(network, moment("2024-01-01"), moment(NEXT)))
        write(opened, *background(), *paper(1, NEXT), *posts_about(1, 30, moment(NEXT) + HOUR))
        write(opened, *preprint(1, 40), *preprint(2, 20, "biorxiv.cell-biology"))
        write(opened, *(item for number in range(3, 9) for item in preprint(number, 3, "biorxiv.zoology")))
        yield opened


def papers_of(record: Record, publication: Publication) -> list[str]:
    return [entry.paper for entry in issue(record, publication, NEXT).entries]


def test_each_publication_has_the_papers_of_its_servers(record: Record, tmp_path: Path) -> None:
    assert papers_of(record, ALONE) == ["arxiv:2405.00001"]
    assert papers_of(record, BIOLOGY) == [doi(1), doi(2)]
    assert set(papers_of(record, MIXED)) == {"arxiv:2405.00001", doi(1)}
    assert_rebuilt(record, tmp_path, 3)


def test_an_issue_of_arxiv_does_not_change_beside_other_servers(
    record: Record, sqlite_url: str, tmp_path: Path
) -> None:
    with Record(str(tmp_path / "alone.db")) as alone:
        write(alone, read("bluesky", moment("2024-01-01"), moment(NEXT)))
        write(alone, *background(), *paper(1, NEXT), *posts_about(1, 30, moment(NEXT) + HOUR))
        expected = issue(alone, ALONE, NEXT)
    content = issue(record, ALONE, NEXT)
    for name in ("peers", "considered", "announced", "readings", "compared"):
        assert getattr(content, name) == getattr(expected, name), name
    entries, expected_entries = (
        [msgspec.structs.replace(entry, posts=()) for entry in several.entries] for several in (content, expected)
    )  # the hashes of posts have salts
    assert entries == expected_entries


def test_papers_are_compared_with_those_of_their_server(record: Record) -> None:
    assert {peer.archive for peer in issue(record, BIOLOGY, NEXT).peers} <= {"biorxiv"}
    assert "biorxiv" not in {peer.archive for peer in issue(record, ALONE, NEXT).peers}


def test_days_of_other_servers_are_in_words(record: Record) -> None:
    content = issue(record, BIOLOGY, NEXT)
    assert content.announced == 8
    facts = " · ".join(announcement_counts.announcement_facts(content))
    assert "8 posted on Tuesday" in facts
    assert announcement_counts.announcement_phrase(content, content.entries[0]) == "posted the day before"


def test_papers_posted_on_the_day_of_the_issue_are_not_among_those_counted(record: Record) -> None:
    """They are counted for the next one."""
    content = issue(record, MIXED, NEXT)
    first, second = (
        msgspec.structs.replace(content.entries[0], paper=doi(number), announced_at=moment(day))
        for number, day in ((1, BEFORE), (2, NEXT))
    )
    facts = {
        names: " · ".join(announcement_counts.announcement_facts(msgspec.structs.replace(content, entries=entries)))
        for names, entries in {"one": (first,), "both": (first, second), "late": (second,)}.items()
    }
    announced = f"the {content.announced} announced that day or posted on Tuesday"
    assert facts["one"].startswith(f"1 paper of {announced}")
    assert facts["both"].startswith(f"2 papers: 1 of {announced}") and ", 1 posted that day" in facts["both"]
    assert facts["late"].startswith("1 paper, posted that day ·") and announced[4:] in facts["late"]
    tomorrow = msgspec.structs.replace(second, announced_at=moment("2024-05-09"))
    assert announcement_counts.announcement_phrase(content, tomorrow) == "posted the day after"
    several = (ServerCount(server="arxiv", papers=None), ServerCount(server="biorxiv", papers=8))
    partly = msgspec.structs.replace(content, entries=(first,), announced=None, announced_on=several)
    words = " · ".join(announcement_counts.announcement_facts(partly))
    assert words.startswith("1 paper, announced that day or posted on Tuesday ·") and words.count("8 on bioRxiv") == 1


@pytest.mark.parametrize(
    ("day", "words"),
    [("2024-05-13", "posted from Friday to Sunday"), ("2024-05-14", "posted on Monday"), (NEXT, "posted on Tuesday")],
)
def test_the_days_of_the_papers_counted_are_named(record: Record, day: str, words: str) -> None:
    content = msgspec.structs.replace(issue(record, BIOLOGY, NEXT), day=day)
    assert announcement_counts.when_announced(content) == words


@pytest.mark.parametrize(
    ("hours", "state", "facts", "gap", "short"),
    [
        ((0, 24), "complete", "8 posted on Tuesday", "", ""),
        ((0, 20), "complete", "at least 8 posted on Tuesday", "; bioRxiv not since 7 May 20:00 UTC",
         " · bioRxiv only in part"),
        (
            (5, 9), "partial", "at least 8 posted on Tuesday",
            "; bioRxiv only in part from 7 May 05:00 to 7 May 09:00 UTC", " · bioRxiv only in part",
        ),
        (
            (0, 24), "refused", "at least 8 posted on Tuesday", "; bioRxiv not reachable",
            " · bioRxiv could not be read",
        ),
    ],
)  # fmt: skip
def test_an_issue_says_which_servers_were_not_read(
    sqlite_url: str, tmp_path: Path, hours: tuple[int, int], state: CoverageState, facts: str, gap: str, short: str
) -> None:
    start, end = (moment(BEFORE) + hour * HOUR for hour in hours)
    with Record(sqlite_url) as record:
        write(record, read("bluesky", moment("2024-01-01"), moment(NEXT) + 8 * HOUR))
        if state != "complete":
            write(record, read("biorxiv", moment("2024-01-01"), moment(NEXT)))
        write(record, read("biorxiv", start, end, state, at=moment(NEXT)))
        write(record, *(item for number in range(1, 9) for item in preprint(number, 3)))
        content = issue(record, BIOLOGY, NEXT)
        assert facts in " · ".join(announcement_counts.announcement_facts(content))
        assert readings_text(content, with_reasons=False) == f"1 network read{gap}"
        assert_rebuilt(record, tmp_path, 1)
        record.append([BIOLOGY], source="settings")
        at_a_glance = glance.summary_line(RecordIssueReader(record).issue("bio", NEXT))
        assert at_a_glance.partition(" network")[2] == short


@pytest.mark.parametrize("state", ["complete", "partial", "refused", "unknown"])
@pytest.mark.parametrize("fields", [("biorxiv",), ("chemrxiv", "biorxiv.zoology"), ("arxiv", "biorxiv"), ("doi",)])
@pytest.mark.parametrize("window", ["daily", "weekly"])
def test_no_papers_are_none_only_if_servers_were_read(
    sqlite_url: str, tmp_path: Path, window: Window, fields: tuple[str, ...], state: str
) -> None:
    """A day without any paper, for each way of reading the servers."""
    publication = msgspec.structs.replace(BIOLOGY, categories=fields, window=window)
    names = [name for name in categories.servers_of(fields) if name != "doi"]
    day = NEXT if window == "daily" else "2024-05-06"
    cut = moment(day) + 8 * HOUR
    with Record(sqlite_url) as record:
        write(record, read("bluesky", moment("2024-01-01"), cut))
        for name in names if state != "unknown" else ():
            write(record, read(name, moment("2024-01-01"), cut, state))  # type: ignore[arg-type]
        write(record, *preprint(1, 3, "medrxiv.neurology"))
        content = issue(record, publication, day)
        words = " · ".join(announcement_counts.announcement_facts(content))
        is_known = state == "complete" or fields == ("doi",)
        if window == "daily" and "arxiv" not in fields:
            assert ("none posted on Tuesday" in words) is is_known, words
            assert ("how many were posted on Tuesday is not known" in words) is not is_known
        assert [reading.state for reading in content.servers or ()] == [state for name in names if name != "arxiv"]
        assert_rebuilt(record, tmp_path, 1)


@pytest.mark.parametrize("state", ["complete", "partial", "refused"])
@pytest.mark.parametrize("preprints", [0, 1, 8])
@pytest.mark.parametrize("has_arxiv", [True, False])
def test_a_number_is_told_only_if_it_is_known_of_each_server(
    sqlite_url: str, tmp_path: Path, has_arxiv: bool, preprints: int, state: CoverageState
) -> None:
    """A number of one server is not told for all: arXiv announced nothing of the fields, or is not in the record."""
    publication = msgspec.structs.replace(MIXED, categories=("math", "biorxiv"))
    with Record(sqlite_url) as record:
        for network in ("bluesky", "biorxiv"):
            write(record, read(network, moment("2024-01-01"), moment(BEFORE)))
            known_state = state if network == "biorxiv" else "complete"
            write(record, read(network, moment(BEFORE), moment(NEXT) + 8 * HOUR, known_state))
        write(record, *(item for number in range(1, preprints + 1) for item in preprint(number, 3)))
        write(record, *(paper(1, NEXT) if has_arxiv else ()))
        content = issue(record, publication, NEXT)
        words = " · ".join(announcement_counts.announcement_facts(content))
        is_read = state == "complete"
        assert content.announced == (preprints if has_arxiv and (is_read or preprints) else None)
        in_all = re.sub(r" \([^()]*\)", "", words)
        assert ("at least" in in_all) is bool(has_arxiv and preprints and not is_read), words
        assert ("is not known" in words) is (content.announced is None and not content.entries), words
        by_server = {count.server: count.papers for count in content.announced_on or ()}
        assert by_server == {
            "arxiv": 0 if has_arxiv else None,
            "biorxiv": preprints if preprints or is_read else None,
        }
        if content.announced and content.entries:
            number_there = f"{'' if is_read else 'at least '}{preprints} on bioRxiv"
            assert f"(none on arXiv, {number_there})" in words
        if content.entries and content.announced:
            number = f"{'the' if is_read else 'at least'} {preprints}".replace("the 1", "the only one")
            assert number in words and "announced that day or posted on Tuesday" in words
        assert_rebuilt(record, tmp_path, 1)


def test_a_page_names_the_server_and_the_notices(record: Record, tmp_path: Path) -> None:
    record.append([BIOLOGY], source="settings")
    issue(record, BIOLOGY, NEXT)
    write(
        record,
        Notice(
            paper=doi(1), notice="doi:10.1101/2024.06.01.999999", type="retraction", day=NEXT, observed_at=AFTERWARDS
        ),
    )
    write(
        record,
        Notice(
            paper=doi(2), notice="doi:10.1101/2024.06.01.999998", type="correction", day=NEXT, observed_at=AFTERWARDS
        ),
    )
    for channel in ("site", "markdown"):
        export_site(record, "bio", [NEXT], channel, tmp_path / channel)
    page = (tmp_path / "site" / "paper" / "10.1101" / "2024.05.06.000001" / "index.html").read_text("utf-8")
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "retracted" in text and "retraction of 8 May 2024" in text and "bioRxiv 10.1101/2024.05.06.000001" in text
    assert 'content="10.1101/2024.05.06.000001"' in page and "citation_arxiv_id" not in page
    other = (tmp_path / "site" / "paper" / "10.1101" / "2024.05.06.000002" / "index.html").read_text("utf-8")
    assert "correction of 8 May 2024" in other
    assert "[retracted] Made-up neurons 1" in other and other.count("retracted") == 1, "of a near paper"
    for name in (f"{NEXT}/issue.bib", f"{NEXT}/issue.ris", f"search/papers/{NEXT}.json", f"search/papers/{NEXT}.js"):
        assert (tmp_path / "site" / name).read_text("utf-8").count("retracted") == 1, name
    if HAS_WINGS:
        rows = (tmp_path / "site" / NEXT / "papers.js").read_bytes()
        assert packing.papers_in(rows)["10.1101/2024.05.06.000001"].title == "[retracted] Made-up neurons 1"
    category = (tmp_path / "site" / "category" / "biorxiv.cell-biology" / "index.html").read_text("utf-8")
    assert "<h1>bioRxiv: cell biology</h1>" in category and ">the list on bioRxiv</a>" in category
    assert '/category/biorxiv.cell-biology/index.html">bioRxiv: cell biology</a>' in other
    page_of_hits = search(QuerySession(record), SearchParams(q="neurons"))
    assert {hit.paper: hit.taken_back for hit in page_of_hits.papers if hit.taken_back} == {doi(1): "retracted"}
    [markdown] = (tmp_path / "markdown").glob("*.md")
    words = markdown.read_text("utf-8")
    assert (
        "[retracted] Made-up neurons 1" in words.replace("\\", "")
        and "https://www.biorxiv.org/content/10.1101/2024.05.06.000001" in words
    )


ODD_DOIS = (
    "10.31234/osf.io/abcde",
    "10.1016/s0140-6736(05)67889-x",
    "10.1002/(sici)1097-0258(19980815)17:15<1661::aid-1>3.0.co;2-2",
    f"10.1000/{'long' * 60}",
)


@pytest.mark.parametrize("odd", ODD_DOIS, ids=["slash", "brackets", "sici", "long"])
def test_links_lead_to_a_paper_whatever_signs_its_id_has(record: Record, tmp_path: Path, odd: str) -> None:
    items = [
        msgspec.structs.replace(item, paper=f"doi:{odd}") if hasattr(item, "paper") else item
        for item in preprint(20, 40)
    ]
    record.append([BIOLOGY], source="settings")
    write(record, *items)
    issue(record, BIOLOGY, NEXT)
    for channel in ("site", "markdown"):
        export_site(record, "bio", [NEXT], channel, tmp_path / channel)
    site = tmp_path / "site"
    ids = set(map(html.unescape, re.findall(r' id="([^"]+)"', (site / NEXT / "index.html").read_text("utf-8"))))
    linked = {
        unquote(html.unescape(name))
        for file in site.rglob("*.html")
        for name in re.findall(rf'href="[^"#]*{NEXT}/index\.html#([^"]+)"', file.read_text("utf-8"))
    }
    assert paper_anchor(f"doi:{odd}") in linked <= ids
    entry = (site / NEXT / "index.html").read_text("utf-8")
    assert '<a href="../category/biorxiv.neuroscience/index.html">' in entry, "of each category that has a page"
    [markdown] = (tmp_path / "markdown").glob("*.md")
    assert markdown_link("", abs_url(f"doi:{odd}"))[1:] in markdown.read_text("utf-8"), "as `verify` expects"


def test_a_notice_that_is_gone_is_shown_nowhere(record: Record, tmp_path: Path) -> None:
    record.append([BIOLOGY], source="settings")
    notice = Notice(
        paper=doi(1), notice="doi:10.1101/2024.06.01.999999", type="retraction", day=NEXT, observed_at=moment(NEXT)
    )
    write(record, notice)
    issue(record, BIOLOGY, NEXT)
    position = record.head.position
    write(record, msgspec.structs.replace(notice, day="", observed_at=moment("2024-06-20")))
    assert revised_papers(record, position) == [doi(1)], "its pages are made again"
    for channel in ("site", "markdown"):
        export_site(record, "bio", [NEXT], channel, tmp_path / channel)
    for file in (file for file in tmp_path.rglob("*") if file.suffix in (".html", ".md", ".bib", ".json", ".atom")):
        assert not re.search("retracted|retraction of", file.read_text("utf-8")), file
    session = QuerySession(record)
    details = paper_details(session, PaperParams(paper=doi(1)))
    assert not details.withdrawn and not details.notices
    assert not [hit for hit in search(session, SearchParams(q="neurons")).papers if hit.taken_back]
    assert b"retracted" not in b"".join(EXPORTS["bibtex"].chunks(record))


@needs_wings
def test_programs_are_told_which_papers_were_taken_back(record: Record) -> None:
    record.append([BIOLOGY], source="settings")
    issue(record, BIOLOGY, NEXT)
    notice = Notice(paper=doi(1), notice="doi:10.5555/n.1", type="retraction", day=NEXT, observed_at=AFTERWARDS)
    write(record, notice)
    session = QuerySession(record)
    explained = all_tools()["explain"].call(session, {"paper": doi(1), "publication": "bio"})
    assert "The paper was retracted." in explained["notes"]
    hot = all_tools()["hot"].call(session, {"publication": "bio"})
    assert {paper["paper"] for paper in hot["papers"] if paper["title"].startswith("[retracted] ")} == {
        "10.1101/2024.05.06.000001"
    }
    for name, arguments in (("related", {"paper": doi(2)}), ("for_me", {"words": ["neurons"], "publication": "bio"})):
        answer = all_tools()[name].call(session, arguments)
        states = {paper["id"]: paper["taken_back"] for paper in answer["papers"]}
        assert states.pop("10.1101/2024.05.06.000001") == "retracted" and set(states.values()) <= {""}, name


def test_a_doi_that_looks_like_a_journal_names_a_paper_of_the_record(record: Record) -> None:
    odd_paper = Paper(paper="doi:10.5555/kettles", title="Kettles", observed_at=moment(NEXT))
    write(record, odd_paper)
    for text in ("10.5555/kettles", " 10.5555/KETTLES ", "doi:10.5555/kettles"):
        assert paper_details(QuerySession(record), PaperParams(paper=text)).paper == odd_paper.paper


@needs_wings
def test_an_article_that_appears_after_the_issue_is_named_everywhere(record: Record, tmp_path: Path) -> None:
    """Hardly any preprint is published on the day on which its issue is frozen."""
    record.append([BIOLOGY], source="settings")
    issue(record, BIOLOGY, NEXT)
    position = record.head.position
    preprint_of_then = record.view().item(Paper, doi(1))
    assert preprint_of_then is not None
    changes = {"doi": "10.5555/tea.1", "journal": "Annals of Tea", "observed_at": moment("2024-06-20")}
    write(record, msgspec.structs.replace(preprint_of_then, **changes))
    assert revised_papers(record, position) == [doi(1)]
    for channel in ("site", "markdown", "feeds"):
        export_site(record, "bio", [NEXT], channel, tmp_path / channel)
    pages = [
        (tmp_path / "site" / "paper" / "10.1101" / "2024.05.06.000001" / "index.html").read_text("utf-8"),
        (tmp_path / "site" / NEXT / "index.html").read_text("utf-8"),
        "".join(file.read_text("utf-8") for file in (tmp_path / "markdown").glob("*.md")),
        "".join(file.read_text("utf-8") for file in (tmp_path / "feeds").rglob("*.atom")),
        as_text(message_view(RecordIssueReader(record).issue("bio", NEXT), SiteConfig(), 10)),
    ]
    for page in pages:
        assert "published in Annals of Tea" in page and "https://doi.org/10.5555/tea.1" in page


@needs_wings
def test_notices_are_in_markdown_mail_and_feeds(record: Record, tmp_path: Path) -> None:
    record.append([BIOLOGY], source="settings")
    issue(record, BIOLOGY, NEXT)
    for number, kind in ((1, "retraction"), (2, "concern")):
        notice = f"doi:10.1101/2024.06.01.99999{number}"
        write(record, Notice(paper=doi(number), notice=notice, type=kind, day=NEXT, observed_at=AFTERWARDS))  # type: ignore[arg-type]
    for channel in ("markdown", "feeds"):
        export_site(record, "bio", [NEXT], channel, tmp_path / channel)
    message = message_view(RecordIssueReader(record).issue("bio", NEXT), SiteConfig(), 10)
    assert message.entries[0].title.url.endswith("10.1101/2024.05.06.000001"), "not the notice"
    [markdown] = (tmp_path / "markdown").glob("*.md")
    feeds = "".join(file.read_text("utf-8") for file in (tmp_path / "feeds").rglob("*.atom"))
    for text in (markdown.read_text("utf-8"), feeds, as_text(message)):
        plain = text.replace("\\", "")
        assert "[retracted] Made-up neurons 1" in plain and "[retracted] Made-up neurons 2" not in plain
        for words in ("retraction of 8 May 2024", "expression of concern of 8 May 2024", "2024.06.01.999992"):
            assert words in plain


@pytest.mark.parametrize(("publication", "is_on_arxiv"), [(BIOLOGY, False), (MIXED, True), (ALONE, True)])
def test_pages_speak_of_the_servers_that_a_publication_has(
    record: Record, tmp_path: Path, publication: Publication, is_on_arxiv: bool
) -> None:
    record.append([publication], source="settings")
    issue(record, publication, NEXT)
    export_site(record, publication.publication, [NEXT], "site", tmp_path)
    texts = {
        name: " ".join(re.sub(r"<[^>]+>", " ", (tmp_path / name / "index.html").read_text("utf-8")).split())
        for name in ("about", "method", f"{NEXT}/all")
    }
    names = {BIOLOGY: "bioRxiv", MIXED: "arXiv or bioRxiv", ALONE: "arXiv"}
    assert f"is not part of {names[publication]}, and not related" in texts["about"]
    assert ("Thank you to arXiv" in texts["about"]) is is_on_arxiv
    assert ("archive" in texts["method"].partition("Others.")[2].partition("Part.")[0]) is is_on_arxiv
    verbs = {BIOLOGY: "papers posted", MIXED: "papers announced or posted", ALONE: "paper announced"}
    assert f" {verbs[publication]} ·" in texts[f"{NEXT}/all"]


def test_the_program_in_the_docs_knows_the_servers() -> None:
    assert categories.servers_with_keys() == load_program("rebuild_rest").SERVERS
