"""Lighthouse scores of the pages: `make lighthouse` prints a table, and fails if a page scores too low.

Every type of page is served on this machine twice: by the app, as if it had a public address, and as a file of the
demo's static site; those about topics, as files of a site that is old enough. Pages that search engines must not find
are left out. Each is tested five times as on a phone, and the median counts. Accessibility, best practices and search
engines must score 100; performance, 99, which also depends on the machine: it is lower on a busy one.

    python -m tests.browser.lighthouse [--runs 5] [--of app|posts|site|topics] [PAGE…]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from socket import create_server
from typing import Any, NamedTuple

import uvicorn
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from hotpapers.base import settings
from hotpapers.base.model import IssueReader
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.serve.app import SiteApp
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.serve.server import build_server
from hotpapers.site import demo as week
from hotpapers.wings.topics.freezing import freeze_next
from tests.browser.chromium import find_browser
from tests.conftest import ROOT
from tests.publish.render.full_sample import FULL_READER, TALKED_ABOUT_READER
from tests.wings.topics.made import WEEK as TOPICS_WEEK
from tests.wings.topics.made import fill

PROGRAM = ROOT / ".browser" / "node_modules" / ".bin" / "lighthouse"
PAGES = {
    "front": "",
    "no-papers": "2021-01-13/",
    "issue": "2021-01-14/",
    "paper": "paper/2101.99901/",
    "archive": "archive/",
    "category": "category/hep-th/",
    "category-year": "category/hep-th/2021/",
    "author": "author/tansy-overquill/",
    "all": "2021-01-14/all/",
    "method": "method/",
    "attacks": "attacks/",
    "status": "status/",
    "search": "search/",
    "reading": "reading/",
    "accessibility": "accessibility/",
    "about": "about/",
    "bookmarklet": "bookmarklet/",
    "top": "top/",
    "top-week": "top/2021-W02/",
    "top-month": "top/2021-01/",
    "top-year": "top/2021/",
    "top-all": "top/all/",
}
SITE_PAGES = {
    **PAGES, "issue": f"{week.DAYS[3]}/", "paper": "paper/2603.00116/", "category": "category/cs.CL/",
    "category-year": "category/cs.CL/2026/", "author": "author/chiara-amberfield/", "all": f"{week.DAYS[3]}/all/",
    "top-week": "top/2026-W11/", "top-month": "top/2026-03/", "top-year": "top/2026/",
    "edition": f"{week.DAYS[2]}/edition-1/", "fields": "fields/",
}  # fmt: skip
"""The same of the demo's made-up week."""
del SITE_PAGES["no-papers"]
TOPICS_PAGES = {"topics": "topics/", "topics-week": f"topics/{TOPICS_WEEK}/", "top-with-topics": f"top/{TOPICS_WEEK}/"}
LOWEST_SCORES = {"performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100}
"""The lowest acceptable scores."""
CHROMIUM = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --no-proxy-server"
)
PATIENCE = 300.0
"""Seconds before a run is aborted."""
ATTEMPTS = 3
"""How often a run is started: on a busy machine, the browser may fail to record one."""


class PageRun(NamedTuple):
    """One run on a page: scores out of 100, and the scores of failed audits."""

    scores: Mapping[str, int]
    failed_audits: Mapping[str, float]


def free_port() -> int:
    """A port chosen before a server starts, since pages contain its address."""
    with create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def running(web_server: uvicorn.Server) -> Iterator[None]:
    """Run a server in a thread."""
    thread = threading.Thread(target=web_server.run, daemon=True)
    thread.start()
    while not web_server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield
    finally:
        web_server.should_exit = True
        thread.join()


@contextmanager
def serve_app(issue_reader: IssueReader = FULL_READER) -> Iterator[str]:
    """The app's address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    pages = CurrentPages(lambda: issue_reader, "daily", SiteConfig("desk@daily.example", base))
    with running(build_server(SiteApp(pages), port=port)):
        yield base


@contextmanager
def files_at(folder: Path) -> Iterator[str]:
    """The address of a folder, served as a host of files does: compressed."""
    port = free_port()
    files = GZipMiddleware(StaticFiles(directory=folder, html=True))
    with running(uvicorn.Server(uvicorn.Config(files, port=port, log_level="error", lifespan="off"))):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def serve_site() -> Iterator[str]:
    """The address of the static site of the demo's made-up week."""
    with tempfile.TemporaryDirectory() as folder:
        week.make_week(Path(folder), tell=lambda label, place: None)
        public = Path(folder, "public")
        public.mkdir()
        with files_at(public) as base:
            with Record(str(Path(folder, settings.default_settings().store))) as record:
                export_site(record, week.NAME, week.DAYS, "site", public, week.SITE._replace(base=base))
            yield base


