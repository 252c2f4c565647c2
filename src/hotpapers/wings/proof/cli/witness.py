"""`hotpapers witness`: runs a witness for the logs of others."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from hotpapers.base import logs
from hotpapers.base.errors import NotAProof, UsageError, require
from hotpapers.cli import common
from hotpapers.cli.terminal import echo
from hotpapers.collect.jobs.stop_signals import stopped_by_signals
from hotpapers.issues.ranking.words import count_noun
from hotpapers.wings.proof import alarms, log_keys
from hotpapers.wings.proof.cli.verify_proof import read_policy
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, SigningKey, check_name
from hotpapers.wings.proof.witness import LogWitness
from hotpapers.wings.proof.witness_server import WitnessRates, witness_server


@common.command("""
  hotpapers witness witness.example/hot-papers --policy logs.txt --folder witness
  hotpapers witness --folder witness --acknowledge papers.example/daily/log/daily/1""")
@click.argument("name", metavar="NAME", required=False)
@click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The logs to watch, as C2SP tlog-policy: lines `log KEY`, and `quorum none`.",
)
@click.option(
    "--folder",
    default="witness",
    show_default=True,
    metavar="DIR",
    type=common.FOLDER,
    help="The folder for its key, created at the first start, and its state.",
)
@click.option(
    "--listen", default="127.0.0.1:8080", show_default=True, metavar="ADDRESS", help="The address to listen on."
)
@click.option("--acknowledge", metavar="LOG", help="Clear the alarms about a log.")
@common.debug_option
def witness(name: str | None, policy: Path | None, folder: Path, listen: str, acknowledge: str | None) -> None:
    """Run a witness that cosigns the checkpoints of logs, until stopped.

    Refuses checkpoints that do not extend the last one; a log with two histories raises an alarm at /health. Needs a
    web server with TLS in front. Prints the keys to name in policies of publications.
    """
    if acknowledge is not None:
        require(alarms.acknowledge(folder, acknowledge), f"{folder}: no alarm about {acknowledge}")
        return
    if name is None or policy is None:
        raise UsageError("a witness needs a NAME and --policy FILE with the logs to watch")
    watched = read_policy(policy)
    require(bool(watched.logs), f"{policy}: names no log; add lines `log KEY`")
    keys = _keys(name, folder)
    logs.listen("text")
    with (
        stopped_by_signals() as stop,
        closing(LogWitness(watched, keys, folder, WitnessRates().wait)) as log_witness,
        witness_server(log_witness, listen) as port,
    ):
        echo(f"witness for {count_noun(len(watched.logs), 'log')} on port {port}; name one of its keys in a policy:")
        for key in keys:
            echo(f"  {key.verifier}")
        for alarm in log_witness.alarms:
            echo(f"alarm: {alarm}")
        stop.wait()


def _keys(name: str, folder: Path) -> list[SigningKey]:
    """A witness's keys, one of each kind, all from the seed in its folder, which is created if missing."""
    try:
        check_name(name)
    except NotAProof as problem:
        raise UsageError(str(problem)) from problem
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "witness.key"
    seed = (log_keys.load_key(file) or log_keys.make_key(file)).seed
    return [SigningKey(name, kind, seed) for kind in (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44)]
