"""Benchmarks: ratios against a limit or a peer, measured in the same run; never a timed test.

`python -m bench [names…] [--scale 0.1] [--write]` runs each file `bench_*.py` here in a fresh process. A file has

    run(scale: float = 1.0) -> dict[str, Any]

which returns `{"lines": […], "method": "…", "notes": […]}`, or `{"skipped": "why"}` if something it needs is missing.
A line is a `Line` as a dict; `method` describes the peer, with its tables, indexes and settings; `notes` (optional) are
sizes and further figures. Smaller scales are for trying things out: the figures in bench/README.md are
measured at scale 1.
"""
