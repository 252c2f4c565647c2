"""Domains of any letters as in DNS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.http import user_agent
from hotpapers.base.text.domains import ascii_address, ascii_domain, with_ascii_domains
from hotpapers.publish.view.contact_links import linked_contact


@pytest.mark.parametrize(
    "text", ["moth.example", "", "a b", "-ü.example", "ü..example", "ü" * 300, "ä@moth.example", "ü"]
)
def test_what_is_ascii_or_no_domain_stays(text: str) -> None:
    assert ascii_address(text) == text


def test_domains_in_a_contact() -> None:
    text = "a@bücher.example or https://bücher.example/ü"
    assert with_ascii_domains(text) == "a@xn--bcher-kva.example or https://xn--bcher-kva.example/ü"
    assert "(+a@xn--bcher-kva.example)" in user_agent("a@bücher.example")
    assert [tuple(piece) for piece in linked_contact("write to a@bücher.example.")] == [
        ("write to ", ""), ("a@bücher.example", "mailto:a@xn--bcher-kva.example"), (".", ""),
    ]  # fmt: skip


@given(st.text(max_size=80))
def test_no_text_fails(text: str) -> None:
    assert ascii_domain(ascii_domain(text)) == ascii_domain(text)
    assert isinstance(ascii_address(text) + with_ascii_domains(text), str)
