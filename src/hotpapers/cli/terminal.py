"""Output for people and programs: lines, JSON, progress bars. Nothing in it can control a terminal."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hotpapers.base.errors import UsageError
from hotpapers.cli.called_as import as_started

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

ERASE_LINE = "\r\x1b[K"
_HARMLESS = "\n\t"
_OBEYED = (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))
"""Control characters (colors, titles, bells, the cursor), and lone surrogates, from file names that are not UTF-8."""
_TURNING = (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Characters that change the reading direction."""
_AS_SHOWN: dict[int, int | None] = {code: 0xFFFD for code in _OBEYED if chr(code) not in _HARMLESS}
_AS_SHOWN |= dict.fromkeys(_TURNING)
_AS_JSON = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *_TURNING)}
"""How these characters are written in JSON, where those below 0x20 are escaped anyway."""


def strip_controls(text: str) -> str:
    """Text without characters that a terminal would interpret."""
    return text.translate(_AS_SHOWN)


def print_line(text: str = "") -> None:
    """Prints a line to standard output."""
    with whole_line():
        click.echo(strip_controls(as_started(text)))


def print_error(text: str) -> None:
    """Prints a line to standard error, prefixed with the program's name."""
    print_note(f"hotpapers: {text}")


def print_note(text: str) -> None:
    """Prints a line to standard error."""
    with whole_line():
        click.echo(strip_controls(as_started(text)), err=True)


class LogStream(io.TextIOBase):
    """Standard error for the log's lines, which a progress bar makes room for."""

    def write(self, text: str) -> int:
        if sys.stderr is not None:
            with whole_line():
                sys.stderr.write(text)
                sys.stderr.flush()
        return len(text)


def print_result(value: Any, lines: Iterable[str], as_json: bool) -> None:
    """Prints a value as JSON, or the lines that describe it to people."""
    if as_json:
        print_json(value)
    for line in () if as_json else lines:
        print_line(line)


def fail_for(problems: Iterable[object]) -> None:
    """Prints problems; exits with status 1 if there are any."""
    text = None
    for text in map(str, problems):
        print_error(text)
    fail_if(text is not None)


def fail_if(failed: object) -> None:
    """Exits with status 1 if something failed, which was told."""
    if failed:
        raise click.exceptions.Exit(1)


class NumberRange(click.IntRange):
    """An option's whole numbers; in help and errors `1 to 9999`."""

    def _describe_range(self) -> str:
        if self.max is not None:
            return f"{self.min} to {self.max}"
        return f"{self.min} or more"


def ask_to_confirm(question: str, consequence: str) -> bool:
    """Whether the user confirms. `consequence`: the effect of `--yes`. Raises UsageError without a terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"not a terminal; pass --yes to {consequence}")
    return click.confirm(question, err=True)


def require_confirmation(yes: bool, question: str, consequence: str, otherwise: str) -> None:
    """Asks like `ask_to_confirm`, unless `yes`; says `otherwise` and exits with status 1 if the user declines."""
    if not (yes or ask_to_confirm(question, consequence)):
        fail_for([otherwise])


def format_size(number: float) -> str:
    """`12 kB`, `3.20 GB`."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.2f} GB"


def print_json(value: Any) -> None:
    """Prints a value as indented JSON, in UTF-8 whatever the terminal's encoding."""
    import msgspec

    encoded = msgspec.json.encode(as_objects(value))
    text = msgspec.json.format(encoded, indent=2).decode()
    click.echo(text.translate(_AS_JSON).encode())


def as_objects(value: Any) -> Any:
    """The value with structs and named tuples as objects, which keeps their field names."""
    import msgspec

    if isinstance(value, msgspec.Struct):
        return as_objects(msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return {key: as_objects(item) for key, item in value.items() if item is not msgspec.UNSET}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return as_objects(value._asdict())
    if isinstance(value, list | tuple):
        return [as_objects(item) for item in value]
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # file names need not be UTF-8
    return value


@contextmanager
def progress_bar(label: str, length: int, *, in_bytes: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar with the remaining time, shown only on a terminal; call the yielded function with each step's
    size. `in_bytes`: steps are bytes, and the bar shows the rate."""
    hidden = not (length and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb")
    started_at = time.monotonic()
    total = 0

    def step(count: int) -> None:
        nonlocal total
        total += count
        if in_bytes:
            rate = f"{format_size(total / max(time.monotonic() - started_at, 0.001))}/s"
        else:
            rate = None
        with _WRITING:
            progress.update(count, rate)

    with click.progressbar(
        length=length, label=label, file=sys.stderr, hidden=hidden, item_show_func=lambda rate: rate
    ) as progress:
        with _WRITING:
            _SHOWN.append(progress)
        try:
            yield step
        finally:
            with _WRITING:
                _SHOWN.remove(progress)


_WRITING = threading.RLock()
_SHOWN: list[ProgressBar[Any]] = []
"""The progress bars on the terminal, the current one last."""


@contextmanager
def whole_line() -> Iterator[None]:
    """Inside, a line can be written: the progress bar on the terminal is erased before and drawn again after it."""
    with _WRITING:
        if _SHOWN and not _SHOWN[-1].hidden:
            progress = _SHOWN[-1]
        else:
            progress = None
        if progress is not None:
            progress.file.write(ERASE_LINE)
            progress.file.flush()
        yield
        if progress is not None:
            progress._last_line = None  # what was drawn last is gone, and must be drawn even if nothing changed
            progress.render_progress()
