"""Fetches another publication's log from its site. Nothing in it counts until key, witnesses and history are checked.

NAME/policy.txt     whom we trust: from the settings, else as the site said when first asked
NAME/log/…          the checked leaves, and their checkpoint (see `log_files`)
NAME/withdrawn-…    the site's lists of what was withdrawn
NAME/record.db      the site's observations
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import LogError, NotAProof, RequestRefused, RewrittenPast
from hotpapers.base.model import HttpClient
from hotpapers.issues.ranking.words import count_noun
from hotpapers.wings.proof import log_files, mirrors, policies, tiles
from hotpapers.wings.proof.checkpoints import SignedCheckpoint, parse_checkpoint
from hotpapers.wings.proof.log_files import LogEntries, StoredLog
from hotpapers.wings.proof.observation_files import FOLDER
from hotpapers.wings.proof.policies import KnownLog, LogPolicy, parse_policy

POLICY = "policy.txt"


class FollowedSite(NamedTuple):
    """A followed site. `name`: our name for it; `url`: its address, ending with `/`; `policy`: whom we trust, as C2SP
    tlog-policy, empty to use the policy that the site first publishes; `folder`: where its data is kept. `own_logs`:
    the folder of our own logs, which are not followed: nobody is a witness of their own counts."""

    name: str
    url: str
    policy: str
    folder: Path
    own_logs: Path | None = None


class LoggedFolder(NamedTuple):
    """The checked leaves of one of a site's logs, and the address of the files that they list."""

    origin: str
    entries: tuple[bytes, ...]
    files: str


class FetchedLogs(NamedTuple):
    """A site's logs. `problems`: what failed its checks; `others`: other problems."""

    logs: tuple[LoggedFolder, ...]
    problems: tuple[str, ...]
    others: tuple[str, ...]


def policy_of(site: FollowedSite, http: HttpClient) -> LogPolicy:
    """Whom we trust with a site's history. The site's own policy is fetched once and kept. Raises NotAProof, LogError
    if our own logs are damaged, NetError if the site does not answer."""
    if site.policy.strip():
        return _with_log(site, parse_policy(site.policy))
    file = site.folder / POLICY
    if not file.exists():
        text = _text(http, f"{site.url}log/{POLICY}")
        _with_log(site, parse_policy(text))
        log_files.write_text_file(file, text)
    return _with_log(site, parse_policy(file.read_text("utf-8")))


def _with_log(site: FollowedSite, policy: LogPolicy) -> LogPolicy:
    if not policy.logs:
        raise NotAProof(f"{site.name}: the policy names no log; write a line `log KEY`")
    own_keys = log_files.verifier_keys(site.own_logs) if site.own_logs else frozenset()
    if any(log.key in own_keys for log in policy.logs):
        raise NotAProof(f"{site.name}: publishes this site's own log; follow only others")
    return policy


def key_changes(site: FollowedSite, policy: LogPolicy, http: HttpClient) -> list[str]:
    """Logs that the site now names and the policy does not, or the other way round: the site's key or the site itself
    changed, or it lost a log. Raises NetError, NotAProof."""
    known = {log.key for log in policy.logs}
    current = {log.key for log in parse_policy(_text(http, f"{site.url}log/{POLICY}")).logs}
    return [
        *(
            f"{site.name} names a log that is not in the policy: add `log {key}` to the policy if you trust that key"
            for key in sorted(current - known, key=str)
        ),
        *(
            f"{site.name} does not name its log {key.name} any more: if it was lost, remove `log {key}` from the policy"
            for key in sorted(known - current, key=str)
        ),
    ]


def try_site(site: FollowedSite, http: HttpClient) -> str:
    """What a site's logs have, in a few words, by their checkpoints; nothing is kept. Raises NotAProof, LogError,
    NetError."""
    text = site.policy.strip() or _text(http, f"{site.url}log/{POLICY}")
    policy, sizes = _with_log(site, parse_policy(text)), []
    for log in policy.logs:
        address = f"{site.url}{mirrors.log_path(log.key.name)}/{tiles.CHECKPOINT_PATH}"
        sizes.append(_checkpoint(log, policy, parse_checkpoint(_text(http, address)), sys.maxsize).checkpoint.size)
    return f"{count_noun(len(sizes), 'log')} with {count_noun(sum(sizes), 'leaf', 'leaves')}"


