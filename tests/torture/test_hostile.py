"""Hostile text stays plain text all the way from networks on real sockets to published issues.

tests/hostile checks what every channel and a real browser make of each text; `make torture` runs both.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotpapers.base.model import HOUR, Post, Publication
from hotpapers.issues import freeze
from hotpapers.issues.freeze import publication_of
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.record import Record
from tests.hostile.active_content import active_parts, own_elements
from tests.hostile.cases import CASES
from tests.loopback.clock import moment
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.script import MINUTE, Message, Paper, PaperReference
from tests.publish.render.html import Page
from tests.torture import comparison
from tests.torture.comparison import Outcome
from tests.torture.site import READ
from tests.torture.source_jobs import source_jobs
from tests.torture.table import ALL, Report

DAY = "2026-03-10"
POSTED_AT = moment(f"{DAY}T05:00")
NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 §2.2 excludes, so that papers from arXiv cannot contain them either."""
PUBLICATION = Publication(
    publication="daily", title="Tea", ranking="classic/1", threshold=1, posts=2, hour=14, observed_at=POSTED_AT - HOUR
)
SOURCES_TO_READ = READ if ALL else ("arxiv", "hackernews", "mastodon")
NETWORKS = SOURCES_TO_READ[1:]
CASES_TO_RUN = CASES if ALL else CASES[::12]


@pytest.mark.long
def test_hostile_text_stays_text_all_the_way(sqlite_url: str, tmp_path: Path, report: Report) -> None:
    papers = [hostile_paper(n, case) for n, case in enumerate(CASES_TO_RUN, 1)]
    script = ManualScript(papers, [hostile_post(n, case, papers[n - 1]) for n, case in enumerate(CASES_TO_RUN, 1)])
    with Record(sqlite_url) as record:
        record.append([PUBLICATION], source="settings", at=POSTED_AT - HOUR)
        read_all(sqlite_url, script)
        posts = {key[0]: post for key, post in comparison.latest_observations(record, Post).items()}
        assert len(posts) >= len(CASES_TO_RUN) * 9 // 10, "some networks provide few"
        freeze.freeze_issue(record, publication_of(record, "daily"), DAY, at=POSTED_AT + 10 * HOUR)
        for channel in ("site", "feeds", "classic", "markdown"):
            export_site(record, "daily", [DAY], channel, tmp_path / channel)
        store_damage = tuple(comparison.store_damage(record))
    pages = {file: Page(file.read_bytes()) for file in (tmp_path / "site").rglob("*.html")}
    findings = [
        f"{file}: {finding}"
        for file, page in pages.items()
        for finding in active_parts(page, own_elements(str(file), page))
    ]
    articles = (article for page in pages.values() for article in page.all("article"))
    entries = [article for article in articles if article.attributes.get("class") == "entry"]
    outcome = Outcome(len(CASES_TO_RUN), errors=(*findings, *store_damage))
    report.add_row("hostile text, from the wire to the page", len(CASES_TO_RUN), outcome)
    assert outcome.is_clean and len(entries) > len(CASES_TO_RUN) // 2, outcome


def hostile_paper(n: int, case: str) -> Paper:
    """A paper with the text in every field."""
    words = " ".join(NOT_IN_XML.sub("", case).split()) or "nothing"
    return paper(
        f"2603.{n:05d}", DAY, title=f"{words} on tea, a study of kettles {n}", authors=(f"Ada {words}", words),
        abstract=f"{words} and tea.", comment=words, journal=words, doi=f"10.5555/{n}",
    )  # fmt: skip


def hostile_post(n: int, case: str, topic: Paper) -> Message:
    """Post the text about the paper, on one network after the other."""
    network = NETWORKS[n % len(NETWORKS)]
    author = (
        account(network, "ada") if network == "feeds" else account(network, f"ada{n}", display_name=case, home="two")
    )
    post = message(author, POSTED_AT + n * MINUTE // 4, f"Tea! {case}", PaperReference(topic.id), final_likes=50)
    return post._replace(title=f"Tea! {case}") if post.title else post


def read_all(store: str, script: ManualScript) -> None:
    """Read each network for a morning, and a stream for as long as somebody posts."""
    for source in SOURCES_TO_READ:
        with source_jobs(source, store, script, POSTED_AT - 5 * MINUTE) as site:
            site.run_until(
                POSTED_AT + len(CASES_TO_RUN) * MINUTE // 4 + 6 * MINUTE
                if source == "bluesky"
                else POSTED_AT + 3 * HOUR
            )
            site.clock.to(POSTED_AT + 7 * HOUR)
            count_jobs = {name: job_loop for name, job_loop in site.jobs.items() if name.endswith("/counts")}
            if count_jobs:
                site.with_jobs(count_jobs).run_until(POSTED_AT + 8 * HOUR)
