"""All judgments of a played site."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from hotpapers.record import Record
from tests.sites import judges_numbers, judges_readers, judges_record, judges_servers
from tests.sites.catalog import chosen
from tests.sites.evidence import Evidence, Finding
from tests.sites.kept import keep
from tests.sites.play import Played, played

Judge = Callable[[Evidence], Iterator[Finding]]
JUDGMENTS: Mapping[str, Judge] = {
    "issues": judges_numbers.issues_due,
    "time": judges_numbers.issues_in_time,
    "breaks": judges_numbers.made_after_a_break,
    "announced": judges_numbers.announced,
    "considered": judges_numbers.considered,
    "voices": judges_numbers.voices,
    "chosen": judges_numbers.chosen,
    "claims": judges_numbers.claims,
    "doubts": judges_numbers.doubts,
    "servers": judges_servers.servers_told,
    "recorded": judges_servers.recorded,
    "pages": judges_readers.pages,
    "all papers": judges_readers.all_papers,
    "links": judges_readers.links,
    "same numbers": judges_readers.same_numbers,
    "sent": judges_readers.sent,
    "addresses": judges_readers.addresses,
    "verify": judges_record.verified,
    "rebuilt": judges_record.rebuilt,
    "recounted": judges_record.counted_again,
    "elsewhere": judges_record.rebuilt_elsewhere,
    "health": judges_readers.healthy,
    "promises": judges_readers.promises,
}
"""What is judged, each day and each site."""
SHOWN = 12
"""How many findings of a judgment are printed."""


def judge(played: Played) -> dict[str, list[Finding]]:
    """What is wrong with a played site, by judgment."""
    with Record(played.store, create=False) as record:
        evidence = Evidence(played, record)
        return {name: list(dict.fromkeys(judge_one(evidence))) for name, judge_one in JUDGMENTS.items()}


def lines_of(folder: Path, kept: bool, names: Sequence[str]) -> list[str]:
    """The judgments of sites that are played together, as lines. `kept`: for others, see `kept`."""
    start = time.monotonic()
    (sites,) = chosen(names)
    with played(sites, folder) as results:
        seconds = time.monotonic() - start
        lines = [line for result in results for line in _lines(result, f"played in {seconds:.0f} s")]
        for result in results if kept else ():
            keep(result)
    return lines


def _lines(result: Played, note: str) -> Iterator[str]:
    yield f"{result.site.name}: {result.site.about} ({note})"
    for judgment, findings in judge(result).items():
        yield f"  {judgment}: {f'{len(findings)} WRONG' if findings else 'right'}"
        yield from (f"    WRONG  {finding}" for finding in findings[:SHOWN])
