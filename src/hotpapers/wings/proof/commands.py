"""`hotpapers log`: shows the transparency logs, and manages their key. `hotpapers verify FILE` and `--site`: whether
saved issues are in the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from hotpapers.base.errors import InputError, UsageError, require
from hotpapers.base.model import Publication
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import fail_for, fail_if, print_result, progress_bar, require_confirmation
from hotpapers.record import current_time
from hotpapers.site.site import Site
from hotpapers.wings.proof import (
    alarms,
    log_files,
    log_keys,
    mirrors,
    saved_issues,
    site_logs,
    witness_client,
)
from hotpapers.wings.proof.policies import POLICY_PATH, LogPolicy, find_cosigners, parse_policy, witness_policy
from hotpapers.wings.proof.publication_log import LogConfig, start_next_log, update_log


@common.command("""
  hotpapers log
  hotpapers log --rotate                      (the key was lost or leaked)""")
@click.option("--new-key", is_flag=True, help="Create a key if there is none.")
@click.option(
    "--rotate",
    is_flag=True,
    help="Replace a lost or leaked key; starts a new log that names the end of the last one.",
)
@click.option("--yes", is_flag=True, help="With --rotate: do not ask for confirmation.")
@click.option("--ask", is_flag=True, help="Ask witnesses that have not cosigned yet.")
@click.option("--acknowledge", metavar="WITNESS", help="Clear a witness's alarm.")
@common.site_options
def log(
    new_key: bool,
    rotate: bool,
    yes: bool,
    ask: bool,
    acknowledge: str | None,
    as_json: bool,
    site: Site,
) -> None:
    """Show the transparency log of each publication, and manage its key.

    A log proves what an issue said (see `hotpapers docs proof`). Whatever is new in the store is added to it first.
    """
    require(not (new_key and rotate), "give either --new-key or --rotate, not both")
    config = site_logs.log_config(site)
    if config is None:
        raise UsageError("no hotpapers.toml here; a log needs settings, which `hotpapers init` creates")
    if rotate:
        question = "Replace the key and start a new log for good?"
        require_confirmation(yes, question, "replace the key", "nothing was changed")
    with site.opened(publications=True) as record:
        items = record.view().items(Publication)
        publications = (item.publication for item in items if log_files.is_name(item.publication))
        names = sorted(publications)
        if new_key:
            if config.key_file.exists():
                raise UsageError(f"{config.key_file}: already exists; --rotate replaces it and starts a new log")
            if log_keys.read_states(config.key_file):
                raise UsageError(f"{config.key_file}: the key existed before and is gone; restore it, or use --rotate")
            log_keys.make_key(config.key_file)
        if rotate:
            log_keys.make_key(config.key_file)
            for name in names:
                start_next_log(name, config)
        for name in names:
            update_log(record.database, name, config, current_time())
    if acknowledge is not None:
        were_open = [alarms.acknowledge(config.folder / name, acknowledge) for name in names]
        require(any(were_open), f"no alarm from witness {acknowledge}; `hotpapers status` lists alarms")
    problems = _ask(names, config, site) if ask else []
    rows = [row for name in names for row in _rows(name, config)]
    value = {"key": str(config.key_file), "folder": str(config.folder), "logs": rows}
    print_result(value, _lines(rows, config), as_json)
    fail_for(problems)


def _ask(names: Sequence[str], config: LogConfig, site: Site) -> list[str]:
    """Asks the witnesses to cosign; returns problems."""
    from hotpapers.base.http import ClientLimits

    policy = witness_policy(config.policy)
    addresses = [witness.url for witness in policy.witnesses if witness.url]
    limits = ClientLimits(whole=witness_client.MAX_ANSWER_SECONDS)
    with site.http(addresses, limits=limits) as http:
        return [
            f"log of {name}: {problem}"
            for name in names
            for problem in witness_client.ask_witnesses(http, policy, config.folder / name, current_time())
        ]


def _lines(rows: Sequence[dict[str, Any]], config: LogConfig) -> Iterator[str]:
    if log_keys.load_key(config.key_file) is None:
        yield f"no log is kept: there is no key at {config.key_file}; `hotpapers log --new-key` creates one"
    elif not rows:
        yield "nothing is logged yet: entries come with issues and the ends of days"
    for row in rows:
        yield f"{row['publication']}  {row['origin']}: {count_noun(row['size'], 'leaf', 'leaves')}, root {row['root']}"
        yield f"  key        {row['key']}"
        yield f"  witnesses  {', '.join(row['witnesses']) or 'none'}{'' if row['complete'] else ' (not enough yet)'}"


def _rows(name: str, config: LogConfig) -> Iterator[dict[str, Any]]:
    policy = witness_policy(config.policy)
    for stored in log_files.read_logs(config.folder / name):
        if stored.last and stored.key:
            witnesses = find_cosigners(policy, stored.last)
            root = stored.last.root.hex()
            yield {
                "publication": name,
                "number": stored.number,
                "origin": stored.last.origin,
                "size": stored.last.size,
                "root": root,
                "key": str(stored.key),
                "witnesses": sorted(witnesses),
                "complete": policy.is_met(witnesses),
            }


# ---- verify ----------------------------------------------------------------------------------------------


def verify_saved(
    files: Sequence[Path], address: str | None, policy_file: Path | None, site: Site, as_json: bool
) -> None:
    """Checks saved issues, or a whole site."""
    if address is not None:
        return _verify_site(address, policy_file, site, as_json)
    # Checks saved issues and prints what is proved about each. Exits with status 1 if a check fails.
    reports = [_report(file, policy_file, site) for file in files]
    all_lines = (line for _, lines in reports for line in lines)
    print_result([value for value, _ in reports], all_lines, as_json)
    fail_if(not all(value["verified"] for value, _ in reports))


def _report(file: Path, policy_file: Path | None, site: Site) -> tuple[dict[str, object], list[str]]:
    """The report about a file, as JSON and in lines."""
    try:
        issue = saved_issues.read_saved(file)
    except InputError as problem:
        return {"file": str(file), "verified": False, "problems": [str(problem)]}, [f"not verified: {problem}"]
    verdict = _verdict(issue, policy_file, site)
    content = issue.content
    leaf = issue.proof.leaf
    log = issue.proof.signed
    publication = content.publication.publication
    witnesses = verdict.witnesses
    problems = verdict.problems
    value = {
        "file": str(file),
        "verified": not problems,
        "problems": problems,
        "publication": publication,
        "day": content.day,
        "edition": content.edition,
        "digest": issue.digest,
        "log": log.origin,
        "leaf": leaf,
        "size": log.size,
        "witnesses": witnesses,
        "entries": [{"place": entry.place, "paper": entry.paper, "score": entry.score} for entry in content.entries],
    }
    if problems:
        return value, [*(f"{file}: {text}" for text in problems), f"not verified: {file}"]
    lines = [
        f"verified: {publication} {content.day} edition {content.edition}, digest {issue.digest}",
        f"  leaf {leaf} of {log.size:,} in {log.origin}, cosigned by {', '.join(witnesses) or 'nobody'}",
    ]
    return value, lines


def _verdict(issue: saved_issues.SavedIssue, policy_file: Path | None, site: Site) -> saved_issues.ProofVerdict:
    """Raises UsageError without a policy, given or of our own log."""
    if policy_file:
        policy = read_policy(policy_file)
    else:
        own = site_logs.site_logs(site.settings, site.file)
        logs = own.of(issue.content.publication.publication) if own else None
        if logs is None:
            raise UsageError(
                "no log is known for this publication; add --policy FILE, such as the publication's log/policy.txt "
                "from a source you trust"
            )
        policy = parse_policy(logs.policy_text(""))
    return saved_issues.check_saved(issue, policy)


def read_policy(file: Path) -> LogPolicy:
    """Reads a policy from a file. Raises InputError, UsageError."""
    try:
        return parse_policy(file.read_text("utf-8"))
    except InputError as problem:
        raise InputError(problem.reason, file=str(file), line=problem.line) from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file}: cannot be read: not UTF-8") from problem
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem


def _verify_site(address: str, policy_file: Path | None, site: Site, as_json: bool) -> None:
    """Checks a whole site, in a folder or at its address. Exits with status 1 if a check fails."""
    if not address.startswith(("http://", "https://")):
        require(
            Path(address).is_dir(), f"{address}: not a folder; name a folder or an address that begins with https://"
        )
        return _verify_folder(Path(address), policy_file, as_json)
    address = f"{address.rstrip('/')}/"
    with TemporaryDirectory(prefix="hotpapers-") as folder, site.site_client(address) as http:
        download = mirrors.SiteDownload(http, address, Path(folder))
        read_policy(policy_file or download.fetch(POLICY_PATH))  # a bad one stops before more is fetched
        days = download.days()
        with progress_bar("Fetching", len(days)) as progress:
            for day in days:
                download.fetch_issue(day)
                progress(1)
        # logs last: the site may go on meanwhile, and an older log would lack what newer proofs name
        _verify_folder(Path(folder), policy_file, as_json, download.fetch)


def _verify_folder(folder: Path, policy_file: Path | None, as_json: bool, fetch: mirrors.Fetch | None = None) -> None:
    own_policy = folder / POLICY_PATH
    if policy_file is None and not own_policy.is_file():
        raise UsageError(f"{folder}: no {POLICY_PATH}: not a site's folder, or the site has no log")
    policy = read_policy(policy_file or own_policy)
    verdict = mirrors.check_mirror(folder, policy, fetch)
    state = "not verified" if verdict.problems else "verified"
    missing = f", {count_noun(verdict.missing, 'issue')} in the log missing here" if verdict.missing else ""
    amounts = f"{count_noun(verdict.issues, 'issue')}, {count_noun(verdict.leaves, 'leaf', 'leaves')}"
    lines = [*verdict.problems, f"{state}: {amounts}{missing}"]
    if policy_file is None:
        lines.append("verified with the site's own keys; check that they are genuine, or use yours with --policy:")
        lines += [f"  {key}" for key in policy.logs]
    facts = {"verified": not verdict.problems, **verdict._asdict(), "own_word": policy_file is None}
    print_result(facts, lines, as_json)
    fail_if(verdict.problems)
