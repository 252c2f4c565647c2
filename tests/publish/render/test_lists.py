"""Lists of papers: names in addresses, which pages change with a day, curves, status, contact, method."""

from __future__ import annotations

import re
from string import digits
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import (
    HOUR,
    Attention,
    EntrySummary,
    NetworkReading,
    ScoreComponent,
    VoiceHistogram,
)
from hotpapers.base.papers.arxiv.calendar import announced_at
from hotpapers.issues.ranking import rarity_2, words
from hotpapers.issues.ranking.rarity_1 import rarity_millipoints
from hotpapers.issues.windows import label_after
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.html.search_index import index_lines
from hotpapers.publish.render.html.single_pages import reference_of, worked_example
from hotpapers.publish.view.catalogue import Catalogue, make_slug, make_slugs
from hotpapers.publish.view.contact_links import ReportSubject, contact_links_of, join_address, linked_contact
from hotpapers.publish.view.issue_view import issue_view
from hotpapers.publish.view.page_fields import field_name
from hotpapers.publish.view.phrases import facts
from hotpapers.publish.view.publication_state import state_of
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import (
    abstracts_digit,
    abstracts_of,
    abstracts_path,
    ads_url,
    author_of,
    author_path,
    category_of,
    category_path,
    citation_of,
    citation_path,
    code_url,
    html_url,
    inspire_url,
    listing_of,
    listing_path,
    public_url,
)
from hotpapers.publish.view.sparkline import history_curve
from tests.base.papers.known_fields import known_fields
from tests.publish.render.build import LISTED, OWN, PlainIssueReader, issue, listing_entry, own_entry, paper
from tests.publish.render.full_sample import FULL_READER
from tests.publish.render.sample import BRIDGES, LISTED_READER, TEA

# ---- addresses ---------------------------------------------------------------------------------------


def test_paths_and_back() -> None:
    assert listing_of(listing_path("2021-01-14")) == "2021-01-14" and listing_of("2021-01-14/index.html") == ""
    assert (
        citation_of(citation_path("2021-01-14", "bib")) == ("2021-01-14", "bib")
        and citation_of("2021-01-14/issue.exe") is None
    )
    assert author_of(author_path("li-na")) == "li-na" and author_of("author/../x/index.html") == ""
    assert category_of(category_path("cs.LG")) == ("cs.LG", "")
    assert category_of(category_path("hep-th", "2021")) == ("hep-th", "2021")
    assert all(category_of(category_path(field)) == (field, "") for field in known_fields())
    assert category_path("../x") == "" and category_of("category/..../index.html") is None
    assert public_url("https://a.example/", "index.html") == "https://a.example/"
    assert public_url("https://a.example/b/", "about/index.html") == "https://a.example/b/about/"
    assert public_url("", "about/index.html") == ""


def test_papers_are_linked_where_they_are() -> None:
    assert html_url("arxiv:2312.00001") == "https://arxiv.org/html/2312.00001"
    assert html_url("arxiv:2101.99901") == html_url("arxiv:hep-th/9901999") == html_url("arxiv:9107.00001") == ""
    assert ads_url("arxiv:2101.99901", ["cs.LG", "gr-qc"]).endswith("/abs/arXiv:2101.99901")
    assert ads_url("arxiv:2101.99901", ["cs.LG"]) == inspire_url("arxiv:2101.99901", ["astro-ph.GA"]) == ""
    assert ads_url("osf:x", ["gr-qc"]) == "" and inspire_url("arxiv:hep-th/9901999", ["hep-th"]) != ""


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("Code at https://github.com/quill/tea.", "https://github.com/quill/tea"),
        ("see github.com/quill/tea-2/tree/main,", "https://github.com/quill/tea-2/tree/main"),
        ("huggingface.co/quill/kettle", "https://huggingface.co/quill/kettle"),
        ("see huggingface.co/papers/2101.99901", ""),
        ("huggingface.co/papers/2101.99901 and github.com/quill/kettle", "https://github.com/quill/kettle"),
        ("github.com/quill", ""), ("evil-github.com/quill/tea", ""), ("github.com.evil.example/a/b", ""), ("", ""),
    ],
)  # fmt: skip
def test_code_is_found_in_what_a_paper_says(text: str, url: str) -> None:
    assert (
        code_url(paper("2101.99901", "T", comment=text), addresses=())
        == code_url(paper("2101.99901", "T", text), addresses=())
        == url
    )