@contextmanager
def serve_topics() -> Iterator[str]:
    """The address of the static site of a publication that is old enough to have topics."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as kept, files_at(Path(folder)) as base:
        with Record(str(Path(kept, "papers.db"))) as record:
            fill(record)
            while freeze_next(record, "daily"):
                pass
            reader = RecordIssueReader(record)
            days = reader.days("daily")
            write_files(Path(folder), SiteChannel(SiteConfig("desk@daily.example", base)).render(reader, "daily", days))
        yield base


SERVED: Mapping[str, tuple[Callable[[], AbstractContextManager[str]], Mapping[str, str]]] = {
    "app": (serve_app, PAGES),
    "posts": (partial(serve_app, TALKED_ABOUT_READER), {"2,000-posts": PAGES["paper"]}),
    "site": (serve_site, SITE_PAGES),
    "topics": (serve_topics, TOPICS_PAGES),
}


def run_lighthouse(url: str, attempts: int = ATTEMPTS) -> PageRun:
    """Run Lighthouse until it has a result. Raises RuntimeError if it has none in the end."""
    for _ in range(attempts - 1):
        with suppress(RuntimeError):
            return _run_once(url)
    return _run_once(url)


def _run_once(url: str) -> PageRun:
    command = [
        str(PROGRAM), url, "--quiet", "--output=json", f"--chrome-flags={CHROMIUM}", "--no-enable-error-reporting",
        f"--only-categories={','.join(LOWEST_SCORES)}",
    ]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": find_browser()}
    process = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)
    if process.returncode:
        raise RuntimeError(process.stderr[-2000:])
    return parse_report(json.loads(process.stdout))


def parse_report(report: Mapping[str, Any]) -> PageRun:
    """The scores in a report. Raises RuntimeError if the page could not be tested."""
    if report.get("runtimeError"):
        raise RuntimeError(report["runtimeError"]["message"])
    scores = {name: round(100 * category["score"]) for name, category in report["categories"].items()}
    weighted_ids = {
        ref["id"] for category in report["categories"].values() for ref in category["auditRefs"] if ref["weight"]
    }
    failures = {
        name: audit["score"]
        for name, audit in report["audits"].items()
        if name in weighted_ids and audit["score"] is not None and audit["score"] < 0.9
    }
    return PageRun(scores, failures)


def medians(runs: Sequence[PageRun]) -> dict[str, int]:
    """The median of each score."""
    return {name: round(statistics.median(run.scores[name] for run in runs)) for name in LOWEST_SCORES}


def line(page: str, scores: Mapping[str, int]) -> str:
    """A row of the table."""
    return " | ".join([f"| {page}", *(str(scores[name]) for name in LOWEST_SCORES)]) + " |"


def _test_page(name: str, url: str, runs: int) -> bool:
    """Whether a page scores high enough; prints its row, and what failed."""
    results = [run_lighthouse(url) for _ in range(runs)]
    scores = medians(results)
    print(line(name, scores), flush=True)
    for audit, score in results[-1].failed_audits.items():
        print(f"{name}: {audit} {score}", file=sys.stderr, flush=True)
    return all(scores[category] >= minimum for category, minimum in LOWEST_SCORES.items())


def main() -> int:
    """0 if every page scores high enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.lighthouse")
    parser.add_argument(
        "pages",
        nargs="*",
        metavar="PAGE",
        help=f"of {', '.join({**SITE_PAGES, **PAGES, **TOPICS_PAGES})}; all by default",
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--of", choices=SERVED, help="only the pages of the app, of the static site, or about topics")
    options = parser.parse_args()
    if not find_browser() or not PROGRAM.exists():
        print("lighthouse: needs Chromium, and Lighthouse itself: tests/browser/setup installs it", file=sys.stderr)
        return 1
    print("| page | performance | accessibility | best practices | search engines |\n| --- | --- | --- | --- | --- |")
    good = True
    for name in [options.of] if options.of else SERVED:
        serve, paths = SERVED[name]
        with serve() as base:
            for page in [page for page in options.pages or paths if page in paths]:
                good &= _test_page(f"{name}: {page}", base + paths[page], options.runs)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
