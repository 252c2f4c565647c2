"""How templates escape: what comes of it is what markupsafe makes of it, for every kind of value."""

from __future__ import annotations

import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.render.html import templating
from hotpapers.render.html.escaping import SHORT, escape


class Safe:
    """Says itself how it stands in HTML."""

    def __html__(self) -> str:
        return "<b>safe</b>"


@given(st.text(st.sampled_from("ab&<>\"'\\é\0 "), max_size=2 * SHORT))
def test_texts_are_escaped_as_markupsafe_does(text: str) -> None:
    assert escape(text) == markupsafe.escape(text)
    assert escape(markupsafe.Markup(text)) == text


class Word(str):
    """A text that is more than one."""


@pytest.mark.parametrize(
    "value", [7, 0.5, None, True, Safe(), Word("<i>"), ["<"]], ids=lambda value: type(value).__name__
)
def test_other_values_too(value: object) -> None:
    assert escape(value) == markupsafe.escape(value)


def test_templates_escape_by_it() -> None:
    """Also what they were compiled to before: the compiled forms are kept."""
    compiled = templating._environment().from_string("{{ value }}{{ inside }}")
    assert compiled.render(value="<&>", inside=markupsafe.Markup("<b>")) == "&lt;&amp;&gt;<b>"
    assert compiled.root_render_func.__globals__["escape"] is escape
