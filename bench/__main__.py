"""`python -m bench [names…] [--scale 0.1] [--write]`: runs the benchmarks, each in a fresh process."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import measure, report

HERE = Path(__file__).parent
NAMES = tuple(sorted(file.stem.removeprefix("bench_") for file in HERE.glob("bench_*.py")))


def main() -> int:
    """Exits with status 1 if a benchmark crashed; a missed goal is a result, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ratios against a limit or a peer.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of: {', '.join(NAMES)}; all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="of the full size; smaller is for trying things out")
    parser.add_argument("--write", action="store_true", help="renew bench/README.md with what was run")
    parser.add_argument("--one", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if options.one:
        return _run_benchmark(options.names[0], options.scale, Path(options.one))
    results = {name: _in_own_process(name, options.scale) for name in options.names or NAMES}
    print(report.table(results))
    if options.write:
        report.write(results, options.scale)
    return int(any("failed" in result for result in results.values()))


def _run_benchmark(name: str, scale: float, target: Path) -> int:
    module = importlib.import_module(f"bench.bench_{name}")
    target.write_text(json.dumps(module.run(scale)))
    return 0


def _in_own_process(name: str, scale: float) -> dict[str, Any]:
    """A benchmark's result. Anything it prints goes to standard error."""
    print(f"{name} …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "found.json"
        command = [sys.executable, "-m", "bench", name, "--scale", str(scale), "--one", str(target)]
        load = os.getloadavg()[0]
        status = subprocess.run(command, cwd=measure.ROOT, check=False, stdout=sys.stderr).returncode
        if status or not target.exists():
            return {"failed": f"exit status {status}"}
        result: dict[str, Any] = json.loads(target.read_text())
    return result | {"load": [round(load, 2), round(os.getloadavg()[0], 2)]}


if __name__ == "__main__":
    sys.exit(main())
