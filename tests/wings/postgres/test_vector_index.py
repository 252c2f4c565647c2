"""Words as PostgreSQL's full-text search reads them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import CorruptStore
from hotpapers.keep.search.query_parser import parse_query
from hotpapers.wings.postgres.vector_index import VectorIndex, tsquery_expression, tsvector_text
from tests.keep.search.test_tokenizer import QUERY_TEXTS


@given(QUERY_TEXTS)
def test_what_a_server_is_asked_has_no_words_but_quoted_ones(text: str) -> None:
    """Outside quotation marks there are only the query language's own operators."""
    rest = re.sub(r"'[^']*'", "", tsquery_expression(parse_query(text), one_column=False))
    assert re.fullmatch(r"(?:[ ()&|!:*]|<->|[ABCD])*", rest)


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(["tea", "x" * 64, "茶" * 3, "_"]), max_size=9), st.sampled_from("ABCD"))
    )
)
def test_a_vector_is_written_as_postgresql_reads_it(columns: list[tuple[list[str], str]]) -> None:
    text = tsvector_text(columns)
    assert "_" not in text and text.count("'") % 2 == 0


def test_a_vector_is_bounded() -> None:
    words = [f"{n:064}" for n in range(16_000)]
    assert len(tsvector_text([(words, "A")]).encode()) < 1_000_000


def test_a_damaged_page_is_never_the_fault_of_the_index() -> None:
    assert not VectorIndex().is_to_blame(CorruptStore("a page"))
