"""`hotpapers collect`: reads networks into the record, once or until stopped."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import click

from hotpapers import logs
from hotpapers.cli import common
from hotpapers.cli.following import follow_jobs, follow_names
from hotpapers.cli.stop_signals import stopped_by_signals
from hotpapers.cli.terminal import echo
from hotpapers.http import HostPacer, ServerClocks
from hotpapers.ids.timestamps import minute_of
from hotpapers.ingest import ConfiguredSource, IngestContext, SharedPaperIndex, chosen_sources, job_names, make_jobs
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import COUNTS
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import JobLoop
from hotpapers.jobs.runner import JobRunner
from hotpapers.model import DAY
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record

Jobs = Mapping[str, Callable[[], JobLoop]]
"""The functions that make them, by name."""


@common.command("""
  hotpapers collect --once
  hotpapers collect arxiv bluesky""")
@click.argument("sources", metavar="[SOURCE]…", nargs=-1)
@click.option(
    "--once",
    is_flag=True,
    help="Read each source once (streams: what was missed, plus five minutes); exit status 1 if any failed.",
)
@common.store_options
def collect(sources: tuple[str, ...], once: bool, context: common.CommandContext) -> None:
    """Read networks into the record.

    Reads the sources enabled in the settings and the sites of `[[follow]]`, or those named, until stopped. Failures are
    retried and do not affect other sources.
    """
    choices, following = enabled_sources(context, sources), () if sources else follow_names(context)
    names = [choice.name for choice in choices]
    logs.listen(context.settings.run.log)
    with Record(context.store):
        pass  # create or upgrade the store before threads share it
    with ingest_context(context, choices, following) as site:
        jobs, more = make_jobs(choices, site), follow_jobs(context, site) if following else {}
        problems = run_jobs_once((*in_turn(jobs), more), site) if once else JobRunner({**jobs, **more}, site.stop).run()
    with Record(context.store) as record:
        failing_jobs = list(_print(record, [*names, *following]))
    raise_first(problems)
    if once and failing_jobs:
        raise click.exceptions.Exit(1)


def run_jobs_once(groups: Iterable[Jobs], site: IngestContext) -> list[BaseException]:
    """Runs each job once, one group after the other; returns the exceptions that escaped, which stop no other job."""
    return [problem for jobs in groups for problem in JobRunner(jobs, site.stop).run(once=True)]


def raise_first(problems: Sequence[BaseException]) -> None:
    """Raises the first problem: the exit status must tell a scheduler about a defect or a missing store."""
    if problems:
        raise problems[0]


def configured_sources(context: common.CommandContext, sources: tuple[str, ...] = ()) -> list[ConfiguredSource]:
    """The sources enabled in the settings, or those named. Raises SettingsError, UsageError."""
    return chosen_sources(context.settings.source, sources, str(context.file), context.terms)


def enabled_sources(context: common.CommandContext, sources: tuple[str, ...]) -> list[ConfiguredSource]:
    """The same. Raises UsageError if there are none, and no site to follow."""
    choices = configured_sources(context, sources)
    to_read = choices or context.settings.follow
    common.require(bool(to_read), "no source enabled; enable one in hotpapers.toml, or name it")
    return choices


def in_turn(reading: Jobs) -> tuple[Jobs, Jobs]:
    """The jobs that read networks, then those that recount, so that a single round also recounts what was just read."""
    counting = {name: make for name, make in reading.items() if name.endswith(COUNTS)}
    return {name: make for name, make in reading.items() if name not in counting}, counting


@contextmanager
def ingest_context(
    context: common.CommandContext, choices: Sequence[ConfiguredSource], more: Sequence[str] = ()
) -> Iterator[IngestContext]:
    """What the jobs of this process share, until a signal stops them. `more`: jobs besides those of the sources."""
    stop = threading.Event()
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    leases = Leases(partial(Record, context.store), holder, [*job_names(choices), *more])
    with stopped_by_signals(stop), leases:
        yield IngestContext(
            context.store,
            context.settings.contact,
            stop,
            leases,
            SharedPaperIndex(),
            HostPacer(),
            ServerClocks(),
            context.terms,
            context.settings.run.read_back * DAY,
        )


def _print(record: Record, names: list[str]) -> Iterator[str]:
    """Prints the state of each source; yields the names of those that fail."""
    for status in jobs_queries.all_states(record):
        name, _, counts = status.source.partition("/")
        is_named = status.source in names
        if not (is_named or name in names) or (counts and not is_named and status.failing_since is None):
            continue
        text = f"{count_noun(status.items, 'item')} so far"
        if status.failing_since is not None:
            text = f"{status.state} since {minute_of(status.failing_since)}: {status.reason}"
            yield status.source
        echo(f"{status.source:<18} {text}")