def fetch_log(site: FollowedSite, log: KnownLog, policy: LogPolicy, http: HttpClient, most: int) -> LoggedFolder:
    """Fetch a log's current state, check it and keep it. Another process that follows the same site waits meanwhile.
    `most`: how many leaves it may have. Raises NotAProof if the log fails its checks, RewrittenPast if its key signed
    another history, LogError while too few witnesses have cosigned, NetError if the site does not answer."""
    path = mirrors.log_path(log.key.name)
    _, publication, number = path.split("/")
    base, folder = f"{site.url}{path}/", site.folder / "log"
    with log_files.locked(folder):
        # with leaves beyond the last stored checkpoint: they were checked too, but the process was killed before it
        # stored their checkpoint
        logs = (log for log in log_files.read_logs(folder, publication) if log.number == int(number))
        stored = next(logs, StoredLog(int(number)))
        signed = _checkpoint(log, policy, parse_checkpoint(_text(http, base + tiles.CHECKPOINT_PATH)), most)
        new_entries = _new_entries(base, stored, signed, http)
        if stored.last is None or signed.checkpoint.size > stored.last.checkpoint.size:
            log_files.add_entries(folder, publication, int(number), new_entries, log.key)
            log_files.save_checkpoint(folder, publication, int(number), signed)
            past = (earlier.checkpoint.size for earlier in stored.checkpoints)
            log_files.drop_checkpoints(folder, publication, int(number), past)
    return LoggedFolder(log.key.name, (*stored.entries, *new_entries), f"{site.url}log/{publication}/{FOLDER}/")


def _checkpoint(log: KnownLog, policy: LogPolicy, signed: SignedCheckpoint, most: int) -> SignedCheckpoint:
    name = log.key.name
    if signed.checkpoint.origin != name or not policies.is_of_known_log(policy, signed):
        raise NotAProof(f"{name}: its checkpoint is not signed by the trusted key")
    if signed.checkpoint.size > most:
        raise NotAProof(f"{name}: has {signed.checkpoint.size:,} leaves, of which only {most:,} would be read")
    cosigners = policies.cosigners(policy, signed)
    if not policy.is_met(cosigners):
        raise LogError(
            f"{name}: only {len(cosigners)} of {len(policy.witnesses)} witnesses cosigned its checkpoint, too few for "
            "the policy; new leaves wait for more"
        )
    return signed


def _rewritten(stored: StoredLog, signed: SignedCheckpoint) -> RewrittenPast:
    origin = signed.checkpoint.origin
    notes = (checkpoint.note for checkpoint in (stored.last, signed) if checkpoint is not None)
    own = (note._replace(signatures=tuple(line for line in note.signatures if line.name == origin)) for note in notes)
    return RewrittenPast(
        f"{origin}: has rewritten its past: its checkpoint of {signed.checkpoint.size:,} leaves does not extend what "
        "was seen before. Nothing from it is accepted; ask its operator.",
        tuple(map(str, own)),
    )


def _new_entries(base: str, stored: StoredLog, signed: SignedCheckpoint, http: HttpClient) -> list[bytes]:
    """The leaves that are new, from their bundles. Together with the known leaves they must have the checkpoint's root,
    which proves that the known leaves are a prefix. An earlier state of the same history is an outdated copy and has no
    new leaves."""
    known, size = stored.entries, signed.checkpoint.size
    if size <= len(known):
        if not signed.checkpoint.is_of(stored.tree):
            raise _rewritten(stored, signed)
        return []
    first = len(known) // tiles.WIDTH
    entries = [*known[: first * tiles.WIDTH], *_bundles(base, signed, first, http)]
    if not _are_of(entries, signed) and first:  # if the past was rewritten, earlier leaves differ
        entries = _bundles(base, signed, 0, http)
    if not _are_of(entries, signed):
        raise NotAProof(f"{signed.checkpoint.origin}: its leaves do not match its checkpoint")
    if tuple(entries[: len(known)]) != known:
        raise _rewritten(stored, signed)
    return entries[len(known) :]


def _bundles(base: str, signed: SignedCheckpoint, first: int, http: HttpClient) -> list[bytes]:
    """The leaves of a checkpoint from the `first` bundle on, as the site has them now. Raises NotAProof if some are
    withheld."""
    entries: list[bytes] = []
    try:
        for level, index, width in tiles.widths(signed.checkpoint.size):
            if level == 0 and index >= first:
                entries += _bundle(base, index, width, http)
    except RequestRefused as problem:
        origin = signed.checkpoint.origin
        raise NotAProof(f"{origin}: withholds leaves that its checkpoint covers: {problem}") from problem
    except NotAProof as problem:
        raise NotAProof(f"{signed.checkpoint.origin}: {problem.reason}") from problem
    return entries


def _bundle(base: str, index: int, width: int, http: HttpClient) -> list[bytes]:
    """The leaves of a bundle. A partial one may be full and gone by now if the checkpoint comes from a cache. Raises
    NotAProof, RequestRefused."""
    try:
        return tiles.entries_of(http.get(base + tiles.tile_path("entries", index, width)).body, width)
    except RequestRefused:
        if width == tiles.WIDTH:
            raise
        return tiles.entries_of(http.get(base + tiles.tile_path("entries", index)).body, tiles.WIDTH)[:width]


def _are_of(entries: Sequence[bytes], signed: SignedCheckpoint) -> bool:
    """Whether these are the leaves that a checkpoint was signed for."""
    return len(entries) == signed.checkpoint.size and signed.checkpoint.is_of(LogEntries(entries).tree)


def _text(http: HttpClient, address: str) -> str:
    return http.get(address).body.decode("utf-8", "replace")
