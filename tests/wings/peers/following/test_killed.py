"""Killed again and again: in the end nothing is duplicated and nothing is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hotpapers.base.model import KINDS, Item, Measurement
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from tests.conftest import ROOT
from tests.record import made
from tests.wings.peers.following.sites import Follower, Publisher

CHILD = """
import os, signal, sys
from pathlib import Path
from hotpapers.base import file_modes
from hotpapers.wings.peers.following import file_intake, follow_job
from hotpapers.record import batches
from tests.wings.peers.following.sites import Follower

steps_left = int(sys.argv[3])

def with_kill(function):
    def step(*args, **kwargs):
        global steps_left
        steps_left -= 1
        if steps_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return step

for module, name in ((batches, "save_batch"), (file_modes, "write_atomically")):
    setattr(module, name, with_kill(getattr(module, name)))
file_intake.CHUNK = follow_job.CHUNK = 10
print(Follower(Path(sys.argv[1]), sys.argv[2]).follow(3))
"""
"""Follows a site and is killed just before the n-th step that writes to disk."""


def run(folder: Path, url: str, step: int) -> int:
    process = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), url, str(step)], cwd=ROOT, capture_output=True, text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )  # fmt: skip
    assert process.returncode in (0, -signal.SIGKILL), process.stderr
    return process.returncode


def content(record: Record) -> list[Item]:
    """Everything in a store, in a fixed order."""
    return sorted((row.item for kind in KINDS for row in record.view().latest(kind)), key=repr)


@pytest.mark.long
def test_killed_at_every_step(publisher: Publisher, url: str, tmp_path: Path) -> None:
    forget_key(publisher.record, "hackernews:1")
    publisher.publish(3)
    uninterrupted = Follower(tmp_path / "whole", url)
    assert uninterrupted.follow(3).problems == ()
    folder = tmp_path / "killed"
    kills = 0
    while run(folder, url, 2 + kills % 2):  # each gets a step or two further than the previous one
        kills += 1
        assert kills < 30
    assert kills > 5
    killed = Follower(folder, url)
    assert killed.follow(3) == (0, 0, 0, 0, ())
    with killed.peer() as peer, uninterrupted.peer() as expected:
        assert content(peer) == content(expected)
    counts = [
        [(item.paper, item.network, item.age, item.voices) for item in content(record) if isinstance(item, Measurement)]
        for record in (killed.record, uninterrupted.record)
    ]
    assert counts[0] == counts[1] and len(counts[0]) > 10
    assert killed.record.count(Measurement) == len(counts[0]) and not made.verified(killed.record).findings
    for site in (killed, uninterrupted):
        site.close()
