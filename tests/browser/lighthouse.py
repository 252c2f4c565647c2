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
from tests.browser.chromium import found
from tests.conftest import ROOT
from tests.render.fuller import FULL_READER

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
WANTED = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
"""The lowest acceptable scores."""
CHROMIUM = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --no-proxy-server"
)
PATIENCE = 300.0
"""Seconds before a run is aborted."""


class Look(NamedTuple):
    """One run on a page: scores out of 100, and the scores of failed audits."""

    scores: Mapping[str, int]
    fell_short: Mapping[str, float]


@contextmanager
def served() -> Iterator[str]:
    """The app's address, chosen before the app starts, since pages contain it."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}/"
    running = server(lambda: FULL_READER, "daily", "127.0.0.1", port, SiteConfig("desk@daily.example", base))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield base
    finally:
        running.should_exit = True
        thread.join()


def look(url: str) -> Look:
    """Run Lighthouse once. Raises RuntimeError if it has no result."""
    command = [
        str(PROGRAM), url, "--quiet", "--output=json", f"--chrome-flags={CHROMIUM}", "--no-enable-error-reporting",
        f"--only-categories={','.join(WANTED)}",
    ]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": found()}
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return look_of(json.loads(done.stdout))


def look_of(told: Mapping[str, Any]) -> Look:
    """The scores in a report. Raises RuntimeError if the page could not be tested."""
    if told.get("runtimeError"):
        raise RuntimeError(told["runtimeError"]["message"])
    scores = {name: round(100 * category["score"]) for name, category in told["categories"].items()}
    weighted = {one["id"] for category in told["categories"].values() for one in category["auditRefs"] if one["weight"]}
    short = {
        name: audit["score"]
        for name, audit in told["audits"].items()
        if name in weighted and audit["score"] is not None and audit["score"] < 0.9
    }
    return Look(scores, short)


def medians(looks: Sequence[Look]) -> dict[str, int]:
    """The median of each score."""
    return {name: round(statistics.median(one.scores[name] for one in looks)) for name in WANTED}


def line(page: str, scores: Mapping[str, int]) -> str:
    """A row of the table."""
    return " | ".join([f"| {page}", *(str(scores[name]) for name in WANTED)]) + " |"


def main() -> int:
    """0 if every page scores high enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.lighthouse")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=f"of {', '.join(PAGES)}; all by default")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    if not found() or not PROGRAM.exists():
        print("lighthouse: wants Chromium, and what tests/browser/setup brings", file=sys.stderr)
        return 1
    print("| page | performance | accessibility | best practices | search engines |\n| --- | --- | --- | --- | --- |")
    good = True
    with served() as base:
        for page in asked.pages or PAGES:
            looks = [look(base + PAGES[page]) for _ in range(asked.runs)]
            scores = medians(looks)
            print(line(page, scores), flush=True)
            for name, score in looks[-1].fell_short.items():
                print(f"{page}: {name} {score}", file=sys.stderr, flush=True)
            good = good and all(scores[name] >= least for name, least in WANTED.items())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
