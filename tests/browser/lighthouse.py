"""Lighthouse scores of the pages: `make lighthouse` prints a table, and fails if a page scores too low.

The app serves every type of page on this machine, as if it had a public address. Each page is tested five times as on a
phone, and the median counts. Accessibility, best practices and search engines must score 100; performance, 95, which
also depends on the machine: it is lower on a busy one.

    python -m tests.browser.lighthouse [--runs 5] [PAGE…]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from socket import create_server
from typing import Any, NamedTuple

from hotpapers.view.site_config import SiteConfig
from hotpapers.web.app import server
from tests.browser.chromium import find_browser
from tests.conftest import ROOT
from tests.render.full_sample import FULL_READER

PROGRAM = ROOT / ".browser" / "node_modules" / ".bin" / "lighthouse"
PAGES = {
    "issue": "2021-01-14/",
    "paper": "paper/2101.99901/",
    "archive": "archive/",
    "category": "category/hep-th/",
    "author": "author/tansy-overquill/",
    "all": "2021-01-14/all/",
    "method": "method/",
    "attacks": "attacks/",
    "status": "status/",
    "search": "search/",
    "reading": "reading/",
    "accessibility": "accessibility/",
    "about": "about/",
}
LOWEST_SCORES = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
"""The lowest acceptable scores."""
CHROMIUM = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --no-proxy-server"
)
PATIENCE = 300.0
"""Seconds before a run is aborted."""


class PageRun(NamedTuple):
    """One run on a page: scores out of 100, and the scores of failed audits."""

    scores: Mapping[str, int]
    failed_audits: Mapping[str, float]


@contextmanager
def serve_app() -> Iterator[str]:
    """The app's address, chosen before the app starts, since pages contain it."""
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    base = f"http://127.0.0.1:{port}/"
    web_server = server(lambda: FULL_READER, "daily", "127.0.0.1", port, SiteConfig("desk@daily.example", base))
    thread = threading.Thread(target=web_server.run, daemon=True)
    thread.start()
    while not web_server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield base
    finally:
        web_server.should_exit = True
        thread.join()


def run_lighthouse(url: str) -> PageRun:
    """Run Lighthouse once. Raises RuntimeError if it has no result."""
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


def main() -> int:
    """0 if every page scores high enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.lighthouse")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=f"of {', '.join(PAGES)}; all by default")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    if not find_browser() or not PROGRAM.exists():
        print("lighthouse: needs Chromium, and Lighthouse itself: tests/browser/setup installs it", file=sys.stderr)
        return 1
    print("| page | performance | accessibility | best practices | search engines |\n| --- | --- | --- | --- | --- |")
    good = True
    with serve_app() as base:
        for page in options.pages or PAGES:
            runs = [run_lighthouse(base + PAGES[page]) for _ in range(options.runs)]
            scores = medians(runs)
            print(line(page, scores), flush=True)
            for name, score in runs[-1].failed_audits.items():
                print(f"{page}: {name} {score}", file=sys.stderr, flush=True)
            good = good and all(scores[name] >= minimum for name, minimum in LOWEST_SCORES.items())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
