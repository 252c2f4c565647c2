"""Unexpected errors in a job: how they are reported, and how one failing part of a job is kept from stopping the
others.

Reports contain neither the error's text nor the values in it, as both may be a stranger's words or personal data. The
place in the code is enough to find the defect.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hotpapers.base.errors import HotPapersError, Stopped, StoreError, TakenOver
from hotpapers.base.logs import log_event

ENDS = (SystemExit, KeyboardInterrupt, GeneratorExit)
"""Exceptions that end a thread on purpose. Anything else may come from a library: a panic in Rust code is not an
`Exception` either."""
ENDS_A_ROUND = (Stopped, TakenOver, StoreError, *ENDS)
"""Exceptions that concern every part of a round, and so are not a defect in one part."""
_HERE = Path(__file__).parents[1]
_MAX_FRAMES = 12


def is_defect(problem: BaseException) -> bool:
    """Whether this program did not raise the error on purpose."""
    return not isinstance(problem, HotPapersError)


def describe_error(problem: BaseException) -> str:
    """An error in one line: the text of our own errors; the type and place of all others."""
    if not is_defect(problem):
        return str(problem)
    frames = _frames(problem)
    own_frames = [frame for frame in frames if not frame.startswith("…")] or frames
    return f"internal error: {type(problem).__name__}" + (f" in {own_frames[-1]}" if own_frames else "")


def log_defect(job: str, problem: BaseException) -> None:
    """Logs an error with its traceback. Errors while logging are ignored: no memory may be left."""
    with suppress(Exception):
        log_event(
            "defect", level=logging.ERROR, job=job, reason=describe_error(problem), trace=" > ".join(_frames(problem))
        )


@contextmanager
def isolate_failures(problems: list[str], job: str, part: str) -> Iterator[None]:
    """Runs one part of a round so that its failure does not stop the others: the failure is added to `problems`. Errors
    that concern every part, such as being stopped or an unusable store, are raised."""
    try:
        yield
    except ENDS_A_ROUND:
        raise
    except BaseException as problem:
        if is_defect(problem):
            log_defect(job, problem)
        problems.append(f"{part}: {describe_error(problem)}")


def _frames(problem: BaseException) -> list[str]:
    """The innermost frames of an error's traceback: file, line and function. Files of libraries are given by name after
    `…`."""
    frames = []
    for frame, line in list(traceback.walk_tb(problem.__traceback__))[-_MAX_FRAMES:]:
        path = Path(frame.f_code.co_filename)
        place = path.relative_to(_HERE).as_posix() if path.is_relative_to(_HERE) else f"…{path.name}"
        frames.append(f"{place}:{line} {frame.f_code.co_name}")
    return frames