# ---- authors and categories --------------------------------------------------------------------------


def test_names_in_addresses() -> None:
    names = {
        "Zoë Brandywine": "zoe-brandywine",
        "J. K. O'Neil": "j-k-o-neil",
        "Łukasz Größe": "lukasz-grosse",
        "...": "",
    }
    assert {name: make_slug(name) for name in names} == names
    assert make_slug("李小溪") == make_slug("李小溪 ") != make_slug("李小河") and re.fullmatch(
        "n-[0-9a-f]{12}", make_slug("李小溪")
    )
    assert make_slug("a\u202eb") == "ab" and len(make_slug("x" * 999)) <= 80


@given(st.text())
def test_every_name_has_an_address_or_none(name: str) -> None:
    assert make_slug(name) == "" or author_of(author_path(make_slug(name))) == make_slug(name)


@given(st.lists(st.text("aZ .-\n\x00é李\u2028", max_size=99) | st.text(), min_size=1))
def test_names_together_have_the_addresses_of_each(names: list[str]) -> None:
    assert make_slugs(names) == [make_slug(name) for name in names]


def test_a_catalogue() -> None:
    catalogue = Catalogue(
        [
            EntrySummary(
                "2020-12-31", 1, "arxiv:2012.00001", "A", ("Zoë Brandywine", "Li Na"), ("cs.LG", "cs.LG", "nonsense!")
            ),
            EntrySummary("2021-01-14", 1, "arxiv:2101.00003", "C", ("Zoe Brandywine",), ("cs.CL",)),
            EntrySummary("2021-01-14", 2, "arxiv:2101.00002", "B", ("Zoe Brandywine",), ("cs.LG",)),
            EntrySummary("2021-01-15", 1, "arxiv:2012.00001", "A", ("Li Na",), ("cs.LG",)),
        ]
    )
    assert catalogue.categories() == [("cs.CL", 1), ("cs.LG", 3)] and catalogue.years("cs.LG") == {"2021": 2, "2020": 1}
    assert [entry.title for entry in catalogue.author("zoe-brandywine")] == ["C", "B", "A"]
    assert catalogue.spellings("zoe-brandywine") == ["Zoe Brandywine", "Zoë Brandywine"]
    assert catalogue.path_of("Zoë  Brandywine") == "author/zoe-brandywine/index.html"
    assert catalogue.path_of("Li Na") == "" and catalogue.papers == {"zoe-brandywine": 3}, "one paper, twice in issues"
    assert (catalogue.category("math.IT"), catalogue.years("math.IT"), catalogue.author("nobody")) == ([], {}, [])


def test_the_categories_of_all_servers_have_pages_and_are_searched() -> None:
    """Also those of servers without lists of them."""
    fields = sorted(known_fields())
    paper = EntrySummary("2021-01-14", 1, "arxiv:2101.00002", "A", ("Zoe Brandywine",), tuple(fields))
    assert [category for category, _ in Catalogue([paper]).categories()] == fields
    words = {line.partition(" ")[0] for line in index_lines([(paper, "")])}
    assert {f"#{field.lower()}" for field in fields} <= words


def test_fields_have_names() -> None:
    assert (field_name("cs.LG"), field_name("hep-th")) == ("Machine Learning", "High Energy Physics, Theory")
    assert field_name("cs.XX") == ""


def test_what_changes_with_a_day() -> None:
    """Also papers of the week before that are still discussed, and the page that an author gets because of this day."""
    daily_paths = set(SitePages(FULL_READER, "daily").paths(["2021-01-20"]))
    assert "paper/2101.99901/index.html" in daily_paths and "author/tansy-overquill/index.html" in daily_paths
    issue_reader = PlainIssueReader(
        [LISTED],
        [
            issue(LISTED, "2021-01-14", [listing_entry(1, TEA, 1, 2, 3, 400)]),
            issue(LISTED, "2021-02-14", [listing_entry(1, BRIDGES, 1, 2, 3, 400)]),
            issue(
                LISTED, "2021-03-14", [listing_entry(1, paper("2103.00001", "T", authors=TEA.authors), 1, 2, 3, 400)]
            ),
        ],
    )
    listing_paths = set(SitePages(issue_reader, "hot-papers").paths(["2021-03-14"]))
    assert "paper/2101.99902/index.html" in listing_paths and "paper/2101.99901/index.html" not in listing_paths
    assert {f"author/{name}/index.html" for name in ("perpetua-lindenwick", "hob-arrowsmythe")} <= listing_paths


