"""Hooks of wings for issues."""

from __future__ import annotations

from typing import NamedTuple


class RankingRule(NamedTuple):
    """A ranking, such as `loudest/1`. `place`: where its function is defined, `module:name`."""

    name: str
    place: str
