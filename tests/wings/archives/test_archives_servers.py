"""Archives name papers of the servers that the publications of a record have."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from hotpapers.base.model import Mention, Publication
from hotpapers.record import Record
from hotpapers.wings.archives import workers
from hotpapers.wings.archives.file_import import import_archives
from tests.collect.sources import bluesky_events as bluesky
from tests.wings.archives.archive_helpers import DAY_START, NOW, as_jetstream, comments, file, lines, terms_of

PAGE, DOI = "https://www.biorxiv.org/content/10.1101/2026.06.01.{:06}v2", "doi:10.1101/2026.06.01.{:06}"
BIOLOGY = Publication(publication="bio", title="Bio", categories=("biorxiv",), observed_at=1)
ARCHIVES = {
    "hackernews": lines(
        line.replace(b"arxiv.org/abs/2606.01003", PAGE.format(1).encode()) for line in comments(6)
    ),
    "jetstream": lines(
        as_jetstream(bluesky.create(bluesky.ANNA, bluesky.post(words), time=DAY_START + n))
        for n, words in enumerate(("weather", PAGE.format(1), "arxiv.org/abs/2606.01003", "10.1000/182"))
    ),
}  # fmt: skip


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize("has_biology", [False, True])
def test_posts_about_preprints_are_imported(record: Record, kind: str, processes: int, has_biology: bool) -> None:
    if has_biology:
        record.append([BIOLOGY], source="settings")
    with workers.Workers(processes) if processes > 1 else nullcontext() as pool:
        list(import_archives(record, kind, [file(ARCHIVES[kind])], terms_of(kind), NOW, pool=pool))
    papers = {mention.paper for mention in record.view().items(Mention)}
    assert {paper for paper in papers if paper.startswith("doi:")} == ({DOI.format(1)} if has_biology else set())
    assert any(paper.startswith("arxiv:") for paper in papers)
