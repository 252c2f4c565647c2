"""Policies: the known logs, and the witnesses that must have cosigned (C2SP tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    ED25519,
    MAX_SIGNATURES,
    Checkpoint,
    VerifierKey,
    cosigned_at,
    is_signed,
    parse_vkey,
    signature_of,
)

POLICY_PATH = "log/policy.txt"
"""The policy on a site."""
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


WitnessGroup = tuple[int, tuple[str, ...]]
"""How many members must have cosigned so that the group counts as having done so, and the members."""


class LogPolicy(NamedTuple):
    """`logs`: their keys, whose names are the logs' origins. `quorum`: the name of a witness or group, or `none`."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: tuple[KnownWitness, ...] = ()
    groups: Mapping[str, WitnessGroup] = {}
    quorum: str = NONE

    @property
    def names(self) -> list[str]:
        """The names of witnesses and groups."""
        return [*self.groups, *(witness.name for witness in self.witnesses)]

    def is_met(self, witnesses: Mapping[str, object]) -> bool:
        """Whether the witnesses with these names are enough."""
        return self.quorum == NONE or self._has_witnessed(self.quorum, witnesses)

    def _has_witnessed(self, name: str, witnesses: Mapping[str, object]) -> bool:
        if name not in self.groups:
            return name in witnesses
        least, members = self.groups[name]
        return sum(self._has_witnessed(member, witnesses) for member in members) >= least


def find_cosigners(policy: LogPolicy, signed: Checkpoint) -> dict[str, int]:
    """The witnesses of a policy that cosigned a checkpoint: by name, the moment in seconds since 1970."""
    moments = {witness.name: cosigned_at(signed, witness.key) for witness in policy.witnesses}
    return {name: at for name, at in moments.items() if at is not None}


def invalid_signers(policy: LogPolicy, signed: Checkpoint, cosigners: Collection[str]) -> list[str]:
    """The witnesses of a policy with an invalid signature on a checkpoint; C2SP signed-note requires refusing such a
    note. `cosigners`: the witnesses with a valid one."""
    named = (witness for witness in policy.witnesses if signature_of(signed, witness.key) is not None)
    return [witness.name for witness in named if witness.name not in cosigners]


def is_of_known_log(policy: LogPolicy, signed: Checkpoint) -> bool:
    """Whether a log of the policy signed a checkpoint under its own name."""
    keys = [key for key in policy.logs if key.name == signed.origin]
    return is_signed(signed, keys)


def parse_policy(text: str) -> LogPolicy:
    """Parses a policy. Raises NotAProof with the line number."""
    if len(text) > MAX_POLICY_BYTES or text.count("\n") > MAX_POLICY_LINES:
        raise NotAProof(f"a policy must have at most {MAX_POLICY_LINES} lines")
    policy = LogPolicy((), (), {}, "")
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in re.split(r"[ \t]+", line.strip(" \t")) if word]
        if words and not words[0].startswith("#"):
            try:
                policy = _with_line(policy, words)
            except NotAProof as problem:
                raise NotAProof(problem.reason, line=number) from problem
    _require(policy.quorum, "a policy needs one line `quorum NAME` or `quorum none`")
    return policy


def witness_policy(text: str) -> LogPolicy:
    """Parses the policy in the settings: which witnesses a publication asks, and how many must cosign; none if it is
    empty. Raises NotAProof, also if it names logs, since these are the publication's own, and for invalid addresses."""
    policy = parse_policy(text if text.strip() else f"quorum {NONE}")
    _require(not policy.logs, "name only witnesses; the publication's own logs are added automatically")
    _require(len(policy.witnesses) < MAX_SIGNATURES, f"at most {MAX_SIGNATURES - 1} witnesses are allowed")
    for witness in policy.witnesses:
        _require(
            not witness.url or _ADDRESS.fullmatch(witness.url),
            f"{witness.name}: its address must begin with https:// and have no user, password or ?",
        )
    return policy


def _with_line(policy: LogPolicy, words: list[str]) -> LogPolicy:
    """The policy with one more line, split into words."""
    match words:
        case ["log", vkey, *url] if len(url) <= 1:
            # beyond the specification, one key may sign several logs, as each checkpoint names its own
            key = _key(vkey, (ED25519,))
            _require(key not in policy.logs, f"{key.name}: duplicate key")
            return policy._replace(logs=(*policy.logs, key))
        case ["witness", name, vkey, *url] if len(url) <= 1:
            _require_new(policy, name)
            key = _key(vkey, (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44))
            known_keys = {known.key.public for known in policy.witnesses}
            _require(key.public not in known_keys, f"{name}: duplicate key")
            witnesses = (*policy.witnesses, KnownWitness(name, key, *url))
            return policy._replace(witnesses=witnesses)
        case ["group", name, rule, member, *members]:
            _require_new(policy, name)
            group = _group(policy, name, rule, (member, *members))
            return policy._replace(groups={**policy.groups, name: group})
        case ["quorum", name]:
            _require(not policy.quorum, "more than one quorum line")
            _require(name in (NONE, *policy.names), f"{name}: not a witness or group defined above")
            return policy._replace(quorum=name)
    raise NotAProof(f"{words[0][:20]}: unknown keyword, or wrong number of words in this line")


def _group(policy: LogPolicy, name: str, rule: str, members: tuple[str, ...]) -> WitnessGroup:
    grouped = [member for _, group in policy.groups.values() for member in group]
    for number, member in enumerate(members):
        _require(member in policy.names, f"{member}: not a witness or group defined above")
        _require(member not in (*grouped, *members[:number]), f"{member}: already a member of a group")
    least = {"any": "1", "all": str(len(members))}.get(rule, rule)
    _require(re.fullmatch(r"[1-9][0-9]{0,3}", least), f"{rule[:20]}: must be a number, all or any")
    _require(int(least) <= len(members), f"{name}: has fewer members than it needs")
    return int(least), members


def _require_new(policy: LogPolicy, name: str) -> None:
    _require(name not in (NONE, *policy.names), f"{name}: name already used or reserved")


def _key(text: str, types: tuple[int, ...]) -> VerifierKey:
    key = parse_vkey(text)
    _require(key.type in types, f"{key.name}: the key has the wrong type for this line")
    return key


def _require(condition: object, message: str) -> None:
    if not condition:
        raise NotAProof(message[:200])
