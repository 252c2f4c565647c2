"""Policies: the known logs, and the witnesses that must have cosigned (C2SP tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof.checkpoints import SignedCheckpoint, cosigned_at
from hotpapers.wings.proof.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    ED25519,
    MAX_SIGNATURES,
    VerifierKey,
    is_signed,
    parse_vkey,
    signature_of,
)

MAX_POLICY_LINES = 200
MAX_POLICY_BYTES = 1 << 19
NONE = "none"
"""The quorum that needs no witness."""
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")


class KnownWitness(NamedTuple):
    """`name`: its name in the policy. `url`: its address; empty if not given."""

    name: str
    key: VerifierKey
    url: str = ""


class KnownLog(NamedTuple):
    """`key.name`: the log's origin. `url`: the address of its files; empty if not given."""

    key: VerifierKey
    url: str = ""


class WitnessGroup(NamedTuple):
    """A group counts as having cosigned if at least `least` of its members have."""

    least: int
    members: tuple[str, ...]


class LogPolicy(NamedTuple):
    """`quorum`: the name of a witness or group, or `none`."""

    logs: tuple[KnownLog, ...] = ()
    witnesses: tuple[KnownWitness, ...] = ()
    groups: Mapping[str, WitnessGroup] = {}
    quorum: str = NONE

    def is_met(self, witnesses: Mapping[str, object]) -> bool:
        """Whether the witnesses with these names are enough."""
        return self.quorum == NONE or self._has_witnessed(self.quorum, witnesses)

    def _has_witnessed(self, name: str, witnesses: Mapping[str, object]) -> bool:
        if name not in self.groups:
            return name in witnesses
        group = self.groups[name]
        return sum(self._has_witnessed(member, witnesses) for member in group.members) >= group.least


def cosigners(policy: LogPolicy, signed: SignedCheckpoint) -> dict[str, int]:
    """The witnesses of a policy that cosigned a checkpoint: by name, the moment in seconds since 1970."""
    moments = {witness.name: cosigned_at(signed, witness.key) for witness in policy.witnesses}
    return {name: at for name, at in moments.items() if at is not None}


def invalid_signers(policy: LogPolicy, signed: SignedCheckpoint, cosigners: Collection[str]) -> list[str]:
    """The witnesses of a policy with an invalid signature on a checkpoint; C2SP signed-note requires refusing such a
    note. `cosigners`: the witnesses with a valid one."""
    named = (witness for witness in policy.witnesses if signature_of(signed.note, witness.key) is not None)
    return [witness.name for witness in named if witness.name not in cosigners]


def is_of_known_log(policy: LogPolicy, signed: SignedCheckpoint) -> bool:
    """Whether a log of the policy signed a checkpoint under its own name."""
    keys = [log.key for log in policy.logs if log.key.name == signed.checkpoint.origin]
    return is_signed(signed.note, keys)


def parse_policy(text: str) -> LogPolicy:
    """Parses a policy. Raises NotAProof with the line number."""
    if len(text) > MAX_POLICY_BYTES or text.count("\n") > MAX_POLICY_LINES:
        raise NotAProof(f"a policy must have at most {MAX_POLICY_LINES} lines")
    reader = _PolicyReader()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in re.split(r"[ \t]+", line.strip(" \t")) if word]
        if words and not words[0].startswith("#"):
            try:
                reader.read(words)
            except NotAProof as problem:
                raise NotAProof(problem.reason, line=number) from problem
    return reader.policy()


def witness_policy(text: str) -> LogPolicy:
    """Parses the policy in the settings: which witnesses a publication asks, and how many must cosign; none if it is
    empty. Raises NotAProof, also if it names logs, since these are the publication's own, and for invalid addresses."""
    policy = parse_policy(text if text.strip() else f"quorum {NONE}")
    _require(not policy.logs, "name only witnesses; the publication's own logs are added automatically")
    _require(len(policy.witnesses) < MAX_SIGNATURES, f"at most {MAX_SIGNATURES - 1} witnesses are allowed")
    for witness in policy.witnesses:
        is_address = not witness.url or _ADDRESS.fullmatch(witness.url)
        _require(
            bool(is_address), f"{witness.name}: its address must begin with https:// and have no user, password or ?"
        )
    return policy


class _PolicyReader:
    """Reads a policy line by line."""

    def __init__(self) -> None:
        self.logs: list[KnownLog] = []
        self.witnesses: list[KnownWitness] = []
        self.groups: dict[str, WitnessGroup] = {}
        self.quorum = ""
        self._members: set[str] = set()

    def policy(self) -> LogPolicy:
        """The policy from all lines."""
        if not self.quorum:
            raise NotAProof("a policy needs one line `quorum NAME` or `quorum none`")
        return LogPolicy(tuple(self.logs), tuple(self.witnesses), self.groups, self.quorum)

    def read(self, words: list[str]) -> None:
        """Reads one line, split into words."""
        kinds: dict[str, tuple[Callable[[list[str]], None], range]] = {
            "log": (self._log, range(1, 3)),
            "witness": (self._witness, range(2, 4)),
            "group": (self._group, range(3, MAX_POLICY_LINES)),
            "quorum": (self._quorum, range(1, 2)),
        }
        take, counts = kinds.get(words[0], (None, range(0)))
        if take is None or len(words) - 1 not in counts:
            raise NotAProof(f"{words[0][:20]}: unknown keyword, or wrong number of words in this line")
        take(words[1:])

    def _log(self, words: list[str]) -> None:
        """Beyond the specification, one key may sign the logs of several publications, as each checkpoint names its own
        log."""
        key = _key(words[0], (ED25519,))
        _require(key not in {log.key for log in self.logs}, f"{key.name}: duplicate key")
        self.logs.append(KnownLog(key, *words[1:]))

    def _witness(self, words: list[str]) -> None:
        self._new(words[0])
        key = _key(words[1], (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44))
        _require(key.public not in {witness.key.public for witness in self.witnesses}, f"{words[0]}: duplicate key")
        self.witnesses.append(KnownWitness(words[0], key, *words[2:]))

    def _group(self, words: list[str]) -> None:
        name, rule, *members = words
        self._new(name)
        for member in members:
            self._known(member)
            _require(member not in self._members, f"{member}: already a member of a group")
            self._members.add(member)
        least = {"any": "1", "all": str(len(members))}.get(rule, rule)
        _require(bool(re.fullmatch(r"[1-9][0-9]{0,3}", least)), f"{rule[:20]}: must be a number, all or any")
        _require(int(least) <= len(members), f"{name}: has fewer members than it needs")
        self.groups[name] = WitnessGroup(int(least), tuple(members))

    def _quorum(self, words: list[str]) -> None:
        _require(not self.quorum, "more than one quorum line")
        if words[0] != NONE:
            self._known(words[0])
        self.quorum = words[0]

    def _names(self) -> set[str]:
        return {NONE, *self.groups, *(witness.name for witness in self.witnesses)}

    def _new(self, name: str) -> None:
        _require(name not in self._names(), f"{name}: name already used or reserved")

    def _known(self, name: str) -> None:
        _require(name != NONE and name in self._names(), f"{name}: not a witness or group defined above")


def _key(text: str, types: tuple[int, ...]) -> VerifierKey:
    key = parse_vkey(text)
    _require(key.type in types, f"{key.name}: the key has the wrong type for this line")
    return key


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise NotAProof(message[:200])
