"""What escapes a job that nobody foresaw: how it is told, and how one part of a job is kept from stopping the others.

Neither an error's text nor the values in it are told: they may be a stranger's words, or somebody's. Where it happened
is enough to find it.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import hotpapers
from hotpapers.errors import HotPapersError, Stopped, StoreError, TakenOver
from hotpapers.logs import log_event

ENDS = (SystemExit, KeyboardInterrupt, GeneratorExit)
"""What ends a thread on purpose. All else may come from a library: a panic of one in Rust is no `Exception` either."""
ENDS_A_ROUND = (Stopped, TakenOver, StoreError, *ENDS)
"""What concerns all parts of a round, and is no defect in one of them."""
_HERE = Path(hotpapers.__file__).parent
_MOST_FRAMES = 12


def is_defect(problem: BaseException) -> bool:
    """Whether an error is none that this program raises on purpose."""
    return not isinstance(problem, HotPapersError)


def describe_error(problem: BaseException) -> str:
    """An error in one line: of our own its text, of others what kind it is and where it came up."""
    if not is_defect(problem):
        return str(problem)
    frames = _frames(problem)
    own_frames = [frame for frame in frames if not frame.startswith("…")] or frames
    return f"internal error: {type(problem).__name__}" + (f" in {own_frames[-1]}" if own_frames else "")


def log_defect(job: str, problem: BaseException) -> None:
    """Tells an error with the way that led to it. It may be that no memory is left to do so."""
    with suppress(Exception):
        log_event(
            "defect", level=logging.ERROR, job=job, reason=describe_error(problem), trace=" > ".join(_frames(problem))
        )


@contextmanager
def isolated(problems: list[str], job: str, part: str) -> Iterator[None]:
    """A part of a round whose failure stops no other part; what fails is added to the problems. The end of a job, and a
    store that cannot be used, concern all parts and are raised."""
    try:
        yield
    except ENDS_A_ROUND:
        raise
    except BaseException as problem:
        if is_defect(problem):
            log_defect(job, problem)
        problems.append(f"{part}: {describe_error(problem)}")


def _frames(problem: BaseException) -> list[str]:
    """The last places that led to an error: file of ours, line and function; of a library its name after `…`."""
    frames = list(traceback.walk_tb(problem.__traceback__))[-_MOST_FRAMES:]
    return [f"{_place(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in frames]


def _place(file: str) -> str:
    path = Path(file)
    return path.relative_to(_HERE).as_posix() if path.is_relative_to(_HERE) else f"…{path.name}"
