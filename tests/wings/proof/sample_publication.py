"""A publication of one issue on disk: its cosigned log, its site and its Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from hotpapers.base.model import Item, TextLink
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.proof import log_files
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519
from hotpapers.wings.proof.policies import LogPolicy, parse_policy
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.issues.made import DAILY, DAY, background, counts, frozen, moment, paper, post, write
from tests.wings.proof.cosigners import Cosigner, cosign
from tests.wings.proof.logs import NAME, config_in, logs_of

WITNESS = Cosigner("witness.example/a", COSIGNATURE_ED25519, bytes(range(32)))
AT = moment(DAY) + 49 * 3_600_000_000


class SamplePublication(NamedTuple):
    """A site whose log one witness has cosigned, and the policy its readers trust."""

    folder: Path
    policy: LogPolicy
    policy_file: Path
    config: LogConfig

    @property
    def store(self) -> Path:
        return self.folder / "hotpapers.db"

    @property
    def page(self) -> Path:
        return self.folder / "site" / DAY / "index.html"


def publish(
    folder: Path, witnesses: Sequence[Cosigner] = (WITNESS,), likes: int = 90, links: tuple[TextLink, ...] = ()
) -> SamplePublication:
    """`likes`: of the first post, and one more. `links`: of every post."""
    config = config_in(folder, policy=f"witness a {WITNESS.verifier}\nquorum a\n")
    with Record(str(folder / "hotpapers.db")) as record:
        posts = [(n, f"bluesky:{n}") for n in (1, 2, 3)]
        items = [
            item
            for n, name in posts
            for item in (*post(n, name, moment(DAY), links=links), counts(name, likes - n, moment(DAY)))
        ]
        write(record, [DAILY], background(), *map(_paper, (1, 2, 3)), items)
        frozen(record)
        update_log(record.database, NAME, config, AT)
        for witness in witnesses:
            add_cosignature(config, witness)
        for channel in ("site", "markdown"):
            export_site(record, NAME, [DAY], channel, folder / channel, SiteConfig(proofs=SiteLogs(config)))
    file = folder / "policy.txt"
    file.write_text((folder / "site/log/policy.txt").read_text())
    return SamplePublication(folder, parse_policy(file.read_text()), file, config)


def _paper(number: int) -> list[Item]:
    described, announcement = paper(number, title=f"Tea <b>no. {number}</b> & more")
    return [msgspec.structs.replace(described, version=1), announcement]


def add_cosignature(config: LogConfig, witness: Cosigner) -> None:
    """A witness cosigns the last checkpoint."""
    last_checkpoint = logs_of(config).stored[-1].last
    assert last_checkpoint is not None
    line = cosign(last_checkpoint, witness, 1_715_000_000)
    log_files.save_checkpoint(
        config.folder / NAME / "1", last_checkpoint._replace(signatures=(*last_checkpoint.signatures, line))
    )
