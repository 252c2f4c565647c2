"""How Lighthouse's reports are evaluated."""

from __future__ import annotations

from urllib.request import urlopen

import pytest

from tests.browser.lighthouse import LOWEST_SCORES, PAGES, PageRun, line, medians, parse_report, serve_app


def report(**scores: float) -> dict[str, object]:
    refs = [{"id": "robots-txt", "weight": 1}, {"id": "no-weight", "weight": 0}, {"id": "not-for-this", "weight": 1}]
    audits = {"robots-txt": {"score": 0}, "no-weight": {"score": 0}, "not-for-this": {"score": None}}
    return {"categories": {n: {"score": s, "auditRefs": refs} for n, s in scores.items()}, "audits": audits}


def test_scores_are_of_100_and_what_counts_against_a_page_is_named() -> None:
    assert parse_report(report(seo=0.91, performance=1)) == PageRun({"seo": 91, "performance": 100}, {"robots-txt": 0})


def test_a_page_that_could_not_be_looked_at_has_no_scores() -> None:
    with pytest.raises(RuntimeError, match="no paint"):
        parse_report({"runtimeError": {"message": "no paint"}})


def test_the_median_counts() -> None:
    runs = [PageRun(dict.fromkeys(LOWEST_SCORES, score), {}) for score in (100, 12, 97)]
    assert medians(runs) == dict.fromkeys(LOWEST_SCORES, 97)
    assert line("issue", medians(runs)) == "| issue | 97 | 97 | 97 | 97 |"


def test_every_kind_of_page_is_looked_at_once() -> None:
    assert len(set(PAGES.values())) == len(PAGES) and all(path[-1:] in ("", "/") for path in PAGES.values())


def test_every_page_that_is_scored_is_there() -> None:
    with serve_app() as base:
        assert {urlopen(base + path).status for path in PAGES.values()} == {200}
