"""The commands about people: hiding, forgetting, and whose voices count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from hotpapers.base.errors import NotFound
from hotpapers.base.installed import hooks_of
from hotpapers.base.keys import parse_key
from hotpapers.base.model import Judgement, without_duplicates
from hotpapers.base.text.timestamps import minute_of
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import fail_if, print_error, print_line, print_result, require_confirmation
from hotpapers.discussion.moderation.bots.review import AccountReview, AuthorReview
from hotpapers.keep.hooks import ForgettableSubject
from hotpapers.publish.deliver.export_site import RerenderedFolder
from hotpapers.site.people import subject_of


def folder_results(folders: list[RerenderedFolder]) -> list[dict[str, Any]]:
    """The rendered folders, for JSON."""
    return [
        {"folder": str(folder.folder), "channel": folder.channel, "rendered": folder.rendered} for folder in folders
    ]


def report_folders(folders: list[RerenderedFolder], as_json: bool) -> None:
    """Prints which folders were rendered again; exits with status 1 if an existing folder could not be."""
    for folder in folders:
        remedy = ""
        if not folder.is_own:
            remedy = ", of which this store is a copy; run the same command there"
        elif not folder.rendered:
            remedy = f"; if its {folder.channel} pages have moved, publish them again there"
        if folder.reason or remedy:
            print_error(f"{folder.folder}: {folder.reason}{remedy}")
    for path in dict.fromkeys(state.folder for state in folders if state.rendered and not as_json):
        print_line(f"rendered again: {path}")
    fail_if(any(state.is_own and not state.rendered and state.folder.is_dir() for state in folders))


@common.command("""
  hotpapers hide x:1341202937956233217 --reason "reported as abusive"
  hotpapers hide https://x.com/i/status/1341202937956233217 --reason "reported as abusive"
  hotpapers hide x:@somebody --undo --reason mistaken""")
@click.argument("key", metavar="POST|ACCOUNT")
@click.option("--reason", required=True, metavar="TEXT", help="The reason, kept with the verdict.")
@click.option("--undo", is_flag=True, help="Show it again.")
@common.site_options
def hide(key: str, reason: str, undo: bool, as_json: bool, site: common.Site) -> None:
    """Hide a post or account on all pages.

    POST may be its address. What is hidden still counts. Published folders are rendered again.
    """
    folders = site.hide(key, reason, undo=undo)
    key = parse_key(key)
    value = {"key": key, "judgement": "shown" if undo else "hidden", "folders": folder_results(folders)}
    print_result(value, [f"{key}: {'shown again' if undo else 'hidden'}"], as_json)
    report_folders(folders, as_json)


@common.command("""
  hotpapers forget x:1341202937956233217
  hotpapers forget x:@somebody --yes""")
@click.argument("keys", metavar="POST|ACCOUNT|ADDRESS…", nargs=-1, required=True)
@common.yes_option
@common.site_options
def forget(keys: tuple[str, ...], yes: bool, as_json: bool, site: common.Site) -> None:
    """Permanently delete a post or account.

    POST may be its address. An account is deleted with all its posts. Totals stay, issues still verify, and what was
    forgotten is rejected if it arrives again. Published folders are rendered again; backups and exports that cannot be
    reached are listed.
    """
    for key in keys:
        subject_of(key)
    require_confirmation(yes, f"Permanently delete {', '.join(keys)}?", "delete permanently", "nothing was deleted")
    report = site.forget(keys)
    all_copies = (copy for _, result in report.forgotten for copy in result.out_of_reach)
    copies = without_duplicates(all_copies)
    figures = []
    lines = []
    for key, result in report.forgotten:
        rows = result.rows - result.other_rows
        figures.append({"key": key, "keys": len(result.keys), "rows": rows})
        lines.append(f"{key}: forgotten, {count_noun(len(result.keys), 'key')}, {count_noun(rows, 'row')}")
    other_rows = max((result.other_rows for _, result in report.forgotten), default=0)
    raw_payloads = max((result.raw_payloads for _, result in report.forgotten), default=0)
    if other_rows or raw_payloads:
        rows_of_others = count_noun(other_rows, "row")
        payloads = count_noun(raw_payloads, "raw payload")
        lines.append(f"names erased in {rows_of_others} of others; {payloads} deleted")
    together = {"other_rows": other_rows, "raw_payloads": raw_payloads}
    value = {"forgotten": figures, **together, "folders": folder_results(report.folders), "out_of_reach": copies}
    print_result(value, [*lines, *(f"out of reach: {copy}" for copy in copies)], as_json)
    for error in report.problems:
        print_error(str(error))
    report_folders(report.folders, as_json)
    if report.problems:
        raise click.exceptions.Exit(2 if isinstance(report.problems[-1], NotFound) else 1)


forget.help = " ".join([forget.help or "", *(subject.help for subject in hooks_of(ForgettableSubject))])


@common.command("""
  hotpapers judge bluesky:@somebody.example.org
  hotpapers judge x:@namesake --independent --paper 2101.04869 --reason "somebody else of that name\"""")
@click.argument("account", metavar="ACCOUNT")
@click.option("--bot", "judgement", flag_value="bot", help="Treat it as a bot.")
@click.option("--human", "judgement", flag_value="human", help="Treat it as a person.")
@click.option("--author", "judgement", flag_value="author", help="Treat it as an author of the paper.")
@click.option("--independent", "judgement", flag_value="independent", help="Treat it as not an author of the paper.")
@click.option(
    "--undo", "judgement", flag_value="", help="Withdraw your verdict or an author's proof, and let the rules decide."
)
@click.option("--paper", metavar="PAPER", default="", help="The paper that --author, --independent or --undo is about.")
@click.option("--reason", default="", metavar="TEXT", help="The reason, kept with the verdict.")
@click.option(
    "--since", metavar="DATE", help="When it takes effect, for a corrected edition of an older issue. [default: now]"
)
@common.site_options
def judge(
    account: str,
    judgement: Judgement | None,
    paper: str,
    reason: str,
    since: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Show whether an account counts as a bot or as a paper's author, and why.

    ACCOUNT may be the address of one of its posts. To override all rules in issues frozen from now on, use --bot or
    --human, or for one paper --author or --independent.
    """
    judged = site.judge(account, judgement, paper=paper, reason=reason, since=since)
    value = [{**review._asdict(), "papers": papers} for review, papers in judged]
    lines = (line for account in judged for line in _lines(*account))
    print_result(value, lines, as_json)


def _lines(review: AccountReview, papers: list[AuthorReview]) -> Iterator[str]:
    consequence = "treated as a bot, not counted" if review.is_bot else "counted as a person"
    parts = [(f"{review.account}: {consequence}", review.verdicts)]
    for paper in papers:
        standing = "an author's voice" if paper.is_author else "not an author's voice"
        label = f"{review.account} on {paper.paper}: {standing}"
        parts.append((label, paper.verdicts))
    for text, verdicts in parts:
        yield f"{text}; {count_noun(len(verdicts), 'verdict')}"
        for verdict in verdicts:
            yield f"  {minute_of(verdict.observed_at)}  {verdict.rule:<9} {verdict.judgement:<6} {verdict.reason}"
