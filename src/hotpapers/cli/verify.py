"""`hotpapers verify`: checks the store, and rebuilds issues from the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from hotpapers.base.errors import UsageError, require
from hotpapers.base.installed import hooks_of
from hotpapers.base.text import timestamps
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.hooks import Verifier
from hotpapers.cli.terminal import fail_if, print_result
from hotpapers.record.verify import VerifyResult

SAVED = (".html", ".htm", ".md", ".json")
"""The suffixes of saved issues, by which a file is told from a day."""


@common.command("""
  hotpapers verify 2021-01-14
  hotpapers verify --all --json
  hotpapers verify saved.html --policy policy.txt
  hotpapers verify --site public/site""")
@click.argument("dates", nargs=-1, metavar="[DATE|FILE]…")
@click.option("--site", "whole_site", metavar="DIR|URL", help="Verify a whole site against the log published with it.")
@click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The logs and witnesses to trust, as C2SP tlog-policy. [default: this publication's own]",
)
@click.option("--all", "everything", is_flag=True, help="Rebuild every issue of every publication.")
@common.publication_option
@common.site_options
def verify(
    dates: tuple[str, ...],
    whole_site: str | None,
    policy: Path | None,
    everything: bool,
    publication: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Check the store and rebuild issues from the record.

    Checks the store, every batch and row, and that rebuilt issues have the same digests. Lists whatever was damaged,
    changed, added or removed; the exit status is then 1.

    With --site, or with the FILE of a saved page, Markdown, issue.json or API response (as .json), it checks that the
    issue is in the publication's transparency log, and says who cosigned it. This needs no store.
    """
    folder = next((name for name in dates if Path(name).is_dir() and timestamps.parse_iso(name) is None), None)
    require(folder is None, f"{folder}: is a folder; to verify a whole site, use --site {folder}")
    files = [Path(name) for name in dates if Path(name).suffix in SAVED or Path(name).is_file()]
    is_one = bool(dates) + everything + bool(whole_site) == 1
    require(is_one, "name either days such as 2021-01-14, or add one of --all and --site")
    require(not files or len(files) == len(dates), "give either days or files, not both")
    require(policy is None or bool(files or whole_site), "--policy needs files or --site")
    if files or whole_site is not None:
        for verifier in hooks_of(Verifier):
            return verifier.verify(files, whole_site, policy, site, as_json)
        raise UsageError("this installation can verify stores only, not what was saved")
    result, issues = site.verify_store(dates, publication)
    value = {"verified": not result.findings, "issues": issues, **result._asdict()}
    print_result(value, _lines(result, issues), as_json)
    fail_if(result.findings)


def _lines(result: VerifyResult, issues: int) -> Iterator[str]:
    findings = result.findings
    yield from map(str, findings)
    parts = [count_noun(result.forgotten, "part") + " forgotten"] if result.forgotten else []
    parts += [f"{result.pruned:,} pruned"] if result.pruned else []
    parts += [f"{count_noun(result.withheld, 'row')} without words"] if result.withheld else []
    outcome = count_noun(len(findings), "difference") if findings else "verified"
    amounts = f"{count_noun(issues, 'issue')} rebuilt, {count_noun(result.rows, 'row')} checked"
    yield f"{', '.join([outcome, *parts])}: {amounts}"
    if result.unchecked:
        yield f"not checked: {result.unchecked}"
