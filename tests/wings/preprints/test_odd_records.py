"""Records of servers and registries as odd as they come, put together from tables; and lists that end oddly.

Never a crash, a revision that is announced, a year for a day, a correction for a retraction, or *none* for a refusal.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.model import DAY, Announcement, Item, Notice, Paper, RawPayload
from hotpapers.base.text.timestamps import day_of
from hotpapers.wings.preprints import crossref, openrxiv, posted_papers
from hotpapers.wings.preprints.crossref import CrossrefSettings
from hotpapers.wings.preprints.name_lookup import lookup_request
from hotpapers.wings.preprints.openrxiv import OpenRxivSettings
from hotpapers.wings.preprints.registry_job import _DataciteAttributes, datacite_version
from hotpapers.wings.preprints.settings import RegistrySettings
from hotpapers.wings.preprints.withdrawals import is_withdrawn
from tests.loopback import hosts
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.network_state import NetworkState, Reply, Request
from tests.loopback.reading import client, cursor_in, make_source
from tests.loopback.servers import Loopback
from tests.loopback.world import World

AT = moment("2026-12-01")
NOW = moment("2026-03-12T23:30")
CREATED = {"date-parts": [[2026, 11, 5]], "date-time": "2026-11-05T07:08:09Z"}
KEY, OTHER = "10.26434/chemrxiv-2026-3f6vk", "10.26434/chemrxiv-2025-abcde"


def ids(*names: str, type: str = "doi") -> list[dict[str, str]]:
    return [{"id-type": type, "id": name, "asserted-by": "subject"} for name in names]


IS_FIRST: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"DOI": KEY.upper()}, True),
    ({"DOI": KEY + "-v2"}, False),
    ({"DOI": KEY + "-v12"}, False),
    ({"DOI": "10.26434/chemrxiv.7439375.v1"}, True),
    ({"DOI": "10.26434/chemrxiv.15007618/v2"}, False),
    ({"relation": {"is-version-of": ids(OTHER)}}, False),
    ({"relation": {"isVersionOf": ids(OTHER)}}, False),
    ({"relation": {"is-version-of": ids(KEY)}}, True),
    ({"relation": {"replaces": ids(f"https://doi.org/{OTHER}")}}, False),
    ({"relation": {"is-version-of": ids("10.1000/tea.7")}}, True),
    ({"relation": {"has-version": ids(OTHER)}}, True),
    ({"update-to": [{"type": "new_version", "DOI": OTHER}]}, False),
    ({"update-to": []}, True),
    ({"update-to": [{"type": "retraction", "DOI": "10.1000/TEA.7", "label": "Retraction"}]}, False),
    ({"update-to": [{"type": "correction", "DOI": KEY}]}, True),
    ({"update-to": None}, True),
]
DAYS: list[tuple[dict[str, Any], str]] = [
    ({}, "2026-11-04"),
    ({"posted": {"date-parts": [["2026", "11", "4"]]}}, "2026-11-04"),
    ({"posted": {"date-parts": [[2031, 1, 1]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[2026]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[2026, 11]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[2026, 11, None]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[2026, 0, 0]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[2026, 2, 30]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[]]}}, "2026-11-05"),
    ({"posted": {"date-parts": []}}, "2026-11-05"),
    ({"posted": {}}, "2026-11-05"),
    ({"posted": None}, "2026-11-05"),
    ({"posted": {"date-parts": [["NA"]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[2026, 11, 4.5]]}}, "2026-11-05"),
    ({"posted": {"date-parts": [[2026]]}, "created": {"date-parts": [[2026]]}}, ""),
    ({"posted": None, "created": {"date-time": "yesterday"}}, ""),
    ({"posted": None, "created": None}, ""),
    ({"posted": None, "published": {"date-parts": [[2026]]}, "created": None}, ""),
]
TITLES: list[tuple[Any, str]] = [
    (["Kettles"], "Kettles"),
    (["", "Kettles"], "Kettles"),
    ([None, "Kettles"], "Kettles"),
    (["<b> </b>", "Kettles"], "Kettles"),
    (["Kettles", "Wasserkessel"], "Kettles"),
    (["&lt;jats:italic&gt;Kettles&lt;/jats:italic&gt;"], "Kettles"),
    (['A <mml:math xmlns:mml="m"><mml:mi>x</mml:mi></mml:math> kettle'], "A x kettle"),
    (["Tea<br/>pots"], "Tea pots"),
    (["x &lt; 3 &amp;amp; y"], "x < 3 & y"),
    ([], ""),
    ([""], ""),
    (None, ""),
    ("Kettles", ""),
]
BECAME: list[tuple[Any, str]] = [
    ({}, ""),
    (None, ""),
    ({"is-preprint-of": ids("10.1000/TEA.7")}, "10.1000/tea.7"),
    ({"is-preprint-of": []}, ""),
    ({"is-preprint-of": ids("10.1000/TEA.7")[0]}, "10.1000/tea.7"),
    ({"is-preprint-of": None}, ""),
    ({"Is-Preprint-Of": ids("https://doi.org/10.1000/TEA.7", type="DOI")}, "10.1000/tea.7"),
    ({"isPreprintOf": ids("doi:10.1000/tea.7")}, "10.1000/tea.7"),
    ({"is-preprint-of": ids("tea")}, ""),
    ({"is-preprint-of": ids("https://dx.doi.org/10.1000%2FTEA.7"), "references": None}, "10.1000/tea.7"),
    ({"is-preprint-of": [None, *ids("10.1000/tea.7")], "cites": "x"}, "10.1000/tea.7"),
    ({"is-preprint-of": ids("https://tea.example/7", type="uri")}, ""),
    ({"has-preprint": ids("10.1000/tea.7")}, ""),
]
KINDS = {"retraction": "retraction", "Withdrawal": "withdrawal", "erratum": "correction", "Correction": "correction"}
KINDS |= {"expression-of-concern": "concern", "new_version": "", "retraction_note": "", "addendum": "update", "": ""}


def items_of(source: Any, record: dict[str, Any]) -> list[Item]:
    return list(source.read(RawPayload("work", "key", msgspec.json.encode(record), AT)))


@given(
    st.sampled_from(IS_FIRST),
    st.sampled_from(DAYS),
    st.sampled_from(TITLES),
    st.sampled_from(BECAME),
    st.lists(st.sampled_from(sorted(KINDS)), max_size=4),
)
def test_an_odd_work(
    first: tuple[dict[str, Any], bool],
    day: tuple[dict[str, Any], str],
    title: tuple[Any, str],
    became: tuple[Any, str],
    updates: list[str],
) -> None:
    work = {"DOI": KEY, "posted": {"date-parts": [[2026, 11, 4]]}, "created": CREATED} | day[0] | first[0]
    if isinstance(became[0], dict) and isinstance(work.get("relation", {}), dict):
        work["relation"] = became[0] | work.get("relation", {})
    work["title"] = title[0]
    work["updated-by"] = [{"DOI": f"https://doi.org/10.1000/N.{n}", "type": type} for n, type in enumerate(updates)]
    if not title[1]:
        with pytest.raises(Exception, match="without a title"):
            items_of(crossref.chemrxiv(CrossrefSettings()), work)
        return
    paper, *others = items_of(crossref.chemrxiv(CrossrefSettings()), work)
    assert isinstance(paper, Paper)
    assert (paper.title, paper.doi) == (title[1], became[1])
    days = [other.day for other in others if isinstance(other, Announcement)]
    assert days == ([day[1]] if first[1] and day[1] else [])
    notices = {other.notice: other.type for other in others if isinstance(other, Notice)}
    assert notices == {f"doi:10.1000/n.{n}": KINDS[type] for n, type in enumerate(updates) if KINDS[type]}


def test_authors_names_have_no_markup() -> None:
    authors = [
        {"given": "Se&aacute;n", "family": "O&#39;Quill<sup>1</sup>"},
        {"given": None, "family": "Moth", "suffix": "Jr."},
        {"name": "The Kettle &amp; Cup Team"},
    ]
    work = {"DOI": KEY, "title": ["Tea"], "created": CREATED, "author": authors}
    [paper, *_] = items_of(crossref.chemrxiv(CrossrefSettings()), work)
    assert isinstance(paper, Paper) and paper.authors == ("Seán O'Quill", "Moth Jr.", "The Kettle & Cup Team")
    row = ROW | {"version": 1, "date": "2026-01-05", "authors": "O&amp;#39;Quill, A.; Moth, B., Jr."}
    [paper, *_] = items_of(openrxiv.biorxiv(OpenRxivSettings()), row)
    assert isinstance(paper, Paper) and paper.authors == ("A. O'Quill", "B. Moth Jr.")


def test_a_day_in_years_is_none_and_one_in_weeks_is_kept() -> None:
    [paper] = items_of(openrxiv.biorxiv(OpenRxivSettings()), ROW | {"version": 1, "date": "2031-01-05"})
    assert isinstance(paper, Paper) and paper.published_at is None
    later = day_of(paper.observed_at + 20 * DAY)
    [_, announcement] = items_of(openrxiv.biorxiv(OpenRxivSettings()), ROW | {"version": 1, "date": later})
    assert isinstance(announcement, Announcement) and announcement.day == later
    update = {"DOI": "10.1000/n", "type": "retraction", "updated": {"date-parts": [[2031, 1, 1]]}}
    work = {"DOI": KEY, "title": ["Tea"], "created": CREATED, "updated-by": [update]}
    *_, notice = items_of(crossref.chemrxiv(CrossrefSettings()), work)
    assert isinstance(notice, Notice) and notice.day == day_of(notice.observed_at)


def test_all_dois_that_a_work_on_osf_may_have_are_asked_for() -> None:
    request = lookup_request(["osf:kett2"], RegistrySettings())
    assert request
    dois = request.params["filter"].split(",")
    assert "doi:10.31234/osf.io/kett2" in dois and "doi:10.31234/osf.io/kett2_v1" in dois


# ---- bioRxiv ---------------------------------------------------------------------------------------------

ROW = {"doi": "10.64898/2026.01.02.700123", "title": "Tea", "authors": "Overquill, T.", "category": "cell biology"}
ROW_VERSIONS: list[tuple[Any, int | None]] = [
    ("1", 1),
    (1, 1),
    ("01", 1),
    ("v1", 1),
    (1.0, 1),
    ("1.0", 1),
    ("2", 2),
    ("v2", 2),
    (2.0, 2),
    (" 3 ", 3),
    ("12", 12),
    ("NA", None),
    ("", None),
    (None, None),
    ("0", None),
    ("one", None),
    ([], None),
    ("1.5", None),
    ("-1", None),
]
ROW_DATES: list[tuple[Any, str]] = [
    ("2026-01-05", "2026-01-05"),
    ("2026-1-5", "2026-01-05"),
    ("2026-1-5T00:00:00", "2026-01-05"),
    ("2026", ""),
    ("2026-1", ""),
    ("NA", ""),
    ("", ""),
    (None, ""),
    ("2026-2-30", ""),
    ("2026-01-055", ""),
    ("05/01/2026", ""),
    (20260105, ""),
    ("0000-00-00", ""),
]
ROW_ARTICLES = [
    ("NA", ""),
    (None, ""),
    ("10.1000/TEA.7", "10.1000/tea.7"),
    ("https://doi.org/10.1000/tea.7 ", "10.1000/tea.7"),
]


@pytest.mark.parametrize(("version", "known"), ROW_VERSIONS)
def test_an_odd_row(version: object, known: int | None) -> None:
    for (date, day), (article, doi) in itertools.product(ROW_DATES, ROW_ARTICLES):
        row = ROW | {"version": version, "date": date, "published": article}
        paper, *announcements = items_of(openrxiv.biorxiv(OpenRxivSettings()), row)
        assert isinstance(paper, Paper) and (paper.version, paper.doi) == (known, doi)
        days = [item.day for item in announcements if isinstance(item, Announcement)]
        assert days == ([day] if known == 1 and day else [])


@pytest.mark.parametrize("doi", ["10.64898/2026.01.02.700123v2", "https://doi.org/10.64898/2026.01.02.700123v2"])
def test_a_row_whose_doi_names_a_version(doi: str) -> None:
    [paper] = items_of(openrxiv.biorxiv(OpenRxivSettings()), ROW | {"doi": doi, "version": "1", "date": "2026-01-05"})
    assert isinstance(paper, Paper) and (paper.paper, paper.version) == ("doi:10.64898/2026.01.02.700123", 2)


@pytest.mark.parametrize("title", ["NA", "", None, "<i></i>"])
def test_a_row_without_a_title_is_set_aside(title: object) -> None:
    with pytest.raises(Exception, match=r"title|str"):
        items_of(openrxiv.biorxiv(OpenRxivSettings()), ROW | {"title": title, "version": "1", "date": "2026-01-05"})


# ---- texts -----------------------------------------------------------------------------------------------

ABSTRACTS = [
    ("&lt;jats:p&gt;One.&lt;/jats:p&gt;", "One."),
    ("<p>a</p><ul><li>b</li><li>c</li></ul>", "a b c"),
    ("<jats:sec><jats:title>Aim</jats:title><jats:sec><jats:p>Tea.</jats:p></jats:sec></jats:sec>", "Aim Tea."),
    (
        "<jats:p><jats:tex-math>\\documentclass$$x$$</jats:tex-math><mml:math><mml:mi>x</mml:mi></mml:math></jats:p>",
        "x",
    ),
    ("<![CDATA[One]]>", "One"),
    ("<jats:title>ABSTRACT</jats:title><jats:p>One</jats:p>", "One"),
    ("p &lt; 0.05", "p < 0.05"),
    ("<jats:p>p &amp;lt; 10<jats:sup>-8</jats:sup></jats:p>", "p < 10⁻⁸"),
    ("https://tea.example/?cup=1&amp;region=eu&amp;copy=2", "https://tea.example/?cup=1&region=eu&copy=2"),
]
WITHDRAWN = [
    "Withdrawn.",
    "[Retracted]",
    "WITHDRAWN: the kettle leaked.",
    "WITHDRAWN. The kettle leaked.",
    "Preprint withdrawn.",
    "Withdrawn by the authors.",
    "Withdrawn at the request of the authors.",
    "Withdrawn due to errors.",
    "The authors have withdrawn their manuscript owing to a mistake.",
    "This manuscript has been withdrawn by the authors.",
    "Withdrawal Statement. The authors have withdrawn this article.",
    "bioRxiv has withdrawn this article.",
    "The author has decided to withdraw this preprint.",
    "This article (v1) was removed by medRxiv.",
    "The paper is withdrawn.",
    "medRxiv removed this posted article.",
    "The authors withdrew it.",
    "This preprint has now been formally retracted.",
    "The full text of this preprint has been withdrawn by the authors.",
    "At the request of the authors this manuscript has been withdrawn.",
    "Statement of withdrawal: the authors found a mistake.",
    "We have withdrawn this manuscript.",
    "Authors have withdrawn this preprint.",
    "This version has been withdrawn.",
    "This study has been withdrawn.",
    "The paper was withdrawn from the server.",
]
ABOUT_WITHDRAWALS = [
    "Withdrawn people drink tea.",
    "Withdrawn by the authors of a rule, the kettles went elsewhere.",
    "Reason for withdrawal: adverse events in 12 trials.",
    "RETRACTED: the articles that science lost.",
    "This paper studies retracted articles.",
    "This article examines why posts are removed by platforms.",
    "The authors removed outliers from the data.",
    "Our paper shows how consent was withdrawn in trials.",
    "The manuscript describes a drug that was withdrawn in 2010.",
    "The authors of retracted papers removed their names.",
    "Paper removed by washing was weighed.",
    "This work has been funded; no author withdrew.",
    "Authors who retract their own work are cited more.",
    "The authors who retract their work are cited less.",
    "Authors often retract the paper.",
    "The paper was withdrawn from the crucible.",
    "We removed the paper from the tray.",
    "Withdrawal from tea is hard.",
]
WITHDRAWN_TITLES = [
    "WITHDRAWN: Tea", "WITHDRAWN. Tea", "WITHDRAWN - Tea", "Withdrawn – Tea", "[Withdrawn] Tea", "Withdrawn",
    "Retracted: Tea", "(Retracted) Tea", "RETRACTED ARTICLE: Tea", "[WITHDRAWN ARTICLE] Tea", "REMOVED: Tea",
    "[Removed] Tea", "WITHDRAWAL: Tea", "RETRACTION: Tea", "Withdrawal Statement: Tea", "Temporary Removal: Tea",
    "Tea [WITHDRAWN]", "Tea (RETRACTED).", "Tea [RETRACTED ARTICLE]", "Tea - WITHDRAWN", "Withdrawn.",
    "Tea [Withdrawn]", "THIS PREPRINT HAS BEEN WITHDRAWN", "NOTICE OF WITHDRAWAL: Tea",
]  # fmt: skip
OTHER_TITLES = [
    "Withdrawal-induced thirst in mice", "WITHDRAWAL-INDUCED THIRST", "Withdrawal. A story", "Withdrawal: a study",
    "Removed-by-light: a method", "Removed: how statues go", "Removal of lead", "Retracted-tongue kinematics",
    "Retracted articles in medicine", "Retraction of the foot", "Withdrawn consent in trials", "Withdrawn, but cited",
    "Tea (withdrawn)", "Why papers get [retracted]", "Notice of withdrawal: patterns in tenancy law",
    "This paper has been retracted: citations after notice",
]  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), ABSTRACTS)
def test_an_odd_abstract(text: str, plain: str) -> None:
    assert posted_papers.plain_abstract(text) == plain


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("FDR <q and log2FC >1 genes", "FDR <q and log2FC >1 genes"),
        ("Vector<T> and List<String>", "Vector<T> and List<String>"),
        ("p <i and j> q", "p <i and j> q"),
        ("<i>T. tea</i> in H<sub>2</sub>O", "T. tea in H2O"),
        ('A<span class="x">b</span> <scp>RNA</scp><br/>c', "Ab RNA c"),
        ('a <mml:math xmlns:mml="x"><mml:mi>x</mml:mi></mml:math>', "a x"),
        ("&lt;b&gt;x&lt;/b&gt;", "x"),
        ("p &lt 0.05 and a&amp b=1&copy=2", "p < 0.05 and a& b=1&copy=2"),
        ("(:unav)", ""),
        ("<tex-math><![CDATA[$10^6$]]></tex-math><math><msup><mn>10</mn><mn>6</mn></msup></math>", "10⁶"),
        ("10<sup>6</sup> cups, 10<sup>\u22128</sup> M, the 19<sup>th</sup>", "10⁶ cups, 10⁻⁸ M, the 19th"),
        ("<math><msup><mn>10</mn><mrow><mo>-</mo><mn>8</mn></mrow></msup></math> M", "10⁻⁸ M"),
        ("<mml:math><mml:msup><mml:mi>x</mml:mi><mml:mi>n</mml:mi></mml:msup></mml:math>", "x^n"),
        ("<mml:math><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac></mml:math> cup", "1/2 cup"),
        ("10<sup><i>6</i></sup> cups, 10<sup>1.5</sup>", "10⁶ cups, 10^1.5"),
        ("<math><msup><mrow><mn>10</mn></mrow><mrow><mn>6</mn></mrow></msup></math>", "10⁶"),
        ("<math><msup class='x'><mi>x</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msup></math>", "x^(n+1)"),
        ("<math><mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac></math>", "1/2"),
        ("<tex-math>$B^0$</tex-math><math><mi>B</mi></math>", "B"),
        ("<math><mi>x</mi></math><tex-math>$x$</tex-math> and <tex-math>$y$</tex-math>", "x and $y$"),
        ("<alternatives><mml:math><mml:mi>x</mml:mi></mml:math></alternatives>", "x"),
        ("<math><semantics><mi>B</mi><annotation encoding='x'>\\B</annotation></semantics></math>", "B"),
        ("<tex-math>$B$</tex-math> <ext-link href='x'>cups</ext-link>", "$B$ cups"),
    ],
)
def test_only_names_of_elements_are_markup_in_a_title(title: str, plain: str) -> None:
    assert posted_papers.plain_title(title) == plain


def test_a_withdrawn_paper_is_one_and_a_paper_about_withdrawals_is_not() -> None:
    assert [text for text in WITHDRAWN if not is_withdrawn("Tea", text)] == []
    assert [text for text in ABOUT_WITHDRAWALS if is_withdrawn("Tea", text)] == []
    assert [title for title in WITHDRAWN_TITLES if not is_withdrawn(title, "")] == []
    assert [title for title in OTHER_TITLES if is_withdrawn(title, "")] == []


CREATORS = [
    ({"name": "Amberfield, Ada", "nameType": "Personal"}, "Ada Amberfield"),
    ({"name": "Amberfield, Ada"}, "Ada Amberfield"),
    ({"name": "Institute of Tea, Leipzig", "nameType": "Organizational"}, "Institute of Tea, Leipzig"),
    ({"name": "Institute of Tea, Leipzig"}, "Institute of Tea, Leipzig"),
    ({"name": "Amberfield, Ada, Jr."}, "Ada Amberfield Jr."),
    ({"name": "O&#39;Quill, Ada"}, "Ada O'Quill"),
    ({"name": "Group, Andrew"}, "Andrew Group"),
    ({"name": "Singh, JR"}, "JR Singh"),
    ({"name": "(:Unkn) Unknown"}, ""),
    ({"name": ":unkn"}, ""),
    ({"name": "(:Unav)", "nameType": "Organizational"}, ""),
    ({"name": "(:Unkn), Unknown"}, ""),
    ({"name": "Amberfield, "}, "Amberfield"),
    ({"name": ", Ada"}, "Ada"),
    ({"name": "M<sup>c</sup>Quill, Ada<jats:sup>1</jats:sup>"}, "Ada McQuill"),
    ({"name": "Kettles, Inc."}, "Kettles, Inc."),
    ({"name": "<sup>1</sup>Ada Overquill"}, "Ada Overquill"),
    ({"name": "Overquill, AG"}, "AG Overquill"),
    ({"name": "(:etal)"}, ""),
    ({"name": None}, ""),
]


@pytest.mark.parametrize(("creator", "shown"), CREATORS)
def test_an_odd_creator(creator: dict[str, Any], shown: str) -> None:
    body = {
        "titles": [{"title": "Tee", "titleType": "TranslatedTitle"}, {"title": ""}, {"title": "Tea"}],
        "creators": [{k: v for k, v in creator.items() if v}],
    }
    version = datacite_version("doi:10.5281/zenodo.1", msgspec.convert(body, _DataciteAttributes))
    assert version and (version.title, version.authors) == ("Tea", (shown,) if shown else ())


# ---- lists -----------------------------------------------------------------------------------------------


def works(*numbers: int, total: object, cursor: str = "c") -> bytes:
    items = [{"DOI": f"10.26434/chemrxiv-2026-{n:05}", "title": ["Tea"]} for n in numbers]
    return msgspec.json.encode(
        {"status": "ok", "message": {"items": items, "total-results": total, "next-cursor": cursor}}
    )


def rows(*numbers: int, total: object = "4", status: str = "ok") -> bytes:
    listed = [ROW | {"doi": f"10.64898/2026.01.02.{n:06}", "version": "1"} for n in numbers]
    return msgspec.json.encode({"messages": [{"status": status, "total": total}], "collection": listed})


NONE = rows(status="no posts found")
LISTS: list[tuple[str, str, Sequence[bytes], int]] = [
    ("in two pages", "chemrxiv", [works(1, 2, total=4), works(3, 4, total=4)], 4),
    ("a total that grows", "chemrxiv", [works(1, 2, total=3), works(3, 4, total=4)], 4),
    ("a total that shrinks", "chemrxiv", [works(1, 2, total=9), works(3, total=3)], 0),
    ("a total that vanishes", "chemrxiv", [works(1, 2, total=9), works(total=0)], 0),
    ("the same page again", "chemrxiv", [works(1, 2, total=4)] * 9, 0),
    ("no cursor", "chemrxiv", [works(1, 2, total=4, cursor="")], 0),
    ("a failure with status 200", "chemrxiv", [b'{"status": "failed", "message": [{"type": "x"}]}'], 0),
    ("no items", "chemrxiv", [b'{"status": "ok", "message": {"items": null}}'], 0),
    ("a page in HTML", "chemrxiv", [works(1, 2, total=4), b"<!doctype html><p>Busy"], 0),
    ("cut JSON", "chemrxiv", [works(1, 2, total=4), works(3, 4, total=4)[:-9]], 0),
    ("in two pages", "biorxiv", [rows(1, 2), rows(3, 4)], 4),
    ("rows that do not exist", "biorxiv", [rows(1, 2), rows(3), NONE, NONE], 3),
    ("a total that shrinks", "biorxiv", [rows(1, 2, total=9), rows(3, total=3), NONE, NONE], 0),
    ("a total of NA", "biorxiv", [rows(1, 2, total="NA"), rows(3, total="NA"), NONE, NONE], 3),
    ("a total of null", "biorxiv", [rows(1, 2, total=None), b"oops"], 0),
    ("a total of 4.0", "biorxiv", [rows(1, 2, total=4.0), rows(3, 4, total=4.0)], 4),
    ("the same page again", "biorxiv", [rows(1, 2)] * 9, 0),
    ("rows, but refused", "biorxiv", [rows(1, 2, status="bad interval")], 0),
    ("a refusal later", "biorxiv", [rows(1, 2, total="9"), NONE, NONE], 0),
    ("no message", "biorxiv", [b'{"messages": [], "collection": []}'], 0),
    ("a message of null", "biorxiv", [b'{"messages": null, "collection": null}'], 0),
    ("no list", "biorxiv", [b"[]"], 0),
    ("null", "biorxiv", [b"null"], 0),
    ("nothing", "biorxiv", [b""], 0),
    ("HTML", "biorxiv", [b"<html><body>Checking your browser"], 0),
    ("an empty list", "biorxiv", [rows()] * 2, 0),
    ("a refusal at once", "biorxiv", [NONE] * 2, 0),
]


@pytest.mark.parametrize(
    ("server", "pages", "number"), [row[1:] for row in LISTS], ids=[" ".join(row[1::-1]) for row in LISTS]
)
def test_a_list_that_ends_oddly(
    server: str, pages: Sequence[bytes], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read counts as everything only if it was; a source that fails keeps its cursor. `number`: of its rows,
    0 if it cannot be read to the end."""
    left = iter(pages)

    def next_page(state: NetworkState, request: Request) -> Reply:
        return Reply(200, next(left, b"{}"))

    monkeypatch.setitem(hosts.HANDLERS, "openrxiv" if server == "biorxiv" else "crossref", next_page)
    with Loopback(World(1, "2026-03-02"), SteppedClock(NOW)) as network, client(network) as http:
        source = make_source(server, network.bases)
        if not number:
            with pytest.raises((PartiallyRead, NetError)):
                list(source.pages(http, None))
            return
        read = list(source.pages(http, None))
        assert cursor_in(read) == "2026-03-12"
        assert len({payload.key for page in read for payload in page.payloads}) == number
