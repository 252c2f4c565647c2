"""A reader's own order of a day in Chromium: 1,000 papers against 100 stars.

The page's own function on the day's file, with reasons and sorting, on a page that has just been opened (so nothing is
compiled yet), median of nine; and what the page keeps in memory for it, after a collection of garbage.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench import measure
from hotpapers.publish.render.html.templating import asset
from hotpapers.wings.personal.packing import vector_script
from hotpapers.wings.personal.vectors import levels, vector_of
from hotpapers.wings.personal.wing import WING
from tests.browser.chromium import chromium, find_browser

PAPERS, STARS, TURNS = 1000, 100, 9
MILLISECONDS, KILOBYTES = 50, 2_000
ORDER = """(() => {
  const { words, papers } = day, places = words.split(" ");
  const packed = new Map(Object.entries(papers));
  const unpacked = (id) => paperVectors.unpack(packed.get(id), places);
  const here = [...packed.keys()].map((id, place) => ({ id, place, authors: "", text: "" }));
  const stars = STARS.map((id) => ({ id: `star ${id}`, title: id, words: [...unpacked(id)] }));
  const start = performance.now();
  window.kept = paperOrder(here, { get: unpacked }, { stars, unwanted: [] }, { authors: [], words: [] });
  return performance.now() - start;
})()"""


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    program = find_browser()
    if not program:
        return {"skipped": "no Chromium"}
    chance = random.Random(1)
    words = list(levels())
    texts = [" ".join(words[int(len(words) * chance.random() ** 3)] for _ in range(120)) for _ in range(PAPERS)]
    vectors = {f"2611.{n:05}": vector_of("", text) for n, text in enumerate(texts)}
    with tempfile.TemporaryDirectory() as folder, chromium(program) as tab:
        page = Path(folder) / "page.html"
        scripts = "\n".join([asset("reader.js").decode(), *(script.read_text("utf-8") for script in WING.scripts)])
        (Path(folder) / "reader.js").write_text(f"{scripts}\nwindow.paperVectorsOf = (file) => (window.day = file);")
        (Path(folder) / "vectors.js").write_bytes(vector_script("2026-11-20", vectors))
        page.write_text("<!DOCTYPE html><main></main><script src=reader.js></script><script src=vectors.js></script>")
        times, sizes = [], []
        for _ in range(max(int(TURNS * scale), 3)):
            tab.open(page.as_uri())
            before = tab.heap_bytes()
            times.append(tab.run(ORDER.replace("STARS", json.dumps(list(vectors)[:STARS]))))
            sizes.append(tab.heap_bytes() - before)
    lines = [
        measure.limit(f"{PAPERS:,} papers, {STARS} stars", statistics.median(times), MILLISECONDS, "ms"),
        measure.limit("memory", statistics.median(sizes) / 1e3, KILOBYTES, "kB"),
    ]
    return {"lines": lines, "method": __doc__}
