"""`hotpapers forget`: deletes posts, accounts and mail addresses permanently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from hotpapers import model
from hotpapers.cli import common
from hotpapers.cli.publish import folder_results, report_folders, update_logs
from hotpapers.cli.terminal import confirm, print_error, show
from hotpapers.deliver.email import subscribers
from hotpapers.deliver.email.addresses import is_address
from hotpapers.deliver.export_site import RerenderedFolder, export_again
from hotpapers.errors import HotPapersError, NotFound, StoreError
from hotpapers.model.keys import parse_key
from hotpapers.privacy import forget as forgetting
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record, now


@common.command("""
  hotpapers forget x:1341202937956233217
  hotpapers forget x:@somebody --yes""")
@click.argument("keys", metavar="POST|ACCOUNT|ADDRESS…", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@common.json_option
@common.store_options
def forget(keys: tuple[str, ...], yes: bool, as_json: bool, context: common.CommandContext) -> None:
    """Permanently delete a post or account.

    POST may be its address. An account is deleted with all its posts. Totals stay, issues still verify, and what was
    forgotten is rejected if it arrives again. Published folders are rendered again; backups and exports that cannot be
    reached are listed. A mail address is unsubscribed.
    """
    subjects = [key if is_address(key) else parse_key(key) for key in keys]
    if not yes and not confirm(f"Permanently delete {', '.join(keys)}?", "delete permanently"):
        print_error("nothing was deleted")
        raise click.exceptions.Exit(1)
    problems: list[HotPapersError] = []
    results: list[tuple[str, forgetting.ForgetResult]] = []
    with common.open_record(context) as record:
        for key, outcome in _outcomes(record, subjects):
            if isinstance(outcome, HotPapersError):
                problems.append(outcome)
            else:
                results.append((key, outcome))
        if results:  # render pages even if traces could not be erased
            try:
                record.database.erase_traces()
            except StoreError as problem:
                problems.append(problem)
        folders = _pages_again(record, context, problems) if results else []
    _report_forgotten(results, folders, as_json)
    for error in problems:
        print_error(str(error))
    report_folders(folders, as_json)
    if problems:
        raise click.exceptions.Exit(2 if isinstance(problems[-1], NotFound) else 1)


def _pages_again(
    record: Record, context: common.CommandContext, problems: list[HotPapersError]
) -> list[RerenderedFolder]:
    """Renders published folders again. If the store fails meanwhile, that is added to the problems, and the report of
    what was forgotten is still printed."""
    try:
        for warning in update_logs(record, context.own_publications, context):
            print_error(warning)
        return export_again(record, context.site_config, context.terms)
    except StoreError as problem:
        problems.append(problem)
        return []


Outcome = forgetting.ForgetResult | HotPapersError


def _outcomes(record: Record, keys: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    """Forgets posts and accounts, all at once, then addresses. Yields each with its result or its error."""
    posts = [key for key in keys if not is_address(key)]
    try:
        yield from zip(posts, forgetting.forget_all(record, posts) if posts else (), strict=True)
    except StoreError as problem:
        yield from ((key, StoreError(f"{key}: not forgotten: {problem}")) for key in posts)
    for address in filter(is_address, keys):
        try:
            yield address, _forgotten(record, address)
        except NotFound as problem:
            yield address, problem
        except StoreError as problem:
            yield address, StoreError(f"{address}: not forgotten: {problem}")


def _forgotten(record: Record, address: str) -> forgetting.ForgetResult:
    """Forgets a mail address. Raises NotFound, StoreError."""
    subscribers.forget(record, address, now())
    subscriptions = subscribers.known(record, address)
    if not subscriptions:
        raise NotFound(f"{address}: no subscription with that address")
    backups = tuple(copy for copy in forgetting.copies(record) if not copy.startswith("export "))
    return forgetting.ForgetResult((address,), subscriptions, 0, backups)


def _report_forgotten(
    results: list[tuple[str, forgetting.ForgetResult]], folders: list[RerenderedFolder], as_json: bool
) -> None:
    copies = model.distinct(copy for _, result in results for copy in result.out_of_reach)
    figures = [
        {"key": key, "keys": len(result.keys), "rows": result.rows, "raw_payloads": result.raw_payloads}
        for key, result in results
    ]
    lines = []
    for key, outcome in results:
        amounts = (
            count_noun(len(outcome.keys), "key"),
            count_noun(outcome.rows, "row"),
            count_noun(outcome.raw_payloads, "raw payload"),
        )
        lines.append(f"{key}: forgotten, {', '.join(amounts)}")
    value = {"forgotten": figures, "folders": folder_results(folders), "out_of_reach": copies}
    show(value, [*lines, *(f"out of reach: {copy}" for copy in copies)], as_json)
