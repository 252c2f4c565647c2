"""Structs are learned before threads share them. Runs in its own process, which would otherwise crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys, threading
import msgspec
from hotpapers.base.struct_types import learn_structs

FIELDS = "".join(f"    f{n}: tuple[int | str | None, ...] = ()\\n" for n in range(30))
SOURCE = (
    "from __future__ import annotations\\nimport msgspec\\n"
    f"class Inner(msgspec.Struct):\\n{FIELDS}\\nclass Outer(msgspec.Struct):\\n    inner: list[Inner]\\n{FIELDS}"
)
DATA = msgspec.json.encode({"inner": [{f"f{n}": [1, "2"] for n in range(30)}], "f3": [None]})
sys.setswitchinterval(1e-6)
for number in range(40):
    module = type(sys)(f"hotpapers.made_up_{number}")
    sys.modules[module.__name__] = module
    exec(SOURCE, module.__dict__)
    if sys.argv[1] == "learned":
        learn_structs()
    start = threading.Barrier(4)

    def decode(outer=module.Outer):
        start.wait()
        msgspec.json.decode(DATA, type=outer)

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def run(tmp_path: Path, mode: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    return subprocess.run([sys.executable, tmp_path / "program.py", mode], capture_output=True, text=True, check=False)


def test_threads_may_decode_learned_structs(tmp_path: Path) -> None:
    process = run(tmp_path, "learned")
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.long
def test_unlearned_structs_still_end_the_process(tmp_path: Path) -> None:
    """If this fails, msgspec has fixed the bug, and `learn_structs` can be removed."""
    assert any(run(tmp_path, "not learned").returncode for _ in range(3))
