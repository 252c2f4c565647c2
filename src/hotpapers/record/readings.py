"""Whether and when networks and followed sites were read, as far as the record says."""

from __future__ import annotations

from collections.abc import Sequence

from hotpapers.base.networks import network_names
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import first_value, sql_placeholders

FOLLOWING = "follow/"
"""How the sources of batches begin that were written after reading a followed site."""


def followed_at(view: AsOfView, start: int, end: int) -> int | None:
    """When something new of a followed site was first read after one moment up to another; None if nothing was."""
    sql = f"""SELECT min(b.at) FROM batch AS b WHERE b.position <= {view.position} AND b.at > ? AND b.at <= ?
        AND b.source >= ? AND b.source < ?"""
    params = (start, end, FOLLOWING, FOLLOWING.replace("/", "0"))
    first = first_value(view.database, sql, params)
    return None if first is None else int(first)


def tried_to_read(view: AsOfView, networks: Sequence[str]) -> bool:
    """Whether any of these networks was read by a view's moment, or its reading failed, or a followed site was read."""
    if any(is_ever_covered(view, network) for network in networks):
        return True
    return followed_at(view, 0, view.as_of) is not None


def networks_read(view: AsOfView) -> set[str]:
    """The networks that were ever read, or whose reading failed. Looks for one row of each: there are very many."""
    return {network for network in network_names() if is_ever_covered(view, network)}


def is_failure_reported(view: AsOfView, networks: Sequence[str], start: int, end: int) -> bool:
    """Whether a failure to read any of these networks was reported after one moment up to another."""
    sql = f"""SELECT 1 FROM coverage AS t WHERE t.network IN ({sql_placeholders(networks)}) AND t.state = 'refused'
        AND t.observed_at > ? AND t.observed_at <= ? AND {view.visible("t")} LIMIT 1"""
    return bool(view.database.rows(sql, (*networks, start, end)))


def is_ever_covered(view: AsOfView, network: str) -> bool:
    """Whether a network was ever read, or its reading failed."""
    sql = f"SELECT 1 FROM coverage AS t WHERE t.network = ? AND {view.visible('t')} LIMIT 1"
    return bool(view.database.rows(sql, (network,)))
