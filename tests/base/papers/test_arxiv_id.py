"""Identifiers: which are valid, why others are not, and conversions between text, key and addresses."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NotAnArxivId
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import ArxivId
from hotpapers.base.papers.arxiv.grammar import ARCHIVES, WHOLE, error_reason
from tests.conftest import SHARED


@st.composite
def new_ids(draw: st.DrawFn) -> str:
    """Identifiers of the new style, from any month that has them."""
    year = draw(st.integers(7, 50))
    month = draw(st.integers(4 if year == 7 else 1, 12))
    digits = 4 if year < 15 else 5
    return f"{year:02}{month:02}.{draw(st.integers(1, 10**digits - 1)):0{digits}}"


@st.composite
def old_ids(draw: st.DrawFn) -> str:
    """Canonical identifiers of the old style, from any month that has them."""
    year = draw(st.integers(91, 107))
    month = draw(st.integers(8 if year == 91 else 1, 3 if year == 107 else 12))
    return f"{draw(st.sampled_from(ARCHIVES))}/{year % 100:02}{month:02}{draw(st.integers(1, 999)):03}"


IDS = new_ids() | old_ids()
VERSIONS = st.none() | st.integers(1, 999)


def written(id: str, version: int | None) -> str:
    return id if version is None else f"{id}v{version}"


@given(IDS, VERSIONS)
def test_every_identifier_is_itself(id: str, version: int | None) -> None:
    text = written(id, version)
    assert arxiv.parse(text) == ArxivId(id, version)
    assert arxiv.parse(f" arXiv:{text.upper()}\n") == ArxivId(id, version)
    assert arxiv.parse(arxiv.abs_url(text)) == ArxivId(id, version)
    assert arxiv.parse(f"https://arxiv.org/pdf/{text}.pdf") == ArxivId(id, version)
    assert arxiv.from_key(arxiv.key(id)) == id
    assert arxiv.parse(arxiv.key(id)) == ArxivId(id, None)
    year, month = arxiv.month(id)
    assert (1991, 8) <= (year, month) <= (2050, 12)
    assert f"{year % 100:02}{month:02}" in id


@given(st.text(max_size=40) | st.from_regex(r"[a-z.-]{0,9}/?[0-9]{3,6}\.?[0-9]{0,6}(v[0-9]{0,4})?", fullmatch=True))
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    try:
        paper = arxiv.parse(text)
    except NotAnArxivId as error:
        assert "2101.04869" in str(error)
    else:
        assert arxiv.parse(paper.id) == (paper.id, None)
        assert WHOLE.fullmatch(paper.id)


@pytest.mark.parametrize(
    ("text", "id", "version"),
    [
        ("math.GT/0309136", "math/0309136", None),
        ("arXiv:cond-mat.mtrl-sci/0506203v2", "cond-mat/0506203", 2),
        ("physics.optics/0208087", "physics/0208087", None),
        ("HEP-TH/9901001V3", "hep-th/9901001", 3),
        ("arXiv: 2101.04869v2 [cs.LG]", "2101.04869", 2),
        ("[2101.04869]", "2101.04869", None),
        ("https://arxiv.org/pdf/2101.04869v1.pdf?download=1#page=2", "2101.04869", 1),
        ("https://arxiv.org/abs/2101.04869/", "2101.04869", None),
        ("arxiv.org/ftp/hep-th/papers/9901/9901001.pdf", "hep-th/9901001", None),
        ("https://huggingface.co/papers/2101.04869#community", "2101.04869", None),
        ("https://huggingface.co/api/papers/2101.04869", "2101.04869", None),
        ("https://www.alphaxiv.org/overview/2101.04869v2", "2101.04869", 2),
        ("https://ar5iv.org/abs/2101.04869", "2101.04869", None),
        ("scirate.com/arxiv/2101.04869", "2101.04869", None),
        ("https://doi.org/10.48550/arXiv.2101.04869", "2101.04869", None),
        ("doi:10.48550/ARXIV.HEP-TH/9901001", "hep-th/9901001", None),
        ("https%3A%2F%2Farxiv.org%2Fabs%2F2101.04869", "2101.04869", None),
        ("https:&#x2F;&#x2F;arxiv.org&#x2F;abs&#x2F;2101.04869", "2101.04869", None),
        ("arxiv.org/abs/2101\u200b.04869", "2101.04869", None),
        ("\uff12\uff11\uff10\uff11.04869", "2101.04869", None),
    ],
)
def test_forms_that_are_one_identifier(text: str, id: str, version: int | None) -> None:
    assert arxiv.parse(text) == (id, version)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2113.04869", "there is no month 13"),
        ("9912.12345", "begin in 0704; 9912 is not accepted"),
        ("0703.0001", "begin in 0704; 0703 is not accepted"),
        ("5101.12345", "5101 is not accepted"),
        ("2101.0486", "2101 needs 5 digits"),
        ("1412.69800", "1412 needs 4 digits"),
        ("2101.00000", "numbers begin at 1"),
        ("arXiv:0704.0000", "numbers begin at 1"),
        ("2101.04869v0", "there is no version v0"),
        ("https://arxiv.org/abs/2101.04869v1000", "there is no version v1000"),
        ("stat/0703001", "there was no archive stat"),
        ("hep-th/9913001", "there is no month 13"),
        ("hep-th/9107001", "go from 9108 to 0703"),
        ("math/0704001", "go from 9108 to 0703"),
        ("hep-th/99010011", "seven digits"),
        ("hep-th/9901000", "numbers begin at 1"),
        ("hep-th/9901001v0", "there is no version v0"),
        ("", "2101.04869"),
        ("hello", "2101.04869"),
        ("x" * 5000, "xxx..."),
        ("see arXiv:2101.04869", "2101.04869"),
        ("https://notarxiv.org/abs/2101.04869", "2101.04869"),
        ("https://arxiv.org/abs/2101.04869 and more", "2101.04869"),
        ("arxiv.org/abs/2101.04869,arxiv.org/abs/1706.03762", "2101.04869"),
    ],
)
def test_what_is_refused_says_why(text: str, why: str) -> None:
    with pytest.raises(NotAnArxivId, match=re.escape(why)):
        arxiv.parse(text)


def test_a_reason_is_given_only_where_one_is_known() -> None:
    assert error_reason("2101.04869") == ""
    assert error_reason("no number") == ""


@pytest.mark.parametrize(
    "key", ["2101.04869", "arxiv:2101.04869v1", "arxiv:math.GT/0309136", "doi:2101.04869", "arxiv:", "ARXIV:2101.04869"]
)
def test_only_canonical_keys_are_keys(key: str) -> None:
    with pytest.raises(NotAnArxivId):
        arxiv.from_key(key)


def test_months() -> None:
    assert arxiv.month("0704.0001") == (2007, 4)
    assert arxiv.month("hep-th/9108001") == (1991, 8)
    assert arxiv.month("math/0006001") == (2000, 6)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the folder of real texts is absent: {SHARED}")
def test_every_identifier_of_the_archive() -> None:
    lines = (SHARED / "data" / "archive-attention.csv").read_text("utf-8").splitlines()[1:]
    ids = [line.split(",", 1)[0] for line in lines]
    assert len(ids) > 3000
    assert all(arxiv.parse(id) == (id, None) for id in ids)
