"""Hostile text on its whole way, from networks on real sockets to published issues, stays plain text.

tests/hostile checks what every channel and a real browser make of each text; `make torture` runs both.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotpapers.deliver.export_site import export_site
from hotpapers.issues import freeze
from hotpapers.issues.freeze import publication_of
from hotpapers.model import HOUR, Post, Publication
from hotpapers.sources import SOURCES
from hotpapers.store import Record
from tests.hostile.active_content import FORM_ELEMENTS, active_parts
from tests.hostile.cases import CASES
from tests.loopback.clock import moment
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.script import MINUTE, Message, Paper, PaperReference
from tests.render.html import Page
from tests.torture import agree
from tests.torture.agree import Outcome
from tests.torture.rounds import bench
from tests.torture.table import ALL, Telling

DAY = "2026-03-10"
MADE = moment(f"{DAY}T05:00")
NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 §2.2 excludes, and so papers from arXiv too."""
OWN = Publication(
    publication="daily", title="Tea", ranking="classic/1", threshold=1, posts=2, hour=14, observed_at=MADE - HOUR
)
ASKING = ("reading/index.html", "search/index.html")
"""The site's own pages with a form."""
READ = tuple(SOURCES) if ALL else ("arxiv", "hackernews", "mastodon")
NETWORKS = READ[1:]
CASES_HERE = CASES if ALL else CASES[::12]


@pytest.mark.long
def test_hostile_words_stay_words_all_the_way(sqlite_url: str, tmp_path: Path, told: Telling) -> None:
    papers = [hostile_paper(n, case) for n, case in enumerate(CASES_HERE, 1)]
    script = ManualScript(papers, [talk(n, case, papers[n - 1]) for n, case in enumerate(CASES_HERE, 1)])
    with Record(sqlite_url) as record:
        record.append([OWN], source="settings", at=MADE - HOUR)
        read_all(sqlite_url, script)
        posts = {key[0]: post for key, post in agree.latest(record, Post).items()}
        assert len(posts) >= len(CASES_HERE) * 9 // 10, "some networks tell little"
        freeze.freeze(record, publication_of(record, "daily"), DAY, at=MADE + 10 * HOUR)
        for to in ("site", "feeds", "classic", "markdown"):
            export_site(record, "daily", [DAY], to, tmp_path / to)
        unsound = tuple(agree.unsound(record))
    pages = {file: Page(file.read_bytes()) for file in (tmp_path / "site").rglob("*.html")}
    lively = [f"{file}: {one}" for file, page in pages.items() for one in active_parts(page, allowed(str(file)))]
    entries = [one for page in pages.values() for one in page.all("article") if one.attributes.get("class") == "entry"]
    outcome = Outcome(len(CASES_HERE), wrong=(*lively, *unsound))
    told.row("hostile words, from the wire to the page", len(CASES_HERE), outcome)
    assert outcome.good and len(entries) > len(CASES_HERE) // 2, outcome


def allowed(path: str) -> set[str]:
    """The site's own elements that a page may contain."""
    return {"script", "meta", "link", *(FORM_ELEMENTS if path.endswith(ASKING) else ())}


def hostile_paper(n: int, case: str) -> Paper:
    """A paper with the text in every field."""
    words = " ".join(NO_XML.sub("", case).split()) or "nothing"
    return paper(
        f"2603.{n:05d}", DAY, title=f"{words} on tea, a study of kettles {n}", authors=(f"Ada {words}", words),
        abstract=f"{words} and tea.", comment=words, journal=words, doi=f"10.5555/{n}",
    )  # fmt: skip


def talk(n: int, case: str, about: Paper) -> Message:
    """Post the text about the paper, on one network after the other."""
    network = NETWORKS[n % len(NETWORKS)]
    author = (
        account(network, "ada") if network == "feeds" else account(network, f"ada{n}", display_name=case, home="two")
    )
    post = message(author, MADE + n * MINUTE // 4, f"Tea! {case}", PaperReference(about.id), final_likes=50)
    return post._replace(title=f"Tea! {case}") if post.title else post


def read_all(store: str, script: ManualScript) -> None:
    """Read each network for a morning, and a stream for as long as somebody posts."""
    for source in READ:
        with bench(source, store, script, MADE - 5 * MINUTE) as one:
            one.until(MADE + len(CASES_HERE) * MINUTE // 4 + 6 * MINUTE if source == "bluesky" else MADE + 3 * HOUR)
            one.clock.to(MADE + 7 * HOUR)
            counts = {name: rounds for name, rounds in one.jobs.items() if name.endswith("/counts")}
            if counts:
                one.only(counts).until(MADE + 8 * HOUR)
