"""A reader's own order of a day in Chromium: 1,000 papers against 100 stars.

The page's own functions, from the day's file to the reasons of all papers in their order, on a page that has just been
opened, so that nothing is compiled yet, median of 15; and what the page keeps in memory for it, after a collection of
garbage. Texts are made up from the program's table; each paper has two categories, some of them common. Processor time
is that of the page's own thread, which programs beside it hardly change.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench import measure
from hotpapers.publish.hooks import PageScripts
from hotpapers.publish.render.html.single_pages import READER
from hotpapers.publish.render.templating import read_asset
from hotpapers.wings.personal.packing import vector_script
from hotpapers.wings.personal.vectors import vector_of, word_levels
from hotpapers.wings.personal.wing import WING
from tests.browser.chromium import chromium, find_browser

PAPERS, STARS, TURNS = 1000, 100, 15
CATEGORIES = ("cs.LG", "cs.CL", "cs.CV", "hep-th", "math.AG", "quant-ph", "cond-mat.mtrl-sci", "astro-ph.GA", "stat.ML")
MILLISECONDS, KILOBYTES = 50, 2_000
ORDER = """(() => {
  const here = Object.keys(day.papers).map((id, place) => ({ id, place, authors: "", text: "" }));
  const start = performance.now();
  const file = paperVectors.dayFile(day);
  window.places = paperOrder.ordered(here, [file], { stars, unwanted: [] }, { authors: [], words: [] });
  window.reasons = places.map(({ reason }) => reason());
  return performance.now() - start;
})()"""


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    program = find_browser()
    if not program:
        return {"skipped": "no Chromium"}
    chance = random.Random(1)
    words = list(word_levels())
    texts = [" ".join(words[int(len(words) * chance.random() ** 3)] for _ in range(120)) for _ in range(PAPERS)]
    categories = [[CATEGORIES[int(len(CATEGORIES) * chance.random() ** 2)] for _ in range(2)] for _ in texts]
    vectors = {f"2611.{n:05}": vector_of("", *text) for n, text in enumerate(zip(texts, categories, strict=True))}
    stars = [
        {"id": f"star {paper}", "title": paper, "words": list(vector.items())}
        for paper, vector in list(vectors.items())[:STARS]
    ]
    with tempfile.TemporaryDirectory() as folder, chromium(program) as tab:
        page = Path(folder) / "page.html"
        own = (
            script
            for hook in WING.hooks
            if isinstance(hook, PageScripts)
            for script in (*hook.files, *hook.paper_files)
        )
        scripts = "\n".join(
            [*(read_asset(name).decode() for name in READER), *(script.read_text("utf-8") for script in own)]
        )
        (Path(folder) / "reader.js").write_text(f"{scripts}\nwindow.paperVectorsOf = (file) => (window.day = file);")
        (Path(folder) / "vectors.js").write_bytes(vector_script("2026-11-20", vectors))
        page.write_text("<!DOCTYPE html><main></main><script src=reader.js></script><script src=vectors.js></script>")
        times, processor_times, sizes = [], [], []
        for _ in range(max(int(TURNS * scale), 3)):
            tab.open(page.as_uri())
            tab.run(f"window.stars = {json.dumps(stars)}")
            before, processor_before = tab.heap_bytes(), tab.processor_seconds()
            times.append(tab.run(ORDER))
            processor_times.append(1e3 * (tab.processor_seconds() - processor_before))
            sizes.append(tab.heap_bytes() - before)
    lines = [
        measure.limit(f"{PAPERS:,} papers, {STARS} stars", statistics.median(times), MILLISECONDS, "ms"),
        measure.limit("the same, processor time", statistics.median(processor_times), MILLISECONDS, "ms"),
        measure.limit("memory", statistics.median(sizes) / 1e3, KILOBYTES, "kB"),
    ]
    return {"lines": lines, "method": __doc__}