@pytest.mark.parametrize(("issue_reader", "name"), [(FULL_READER, "daily"), (LISTED_READER, "hot-papers")])
def test_each_day_on_its_own_makes_the_whole(issue_reader: PlainIssueReader, name: str) -> None:
    pages = SitePages(issue_reader, name)
    paths = {path for day in issue_reader.days(name) for path in pages.paths([day])}
    assert paths == set(pages.paths())


# ---- curves ------------------------------------------------------------------------------------------


def _attention(age: int, voices: int, network: str = "bluesky") -> Attention:
    until = announced_at("2021-01-14") + age * HOUR
    return Attention(network=network, until=until, age=age, voices=voices, reposts=0, likes=0)


def test_a_curve_and_its_words() -> None:
    until = announced_at("2021-01-14") + 6 * HOUR
    curve = history_curve(
        [_attention(1, 0), _attention(3, 5), _attention(6, 8), _attention(6, 2, "reddit"), _attention(9, 99)], until
    )
    assert curve is not None
    assert curve.points == "2,22 21.33,22 60,12 118,2" and curve.end == ("118", "2")
    assert curve.description == "People since the announcement: 5 after 3 hours, 10 after 6 hours."
    assert (
        history_curve([_attention(6, 8)], until)
        is history_curve([_attention(1, 0), _attention(3, 0)], until)
        is history_curve([], until)
        is None
    )


@given(
    st.lists(
        st.tuples(st.integers(1, 168), st.integers(0, 10**6)), min_size=2, max_size=16, unique_by=lambda pair: pair[0]
    )
)
def test_a_curve_stays_in_its_box(points: list[tuple[int, int]]) -> None:
    curve = history_curve([_attention(age, voices) for age, voices in points], announced_at("2021-01-14") + 168 * HOUR)
    for point in curve.points.split() if curve else ():
        x, y = map(float, point.split(","))
        assert 2 <= x <= 118 and 2 <= y <= 22


# ---- status ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "day", "expected"),
    [
        ("daily", "2021-01-14", "2021-01-15"), ("daily", "2021-01-15", "2021-01-18"),
        ("weekly", "2021-01-11", "2021-01-18"), ("monthly", "2021-01-01", "2021-02-01"),
        ("monthly", "2020-12-01", "2021-01-01"), ("listing", "2021-01-14", ""),
    ],
)  # fmt: skip
def test_the_next_issue(window: str, day: str, expected: str) -> None:
    publication = msgspec.convert({**msgspec.to_builtins(OWN), "window": window}, type(OWN))
    assert label_after(publication, day) == expected


def test_a_state_in_words() -> None:
    readings = (
        NetworkReading(network="bluesky", state="complete"),
        NetworkReading(network="reddit", state="unknown", reason="not read"),
    )
    issues = [issue(OWN, day, [], announced=0, readings=readings) for day in ("2020-11-25", "2020-11-30")]
    issues.append(issue(OWN, "2020-12-01", [], announced=0, readings=readings[:1], edition=2, reason="a <b>slip</b>"))
    state = state_of(OWN, issues)
    assert [(row.day, row.text.partition(":")[0]) for row in state.days if not row.path] == [
        ("27 November 2020", "no issue"), ("26 November 2020", "no issue"),
    ]  # fmt: skip
    assert "Thanksgiving" in state.days[2].text
    assert [(network.name, network.text, network.days) for network in state.networks] == [
        ("Bluesky", "read in full for all of the last 3 issues", ()),
        (
            "Reddit",
            "read in full for 0 of 2 issues",
            (("30 November 2020", "not at all"), ("25 November 2020", "not at all")),
        ),
    ]
    assert state.corrections == (("1 December 2020", "2020-12-01/index.html", "a <b>slip</b>"),)
    assert state.due is not None and state.due.at == "2020-12-02T19:00:00Z"
    ended_state = state_of(msgspec.structs.replace(OWN, last_day="2020-12-01"), issues)
    assert (ended_state.due, ended_state.ended) == (None, "Tuesday, 1 December 2020")
    empty_state = state_of(OWN, [])
    assert (empty_state.latest, empty_state.due, empty_state.days, empty_state.networks) == ("", None, (), ())


