"""Notes, checkpoints, cosignatures, proofs, policies and tiles: examples, a second implementation, bad input."""

from __future__ import annotations

import base64
import random
import sys

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from cryptography.hazmat.primitives.asymmetric import mldsa

from hotpapers.base.errors import NotAProof, UsageError
from hotpapers.wings.proof import merkle, notes, policies
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    Checkpoint,
    SigningKey,
    cosigned_at,
    parse_checkpoint,
)
from hotpapers.wings.proof.signatures import is_signed_by
from tests.wings.proof import reference
from tests.wings.proof.cosigners import Cosigner, cosign

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)  # fmt: skip
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
"""The key and the note of Go's sumdb/note, which defined the format."""
CHECKPOINT_EXAMPLE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501
COSIGNED_EXAMPLE = b"""\
cosignature/v1
time 1679315147
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
"""The examples of C2SP tlog-cosignature: a checkpoint, and what its witness signed."""
LOG = SigningKey("log.example/1", bytes(range(32)))
WITNESS = Cosigner("witness.example/a", COSIGNATURE_ED25519, bytes(range(1, 33)))
QUANTUM = Cosigner("witness.example/q", COSIGNATURE_MLDSA44, bytes(range(2, 34)))
TREE = MerkleTree(leaf_hash(bytes([n])) for n in range(200))
CHECKPOINT = Checkpoint(LOG.name, 200, TREE.root(200))
AT = 1_679_315_147


def signed_checkpoint(*cosignatures: notes.NoteSignature, checkpoint: Checkpoint = CHECKPOINT) -> Checkpoint:
    return checkpoint._replace(signatures=(notes.sign_note(checkpoint.text, LOG), *cosignatures))


def test_the_published_note() -> None:
    [line] = notes.parse_signatures(LINE)
    key = notes.parse_vkey(VKEY)
    assert str(key) == VKEY and str(line) == LINE and (line.name, line.key_id) == (key.name, key.key_id)
    assert is_signed_by(key.public, line.signature, TEXT.encode())
    signing_key = notes.parse_signing_key(SKEY)
    assert (
        signing_key.private_text() == SKEY
        and signing_key.verifier == key
        and SKEY[-10:] not in f"{signing_key} {signing_key!r}"
    )
    assert str(notes.sign_note(TEXT, signing_key)) == LINE
    assert not is_signed_by(key.public, line.signature, TEXT.replace("know", "no").encode())
    assert not is_signed_by(LOG.verifier.public, line.signature, TEXT.encode())
    assert not notes.is_signed(signed_checkpoint(), [key]) and not notes.is_signed(signed_checkpoint(), [])


def test_the_published_checkpoint() -> None:
    checkpoint = parse_checkpoint(CHECKPOINT_EXAMPLE)
    assert str(checkpoint) == CHECKPOINT_EXAMPLE and checkpoint.text.encode() == COSIGNED_EXAMPLE.split(b"\n", 2)[2]
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    log_line, witness_line = checkpoint.signatures
    assert [line.key_id.hex() for line in checkpoint.signatures] == ["033de0ae", "8d66cf3f"]
    moment = int.from_bytes(witness_line.signature[:8], "big")
    own_line = cosign(checkpoint, WITNESS, moment)
    assert len(log_line.signature) == 64 and len(witness_line.signature) == len(own_line.signature) == 72
    assert reference.verifies(WITNESS.verifier.public, own_line.signature[8:], COSIGNED_EXAMPLE)


def test_both_implementations_sign_the_same() -> None:
    text = CHECKPOINT.text.encode()
    assert str(LOG.verifier) == reference.vkey(LOG.name, 1, reference.public_of(LOG.seed))
    assert str(notes.sign_note(CHECKPOINT.text, LOG)) == reference.log_line(LOG.name, LOG.seed, text)
    assert str(cosign(CHECKPOINT, WITNESS, AT)) == reference.witness_line(WITNESS.name, WITNESS.seed, text, AT)


def test_the_quantum_safe_cosignature_covers_the_specified_message() -> None:
    line = cosign(CHECKPOINT, QUANTUM, AT)
    message = reference.subtree_message(QUANTUM.name, AT, LOG.name, 200, TREE.root(200))
    public = mldsa.MLDSA44PrivateKey.from_seed_bytes(QUANTUM.seed).public_key()
    public.verify(line.signature[8:], message)
    assert line.key_id == reference.key_id(QUANTUM.name, 6, public.public_bytes_raw())
    assert cosigned_at(signed_checkpoint(line), QUANTUM.verifier) == AT


@pytest.mark.parametrize("key", [WITNESS, QUANTUM])
def test_a_cosignature_is_valid_for_nothing_else(key: Cosigner) -> None:
    line = cosign(CHECKPOINT, key, AT)
    assert cosigned_at(signed_checkpoint(line), key.verifier) == AT
    later_line = line._replace(signature=(AT + 1).to_bytes(8, "big") + line.signature[8:])
    broken_line = line._replace(signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    for changed_line in (
        later_line,
        broken_line,
        line._replace(signature=line.signature[8:]),
        line._replace(name="x.example"),
    ):
        assert cosigned_at(signed_checkpoint(changed_line), key.verifier) is None
    for changed_checkpoint in (
        CHECKPOINT._replace(size=199),
        CHECKPOINT._replace(root=bytes(32)),
        CHECKPOINT._replace(origin="b"),
    ):
        assert cosigned_at(signed_checkpoint(line, checkpoint=changed_checkpoint), key.verifier) is None
    assert cosigned_at(signed_checkpoint(), key.verifier) is None
    other_key = key._replace(seed=bytes(32)).verifier
    assert cosigned_at(signed_checkpoint(line), other_key) is None


def test_a_key_of_a_cosigner_signs_no_log() -> None:
    log_line = notes.sign_note(CHECKPOINT.text, SigningKey(WITNESS.name, WITNESS.seed))
    log_line = log_line._replace(key_id=WITNESS.verifier.key_id)
    assert not notes.is_signed(CHECKPOINT._replace(signatures=(log_line,)), [WITNESS.verifier])


def test_a_bad_signature_beside_a_good_one() -> None:
    other_key = SigningKey(LOG.name, bytes(32))
    bad_signature = notes.sign_note("something else\n", other_key)
    assert not notes.is_signed(signed_checkpoint(bad_signature), [LOG.verifier, other_key.verifier])
    assert notes.is_signed(signed_checkpoint(bad_signature), [LOG.verifier])  # signatures by unknown keys do not matter


def test_a_proof_is_read_as_it_was_written() -> None:
    for index, extra in ((0, ""), (199, "extra eHh4\n"), (77, "")):
        path = tuple(TREE.inclusion(index, 200))
        proof = notes.LogProof(index, path, signed_checkpoint(cosign(CHECKPOINT, WITNESS, AT)))
        parsed = notes.parse_proof(str(proof).replace("index ", f"{extra}index "))
        assert parsed == proof and parsed.includes(bytes([index])) and not parsed.includes(b"other")
        assert not parsed._replace(leaf=(index + 1) % 200).includes(bytes([index]))
    single_leaf = Checkpoint(LOG.name, 1, TREE.root(1))
    assert notes.parse_proof(str(notes.LogProof(0, (), signed_checkpoint(checkpoint=single_leaf)))).includes(b"\0")


def test_a_proof_of_a_long_log_with_three_witnesses_is_small() -> None:
    """A log of 2^24 leaves: twenty thousand years of daily issues."""
    lines = [cosign(CHECKPOINT, WITNESS._replace(name=f"witness{n}.example.org/hot-papers"), AT) for n in range(3)]
    assert len(str(notes.LogProof(2**24 - 1, (bytes(32),) * 24, signed_checkpoint(*lines))).encode()) < 4000


def test_an_answer_is_read_as_it_was_written() -> None:
    lines = [cosign(CHECKPOINT, WITNESS, AT), cosign(CHECKPOINT, QUANTUM, AT)]
    assert notes.parse_signatures("".join(map(str, lines))) == tuple(lines)


# ---- policies ----------------------------------------------------------------------------------------------


def keys(count: int) -> list[str]:
    return [str(Cosigner(f"w{n}.example", COSIGNATURE_ED25519, bytes([n]) * 32).verifier) for n in range(count)]


def test_a_policy_of_two_levels() -> None:
    x1, x2, x3, y1, y2 = keys(5)
    policy = policies.parse_policy(
        f"# two organizations\nlog {LOG.verifier} https://log.example/1/\n\nwitness X1 {x1}\nwitness X2 {x2}\n"
        f"\twitness X3 {x3}  https://x.example/\ngroup X 2 X1 X2 X3\nwitness Y1 {y1}\nwitness Y2 {y2}\n"
        "group Y any Y1 Y2\ngroup both all X Y\nquorum both\n"
    )
    assert policy.logs == (LOG.verifier,) and policy.witnesses[2].url == "https://x.example/"
    for names, is_met in (("X1 X2 Y1", True), ("X1 Y1", False), ("X1 X2 X3", False), ("", False), ("X2 X3 Y2", True)):
        assert policy.is_met(dict.fromkeys(names.split(), 0)) is is_met
    assert policies.is_of_known_log(policy, signed_checkpoint())
    assert not policies.is_of_known_log(
        policy, signed_checkpoint(checkpoint=CHECKPOINT._replace(origin="other.example"))
    )
    assert policies.parse_policy("quorum none").is_met({})


def test_cosigners() -> None:
    policy = policies.parse_policy(
        f"witness a {WITNESS.verifier}\nwitness q {QUANTUM.verifier}\ngroup g all a q\nquorum g\n"
    )
    cosigned = signed_checkpoint(cosign(CHECKPOINT, WITNESS, AT), cosign(CHECKPOINT, QUANTUM, AT + 1))
    assert policies.find_cosigners(policy, cosigned) == {"a": AT, "q": AT + 1}
    assert policies.find_cosigners(policy, signed_checkpoint(cosign(CHECKPOINT, QUANTUM, AT))) == {"q": AT}


W = keys(2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum nobody",
        "quorum none\nquorum none",
        f"witness a {W[0]}\nwitness a {W[1]}\nquorum a",
        f"witness a {W[0]}\nwitness b {W[0]}\nquorum a",
        f"witness none {W[0]}\nquorum none",
        f"witness a {W[0]}\ngroup g 2 a\nquorum g",
        f"witness a {W[0]}\ngroup g 0 a\nquorum g",
        f"witness a {W[0]}\ngroup g any a a\nquorum g",
        f"witness a {W[0]}\ngroup g any a\ngroup h any a\nquorum g",
        f"witness a {W[0]}\ngroup g any g\nquorum g",
        f"witness a {W[0]}\ngroup g\nquorum a",
        f"quorum a\nwitness a {W[0]}",
        f"witness a {LOG.verifier}\nquorum a",
        f"log {W[0]}\nquorum none",
        f"log {LOG.verifier}\nlog {LOG.verifier}\nquorum none",
        "witness a b+00000000+AQ==\nquorum a",
        "quorum none\nnonsense",
        "quorum none\n" + "# \n" * 1000,
    ],
)
def test_invalid_policies(text: str) -> None:
    with pytest.raises(NotAProof):
        policies.parse_policy(text)


def test_one_key_may_sign_the_logs_of_two_publications() -> None:
    """All logs of a site are signed by one key; a checkpoint of one is never valid for another."""
    weekly = LOG._replace(name="log.example/2")
    policy = policies.parse_policy(f"log {LOG.verifier}\nlog {weekly.verifier}\nquorum none")
    assert [log.name for log in policy.logs] == ["log.example/1", "log.example/2"]
    signatures = [(notes.sign_note(CHECKPOINT.text, key),) for key in (LOG, weekly)]
    checkpoints = [CHECKPOINT._replace(signatures=signature) for signature in signatures]
    assert [policies.is_of_known_log(policy, checkpoint) for checkpoint in checkpoints] == [True, False]


def test_a_policy_of_the_settings() -> None:
    assert policies.witness_policy(" \n") == policies.LogPolicy()
    text = f"witness a {W[0]} https://w.example/a\nwitness b {W[1]} http://127.0.0.1:8080\nquorum a"
    assert len(policies.witness_policy(text).witnesses) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"log {LOG.verifier}\nquorum none",
        *(
            f"witness a {W[0]} {address}\nquorum a"
            for address in (
                "ftp://w.example",
                "w.example",
                "https://",
                "https://me:secret@w.example/",
                "https://w/?a=b",
            )
        ),
    ],
)
def test_policies_that_settings_refuse(text: str) -> None:
    policies.parse_policy(text)
    with pytest.raises(NotAProof) as error:
        policies.witness_policy(text)
    assert "secret" not in str(error.value)


# ---- bad input ---------------------------------------------------------------------------------------------


def test_invalid_notes() -> None:
    note = str(signed_checkpoint(cosign(CHECKPOINT, WITNESS, AT)))
    bad_texts = [
        "", "\n\n", TEXT, note[:-1], note.replace("— ", "- "), note.replace("— ", "—"), f"{note}\n", note + "x\n",
        note.replace("\n2", "\r\n2"), note.replace("\n200\n", "\n0200\n"), note.replace("\n200\n", "\n-1\n"),
        note.replace("\n200\n", "\n２００\n"), note.replace("\n200\n", f"\n{1 << 63}\n"), note.replace("=\n", "\n"),
        note.replace("log.example", "log example"), note.replace("log.example", "log+example"), "\ud800" + note,
        note + str(notes.sign_note("x", LOG)) * 100, "x" * (1 << 18), TEXT + "\n— a AAAA\n", TEXT + "\n— a \n",
    ]  # fmt: skip
    for text in bad_texts:
        with pytest.raises(NotAProof):
            parse_checkpoint(text)


def test_invalid_keys() -> None:
    bad_keys = [
        "", "a", "a+b+c", VKEY[:-4], VKEY.replace("c74f", "c74e"), VKEY.replace("Peter", "peter"), f"{VKEY}x",
        "a+00000000+" + base64.b64encode(b"\x09" + bytes(32)).decode(), "+00000000+AA==", SKEY,
    ]  # fmt: skip
    for text in bad_keys:
        with pytest.raises(NotAProof):
            notes.parse_vkey(text)
    for text in (VKEY, SKEY[:-4], SKEY.replace("c74f", "c74e"), ""):
        with pytest.raises(NotAProof) as error:
            notes.parse_signing_key(text)
        assert SKEY[-12:-4] not in str(error.value)


@pytest.mark.long
def test_changed_characters_are_noticed() -> None:
    """Thousands of changed characters in a proof and a request are refused or do not affect what is signed."""
    rng = random.Random(5)
    index = 130
    proof = str(
        notes.LogProof(index, tuple(TREE.inclusion(index, 200)), signed_checkpoint(cosign(CHECKPOINT, WITNESS, AT)))
    )
    policy = policies.parse_policy(f"log {LOG.verifier}\nwitness w {WITNESS.verifier}\nquorum w\n")
    accepted = 0
    for _ in range(3000):
        at = rng.randrange(len(proof))
        text = proof[:at] + rng.choice("0Aaz/+=\n —é") + proof[at + 1 :]
        if text == proof:
            continue
        try:
            parsed = notes.parse_proof(text)
        except NotAProof:
            continue
        is_cosigned = policies.is_of_known_log(policy, parsed.signed) and policy.is_met(
            policies.find_cosigners(policy, parsed.signed)
        )
        accepted += parsed.includes(bytes([index])) and is_cosigned
    assert accepted == 0


# ---- tiles -------------------------------------------------------------------------------------------------


def test_paths_of_tiles() -> None:
    assert merkle.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert merkle.tile_path("entries", 7, 3) == "tile/entries/007.p/3"
    assert merkle.tile_path(2, 1000) == "tile/2/x001/000"


def test_the_tiles_of_the_published_example() -> None:
    """A tree of 70,000: 273 full tiles and one of 112; 1 and one of 17; one of 1."""
    widths = list(merkle.list_tiles(70_000))
    assert len(widths) == 273 + 1 + 1 + 1 + 1
    assert [row for row in widths if row[2] < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(merkle.list_tiles(256)) == [(0, 0, 256), (1, 0, 1)] and list(merkle.list_tiles(0)) == []


def test_a_tree_from_its_tiles() -> None:
    entries = [n.to_bytes(3, "big") for n in range(600)]
    tree = MerkleTree(map(leaf_hash, entries))
    names = [name for size in (5, 255, 256, 519, 600) for name in merkle.list_tiles(size)]
    files = dict(merkle.files_of(tree, entries, names))
    leaves = [entry for n in (0, 1) for entry in merkle.entries_of(files[f"tile/entries/00{n}"], 256)]
    leaves += merkle.entries_of(files["tile/entries/002.p/88"], 88)
    assert leaves == entries
    assert files["tile/1/000.p/2"] == reference.mth(entries[:256]) + reference.mth(entries[256:512])
    assert files["tile/0/002.p/7"] == b"".join(map(leaf_hash, entries[512:519]))
    assert merkle.entries_of(files["tile/entries/002.p/7"], 7) == entries[512:519]
    assert files["tile/0/000.p/5"] == files["tile/entries/000.p/255"] == b""  # full by now
    for broken_bundle in (b"\0", b"\0\x05abc", b"\0\x01a\0"):
        with pytest.raises(NotAProof):
            merkle.entries_of(broken_bundle, 1)


def test_without_its_library_a_check_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("exceptions", "hazmat.primitives"):
        monkeypatch.setitem(sys.modules, f"cryptography.{name}", None)
    with pytest.raises(UsageError, match=r"hotpapers\[transparency\]"):
        is_signed_by(bytes(32), bytes(64), b"text")
