"""The one definition of a paper's key, and its copies in scripts, which run where no Python does."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.papers import arxiv, paper_servers
from hotpapers.base.papers.arxiv import grammar
from hotpapers.base.papers.mentions.server_mentions import parse_paper
from hotpapers.publish.view import site_paths
from lab.comparison.lines import KEY_PATTERN
from tests.base.papers.test_arxiv_id import IDS
from tests.conftest import ROOT

SRC = ROOT / "src" / "hotpapers"
BOOKMARKLET = (SRC / "publish" / "render" / "templates" / "bookmarklet.js").read_text("utf-8")
NO_KEYS = [
    "", "2101.04869", "arxiv:", "arxiv:2101.04869v1", "arxiv:math.GT/0309136", "arxiv:2113.04869", "ARXIV:2101.04869",
    "arxiv:2101.04869\n", "arxiv:2101.\u0660\u0664869", "arxiv:hep-th/99010011", "doi:2101.04869", "doi:",
    "doi:10.1101/",
    "doi:10.1101/2024.01.02.573921v1", "doi:10.1016/S0140-6736(05)67889-X", "doi:10.1016/s0140-6736(05", "doi:10.1/abc",
    "doi:10.48550/arxiv.2101.04869", "doi:10.26434/chemrxiv-2024-3f6vk-v2", "doi:10.1000/182.", "doi:10.1000/1 82",
    "doi:https://doi.org/10.1000/182", "hal:hal-03300796", "bluesky:at://did:plc:x/app.bsky.feed.post/3k",
]  # fmt: skip
DOI_KEYS = [
    "doi:10.1101/2024.01.02.573921", "doi:10.64898/2026.01.02.26340001", "doi:10.26434/chemrxiv-2024-3f6vk",
    "doi:10.1016/s0140-6736(05)67889-x", "doi:10.1000/182",
    "doi:10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2",
]  # fmt: skip


@given(IDS)
def test_keys_of_papers_on_arxiv(id: str) -> None:
    key = arxiv.key(id)
    assert paper_servers.is_paper_key(key)
    assert re.fullmatch(KEY_PATTERN, key) and key.startswith(paper_servers.PREFIXES)
    assert paper_servers.paper_id(key) == id and paper_servers.key_of(id) == key


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_no_key(text: str) -> None:
    assert not paper_servers.is_paper_key(text)


@pytest.mark.parametrize("key", DOI_KEYS)
def test_keys_of_papers_on_other_servers(key: str) -> None:
    assert paper_servers.is_paper_key(key)
    assert re.fullmatch(KEY_PATTERN, key) and key.startswith(paper_servers.PREFIXES)
    id = paper_servers.paper_id(key)
    assert paper_servers.key_of(id) == key == parse_paper(f"https://doi.org/{quote(id)}") == parse_paper(f"doi:{id}")
    path = site_paths.paper_path(key)
    assert site_paths.paper_of(path) == key
    assert re.fullmatch(r"paper/10\.\d+/[a-z0-9~._-]+/index\.html", path)


@given(IDS | st.sampled_from(NO_KEYS + DOI_KEYS) | st.text())
def test_the_pattern_and_the_function_agree(text: str) -> None:
    for key in (text, arxiv.key(text)):
        assert bool(re.fullmatch(grammar.KEY, key)) == arxiv.is_key(key)


# ---- scripts -----------------------------------------------------------------------------------------


def bookmarklet(declared: str) -> re.Pattern[str]:
    """A pattern of the script, which has nothing that Python reads otherwise."""
    [pattern] = re.findall(rf"{re.escape(declared)}\s*/(.+?)/i(?:;|\.exec)", BOOKMARKLET)
    return re.compile(pattern.replace("\\/", "/"), re.IGNORECASE | re.ASCII)


@given(
    IDS, st.sampled_from(["arxiv.org/abs/{}", "doi.org/10.48550/arXiv.{}", "alphaxiv.org/abs/{}", "hf.co/papers/{}"])
)
def test_the_bookmark_knows_every_id(id: str, address: str) -> None:
    match = bookmarklet("const id =").search(f"https://{address.format(id)}v2")
    assert match and match[1] == id and arxiv.parse(match[1]) == (id, None)
    there = bookmarklet("const match =").match(f"#{id}")
    assert there and (there[2] + there[3] if there[2] else there[1]) == id


@pytest.mark.parametrize("id", ["2101.048690", "2101.048", "hep-th/99010011", "10.1101/2024.01.02.573921", ""])
def test_the_bookmark_knows_no_other_id(id: str) -> None:
    assert not arxiv.is_key(arxiv.key(id))
    assert not bookmarklet("const id =").search(f"https://arxiv.org/abs/{id}")
    assert not bookmarklet("const match =").match(f"#{id}")
