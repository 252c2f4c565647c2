"""`hotpapers check`: tries every source, sender and folder of the settings, and says what each needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hotpapers.base.text.text_tables import align_lines
from hotpapers.cli import common
from hotpapers.cli.terminal import fail_if, print_result
from hotpapers.wings.check.settings_trial import BAD, CheckedPart, try_settings


@common.command("""
  hotpapers check
  hotpapers check --config /srv/papers/hotpapers.toml --json""")
@common.json_option
@common.where_options
@common.debug_option
def check(as_json: bool, store: str | None, config: Path | None) -> None:
    """Try every source, sender and folder of the settings, and say what each needs.

    Sends each source, followed site and server of a model a few requests, signs in at mail servers and Bluesky, reads
    the stars of readers, and writes a file to each folder, which it removes. Stores and sends nothing, and spends no
    money. Exit status 1 if something needs you.
    """
    parts = try_settings(config, store)
    print_result(parts, _lines(parts), as_json)
    fail_if(any(part.state in BAD for part in parts))


def _lines(parts: Sequence[CheckedPart]) -> Iterator[str]:
    yield "\n".join(align_lines([("PART", "STATE", "FOUND"), *(part[:3] for part in parts)]))
    steps = dict[str, list[str]]()
    for part in parts:
        steps.setdefault(part.next, []).append(part.part)
    bad = sum(part.state in BAD for part in parts)
    yield f"\n{bad} of {len(parts)} will not work like this." if bad else "\nNothing is broken."
    yield from (f"  {', '.join(names)}: {step}" for step, names in steps.items() if step)
