"""Small parts of pages: paths, the calendar, first lines, colors."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.publish.render.html.single_pages import ListedIssue, day_shade, issue_calendar, issues_by_year
from hotpapers.publish.render.templating import read_asset
from hotpapers.publish.view.phrases import ABSTRACT, Opening, opening, shown
from hotpapers.publish.view.site_paths import issue_of, paper_of, paper_path
from tests.publish.render.build import paper


def test_paths_and_back() -> None:
    for key in ("arxiv:2101.04869", "arxiv:hep-th/9901001", "arxiv:0704.0001"):
        assert paper_of(paper_path(key)) == key
    assert paper_path("osf:abcde") == "" and paper_path("arxiv:../../x") == "" and paper_path("arxiv:") == ""
    assert issue_of("2021-01-14/index.html") == ("2021-01-14", 0)
    assert issue_of("2021-01-14/edition-3/index.html") == ("2021-01-14", 3)


def test_the_calendar_has_whole_weeks_and_shades() -> None:
    years = issue_calendar({"2021-01-14": 10, "2021-01-15": 0, "2020-12-31": 1, "2020-02-29": 3})
    assert list(years) == ["2021", "2020"] and [name for name, _ in years["2020"]] == ["February 2020", "December 2020"]
    assert all(len(week) == 7 for months in years.values() for _, weeks in months for week in weeks)
    cells = {cell.path: cell for _, weeks in years["2021"] for week in weeks for cell in week if cell.path}
    assert {path: (cell.number, cell.shade) for path, cell in cells.items()} == {
        "2021-01-14/index.html": (14, 5), "2021-01-15/index.html": (15, 0),
    }  # fmt: skip
    assert cells["2021-01-14/index.html"].label == "14 January 2021: 10 papers"
    assert [day_shade(papers, 10) for papers in (0, 1, 2, 3, 9, 10)] == [0, 1, 1, 2, 5, 5]


def test_weekly_and_monthly_issues_are_listed_by_the_time_that_they_cover() -> None:
    [year, last_year] = issues_by_year("weekly", {"2020-12-28": 3, "2021-01-04": 1, "2021-01-11": 2})
    assert year == ("2021", (
        ListedIssue("4–10 January 2021", "2021-01-11/index.html", 2),
        ListedIssue("28 December 2020 – 3 January 2021", "2021-01-04/index.html", 1),
    ))  # fmt: skip
    assert last_year == ("2020", (ListedIssue("21–27 December 2020", "2020-12-28/index.html", 3),))
    [(name, [december])] = issues_by_year("monthly", {"2021-01-01": 4})
    assert (name, december.name) == ("2020", "December 2020")


def test_the_first_lines_of_an_abstract_that_says_nothing_short() -> None:
    endless_paper = paper("2101.99903", "T", "word " * 200)
    opening_text, _, full = opening(endless_paper)
    assert opening_text.endswith("word …") and full == endless_paper.abstract.strip()
    assert full.startswith(opening_text.removesuffix(" …"))
    assert opening(paper("2101.99903", "T", "x" * 1000)) == Opening("x" * 200 + " …", ABSTRACT, "x" * 1000)


def test_where_the_telling_sentence_has_no_end_whole_sentences_come_first() -> None:
    first = "However, it is not known whether tea rooms were ever visited on many days of the year by who likes tea."
    endless = "We show that kettles outperform pots by 30%, " + "and then " * 70 + "end."
    assert opening(paper("2101.99903", "T", f"{first} {endless}"))[0] == first


def test_first_lines_never_end_within_a_formula() -> None:
    late_formula = "word " * 55 + "$" + "x + " * 20 + "y$ and " + "more " * 60
    first, *_ = opening(paper("2101.99903", "T", late_formula))
    assert first.count("$") % 2 == 0 and first.endswith("word …")
    early_formula = "$" + "x + " * 99 + "y$ " + "more " * 60
    first, *_ = opening(paper("2101.99903", "T", early_formula))
    assert first.endswith("y$ …")


@given(st.text())
def test_what_is_shown_can_be_encoded_and_shown_again(text: str) -> None:
    assert shown(shown(text)) == shown(text)
    shown(text).encode()


# ---- the style ---------------------------------------------------------------------------------------


def luminance(color: str) -> float:
    """Relative luminance of #rgb or #rrggbb (WCAG 2.2)."""
    digits = color.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(color: str, background: str) -> float:
    light, dark = sorted((luminance(color), luminance(background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colors_can_be_read(scheme: str) -> None:
    """AA: 4.5 for text, 3 for the large numerals."""
    style = read_asset("style.css").decode().partition("@media print")[0]
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", style)
    colors = {name: light if scheme == "light" else dark for name, light, dark in pairs}
    for text in ("ink", "dim", "accent"):
        assert contrast(colors[text], colors["paper"]) >= 4.5, text
        assert contrast(colors[text], colors["wash"]) >= 4.5, text
    assert contrast(colors["faint"], colors["paper"]) >= 3
    for n in (1, 2, 3):
        assert contrast(colors["ink"], colors[f"shade-{n}"]) >= 4.5, n
    for n in (4, 5):
        assert contrast(colors["on-deep"], colors[f"shade-{n}"]) >= 4.5, n
