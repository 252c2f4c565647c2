"""Which checkpoints a log keeps: where observations are published one is signed every hour, and few are named again."""

from __future__ import annotations

from bisect import bisect_right

from hotpapers.transparency.entries import ISSUE
from hotpapers.transparency.log_files import StoredLog
from hotpapers.transparency.policies import LogPolicy, cosigners
from hotpapers.transparency.tiles import WIDTH


def unneeded(log: StoredLog, policy: LogPolicy) -> list[int]:
    """The sizes of the checkpoints that no proof of an issue names, and that are older than the last tile of leaves
    that became full: until then somebody may read a log by its partial tiles, and then these are taken off the site.
    `policy`: whose cosignatures proofs carry."""
    size = log.last.checkpoint.size if log.last else 0
    oldest = (size // WIDTH - 1) * WIDTH
    past = [signed for signed in log.checkpoints if signed.checkpoint.size < oldest]
    sizes = [signed.checkpoint.size for signed in past]
    complete = [signed.checkpoint.size for signed in past if policy.is_met(cosigners(policy, signed))]
    needed = set[int]()
    for leaf, entry in enumerate(log.entries[: max(oldest, 0)]):
        if entry[:1] == ISSUE:
            for some in (sizes, complete):  # the first that covers it, and the first of those that are cosigned
                needed.update(some[bisect_right(some, leaf) :][:1])
    return [size for size in sizes if size not in needed]
