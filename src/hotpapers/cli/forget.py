"""`hotpapers forget`: deletes posts, accounts, and what wings keep about people, permanently."""

from __future__ import annotations

import click

from hotpapers.base import model
from hotpapers.base.errors import NotFound
from hotpapers.base.wings import wings
from hotpapers.cli import common
from hotpapers.cli.folder_reports import folder_results, report_folders
from hotpapers.cli.terminal import confirm, print_error, show
from hotpapers.issues.ranking.words import count_noun
from hotpapers.site.forgetting import ForgetReport, subject_of


@common.command("""
  hotpapers forget x:1341202937956233217
  hotpapers forget x:@somebody --yes""")
@click.argument("keys", metavar="POST|ACCOUNT|ADDRESS…", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@common.json_option
@common.store_options
def forget(keys: tuple[str, ...], yes: bool, as_json: bool, site: common.Site) -> None:
    """Permanently delete a post or account.

    POST may be its address. An account is deleted with all its posts. Totals stay, issues still verify, and what was
    forgotten is rejected if it arrives again. Published folders are rendered again; backups and exports that cannot be
    reached are listed.
    """
    for key in keys:
        subject_of(key)
    if not yes and not confirm(f"Permanently delete {', '.join(keys)}?", "delete permanently"):
        print_error("nothing was deleted")
        raise click.exceptions.Exit(1)
    report = site.forget(keys)
    _print(report, as_json)
    for error in report.problems:
        print_error(str(error))
    report_folders(report.folders, as_json)
    if report.problems:
        raise click.exceptions.Exit(2 if isinstance(report.problems[-1], NotFound) else 1)


forget.help = " ".join([forget.help or "", *(wing.subject.help for wing in wings() if wing.subject is not None)])


def _print(report: ForgetReport, as_json: bool) -> None:
    copies = model.distinct(copy for _, result in report.forgotten for copy in result.out_of_reach)
    figures, lines = [], []
    for key, result in report.forgotten:
        numbers = {"keys": len(result.keys), "rows": result.rows, "raw_payloads": result.raw_payloads}
        figures.append({"key": key, **numbers})
        amounts = [count_noun(number, name[:-1].replace("_", " ")) for name, number in numbers.items()]
        lines.append(f"{key}: forgotten, {', '.join(amounts)}")
    value = {"forgotten": figures, "folders": folder_results(report.folders), "out_of_reach": copies}
    show(value, [*lines, *(f"out of reach: {copy}" for copy in copies)], as_json)
