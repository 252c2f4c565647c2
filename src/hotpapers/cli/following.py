"""`hotpapers follow`: another instance's published observations, verified, as a source of this one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.alarms import FOLLOWED
from hotpapers.cli.terminal import bar, count, fail_for, print_error, show
from hotpapers.cli.verify_proof import read_policy
from hotpapers.errors import NotAProof, SettingsError, UsageError
from hotpapers.following.follow_job import RECORD, FollowJob, FollowOutcome, fetch_site, follow_site, job_name
from hotpapers.following.site_log import POLICY, FollowedSite
from hotpapers.ingest import IngestContext, make_line
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.settings.following import FollowSettings
from hotpapers.store import Record
from hotpapers.transparency import alarms
from hotpapers.transparency.policies import parse_policy


@common.command("""
  hotpapers follow https://papers.example/daily/
  hotpapers follow --acknowledge neighbour""")
@click.argument("url", required=False)
@click.option("--name", metavar="NAME", help="What it is called here. [default: its address]")
@click.option(
    "--policy",
    metavar="FILE",
    type=common.FILE,
    help="The key of its log, and the witnesses that must have cosigned. [default: what the site says]",
)
@click.option("--acknowledge", metavar="NAME", help="Take the alarms about a site as dealt with, and end.")
@common.json_option
@common.store_options
def follow(
    url: str | None, name: str | None, policy: Path | None, acknowledge: str | None, as_json: bool,
    home: common.CommandContext,
) -> None:  # fmt: skip
    """Take in what another instance publishes of its observations.

    Everything is verified against its transparency log first. Where this instance could not read a network, the other
    one's counts stand, under its name. Put it into hotpapers.toml as [[follow]], and `run` and `collect` read it every
    ten minutes. What cannot be believed is an alarm in `status` and /health until it is mended or acknowledged.
    """
    if acknowledge is not None:
        known = alarms.acknowledge(home.folder / FOLLOWED / acknowledge, acknowledge)
        common.need(known, f"no alarm about {acknowledge}; `hotpapers status` lists alarms")
        return
    if url is None:
        raise UsageError("name the address of a site, or --acknowledge NAME")
    site = _named_site(url, name, policy, home)
    with common.open_record(home, create=True) as record, home.site_client(site.url) as http:
        outcome = follow_site(site, record, http, home.terms, partial(bar, "Fetching"))
    is_configured = any(table.name == site.name for table in home.settings.follow)
    show({"source": site.name, "url": site.url, **outcome._asdict()}, _lines(site, outcome, is_configured), as_json)
    fail_for(outcome.problems)


def fetch_observations(url: str, folder: Path, home: common.CommandContext) -> Path:
    """The store of what a site publishes of its observations, checked, in a folder; what could not be believed is told.
    Raises UsageError where there is nothing, NetError where the site does not answer."""
    site = _named_site(url, None, None, home)._replace(folder=folder)
    folder.mkdir()
    store = folder / RECORD
    with Record(str(store)) as peer, home.site_client(site.url) as http:
        taken = fetch_site(site, peer, http, home.terms, partial(bar, "Fetching"))
    for problem in taken.all_problems:
        print_error(problem)
    common.need(bool(taken.until), f"{url}: publishes no observations of the last 90 days")
    return store


def _named_site(url: str, name: str | None, policy: Path | None, home: common.CommandContext) -> FollowedSite:
    """The site of the settings that has this address, or a new one."""
    address = url.rstrip("/") + "/"
    configured = next((site for site in followed_sites(home) if site.url == address), None)
    if configured is not None and name in (None, configured.name) and policy is None:
        return configured
    common.need(address.startswith(("http://", "https://")), f"{url}: write an address that begins with https://")
    chosen = name or re.sub(r"[^A-Za-z0-9]+", "-", address.partition("://")[2]).strip("-")[:64]
    text = ""
    if policy is not None:
        read_policy(policy)
        text = policy.read_text("utf-8")
    return _site(FollowSettings(name=chosen, url=address, policy=text), home)


def _site(table: FollowSettings, home: common.CommandContext) -> FollowedSite:
    return FollowedSite(table.name, table.url, table.policy, home.folder / FOLLOWED / table.name)


def followed_sites(home: common.CommandContext) -> list[FollowedSite]:
    """The sites that the settings name. Raises SettingsError for a policy that is none."""
    for table in home.settings.follow:
        try:
            parse_policy(table.policy if table.policy.strip() else "quorum none")
        except NotAProof as problem:
            raise SettingsError(f"{home.file}: follow {table.name!r}: policy: {problem}") from problem
    return [_site(table, home) for table in home.settings.follow]


def follow_jobs(home: common.CommandContext, context: IngestContext) -> dict[str, Callable[[], JobLoop]]:
    """The jobs that follow the sites of the settings, by name."""
    return {job_name(site.name): partial(_rounds, site, home, context) for site in followed_sites(home)}


def follow_names(home: common.CommandContext) -> list[str]:
    """The names of these jobs."""
    return [job_name(table.name) for table in home.settings.follow]


def _rounds(site: FollowedSite, home: common.CommandContext, context: IngestContext) -> JobLoop:
    line = make_line((site.url,), (), context, common.site_pace(site.url))
    clock = Clock(line.http.now, line.http.sleep)
    make = partial(FollowJob, site, line, home.terms)
    return JobLoop(job_name(site.name), make, context.record, context.leases, clock)


def _lines(site: FollowedSite, outcome: FollowOutcome, is_configured: bool) -> Sequence[str]:
    parts = [count(outcome.files, "file"), count(outcome.observations, "observation"), count(outcome.counts, "count")]
    parts += [f"{outcome.withdrawn:,} forgotten"] if outcome.withdrawn else []
    lines = [f"{site.name}: {', '.join(parts)}"]
    if not site.policy:
        lines.append("by the keys that the site named at first; compare these with what you know:")
        lines += [f"  {line}" for line in (site.folder / POLICY).read_text("utf-8").splitlines()]
    if not is_configured:
        lines += ["to read it every ten minutes, put into hotpapers.toml:", "  [[follow]]"]
        lines += [f'  name = "{site.name}"', f'  url = "{site.url}"']
    return lines
