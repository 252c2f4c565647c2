"""Parameters of every type are refused by name, whatever is given for them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from hotpapers.base.errors import UsageError
from hotpapers.publish.query.request_params import Params, check_params

Word = Annotated[str, Meta(min_length=1, max_length=3)]


class Origin(msgspec.Struct):
    """A parameter with parts."""

    name: str


class AnyParams(Params, frozen=True):
    """A parameter of each type that a struct can have, with bounds and without."""

    words: Annotated[tuple[Word, ...], Meta(max_length=2)] = ()
    lists: tuple[tuple[int, ...], ...] = ()
    choice: Literal["", "a", "b"] = ""
    level: Literal[1, 2] = 1
    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    number: int = 0
    share: float = 0.0
    text: str = ""
    day: Annotated[str, Meta(pattern="^[0-9]+$", description="Digits, such\n as 7")] = "1"
    flag: bool = False
    either: bool | list[bool] | None = None
    names: dict[str, int] | None = None
    origin: Origin | None = None


REFUSED = {
    "words": "a list of at most 2, each text of 1 to 3 characters",
    "choice": "one of a, b",
    "level": "one of 1, 2",
    "count": "a whole number from 1 to 1,000",
    "day": "digits, such as 7",
}
JSON = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(AnyParams.__struct_fields__), JSON, st.booleans())
def test_a_value_is_taken_or_refused_by_name(name: str, value: object, as_text: bool) -> None:
    try:
        check_params(AnyParams, {name: value}, as_text=as_text)
    except UsageError as problem:
        text = str(problem)
        assert text == f"{name}: must be {REFUSED.get(name, 'of another type')}"


@pytest.mark.parametrize("value", ["x", ["x" * 4], [""], [1], ["a", "b", "c"], [["a"]], {"a": 1}, 5, True])
def test_a_list_says_what_it_takes(value: object) -> None:
    with pytest.raises(UsageError, match=r"^words: must be a list of at most 2, each text of 1 to 3 characters$"):
        check_params(AnyParams, {"words": value})
