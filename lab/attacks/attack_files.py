"""Loads attacks from users' files, checks them against the contract, and runs them with every failure reported.

Their code runs with the user's rights. Its output goes to standard error. If it takes too long, raises or exits, the
attack has failed. If it cannot be stopped, its process ends.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, FrameType
from typing import Annotated, Any

import msgspec

from lab.attacks.attack_figures import Goal
from lab.attacks.campaign import Attack, AttackFailed, Campaign

SECONDS = 60
"""The time limit for one campaign."""
PATIENCE = 5
"""The seconds that code has to stop after the time limit."""
NETWORK_KNOBS = {"networks": 1, "network": 0}
"""The knobs about networks, and their least values."""


class DeclaredAttack(msgspec.Struct, frozen=True):
    """The required types of an attack's fields, without its code."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    about: str
    knobs: dict[str, Annotated[tuple[Any, ...], msgspec.Meta(min_length=1)]]
    goals: Annotated[tuple[Goal, ...], msgspec.Meta(min_length=1)]
    aged: Annotated[tuple[bool, ...], msgspec.Meta(min_length=1)]
    days_old: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0)], ...], msgspec.Meta(min_length=1)]
    known_post: bool
    small_field: bool
    at_place: Annotated[int, msgspec.Meta(ge=0)]
    many_posts: bool


class _UncachedLoader(SourceFileLoader):
    """Compiles a file each time: cached bytecode may be that of a file of equal size saved within the same second."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def load_attack(file: str) -> Attack:
    """Load an attack from a file. Raises AttackFailed."""
    name = f"attack_{Path(file).stem}"
    spec = spec_from_file_location(name, file, loader=_UncachedLoader(name, file))
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise AttackFailed("not a Python file with an attack", file=file)
    module = module_from_spec(spec)
    try:
        with _foreign_code(file):
            spec.loader.exec_module(module)
    except AttackFailed as problem:
        raise AttackFailed(problem.reason, file=file) from problem
    attack = getattr(module, "ATTACK", None)
    if not isinstance(attack, Attack):
        raise AttackFailed("has no ATTACK; `hotpapers docs attacks` says how to write one", file=file)
    if problems := list(_faults(attack)):
        raise AttackFailed(f"not a valid attack: {problems[0]}", file=file)
    return attack


def run(attack: Attack, campaign: Campaign, accounts: int) -> None:
    """Run an attack. Raises AttackFailed for any failure of its code."""
    try:
        with _foreign_code(_file_of(attack)):
            result: object = attack.run(campaign, accounts)
            if result is not None:  # a generator or coroutine has done nothing yet
                raise AttackFailed(f"`run` must return nothing, not a {type(result).__name__}")
    except AttackFailed as problem:
        raise AttackFailed(f"{attack.name}: {problem.reason}") from problem


def _file_of(attack: Attack) -> str:
    """The file with an attack's code, or else its name."""
    return getattr(getattr(attack.run, "__code__", None), "co_filename", attack.name)


class _TimeLimit:
    """Stops code that takes too long: first with an exception; if the code swallows that, by ending the process."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.is_over = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.is_over:
            text = (
                f"hotpapers: {self._file}: took more than {SECONDS} seconds and cannot be stopped; ending the process\n"
            )
            os.write(2, text.encode())
            os._exit(1)
        self.is_over = True
        raise _too_long()


@contextmanager
def _foreign_code(file: str) -> Iterator[None]:
    time_limit = _TimeLimit(file)
    before = signal.signal(signal.SIGALRM, time_limit)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, PATIENCE)
    # for C code that never returns to Python: prints a traceback and ends the process
    faulthandler.dump_traceback_later(SECONDS + 2 * PATIENCE, exit=True, file=2)
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (AttackFailed, KeyboardInterrupt):
        raise
    except BaseException as problem:  # anything that foreign code raises, or Python when C code is interrupted
        raise _too_long() if time_limit.is_over else AttackFailed(f"{type(problem).__name__}: {problem}") from problem
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def _too_long() -> AttackFailed:
    return AttackFailed(f"took more than {SECONDS} seconds")


def _faults(attack: Attack) -> Iterator[str]:
    """Problems with an attack's fields."""
    fields = attack._asdict()
    if not callable(fields.pop("run")):
        yield "its `run` is not a function"
    if isinstance(attack.knobs, Mapping):
        fields["knobs"] = {
            name: tuple(values) if isinstance(values, range) else values for name, values in attack.knobs.items()
        }
    try:
        declared = msgspec.convert(fields, DeclaredAttack)
    except msgspec.ValidationError as problem:
        yield str(problem)
        return
    if not (declared.name.isprintable() and declared.about.isprintable()):
        yield "`name` and `about` must be one line each, without control characters"
    for name, least in NETWORK_KNOBS.items():
        if not all(isinstance(value, int) and value >= least for value in declared.knobs.get(name, ())):
            yield f"the knob `{name}` must have whole numbers of {least} or more"
    if any(value.__hash__ is None for values in declared.knobs.values() for value in values):
        yield "a knob's values must be numbers, strings, or tuples of these"