def test_no_day_is_missing_of_a_time_when_the_publication_was_weekly() -> None:
    weekly = msgspec.structs.replace(OWN, window="weekly")
    issues = [issue(weekly, day, [], announced=0) for day in ("2021-01-04", "2021-01-11")]
    issues += [issue(OWN, day, [], announced=0) for day in ("2021-01-13", "2021-01-15")]
    assert [row.day for row in state_of(OWN, issues).days if not row.path] == ["14 January 2021"]


def test_weekly_issues_are_called_by_their_week_on_the_status_page() -> None:
    weekly = msgspec.structs.replace(OWN, window="weekly")
    state = state_of(weekly, [issue(weekly, day, [], announced=0) for day in ("2021-01-11", "2021-01-18")])
    assert state.latest == "11–17 January 2021" and [row.day for row in state.days] == [
        state.latest,
        "4–10 January 2021",
    ]
    assert state.due and state.due.day == "18–24 January 2021"
    ended = msgspec.structs.replace(weekly, last_day="2021-01-18")
    assert state_of(ended, [issue(ended, "2021-01-18", [], announced=0)]).ended == "11–17 January 2021"


# ---- contact -----------------------------------------------------------------------------------------

SUBJECT = ReportSubject("The Daily Dozen", "2021-01-14", 2, "abc", "2101.99901", "bluesky:at://x?&\r\nBcc: a@b.example")


@pytest.mark.parametrize(
    ("contact", "mail", "page"),
    [
        ("desk@papers.example", "desk@papers.example", ""), ("https://papers.example/desk", "",
        "https://papers.example/desk"), ("Quill <desk@papers.example>, https://papers.example/.", "desk@papers.example",
        "https://papers.example/"), ("https://social.example/@quill@papers.example", "",
        "https://social.example/@quill@papers.example"), ("in the kitchen", "", ""), ("", "", ""),
        ("o'neil&son@papers.example", "o'neil&son@papers.example", ""),
        ("'ada@papers.example'", "ada@papers.example", ""),
        ("x/y@papers.example", "x/y@papers.example", ""),
        ("javascript:alert(1)", "", ""), ("https://а.example", "", ""), ],
)  # fmt: skip
def test_what_a_contact_holds(contact: str, mail: str, page: str) -> None:
    assert contact_links_of(contact)[:2] == (mail, page)


@pytest.mark.parametrize(
    ("contact", "pieces"),
    [
        ("mailto:desk@papers.example", [("desk@papers.example", "mailto:desk@papers.example")]),
        ("https://papers.example/desk", [("https://papers.example/desk", "https://papers.example/desk")]),
        ("Quill <desk@papers.example>, https://papers.example/.", [
            ("Quill <", ""), ("desk@papers.example", "mailto:desk@papers.example"), (">, https://papers.example/.", ""),
        ]),
        ("javascript:alert(1)", [("javascript:alert(1)", "")]), ("https://а.example", [("https://а.example", "")]),
        ("", []),
    ],
)  # fmt: skip
def test_a_contact_leads_to_its_addresses(contact: str, pieces: list[tuple[str, str]]) -> None:
    assert list(linked_contact(contact)) == pieces


def test_about_links_the_contact() -> None:
    issue_reader = PlainIssueReader([LISTED], [])
    about = (
        SitePages(issue_reader, "hot-papers", SiteConfig("Quill <desk@papers.example>")).page("about/index.html") or b""
    )
    link = '<a href="mailto:desk@papers.example">desk@papers.example</a>'
    assert f"<p>Quill &lt;{link}&gt;</p>" in about.decode()


def test_where_there_is_an_app_its_forms_come_before_messages() -> None:
    contact_links = contact_links_of("desk@papers.example", "https://app.example/")
    assert contact_links.wrong(SUBJECT) == "https://app.example/wrong?paper=2101.99901&issue=abc"
    assert contact_links.report(SUBJECT) == (
        "https://app.example/report?post=bluesky%3Aat%3A%2F%2Fx%3F%26%0D%0ABcc%3A+a%40b.example"
        "&paper=2101.99901&issue=abc"
    )


def test_where_one_asks_for_messages_is_told_where_messages_are_sent() -> None:
    config = SiteConfig(app="https://app.example/", join_path="mail/join")
    assert join_address(config, "a b") == "https://app.example/mail/join?publication=a+b"
    assert join_address(config._replace(app=""), "daily") == join_address(config._replace(join_path=""), "daily") == ""


