"""Benchmarks: ratios against a limit or a peer, taken in the same run; never a timed test.

`python -m bench [names…] [--scale 0.1] [--write]` runs each file `bench_*.py` here in a fresh process of its own. A
file offers

    run(scale: float = 1.0) -> dict[str, Any]

which returns `{"lines": […], "method": "…", "notes": […]}`, or `{"skipped": "why"}` where something it needs is
absent. A line is a `Line` as a dict; `method` says what the peer is, with its tables, indexes and settings; `notes`
(may be left out) are sizes and further figures. Smaller scales are for trying things out: the figures in
docs/development/benchmarks.md are taken at 1.
"""
