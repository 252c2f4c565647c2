"""`hotpapers log`: shows the transparency logs, and manages their key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from hotpapers.base.errors import UsageError, require
from hotpapers.base.model import Publication
from hotpapers.cli import common
from hotpapers.cli.terminal import confirm, fail_for, print_error, show
from hotpapers.issues.ranking.words import count_noun
from hotpapers.record import now
from hotpapers.wings.proof import alarms, log_keys, witness_client
from hotpapers.wings.proof.config import log_config
from hotpapers.wings.proof.log_files import is_name
from hotpapers.wings.proof.policies import cosigners, witness_policy
from hotpapers.wings.proof.publication_log import LogConfig, start_next_log, update_log
from hotpapers.wings.proof.site_logs import SiteLogs


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
    site: common.Site,
) -> None:
    """Show the transparency log of each publication, and manage its key.

    A log proves what an issue said (see `hotpapers docs proof`). Whatever is new in the store is added to it first.
    """
    require(not (new_key and rotate), "give either --new-key or --rotate, not both")
    config = log_config(site)
    if config is None:
        raise UsageError("no hotpapers.toml here; a log needs settings, which `hotpapers init` creates")
    if rotate and not yes and not confirm("Replace the key and start a new log for good?", "replace the key"):
        print_error("nothing was changed")
        raise click.exceptions.Exit(1)
    with site.opened(publications=True) as record:
        names = sorted(item.publication for item in record.view().items(Publication) if is_name(item.publication))
        if new_key:
            _make_first_key(config)
        if rotate:
            log_keys.make_key(config.key_file)
            for name in names:
                start_next_log(name, config)
        for name in names:
            update_log(record.database, name, config, now())
    if acknowledge is not None:
        were_open = [alarms.acknowledge(config.folder / name, acknowledge) for name in names]
        require(any(were_open), f"no alarm from witness {acknowledge}; `hotpapers status` lists alarms")
    problems = _ask(names, config, site) if ask else []
    rows = [row for name in names for row in _rows(name, config)]
    value = {"key": str(config.key_file), "folder": str(config.folder), "logs": rows}
    show(value, _lines(rows, config), as_json)
    fail_for(problems)


def _ask(names: Sequence[str], config: LogConfig, site: common.Site) -> list[str]:
    """Asks the witnesses to cosign; returns problems."""
    from hotpapers.base.http import ClientLimits

    policy = witness_policy(config.policy)
    addresses = [witness.url for witness in policy.witnesses if witness.url]
    limits = ClientLimits(whole=witness_client.MAX_ANSWER_SECONDS)
    with site.http(addresses, limits=limits) as http:
        return [
            f"log of {name}: {problem}"
            for name in names
            for problem in witness_client.ask_witnesses(http, policy, config.folder, name, now())
        ]


def _make_first_key(config: LogConfig) -> None:
    if config.key_file.exists():
        raise UsageError(f"{config.key_file}: already exists; --rotate replaces it and starts a new log")
    if log_keys.read_states(config.key_file):
        raise UsageError(f"{config.key_file}: the key existed before and is gone; restore it, or use --rotate")
    log_keys.make_key(config.key_file)


def _lines(rows: Sequence[dict[str, Any]], config: LogConfig) -> Iterator[str]:
    if log_keys.load_key(config.key_file) is None:
        yield f"no log is kept: there is no key at {config.key_file}; `hotpapers log --new-key` creates one"
    elif not rows:
        yield "nothing is logged yet: entries come with issues and the ends of days"
    for row in rows:
        yield f"{row['publication']}  {row['origin']}: {count_noun(row['size'], 'leaf', 'leaves')}, root {row['root']}"
        yield f"  key        {row['key']}"
        yield f"  witnesses  {', '.join(row['witnesses']) or 'none'}{'' if row['complete'] else ' (not enough yet)'}"


def _rows(name: str, config: LogConfig) -> list[dict[str, Any]]:
    logs = SiteLogs(config).of(name)
    policy = witness_policy(config.policy)
    rows = []
    for stored in logs.stored if logs else ():
        if stored.last is None or stored.key is None:
            continue
        witnesses = cosigners(policy, stored.last)
        checkpoint = stored.last.checkpoint
        rows.append(
            {
                "publication": name,
                "number": stored.number,
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "key": str(stored.key),
                "witnesses": sorted(witnesses),
                "complete": policy.is_met(witnesses),
            }
        )
    return rows