def test_messages_to_the_desk_name_what_is_meant() -> None:
    address, _, query = contact_links_of("desk@papers.example").report(SUBJECT).partition("?")
    assert address == "mailto:desk@papers.example" and not set(query) & set(' \r\n"<>')
    assert query.count("&") == 1 and query.count("?") == 0
    body = unquote(query.partition("&body=")[2])
    assert (
        "Issue: The Daily Dozen 2021-01-14, edition 2\r\nDigest: abc\r\nPaper: 2101.99901\r\nPost: bluesky:at:" in body
    )
    assert "Post:" not in unquote(contact_links_of("desk@papers.example").wrong(SUBJECT._replace(post="")))
    assert contact_links_of("https://papers.example/desk").wrong(SUBJECT) == "https://papers.example/desk"
    assert contact_links_of("").wrong(SUBJECT) == contact_links_of("").report(SUBJECT) == ""


# ---- the method --------------------------------------------------------------------------------------


def test_a_score_can_be_computed_from_the_page_alone() -> None:
    published = FULL_READER.issue("daily", "2021-01-14")
    example = worked_example(published)
    assert example is not None and example.paper == BRIDGES.paper
    parts = [part for part in example.parts if part.score]
    bluesky, _ = parts
    assert dict(reference_of(published, bluesky)) == {3: 4000, 20: 781, 90: 31}
    for part in parts:
        reference = reference_of(published, part)
        papers = sum(count for _, count in reference) - (part.own is not None)
        atleast = sum(count for voices, count in reference if voices >= part.voices)
        assert (papers, atleast) == (part.papers, part.atleast)
    assert f"= {rarity_millipoints(bluesky.papers, bluesky.atleast):,}" in words.part_formula(bluesky)


def test_what_was_compared_beyond_the_archive() -> None:
    peers = (
        VoiceHistogram(network="bluesky", age=0, archive="hep-th", counts=((1, 2), (9, 1))),
        VoiceHistogram(network="bluesky", age=0, archive="gr-qc", counts=((1, 5),)),
        VoiceHistogram(network="bluesky", age=0, archive="cs", counts=((2, 7),)),
        VoiceHistogram(network="reddit", age=0, archive="cs", counts=((3, 7),)),
    )
    for among, expected in (("hep-th", {1: 2, 9: 1}), ("physics group", {1: 7, 9: 1}), ("all", {1: 7, 2: 7, 9: 1})):
        part = ScoreComponent(
            network="bluesky", rule="rarity", score=7, voices=9, papers=9, atleast=0, among=among, age=0, until=0
        )
        compared = issue(OWN, "2021-01-14", [own_entry(1, TEA, [], [part])], peers=peers)
        assert worked_example(compared) is compared.content.entries[0]
        assert dict(reference_of(compared, part)) == expected
    assert worked_example(issue(OWN, "2021-01-14", [])) is None


def test_the_worked_example_has_everything_that_it_adds_up() -> None:
    """Capped parts and what nobody vouches for are in the sum too."""
    about = ScoreComponent(
        network="bluesky", rule="counted", score=398, voices=30, papers=24, atleast=9, among="all", age=24, until=0
    )
    capped = msgspec.structs.replace(about, network="mastodon", rule="capped", score=340, voices=17)
    vouching = msgspec.structs.replace(about, network="", rule="vouching", score=-18, voices=3, papers=0, atleast=0)
    peers = (
        VoiceHistogram(network="bluesky", age=24, archive="cs", counts=((3, 15), (40, 9))),
        VoiceHistogram(network="mastodon", age=24, archive="cs", counts=((5, 15), (50, 9))),
    )
    vouched_issue = issue(OWN, "2021-01-14", [own_entry(1, TEA, [], [about, capped, vouching])], peers=peers)
    references = [dict(reference_of(vouched_issue, part)) for part in (about, capped, vouching)]
    assert references == [{3: 15, 40: 9}, {5: 15, 50: 9}, {}]
    page = SitePages(PlainIssueReader([OWN], [vouched_issue]), "daily").page("method/index.html")
    assert page is not None
    text = page.decode()
    assert all(
        formula in text
        for formula in ("1000 × log10(25 / 10) = 398", "20 × 17 = 340", "no more than 240 × 3", "398 + 340 − 18 = 720")
    )
    assert text.count("which would give more than 20") == 1 and text.count('<table class="reference">') == 2


def test_the_method_says_whom_it_knows_and_what_they_vouch_for() -> None:
    vouched_publication = msgspec.structs.replace(OWN, ranking="rarity/2")
    page = SitePages(PlainIssueReader([vouched_publication], []), "daily").page("method/index.html")
    assert page is not None
    text = page.decode()
    assert "post about three different papers, or react to posts about them that name no other: the first" in text
    assert f"capped at {rarity_2.VOUCHED_PER_VOICE} points for each regular" in text
    assert f"but at most {rarity_2.MAX_POINTS_PER_VOICE} × <var>x</var>" in text


# ---- corrections and windows ---------------------------------------------------------------------------


def test_a_correction_that_leaves_nothing_ends_all_that_stood_for_it() -> None:
    entries = [own_entry(1, TEA, [], []), own_entry(2, paper("2101.99910", "More Tea", authors=TEA.authors), [], [])]
    issue_reader = PlainIssueReader(
        [OWN],
        [
            issue(OWN, "2021-01-14", entries, announced=2),
            issue(OWN, "2021-01-14", [], edition=2, reason="It was coffee."),
        ],
    )
    pages = SitePages(issue_reader, "daily")
    lists = {path for path in pages.paths() if path.startswith(("paper/", "category/", "author/"))}
    assert lists == {"paper/index.html", "category/index.html", "author/index.html"}
    assert pages.ended("2021-01-14/edition-1/index.html") == {
        "2021-01-14/issue.bib", "2021-01-14/issue.ris", "2021-01-14/all/index.html", "paper/2101.99902/index.html",
        "paper/2101.99910/index.html", "category/cs.CL/index.html", "category/cs.CL/2021/index.html",
        "category/cs.LG/index.html", "category/cs.LG/2021/index.html", "author/perpetua-lindenwick/index.html",
        "author/hob-arrowsmythe/index.html", *(f"2021-01-14/all/abstracts-{digit}.js" for digit in range(10)),
    }  # fmt: skip
    assert all(pages.page(path) is None for path in pages.ended("2021-01-14/edition-1/index.html"))
    assert pages.ended("2021-01-14/index.html") == frozenset()


def test_all_lines_of_a_file_of_citations_end_alike() -> None:
    entries = [own_entry(n, paper(f"2101.9991{n}", "More\nTea", authors=TEA.authors), [], []) for n in (1, 2, 3)]
    pages = SitePages(PlainIssueReader([OWN], [issue(OWN, "2021-01-14", entries, announced=3)]), "daily")
    for form in ("ris", "bib"):
        page = pages.page(f"2021-01-14/issue.{form}")
        assert page is not None
        assert page.count(b"\r\n") == page.count(b"\r") == (page.count(b"\n") if form == "ris" else 0)


def test_a_longer_window_says_how_many_days_of_talk_it_has() -> None:
    weekly = msgspec.structs.replace(OWN, window="weekly")
    weekly_issue = issue(weekly, "2021-01-18", [])
    content = msgspec.structs.replace(weekly_issue.content, from_at=weekly_issue.content.as_of - 7 * 24 * HOUR)
    assert (
        facts(msgspec.structs.replace(weekly_issue, content=content))[-1]
        == "7 days of discussion until 14 January 2021 at 12:00 UTC"
    )


def test_an_entry_without_a_place_by_the_classic_rule_says_its_place_alone() -> None:
    full_entry = own_entry(1, TEA, [], [])
    unranked = full_entry._replace(entry=msgspec.structs.replace(full_entry.entry, classic_rank=0))
    [view] = issue_view(issue(OWN, "2021-01-14", [unranked])).entries
    assert view.score_view.places == "Place 1 of 1."


@pytest.mark.parametrize("paper_id", ["2101.99901", "hep-th/9901999", "10.31234/osf.io~2fabcde", "10.1016/x~2889-x"])
def test_each_paper_has_its_abstract_in_one_of_ten_scripts(paper_id: str) -> None:
    digit = abstracts_digit(paper_id)
    assert digit in digits and (digit == paper_id[-1] or not paper_id[-1].isdigit())
    assert abstracts_of(abstracts_path("2021-01-14", digit)) == ("2021-01-14", digit)
